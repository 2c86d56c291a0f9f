/**
 * JSON from outside, read so that nothing is lost or guessed. `JSON.parse` keeps the last of two
 * equal keys, turns 1e400 into Infinity, rounds 2^53 + 1 and takes any depth; PostgreSQL fails on
 * NUL and lone surrogates. So one pass without recursion checks the grammar of RFC 8259 and these,
 * and only then does `JSON.parse` make the value.
 */
import { isUtf8 } from 'node:buffer';
import { GatewayError } from './errors.ts';
import { afterNumber, afterString, malformed } from './json-tokens.ts';

export type { JsonFault } from './json-tokens.ts';

export interface JsonLimits {
  /** Objects and arrays inside one another, at most. */
  depthMax: number;
  /** Keys of all objects and elements of all arrays together, at most. */
  membersMax: number;
}

export const JSON_LIMITS: JsonLimits = { depthMax: 32, membersMax: 20_000 };

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const BYTE_ORDER_MARK = 0xfeff;
const LITERALS = ['true', 'false', 'null'];

/**
 * Parses the bytes of one JSON text (RFC 8259) to what `JSON.parse` would make of it, or throws
 * `MALFORMED_JSON` with facts `reason` (a `JsonFault`) and `offset` (bytes from the start; none for
 * `NOT_UTF8`). Nothing of the text is in the error.
 */
export function parseStrictJson(bytes: Buffer, limits: JsonLimits = JSON_LIMITS): unknown {
  if (!isUtf8(bytes)) throw new GatewayError('MALFORMED_JSON', { facts: { reason: 'NOT_UTF8' } });
  const text = bytes.toString('utf8');
  check(text, limits);
  return JSON.parse(text) as unknown;
}

function check(text: string, limits: JsonLimits): void {
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) throw malformed('BYTE_ORDER_MARK', text, 0);
  // what is open, outermost first: an object by the keys seen in it, an array as null
  const open: (Set<string> | null)[] = [];
  let members = 0;
  let at = afterSpace(text, 0);
  if (at === text.length) throw malformed('EMPTY', text, at);
  for (;;) {
    const isObject = text.charCodeAt(at) === OPEN_BRACE;
    if (isObject || text.charCodeAt(at) === OPEN_BRACKET) {
      if (open.length === limits.depthMax) throw malformed('TOO_DEEP', text, at);
      at = afterSpace(text, at + 1);
      if (text.charCodeAt(at) !== (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
        members += 1;
        const keys = isObject ? new Set<string>() : null;
        open.push(keys);
        if (keys) at = afterKey(text, at, keys);
        continue;
      }
      at += 1;
    } else {
      at = afterScalar(text, at);
    }
    // a value has ended, and with it whatever closes here
    for (;;) {
      at = afterSpace(text, at);
      const keys = open[open.length - 1];
      if (keys === undefined) {
        if (at < text.length) throw malformed('TRAILING_TEXT', text, at);
        return;
      }
      if (text.charCodeAt(at) === COMMA) {
        at = afterSpace(text, at + 1);
        members += 1;
        if (members > limits.membersMax) throw malformed('TOO_MANY_MEMBERS', text, at);
        if (keys) at = afterKey(text, at, keys);
        break;
      }
      if (text.charCodeAt(at) !== (keys ? CLOSE_BRACE : CLOSE_BRACKET)) {
        throw malformed('SYNTAX', text, at);
      }
      at += 1;
      open.pop();
    }
  }
}

/** Steps over `"key" :` and the white space around it, and adds the key to those of its object. */
function afterKey(text: string, start: number, keys: Set<string>): number {
  if (text.charCodeAt(start) !== QUOTE) throw malformed('SYNTAX', text, start);
  const end = afterString(text, start);
  const raw = text.slice(start + 1, end - 1);
  // equal keys may be escaped differently, so what counts is the key that JSON.parse would make
  const key = raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
  if (key === '__proto__') throw malformed('FORBIDDEN_KEY', text, start);
  const others = keys.size;
  if (keys.add(key).size === others) throw malformed('DUPLICATE_KEY', text, start);
  const colon = afterSpace(text, end);
  if (text.charCodeAt(colon) !== COLON) throw malformed('SYNTAX', text, colon);
  return afterSpace(text, colon + 1);
}

function afterScalar(text: string, start: number): number {
  if (text.charCodeAt(start) === QUOTE) return afterString(text, start);
  const literal = LITERALS.find((word) => text.startsWith(word, start));
  return literal ? start + literal.length : afterNumber(text, start);
}

/** Space, tab, line feed and carriage return, and no other white space (RFC 8259 section 2). */
function afterSpace(text: string, start: number): number {
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at += 1;
  }
}
