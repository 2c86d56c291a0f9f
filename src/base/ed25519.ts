/** Ed25519 private keys from their seeds, the form in which secrets are kept. */
import { createPrivateKey, type KeyObject } from 'node:crypto';

/** What stands before the 32 bytes of a seed in PKCS #8 (RFC 8410 section 7). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** @param seed 32 bytes (RFC 8032) */
export function ed25519FromSeed(seed: Uint8Array): KeyObject {
  const key = Buffer.concat([pkcs8Prefix, seed]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}
