/**
 * One error type for everything a caller can be told; `api/problem.ts` alone turns it into HTTP.
 */
import type { FieldProblem, RefusedReason } from './words.ts';

/** Every code that may reach a caller. Codes never change; their sentences may. */
export type ErrorCode =
  | RefusedReason
  // the request itself
  | 'MALFORMED_JSON'
  | 'INVALID_REQUEST'
  | 'INVALID_IDEMPOTENCY_KEY'
  | 'IDEMPOTENCY_KEY_REQUIRED'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'REQUEST_IN_PROGRESS'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'NOT_ACCEPTABLE'
  | 'PAYLOAD_TOO_LARGE'
  | 'METHOD_NOT_ALLOWED'
  | 'INVALID_CURSOR'
  // who asks
  | 'UNAUTHENTICATED'
  | 'INSUFFICIENT_SCOPE'
  | 'OWN_ACCESS'
  | 'ACCOUNT_TAKEN'
  // what it asks for
  | 'NOT_FOUND'
  | 'LEASE_LOST'
  | 'NOT_CANCELLABLE'
  | 'NOT_REDELIVERABLE'
  | 'NOT_REPLACEABLE'
  | 'RESULT_NOT_EXPECTED'
  | 'RESULT_OUT_OF_ORDER'
  | 'DUPLICATE_RESULT'
  | 'TRANSFER_REQUIRED'
  | 'ALREADY_MATCHED'
  | 'ATTACHMENT_UNUSABLE'
  | 'PAYLOAD_PURGED'
  | 'ARCHIVED'
  | 'SUBJECT_BUSY'
  | 'INVALID_PROOF_RANGE'
  | 'UNKNOWN_FILTER_VALUE'
  | 'REASON_IN_URL'
  | 'INBOX_LOCKED'
  | 'ALREADY_ENDED'
  | 'ALREADY_CERTIFIED'
  | 'PERIOD_OPEN'
  | 'ALREADY_REVIEWED'
  | 'REVIEW_CHANGED'
  | 'INVALID_SIGNATURE'
  | 'UNKNOWN_WITNESS'
  | 'RECEIPT_REQUIRED'
  | 'CLIENT_STALLED'
  | 'TOO_MANY_UPLOADS'
  | 'TOO_MANY_REQUESTS'
  // our own state (law 8)
  | 'DATABASE_UNAVAILABLE'
  | 'CLOCK_SKEWED'
  | 'LEDGER_STALLED'
  | 'LEDGER_FORKED'
  | 'KEY_MISSING'
  | 'SHUTTING_DOWN'
  | 'INTERNAL';

export interface ErrorContext {
  /** What was wrong, place by place. Never holds a value of the request. */
  problems?: readonly FieldProblem[];
  /** Facts for the sentence: dictionary codes, limits, ids. Never a value of a payload. */
  facts?: Readonly<Record<string, string | number>>;
  /** When to try again, in seconds. */
  retryAfterSeconds?: number;
  /** For the log only. */
  cause?: unknown;
}

/** An expected failure with a stable code: shown to the caller by code, to the log by cause. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly problems: readonly FieldProblem[];
  readonly facts: Readonly<Record<string, string | number>>;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, context: ErrorContext = {}) {
    super(code, { cause: context.cause });
    this.name = 'GatewayError';
    this.code = code;
    this.problems = context.problems ?? [];
    this.facts = context.facts ?? {};
    this.retryAfterSeconds = context.retryAfterSeconds;
  }
}

/** A fault of set-up: start-up lists every one of them and stops. */
export class StartupError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`waybill cannot start:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'StartupError';
    this.faults = faults;
  }
}
