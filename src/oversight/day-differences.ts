/** Why an id is on one side only: between two parties, and between the tables and the ledger. */
import { idTime } from '#src/base/ids.ts';
import type { Queryable } from '#src/store/pool.ts';
import { dayRows, releasedIds, type DayAsk, type Span } from './day-rows.ts';
import { createIdSet, type IdSet } from './id-sets.ts';

/**
 * Why the gateway does not count an id that the other side has. `UNKNOWN`: it has no such id, or
 * none that this caller may know of.
 */
export type Lacking =
  'UNKNOWN' | 'OTHER_TIME' | 'OTHER_CONSIGNEE' | 'NOT_DELIVERED' | 'NOT_COLLECTED';

/** The gateway's rows against its own ledger: ids, 1,000 of each at most. */
export interface LedgerComparison extends IdSet {
  /** Released, says the ledger, and the tables know nothing of it. */
  missingRows: string[];
  /** In the tables, as covered by a checkpoint; no entry says so. */
  missingEntries: string[];
}

/** So many ids are named; the others are only counted. */
export const namedMax = 1_000;

/** What has become of ids that only the other side names; those of others stay `UNKNOWN`. */
export async function explain(
  db: Queryable,
  day: DayAsk,
  span: Span,
  ids: readonly string[],
): Promise<{ id: string; why: Lacking; status: string | null }[]> {
  if (ids.length === 0) return [];
  // A consignee may know of its own rows only, an EMR of those that it sent itself.
  const own = day.side === 'consignee' ? 'consignee' : 'client';
  const { rows } = await db.query<{ id: string; consignee: string; status: string }>(
    `SELECT id, consignee, status FROM ${day.what}
     WHERE id = ANY ($1::uuid[]) AND ($2::text IS NULL OR ${own} = $2)`,
    [ids, day[own]],
  );
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => {
    const row = found.get(id);
    const status = row?.status ?? null;
    const at = idTime(id);
    if (at < span.from.getTime() || at >= span.to.getTime())
      return { id, why: 'OTHER_TIME', status };
    if (!row) return { id, why: 'UNKNOWN', status };
    const other = day.consignee !== null && row.consignee !== day.consignee;
    if (other) return { id, why: 'OTHER_CONSIGNEE', status };
    return { id, why: day.what === 'transfers' ? 'NOT_DELIVERED' : 'NOT_COLLECTED', status };
  });
}

/**
 * Every transfer that the ledger released has its row, and every row its entry: one reading of
 * both, side by side, by ascending id. Clients stand in no leaf, so those of all are compared.
 *
 * @param now what is younger than a minute may still wait for its entry
 */
export async function againstLedger(
  db: Queryable,
  day: DayAsk,
  span: Span,
  now: Date,
): Promise<LedgerComparison> {
  const set = createIdSet();
  const [noRow, noEntry]: [string[], string[]] = [[], []];
  const rows = dayRows(db, { ...day, side: 'emr', client: null }, span);
  let row = await rows.next();
  const skipTo = async (id: string | null): Promise<void> => {
    for (; !row.done && (id === null || row.value.id < id); row = await rows.next()) {
      const due = row.value.covered || idTime(row.value.id) < now.getTime() - waitMsMax;
      if (due) name(noEntry, row.value.id);
    }
  };
  for await (const id of releasedIds(db, day, span)) {
    set.add(id);
    await skipTo(id);
    if (!row.done && row.value.id === id) row = await rows.next();
    else name(noRow, id);
  }
  await skipTo(null);
  // The two were not read in one moment: what came in between is looked for once more.
  const missingRows = await stillMissing(db, noRow, 'SELECT id FROM transfers WHERE id = ANY ($1)');
  const missingEntries = await stillMissing(db, noEntry, releasedAmong);
  return { ...set.finish(), missingRows, missingEntries };
}

const waitMsMax = 60_000;
const releasedAmong = `SELECT leaf_transfer(leaf) AS id FROM entries
  WHERE leaf_transfer(leaf) = ANY ($1) AND position('"kind":"released"'::bytea IN leaf) > 0`;

function name(list: string[], id: string): void {
  if (list.length < namedMax) list.push(id);
}

async function stillMissing(db: Queryable, ids: string[], sql: string): Promise<string[]> {
  if (ids.length === 0) return ids;
  const { rows } = await db.query<{ id: string }>(sql, [ids]);
  const there = new Set(rows.map(({ id }) => id));
  return ids.filter((id) => !there.has(id));
}
