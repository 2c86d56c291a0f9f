/**
 * One page of a search: exactly the newest that fit at one moment, at a cost that depends neither
 * on how many transfers there are nor on how deep the page lies.
 */
import { idFloor } from '#src/base/ids.ts';
import type { Queryable, Database } from '#src/store/pool.ts';
import { factsAsked, type ClassFilter } from '#src/transfers/class.ts';
import { ownColumns, type TransferRow } from '#src/transfers/rows.ts';
import {
  directSql,
  leapSql,
  lookSql,
  oldestSql,
  readingSql,
  sizeOf,
  windowOf,
  type Asked,
} from './search-sql.ts';

/** What transfers are to be; every member given must hold. */
export interface TransferFilter extends ClassFilter {
  status?: string | undefined;
  /** The instants between which the transfer was accepted: from inclusive, to exclusive. */
  from?: Date | undefined;
  to?: Date | undefined;
  /** Id of the one (UUID). */
  transfer?: string | undefined;
  /** The random id of whose data it is (UUID). */
  subject?: string | undefined;
}

const lowest = '00000000-0000-0000-0000-000000000000';
const highest = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** States that have months of their own in `class_months`; the others pass, and have none. */
const ends = new Set(['delivered', 'rejected', 'failed', 'cancelled', 'expired', 'withdrawn']);
/** States that pass in moments, so that never many are in them: see `transfers_class_status`. */
const moments = new Set(['accepted', 'sending']);

/**
 * The newest `count` transfers that fit, newest first; below `before`, where a page ended.
 *
 * @param input.before the id of the last row of the page before (UUID)
 * @param input.count 1001 at most
 */
export async function findTransfers(
  db: Database,
  input: { filter: TransferFilter; before?: string | null | undefined; count: number },
): Promise<TransferRow[]> {
  const { filter, before, count } = input;
  const { status, from, to, transfer, subject, ...rest } = filter;
  const asked: Asked = {
    low: from ? idFloor(from) : lowest,
    // The page before lies within the period, so its end alone is the bound once there is one.
    high: before ?? (to ? idFloor(to) : highest),
    facts: factsAsked(rest),
    ...{ status, subject, transfer },
  };
  return db.transaction(async (tx) => {
    await tx.query(readingSql);
    const ids = await findIds(tx, asked, sizeOf(count));
    return rowsOf(tx, ids.slice(0, count));
  });
}

async function findIds(tx: Queryable, asked: Asked, size: number): Promise<readonly string[]> {
  const { facts, status, subject, transfer } = asked;
  const areFew = subject !== undefined || transfer !== undefined || moments.has(status ?? '');
  if (facts.length === 0 || areFew) {
    const { rows } = await tx.query<{ id: string }>(directSql(asked, size));
    return rows.map(({ id }) => id);
  }
  const looked = await tx.query<{ seen: number; last: string | null; found: string[] }>(
    lookSql(asked, size),
  );
  const { seen = 0, last = null, found = [] } = looked.rows[0] ?? {};
  if (found.length >= size || seen < windowOf(size) || last === null) return found;
  const rest = { ...asked, high: last };
  // What waits has no months of its own, but is not old: it expires.
  const oldest =
    status === undefined || ends.has(status)
      ? undefined
      : (await tx.query<{ id: string }>(oldestSql(rest))).rows[0];
  return [...found, ...(await leap(tx, { ...rest, low: oldest?.id ?? rest.low }, size))];
}

/**
 * Reads months of classes until the page is full. Each that is read has a row to give, but for
 * those that the period or the page before cuts, or whose rows have moved on: then four times as
 * many are read.
 */
async function leap(tx: Queryable, asked: Asked, size: number): Promise<string[]> {
  const { status } = asked;
  const state = status !== undefined && ends.has(status) ? status : 'any';
  const found: string[] = [];
  let { high } = asked;
  for (let months = size; ; months *= 4) {
    const { rows } = await tx.query<{ reached: string | null; more: boolean; found: string[] }>(
      leapSql({ ...asked, high }, { size, state, months }),
    );
    const { reached = null, more = false, found: further = [] } = rows[0] ?? {};
    found.push(...further);
    if (found.length >= size || !more || reached === null) return found;
    high = idFloor(new Date(reached));
  }
}

// What replaces them is looked for once, not in every month for each row.
const rowsSql = `
  WITH later AS (
    SELECT replaces AS earlier, max(id::text) AS replaced_by FROM transfers
    WHERE replaces = ANY ($1::uuid[]) GROUP BY replaces
  )
  SELECT ${ownColumns}, replaced_by FROM transfers LEFT JOIN later ON later.earlier = transfers.id
  WHERE id = ANY ($1::uuid[]) ORDER BY id DESC`;

async function rowsOf(tx: Queryable, ids: readonly string[]): Promise<TransferRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await tx.query<TransferRow>({
    ...{ name: 'search-rows', text: rowsSql, values: [ids] },
  });
  return rows;
}
