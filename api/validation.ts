/** What the HTTP libraries found wrong, in our own words: their messages echo what was sent. */
import { GatewayError, type ErrorCode } from '#src/base/errors.ts';
import { ruleOfKeyword } from '#src/base/field-rule.ts';
import type { FieldProblem, FieldRule } from '#src/base/words.ts';

const codes: Readonly<Record<number, ErrorCode>> = {
  400: 'INVALID_REQUEST',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  406: 'NOT_ACCEPTABLE',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
};

/** Where a path of express-openapi-validator begins, and what stands there in a pointer. */
const places: Readonly<Record<string, string>> = {
  body: '',
  query: '/query',
  headers: '/header',
  cookies: '/cookie',
};

/** An error of Express or of express-openapi-validator, as far as it can be read. */
interface HttpFault {
  status?: unknown;
  headers?: { Allow?: unknown } | undefined;
  errors?: readonly Fault[] | undefined;
}

interface Fault {
  path?: unknown;
  errorCode?: unknown;
  message?: unknown;
}

/**
 * Every name that an OpenAPI document gives to a parameter or to a property: what may stand in a
 * pointer. Header names are in lower case.
 */
export function knownNames(spec: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(walk);
    if (typeof node !== 'object' || node === null) return;
    const { name, in: place, properties } = node as Record<string, unknown>;
    if (typeof name === 'string' && typeof place === 'string') {
      names.add(place === 'header' ? name.toLowerCase() : name);
    }
    if (typeof properties === 'object' && properties !== null) {
      for (const key of Object.keys(properties)) names.add(key);
    }
    for (const [key, child] of Object.entries(node)) {
      if (key !== 'example' && key !== 'examples') walk(child);
    }
  };
  walk(spec);
  return names;
}

/**
 * The problem behind an error that Express or express-openapi-validator raised; `undefined` for
 * anything that is not the caller's fault. Pointers are cut at the first name that is not `known`;
 * of the messages nothing is kept. A path parameter of a wrong form names nothing: `NOT_FOUND`.
 */
export function requestFault(error: unknown, known: ReadonlySet<string>): GatewayError | undefined {
  if (!(error instanceof Error) || error instanceof GatewayError) return undefined;
  const { status, headers, errors } = error as HttpFault;
  const code = typeof status === 'number' ? codes[status] : undefined;
  if (code === undefined) return undefined;
  if (code === 'METHOD_NOT_ALLOWED') {
    const allow = typeof headers?.Allow === 'string' ? headers.Allow : '';
    return new GatewayError(code, { facts: { allow }, cause: error });
  }
  if (code !== 'INVALID_REQUEST') return new GatewayError(code, { cause: error });
  const found = (Array.isArray(errors) ? errors : []) as readonly Fault[];
  if (found.some(({ path }) => String(path).startsWith('/params/'))) {
    return new GatewayError('NOT_FOUND', { cause: error });
  }
  const problems = found.flatMap((one) => problemOf(one, known));
  return new GatewayError(code, { problems, cause: error });
}

function problemOf(
  { path, errorCode, message }: Fault,
  known: ReadonlySet<string>,
): FieldProblem[] {
  const [, root = '', ...segments] = String(path).split('/');
  const place = Object.hasOwn(places, root) ? places[root] : undefined;
  if (place === undefined) return [];
  const rule = ruleOf(errorCode, message);
  const named = rule === 'unknown' ? segments.slice(0, -1) : segments;
  const stranger = named.findIndex((segment) => !known.has(segment));
  const kept = stranger < 0 ? named : named.slice(0, stranger);
  return [{ pointer: [place, ...kept].join('/'), rule }];
}

/** Without a keyword it is the query: a parameter that is not known, empty, or not encoded. */
function ruleOf(errorCode: unknown, message: unknown): FieldRule {
  const [keyword = ''] = typeof errorCode === 'string' ? errorCode.split('.') : [];
  const rule = ruleOfKeyword(keyword);
  return rule ?? (String(message).startsWith('Unknown query parameter') ? 'unknown' : 'format');
}
