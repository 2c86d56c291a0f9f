/** Keyed fingerprints: what must be found again but never read, such as an idempotency key. */
import { createHmac, createSecretKey } from 'node:crypto';

export type FingerprintUse =
  'idempotency-key' | 'request' | 'subject' | 'reference' | 'cursor' | 'key-check' | 'result';

/** HMAC-SHA-256 over the use and the parts; each part carries its length, so none can slide. */
export type Fingerprint = (
  use: FingerprintUse,
  ...parts: readonly (string | Uint8Array)[]
) => Buffer;

/** @param deps.key 32 bytes, from outside the database */
export function createFingerprint(deps: { key: Uint8Array }): Fingerprint {
  const key = createSecretKey(deps.key);
  return (use, ...parts) => {
    const hmac = createHmac('sha256', key);
    for (const part of [use, ...parts]) {
      const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      hmac.update(length).update(bytes);
    }
    return hmac.digest();
  };
}
