/** Rows of accounts are sealed by a key outside the database: a smuggled one counts for nothing. */
import { timingSafeEqual } from 'node:crypto';
import { canonicalBytes } from '#src/base/canonical.ts';
import { GatewayError } from '#src/base/errors.ts';

type RowUse = 'client-row' | 'staff-row';

/** Keyed fingerprints by the current key, and by each other key that still counts. */
export interface RowFingerprint {
  (use: RowUse, ...parts: readonly Uint8Array[]): Buffer;
  others(use: RowUse, ...parts: readonly Uint8Array[]): Buffer[];
}

/**
 * Under which key a row is sealed. Nobody may act by one that has no good seal (`none`), or whose
 * account was changed since, as the ledger says (`outdated`).
 */
export type SealState = 'current' | 'older' | 'none' | 'outdated';

/** Whether somebody may act by a row. */
export const isGood = (state: SealState): boolean => state === 'current' || state === 'older';

export interface RowSeal<Content> {
  /** The seal of a row that says this: 32 bytes. */
  make(content: Content): Buffer;
  /** Whether the seal belongs to what the row says. */
  check(content: Content, mac: Buffer | null): Exclude<SealState, 'outdated'>;
}

/**
 * HMAC-SHA-256 over the RFC 8785 form of everything that decides what an account may do. It cannot
 * tell that a whole older row of the same account was put back; the ledger's entries can, see
 * `newest-changes.ts`.
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

/** What looking at all rows came to. */
export interface Resealed {
  /** How many were sealed anew. */
  resealed: number;
  /** How many have no good seal. Their ids may be anything. */
  unknown: number;
  /** The accounts whose row is older than the ledger says. */
  outdated: string[];
}

/** Each try that fails is a change by somebody else that did not. */
const triesMax = 50;

/**
 * Changes a row whose seal is good, whoever else changes it meanwhile: the last to come sees what
 * the others did. Undefined where there is none, or nothing is to be changed.
 * @param row.read the row, only if its seal is good
 * @param row.write the row as it is then; undefined where it was another by then
 * @throws GatewayError `DATABASE_UNAVAILABLE` when it never stands still
 */
export async function changeSealed<Row, Change>(
  row: {
    read: () => Promise<Row | undefined>;
    write: (before: Row, change: Change) => Promise<Row | undefined>;
  },
  decide: (row: Row) => Change | undefined,
): Promise<Row | undefined> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const before = await row.read();
    const change = before && decide(before);
    if (before === undefined || change === undefined) return undefined;
    const changed = await row.write(before, change);
    if (changed) return changed;
  }
  throw new GatewayError('DATABASE_UNAVAILABLE', { retryAfterSeconds: 1 });
}
