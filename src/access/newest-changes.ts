/** What the ledger last said of each account: an older row that was put back counts for nothing. */

export type AccountKind = 'client' | 'staff';

/** A change of an account, as an entry of the ledger tells it. */
export interface ToldChange {
  kind: AccountKind;
  id: string;
  /** Its number; 0 where the entry is from before there were numbers. */
  change: number;
  isRevoked: boolean;
  /** Scopes or roles from then on; null where the entry does not say. */
  may: readonly string[] | null;
}

/** What of a row is held against what the ledger said. */
export interface AccountRow {
  id: string;
  /** Null: from before there were numbers. */
  change: number | null;
  revokedAt: Date | null;
  may: readonly string[];
}

export interface NewestChanges {
  /** Takes in what an entry says. The entries come in the order of the ledger. */
  learn(told: ToldChange): void;
  /** Whether an entry tells of a later change than the one that the row came of. */
  isOutdated(kind: AccountKind, row: AccountRow): boolean;
  /** The number of a change that is made now: later than every one of this account so far. */
  next(kind: AccountKind, row: Pick<AccountRow, 'id' | 'change'>, nowMs: number): number;
}

/** One per process; it holds as many accounts as there ever were. */
export function createNewestChanges(): NewestChanges {
  const newest = new Map<string, ToldChange>();
  const keyOf = (kind: AccountKind, id: string) => `${kind} ${id}`;
  return {
    learn(told) {
      const key = keyOf(told.kind, told.id);
      const known = newest.get(key);
      // by number, not by place: an entry that somebody wrote down once more says nothing new
      if (known && known.change > told.change) return;
      newest.set(key, told);
    },
    isOutdated(kind, row) {
      const told = newest.get(keyOf(kind, row.id));
      if (!told) return false;
      const change = row.change ?? 0;
      return change < told.change || (change === 0 && saysMore(row, told));
    },
    next(kind, { id, change }, nowMs) {
      // Of the clock, so that an account that was deleted and made anew does not begin again at 1.
      return Math.max(nowMs, (change ?? 0) + 1, (newest.get(keyOf(kind, id))?.change ?? 0) + 1);
    },
  };
}

/** From before there were numbers only what the entry says can be held against the row. */
function saysMore(row: AccountRow, { isRevoked, may }: ToldChange): boolean {
  if (row.revokedAt !== null) return false;
  return isRevoked || (may !== null && !row.may.every((one) => may.includes(one)));
}
