/** Why somebody takes records away: said before they get one byte, and kept in sealed detail. */
import { GatewayError } from '#src/base/errors.ts';

const reasonLengthMin = 10;
const reasonLengthMax = 1_000;

/** Digits as people write numbers, with what they put between them. */
const manyDigits = /\d(?:[ .\-–()/]?\d){5,}/u;
const address = /\S@\S/u;
/** A name and how people are spoken of: 홍길동님, 홍길동 씨. Seeds and wrestling are not meant. */
const spokenOf = /\p{Script=Hangul}{2,4}\s?(?:님|씨(?![앗름]))/u;

/** True where a text may name a person: six digits in a row, an address, somebody's name and 님. */
export function mayNameSomebody(text: string): boolean {
  const plain = text.normalize('NFKC');
  return [manyDigits, address, spokenOf].some((form) => form.test(plain));
}

/**
 * The reason as it is kept: white space at its ends is none of its characters.
 *
 * @param given.inUrl it came in a query, where it may name nobody: addresses of requests are kept
 *   by browsers and proxies (law 4)
 * @throws GatewayError `INVALID_REQUEST` (length); `REASON_IN_URL`
 */
export function readReason(given: { reason: string; inUrl: boolean }): string {
  const reason = given.reason.trim();
  const pointer = given.inUrl ? '/query/reason' : '/reason';
  if (reason.length < reasonLengthMin || reason.length > reasonLengthMax) {
    throw new GatewayError('INVALID_REQUEST', { problems: [{ pointer, rule: 'length' }] });
  }
  if (given.inUrl && mayNameSomebody(reason)) throw new GatewayError('REASON_IN_URL');
  return reason;
}
