/** Whether anybody may act by a row: its seal is good, and the ledger tells of no later change. */
import type { AccountKind, AccountRow, NewestChanges } from './newest-changes.ts';
import { createRowSeal, isGood, type RowFingerprint, type SealState } from './row-seal.ts';

export interface RowStateDeps {
  /** Milliseconds since 1970 UTC. */
  now: () => number;
  fingerprint: RowFingerprint;
  /** What the ledger said last; left out in tests alone: every good seal counts there. */
  newest?: NewestChanges | undefined;
}

export interface RowState<Content, Row> {
  /** The seal of a row that says this. */
  seal: (content: Content) => Buffer;
  of: (row: Row) => SealState;
  /** The number that a row carries beneath its seal; null: it has none, or no seal. */
  numberIn: (row: Row | undefined) => number | null;
  /** The number of a change that is made now. */
  nextOf: (row: Pick<AccountRow, 'id' | 'change'>) => number;
  /**
   * The row, read once more where it seems outdated: the ledger may have told of a change while
   * it was on its way, and then it is another now.
   */
  settled: (read: () => Promise<Row | undefined>) => Promise<Row | undefined>;
}

/**
 * @param row.contentOf everything that decides what an account may do
 * @param row.shownOf what of it is held against the ledger
 */
export function createRowState<Content, Row extends { mac: Buffer | null }>(
  { now, fingerprint, newest }: RowStateDeps,
  kind: AccountKind,
  row: { contentOf: (row: Row) => Content; shownOf: (row: Row) => AccountRow },
): RowState<Content, Row> {
  const seal = createRowSeal<Content>({ fingerprint }, `${kind}-row`);
  const of = (one: Row): SealState => {
    const state = seal.check(row.contentOf(one), one.mac);
    return isGood(state) && newest?.isOutdated(kind, row.shownOf(one)) ? 'outdated' : state;
  };
  return {
    seal: (content) => seal.make(content),
    of,
    numberIn: (one) => (one && of(one) !== 'none' ? row.shownOf(one).change : null),
    nextOf: (one) => newest?.next(kind, one, now()) ?? Math.max(now(), (one.change ?? 0) + 1),
    async settled(read) {
      const first = await read();
      return first && of(first) === 'outdated' ? read() : first;
    },
  };
}
