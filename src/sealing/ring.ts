/** The keys of one kind that count: the one that is worked with, and those still accepted. */
import { createHash } from 'node:crypto';

export interface HeldKey {
  /** Tells it from the others, and gives nothing of it away. */
  id: string;
  /** 32 bytes, from outside the database. */
  bytes: Buffer;
}

/** As it is at one moment: whoever asks twice may be told of another. */
export interface Ring {
  current: HeldKey;
  /** What was made with them still counts; the next one, once it is known everywhere, too. */
  others: readonly HeldKey[];
}

/** The first four bytes of a hash, in hexadecimal: in front of everything that is sealed. */
export function sealingKeyId(key: Uint8Array): string {
  return shortHash('waybill/sealing-key-id', key);
}

export function hmacKeyId(key: Uint8Array): string {
  return shortHash('waybill/hmac-key-id', key);
}

function shortHash(label: string, key: Uint8Array): string {
  return createHash('sha256').update(label).update(key).digest('hex').slice(0, 8);
}

/** A ring of one key, that nothing turns. */
export function ringOf(key: Uint8Array, idOf: (key: Uint8Array) => string): () => Ring {
  const ring = { current: { id: idOf(key), bytes: Buffer.from(key) }, others: [] };
  return () => ring;
}

/** All keys of a ring, the current one first. */
export function ringBytes({ current, others }: Ring): Buffer[] {
  return [current, ...others].map(({ bytes }) => bytes);
}
