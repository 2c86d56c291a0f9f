/**
 * The one place that knows HTTP statuses: an error becomes an RFC 9457 problem, never its cause.
 */
import { GatewayError, type ErrorCode } from '#src/base/errors.ts';
import { isLockConflict, unavailable } from '#src/store/outage.ts';
import { fillIn, messages } from './messages.ts';
import type { components } from './openapi.d.ts';
import { ruleSentences } from './rule-sentences.ts';

export type Language = 'en' | 'ko';

export interface ProblemReply {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: components['schemas']['Problem'];
}

const statuses: Readonly<Record<ErrorCode, number>> = {
  UNKNOWN_CONSIGNEE: 422,
  NO_CONTRACT_IN_FORCE: 422,
  WRONG_SUBJECT: 422,
  SUBJECT_MISMATCH: 422,
  REQUIRED_ITEM_MISSING: 422,
  INVALID_ITEM: 422,
  SUBJECT_SUSPENDED: 422,
  UNCONTRACTED_VALUE_IN_TEXT: 422,
  NO_CONSIGNEE_KEY: 422,
  RECORD_TOO_LARGE: 422,
  MALFORMED_JSON: 400,
  INVALID_REQUEST: 400,
  INVALID_IDEMPOTENCY_KEY: 400,
  IDEMPOTENCY_KEY_REQUIRED: 400,
  IDEMPOTENCY_KEY_REUSED: 422,
  REQUEST_IN_PROGRESS: 409,
  UNSUPPORTED_MEDIA_TYPE: 415,
  NOT_ACCEPTABLE: 406,
  PAYLOAD_TOO_LARGE: 413,
  METHOD_NOT_ALLOWED: 405,
  INVALID_CURSOR: 400,
  UNAUTHENTICATED: 401,
  INSUFFICIENT_SCOPE: 403,
  OWN_ACCESS: 403,
  ACCOUNT_TAKEN: 409,
  NOT_FOUND: 404,
  LEASE_LOST: 409,
  NOT_CANCELLABLE: 409,
  NOT_REDELIVERABLE: 409,
  NOT_REPLACEABLE: 409,
  RESULT_NOT_EXPECTED: 409,
  RESULT_OUT_OF_ORDER: 409,
  DUPLICATE_RESULT: 409,
  TRANSFER_REQUIRED: 422,
  ALREADY_MATCHED: 409,
  ATTACHMENT_UNUSABLE: 422,
  PAYLOAD_PURGED: 410,
  ARCHIVED: 410,
  SUBJECT_BUSY: 409,
  INVALID_PROOF_RANGE: 400,
  UNKNOWN_FILTER_VALUE: 400,
  REASON_IN_URL: 400,
  INBOX_LOCKED: 403,
  ALREADY_ENDED: 409,
  ALREADY_CERTIFIED: 409,
  PERIOD_OPEN: 409,
  ALREADY_REVIEWED: 409,
  REVIEW_CHANGED: 409,
  INVALID_SIGNATURE: 422,
  UNKNOWN_WITNESS: 403,
  RECEIPT_REQUIRED: 422,
  CLIENT_STALLED: 408,
  TOO_MANY_UPLOADS: 429,
  TOO_MANY_REQUESTS: 429,
  DATABASE_UNAVAILABLE: 503,
  CLOCK_SKEWED: 503,
  LEDGER_STALLED: 503,
  LEDGER_FORKED: 503,
  KEY_MISSING: 503,
  SHUTTING_DOWN: 503,
  INTERNAL: 500,
};

/** Our own state recovers by itself; a caller that was not told when comes back after this. */
const unavailableRetrySeconds = 5;

/** The HTTP status of a code. */
export function statusOf(code: ErrorCode): number {
  return statuses[code];
}

/** Whether an error says something about what was asked, and nothing about the gateway. */
export function isCallers(error: unknown): boolean {
  return error instanceof GatewayError && statuses[error.code] < 500;
}

/** Where a code is explained: a URI reference that stays. */
export function problemType(code: ErrorCode): string {
  return `/docs/problems#${code}`;
}

/**
 * What a caller is told about an error. Anything but a `GatewayError`, or a lock that was waited
 * for in vain, is `INTERNAL`: not one word of it is passed on. Source: RFC 9457; RFC 6750 section 3
 * for the challenges.
 */
export function toProblem(error: unknown, language: Language): ProblemReply {
  const known = knownOf(error);
  const { code, facts } = known;
  const status = statuses[code];
  const retryAfter = retryAfterOf(known);
  const errors = known.problems.map(({ pointer, rule }) => ({
    pointer,
    rule,
    detail: ruleSentences[rule][language],
  }));
  return {
    status,
    headers: {
      'content-type': 'application/problem+json; charset=utf-8',
      'content-language': language,
      'cache-control': 'no-store',
      vary: 'Accept-Language',
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      ...challenge(known),
      ...(code === 'METHOD_NOT_ALLOWED' ? { allow: String(facts['allow'] ?? '') } : {}),
    },
    body: {
      type: problemType(code),
      title: messages[code].title[language],
      status,
      detail: fillIn(messages[code].detail[language], facts),
      code,
      ...(errors.length > 0 ? { errors } : {}),
      ...(retryAfter === undefined ? {} : { retryAfter }),
    },
  };
}

function knownOf(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return isLockConflict(error) ? unavailable(error) : new GatewayError('INTERNAL');
}

function retryAfterOf({ code, retryAfterSeconds }: GatewayError): number | undefined {
  if (retryAfterSeconds !== undefined) return Math.ceil(retryAfterSeconds);
  return statuses[code] === 503 ? unavailableRetrySeconds : undefined;
}

/** `reason` `MISSING`: nobody tried to authenticate, so RFC 6750 section 3.1 names no error. */
function challenge({ code, facts }: GatewayError): Record<string, string> {
  const bearer = 'Bearer realm="waybill"';
  if (code === 'UNAUTHENTICATED') {
    const error = facts['reason'] === 'MISSING' ? '' : ', error="invalid_token"';
    return { 'www-authenticate': bearer + error };
  }
  if (code === 'INSUFFICIENT_SCOPE') {
    const scope = facts['scope'] === undefined ? '' : `, scope="${facts['scope']}"`;
    return { 'www-authenticate': `${bearer}, error="insufficient_scope"${scope}` };
  }
  return {};
}

const acceptLanguageLengthMax = 1000;

/**
 * English or Korean, whichever an `Accept-Language` header weighs higher; English when it names
 * neither. Source: RFC 9110 section 12.5.4, basic filtering of RFC 4647 section 3.3.1.
 */
export function pickLanguage(acceptLanguage: string | undefined): Language {
  if (acceptLanguage === undefined || acceptLanguage.length > acceptLanguageLengthMax) return 'en';
  const ranges = acceptLanguage.split(',').map((range) => {
    const [tag = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    return { language: tag.split('-')[0], weight: weight === undefined ? 1 : Number(weight) };
  });
  const place = (language: Language) => {
    const own = ranges.findIndex((range) => range.language === language);
    const at = own >= 0 ? own : ranges.findIndex((range) => range.language === '*');
    return { at, weight: ranges[at]?.weight || 0 };
  };
  const en = place('en');
  const ko = place('ko');
  if (ko.weight === en.weight) return ko.weight > 0 && ko.at < en.at ? 'ko' : 'en';
  return ko.weight > en.weight ? 'ko' : 'en';
}
