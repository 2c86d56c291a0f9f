/**
 * Which client assertions count: SMART Backend Services on RFC 7523, read strictly. The provider
 * checks the signature against the client's registered keys; this is everything else.
 */
import { readCompactJws, onlyMembers } from '#src/access/jws.ts';
import type { CompactJws } from '#src/access/jws.ts';
import { ASSERTION_ALGORITHMS } from '#src/access/keys.ts';

/** Why an assertion does not count: for the log, the caller is told `invalid_client`. Closed. */
export type AssertionFault =
  | 'NOT_CANONICAL'
  | 'HEADER_MEMBER'
  | 'ALGORITHM'
  | 'TYPE'
  | 'KEY_ID'
  | 'ISSUER_OR_SUBJECT'
  | 'AUDIENCE'
  | 'LIFETIME'
  | 'NO_JTI'
  | 'REPLAYED';

/** What an assertion is held against. */
export interface AssertionExpectation {
  clientId: string;
  /** The issuer and the token endpoint: it names one of them. */
  audiences: readonly string[];
  /** Milliseconds since 1970 UTC. */
  nowMs: number;
}

/** What is needed to take an assertion once. `expiresAtSeconds` since 1970 UTC. */
export interface AssertionIdentity {
  jti: string;
  expiresAtSeconds: number;
}

const HEADER_MEMBERS = ['alg', 'kid', 'typ'];
const TYPES: readonly unknown[] = [undefined, 'JWT', 'client-authentication+jwt'];
const LIFETIME_SECONDS_MAX = 300;
/** How far a client's clock may be off. */
export const CLOCK_SKEW_SECONDS = 5;

/** The identity of an assertion that counts, or the reason why it does not. */
export function readAssertion(
  expected: AssertionExpectation,
  assertion: string,
): AssertionIdentity | AssertionFault {
  const jws = readCompactJws(assertion);
  if (jws === undefined) return 'NOT_CANONICAL';
  return headerFault(jws.header) ?? readClaims(expected, jws.claims);
}

function headerFault(header: CompactJws['header']): AssertionFault | undefined {
  if (!onlyMembers(header, HEADER_MEMBERS)) return 'HEADER_MEMBER';
  if (!ASSERTION_ALGORITHMS.some((alg) => alg === header['alg'])) return 'ALGORITHM';
  if (!TYPES.includes(header['typ'])) return 'TYPE';
  // without it the provider would try every key of the client
  return typeof header['kid'] === 'string' ? undefined : 'KEY_ID';
}

function readClaims(
  { clientId, audiences, nowMs }: AssertionExpectation,
  claims: CompactJws['claims'],
): AssertionIdentity | AssertionFault {
  if (claims['iss'] !== clientId || claims['sub'] !== clientId) return 'ISSUER_OR_SUBJECT';
  if (!namesOneOf(audiences, claims['aud'])) return 'AUDIENCE';
  const nowSeconds = nowMs / 1000;
  const { exp, iat, nbf, jti } = claims;
  if (typeof exp !== 'number' || exp <= nowSeconds - CLOCK_SKEW_SECONDS) return 'LIFETIME';
  if (exp > nowSeconds + LIFETIME_SECONDS_MAX + CLOCK_SKEW_SECONDS) return 'LIFETIME';
  if (iat !== undefined && !isRecent(iat, nowSeconds)) return 'LIFETIME';
  if (nbf !== undefined && !(Number(nbf) <= nowSeconds + CLOCK_SKEW_SECONDS)) return 'LIFETIME';
  if (typeof jti !== 'string' || jti === '') return 'NO_JTI';
  return { jti, expiresAtSeconds: exp };
}

/** True when the audience is one of the accepted ones, or a list of nothing but those. */
function namesOneOf(accepted: readonly string[], audience: unknown): boolean {
  const named: readonly unknown[] = Array.isArray(audience) ? audience : [audience];
  return named.length > 0 && named.every((name) => accepted.some((known) => known === name));
}

function isRecent(issuedAt: unknown, nowSeconds: number): boolean {
  if (typeof issuedAt !== 'number') return false;
  const age = nowSeconds - issuedAt;
  return age <= LIFETIME_SECONDS_MAX + CLOCK_SKEW_SECONDS && age >= -CLOCK_SKEW_SECONDS;
}
