/** Rows of accounts are sealed by a key outside the database: a smuggled one counts for nothing. */
import { timingSafeEqual } from 'node:crypto';
import { canonicalBytes } from '#src/base/canonical.ts';

type RowUse = 'client-row' | 'staff-row';

/** Keyed fingerprints by the current key, and by each other key that still counts. */
export interface RowFingerprint {
  (use: RowUse, ...parts: readonly Uint8Array[]): Buffer;
  others(use: RowUse, ...parts: readonly Uint8Array[]): Buffer[];
}

/** Under which key a row is sealed: `none` is a row that nobody may act by. */
export type SealState = 'current' | 'older' | 'none';

export interface RowSeal<Content> {
  /** The seal of a row that says this: 32 bytes. */
  make(content: Content): Buffer;
  /** Whether the seal belongs to what the row says. */
  check(content: Content, mac: Buffer | null): SealState;
}

/**
 * HMAC-SHA-256 over the RFC 8785 form of everything that decides what an account may do. It cannot
 * tell that a whole older row of the same account was put back; the ledger's entries can.
 */
export function createRowSeal<Content>(
  { fingerprint }: { fingerprint: RowFingerprint },
  use: RowUse,
): RowSeal<Content> {
  const isSame = (made: Buffer, mac: Buffer) =>
    made.length === mac.length && timingSafeEqual(made, mac);
  return {
    make: (content) => fingerprint(use, canonicalBytes(content)),
    check(content, mac) {
      if (mac === null) return 'none';
      const bytes = canonicalBytes(content);
      if (isSame(fingerprint(use, bytes), mac)) return 'current';
      return fingerprint.others(use, bytes).some((made) => isSame(made, mac)) ? 'older' : 'none';
    },
  };
}
