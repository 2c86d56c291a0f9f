/** Keyed fingerprints: what must be found again but never read, such as an idempotency key. */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { hmacKeyId, ringOf, type HeldKey, type Ring } from './ring.ts';

export type FingerprintUse =
  | ('idempotency-key' | 'request' | 'subject' | 'reference' | 'cursor' | 'key-check' | 'result')
  | ('client-row' | 'staff-row');

type Part = string | Uint8Array;

/** HMAC-SHA-256 over the use and the parts; each part carries its length, so none can slide. */
export interface Fingerprint {
  /** Under the current key: what is stored from now on. */
  (use: FingerprintUse, ...parts: readonly Part[]): Buffer;
  /**
   * The same under each other key that counts, so that what was stored before a rotation is found.
   * In the order of the keys; empty where there never was one.
   */
  others(use: FingerprintUse, ...parts: readonly Part[]): Buffer[];
  /** The current key's id. It may be another after whatever is waited for. */
  keyId(): string;
}

/** @param deps `key`: 32 bytes, from outside the database; or a ring of them that may turn */
export function createFingerprint(deps: { key: Uint8Array } | { ring: () => Ring }): Fingerprint {
  const ring = 'ring' in deps ? deps.ring : ringOf(deps.key, hmacKeyId);
  const objects = new Map<string, KeyObject>();
  const objectOf = ({ id, bytes }: HeldKey): KeyObject => {
    const known = objects.get(id) ?? createSecretKey(bytes);
    objects.set(id, known);
    return known;
  };
  const make = (key: HeldKey, use: FingerprintUse, parts: readonly Part[]): Buffer => {
    const hmac = createHmac('sha256', objectOf(key));
    for (const part of [use, ...parts]) {
      const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      hmac.update(length).update(bytes);
    }
    return hmac.digest();
  };
  const fingerprint = (use: FingerprintUse, ...parts: readonly Part[]) =>
    make(ring().current, use, parts);
  return Object.assign(fingerprint, {
    others: (use: FingerprintUse, ...parts: readonly Part[]) =>
      ring().others.map((key) => make(key, use, parts)),
    keyId: () => ring().current.id,
  });
}
