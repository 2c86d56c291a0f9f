/** Ed25519 keys from their seeds, the form in which secrets are kept. */
import { strict as assert } from 'node:assert';
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { sha256 } from './canonical.ts';

/** What stands before the 32 bytes of a seed in PKCS #8 (RFC 8410 section 7). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** @param seed 32 bytes (RFC 8032) */
export function ed25519FromSeed(seed: Uint8Array): KeyObject {
  const key = Buffer.concat([pkcs8Prefix, seed]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

/**
 * Both halves of a key: the private one, and the 32 bytes of the public one (RFC 8032).
 *
 * @param seed 32 bytes; an AssertionError for any other number
 */
export function ed25519PairFromSeed(seed: Uint8Array): {
  privateKey: KeyObject;
  publicKey: Buffer;
} {
  assert(seed.length === 32, 'an Ed25519 seed has 32 bytes');
  const privateKey = ed25519FromSeed(seed);
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  assert(x, 'an Ed25519 key has a public part');
  return { privateKey, publicKey: Buffer.from(x, 'base64url') };
}

/**
 * The public half as a JWK (RFC 8037), and its thumbprint (RFC 7638: SHA-256, 32 bytes).
 *
 * @param seed 32 bytes
 */
export function publicJwkOf(seed: Uint8Array): {
  jwk: { crv: 'Ed25519'; kty: 'OKP'; x: string };
  thumbprint: Buffer;
} {
  const x = ed25519PairFromSeed(seed).publicKey.toString('base64url');
  // The order is that of RFC 7638 section 3.
  const jwk = { crv: 'Ed25519' as const, kty: 'OKP' as const, x };
  return { jwk, thumbprint: sha256(Buffer.from(JSON.stringify(jwk), 'utf8')) };
}
