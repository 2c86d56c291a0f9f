/** Strings and numbers of a JSON text, step by step: what may stand in them, and what is lost. */
import { GatewayError } from './errors.ts';

/** Why a body is not JSON that can be taken as it stands. Closed. */
export type JsonFault =
  | 'EMPTY'
  | 'BYTE_ORDER_MARK'
  | 'NOT_UTF8'
  | 'SYNTAX'
  | 'TRAILING_TEXT'
  | 'NUL'
  | 'LONE_SURROGATE'
  | 'DUPLICATE_KEY'
  | 'FORBIDDEN_KEY'
  | 'TOO_DEEP'
  | 'TOO_MANY_MEMBERS'
  | 'NUMBER_OUT_OF_RANGE'
  | 'NUMBER_LOSES_PRECISION';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const ESCAPES = '"\\/bfnrt';
const FOUR_HEX_DIGITS = /^[0-9a-fA-F]{4}$/;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
/** Up to so many digits, every integer is a double. */
const EXACT_DIGITS = 15;

/**
 * The error for a fault that was found at an index of the text. A NUL is named as one wherever it
 * is in the way: it is what PostgreSQL cannot hold.
 */
export function malformed(fault: JsonFault, text: string, at: number): GatewayError {
  const reason: JsonFault = fault === 'SYNTAX' && text.charCodeAt(at) === 0 ? 'NUL' : fault;
  const offset = Buffer.byteLength(text.slice(0, at), 'utf8');
  return new GatewayError('MALFORMED_JSON', { facts: { reason, offset } });
}

/** The index after the string that starts (with its quote) at `start`. */
export function afterString(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) {
      at = afterEscape(text, at);
      // the comparison is false for the NaN beyond the end, too
    } else if (code >= 0x20) {
      at += 1;
    } else {
      throw malformed('SYNTAX', text, at);
    }
  }
}

function afterEscape(text: string, start: number): number {
  if (text.charCodeAt(start + 1) !== LETTER_U) {
    const escaped = text.charAt(start + 1);
    if (escaped === '' || !ESCAPES.includes(escaped)) throw malformed('SYNTAX', text, start + 1);
    return start + 2;
  }
  const unit = escapedUnit(text, start);
  if (unit === undefined) throw malformed('SYNTAX', text, start);
  if (unit === 0) throw malformed('NUL', text, start);
  if (unit < 0xd800 || unit > 0xdfff) return start + 6;
  const next = escapedUnit(text, start + 6);
  const paired = unit < 0xdc00 && next !== undefined && next >= 0xdc00 && next <= 0xdfff;
  if (!paired) throw malformed('LONE_SURROGATE', text, start);
  return start + 12;
}

/** The UTF-16 unit of the `\uXXXX` at `start`, if that is what stands there. */
function escapedUnit(text: string, start: number): number | undefined {
  if (text.charCodeAt(start) !== BACKSLASH || text.charCodeAt(start + 1) !== LETTER_U) {
    return undefined;
  }
  const digits = text.slice(start + 2, start + 6);
  return FOUR_HEX_DIGITS.test(digits) ? Number.parseInt(digits, 16) : undefined;
}

/**
 * The index after the number that starts at `start`. Refuses what a double cannot keep: overflow
 * to Infinity, underflow to zero, and integers that would come back as other integers.
 */
export function afterNumber(text: string, start: number): number {
  NUMBER.lastIndex = start;
  if (!NUMBER.test(text)) throw malformed('SYNTAX', text, start);
  const end = NUMBER.lastIndex;
  const token = text.slice(start, end);
  const value = Number(token);
  if (!Number.isFinite(value) || (value === 0 && /^[^eE]*[1-9]/.test(token))) {
    throw malformed('NUMBER_OUT_OF_RANGE', text, start);
  }
  if (token.length > EXACT_DIGITS && /^-?[0-9]+$/.test(token) && !staysItself(token, value)) {
    throw malformed('NUMBER_LOSES_PRECISION', text, start);
  }
  return end;
}

/**
 * True when an integer survives: it is the double exactly, or it is what JavaScript prints for that
 * double (123456789012345680000 is not exact, but comes back as it went in).
 */
function staysItself(token: string, value: number): boolean {
  return String(value) === token || BigInt(token) === BigInt(value);
}
