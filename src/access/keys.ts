/** Keys of clients and of the token issuer: made here, and public ones judged before they count. */
import { createPublicKey } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { JWK } from 'jose';

/** Algorithms of client assertions: RS384 and ES384 are SMART's, the others their equals. */
export const ASSERTION_ALGORITHMS = [
  'ES384',
  'ES256',
  'RS384',
  'PS384',
  'EdDSA',
  'Ed25519',
] as const;

/** The algorithm of access tokens: Ed25519 and nothing else (RFC 8037 section 3.1). */
export const TOKEN_ALGORITHM = 'EdDSA';

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
const PUBLIC_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e'];
const RSA_BITS_MIN = 2048;
const RSA_BITS_MAX = 8192;
const RSA_EXPONENT_MIN = 65537n;

/** Which algorithms a key of this kind can sign with. */
const ALGORITHMS_OF_KEY: Readonly<Record<string, readonly string[]>> = {
  'EC P-256': ['ES256'],
  'EC P-384': ['ES384'],
  'OKP Ed25519': ['EdDSA', 'Ed25519'],
  'RSA ': ['RS384', 'PS384'],
};

/** A private key for its holder and the public half for the registry. */
export interface KeyPair {
  privateJwk: JWK;
  publicJwk: JWK;
}

/** What is wrong with a key offered as a client's public key. Closed. */
export type KeyFault =
  | 'NOT_A_KEY'
  | 'PRIVATE_OR_SYMMETRIC'
  | 'UNSUPPORTED_KEY'
  | 'ALGORITHM_NOT_ALLOWED'
  | 'NOT_FOR_SIGNATURES'
  | 'KEY_ID_MISSING'
  | 'WEAK_KEY';

/** A new key for a client's assertions: P-384, `kid` is its RFC 7638 thumbprint. */
export function generateClientKey(): Promise<KeyPair> {
  return generate('ES384');
}

/** A new key for signing access tokens: Ed25519, `kid` is its RFC 7638 thumbprint. */
export function generateTokenKey(): Promise<KeyPair> {
  return generate(TOKEN_ALGORITHM);
}

/** The public half of a key, and only the members that a verifier needs. */
export function publicPart(jwk: JWK): JWK {
  const kept = [...PUBLIC_MEMBERS, 'kid', 'alg', 'use'];
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => kept.includes(name)));
}

/**
 * Judges a key that someone offers as a client's. `null` means it may be registered.
 * @param jwk anything that was parsed from JSON
 */
export function keyFault(jwk: unknown): KeyFault | null {
  if (typeof jwk !== 'object' || jwk === null) return 'NOT_A_KEY';
  const key = jwk as JWK;
  if (PRIVATE_MEMBERS.some((name) => name in key) || key.kty === 'oct') {
    return 'PRIVATE_OR_SYMMETRIC';
  }
  const kind = key.kty === 'RSA' ? 'RSA ' : `${String(key.kty)} ${String(key.crv)}`;
  const algorithms = Object.hasOwn(ALGORITHMS_OF_KEY, kind) ? ALGORITHMS_OF_KEY[kind] : undefined;
  if (algorithms === undefined) return 'UNSUPPORTED_KEY';
  if (typeof key.alg !== 'string' || !algorithms.includes(key.alg)) return 'ALGORITHM_NOT_ALLOWED';
  if (key.use !== undefined && key.use !== 'sig') return 'NOT_FOR_SIGNATURES';
  if (typeof key.kid !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(key.kid)) return 'KEY_ID_MISSING';
  return strengthFault(key);
}

function strengthFault(key: JWK): KeyFault | null {
  try {
    // throws for a point that is not on its curve and for text that is not base64url
    const details = createPublicKey({ key: { ...key }, format: 'jwk' }).asymmetricKeyDetails;
    if (key.kty !== 'RSA') return null;
    const bits = details?.modulusLength ?? 0;
    const exponent = details?.publicExponent ?? 0n;
    const strong = bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX && exponent >= RSA_EXPONENT_MIN;
    return strong ? null : 'WEAK_KEY';
  } catch {
    return 'NOT_A_KEY';
  }
}

async function generate(alg: string): Promise<KeyPair> {
  const pair = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(pair.privateKey);
  const kid = await calculateJwkThumbprint(jwk, 'sha256');
  const privateJwk: JWK = { ...jwk, kid, alg, use: 'sig' };
  return { privateJwk, publicJwk: publicPart(privateJwk) };
}
