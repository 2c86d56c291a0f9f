/** Which of somebody's registered keys made a signature, if any did. */
import { calculateJwkThumbprint, compactVerify, importJWK, type JWK } from 'jose';

/** What a registered key may have signed with: Ed25519, under either of its names, or P-256. */
const algorithms = ['EdDSA', 'Ed25519', 'ES256'];

/**
 * The RFC 7638 thumbprint of the key that made a compact JWS, or null where none of them did. What
 * its header says about the key (`kid`) is not asked. Read it with `readCompactJws` first.
 * @param keys public keys, those of the signer
 */
export async function signerOf(keys: readonly JWK[], jws: string): Promise<string | null> {
  for (const key of keys) {
    try {
      // `alg` of the key, or the one that belongs to it: a P-256 key never checks an EdDSA.
      const alg = key.alg ?? (key.kty === 'EC' ? 'ES256' : 'EdDSA');
      await compactVerify(jws, await importJWK(key, alg), { algorithms });
      return await calculateJwkThumbprint(key);
    } catch {
      continue;
    }
  }
  return null;
}
