/**
 * Finds the entries that an evidence file is made of. Those of a contract version have no index of
 * their own: they are looked for around the times at which its steps were recorded.
 */
import { openStored, type OpenedRow, type StoredRow } from '#src/ledger/details.ts';
import type { Queryable } from '#src/store/pool.ts';

export interface EntriesDeps {
  db: Queryable;
  openDetail: (sealed: Buffer, aad: Buffer) => Buffer;
}

const pageMax = 1_000;
/** A transfer has some twenty; whoever reads one ten thousand times gets no file for it. */
const trailEntriesMax = 10_000;

/** An entry is made before its step commits, and sequenced after some that were made later. */
const aroundMs = 120_000;

/** Every entry of a transfer below `size`, oldest first; null when they are too many for a file. */
export async function wholeTrail(
  deps: EntriesDeps,
  ask: { transfer: string; size: number },
): Promise<OpenedRow[] | null> {
  const found: OpenedRow[] = [];
  for (let from = 0; ;) {
    const { rows } = await deps.db.query<StoredRow>(
      `SELECT index, leaf, detail FROM entries
       WHERE leaf_transfer(leaf) = $1::uuid AND index >= $2 AND index < $3
       ORDER BY index LIMIT ${pageMax}`,
      [ask.transfer, from, ask.size],
    );
    found.push(...(await openStored(deps, rows)));
    if (found.length > trailEntriesMax) return null;
    const last = rows.at(-1);
    if (!last || rows.length < pageMax) return found;
    from = last.index + 1;
  }
}

/** Every entry below `size` about a contract version's own life, oldest first. */
export async function entriesOfVersion(
  deps: EntriesDeps,
  ask: { contract: string; size: number },
): Promise<OpenedRow[]> {
  const { db } = deps;
  const times = await stepTimes(db, ask.contract);
  const atOf = (index: number) => timeOf(db, index);
  const found = new Map<number, StoredRow>();
  for (const [first, last] of spansAround(times, aroundMs)) {
    const from = await firstNotBefore(atOf, ask.size, first);
    const to = await firstNotBefore(atOf, ask.size, last + 1);
    const { rows } = await db.query<StoredRow>(
      `SELECT index, leaf, detail FROM entries WHERE index >= $1 AND index < $2
         AND position($3::bytea IN leaf) > 0 AND position($4::bytea IN leaf) > 0
       ORDER BY index`,
      [from, to, Buffer.from('"kind":"contract-'), Buffer.from(`"id":"${ask.contract}"}`)],
    );
    for (const row of rows) found.set(row.index, row);
  }
  const rows = [...found.values()].sort((one, other) => one.index - other.index);
  return openStored(deps, rows);
}

/** When the steps of a version were recorded: milliseconds since 1970. */
async function stepTimes(db: Queryable, contract: string): Promise<number[]> {
  const [consignee = '', version = ''] = contract.split('.v');
  const { rows } = await db.query<{ at: Date }>(
    `SELECT registered_at AS at FROM contract_versions WHERE id = $1
     UNION SELECT recorded_at FROM contract_steps WHERE contract = $1
     UNION SELECT ended_at FROM relation_ends WHERE consignee = $2 AND through >= $3`,
    [contract, consignee, Number(version)],
  );
  return rows.map(({ at }) => at.getTime());
}

/** When an entry was made; one that went to an archive is older than all that are here. */
async function timeOf(db: Queryable, index: number): Promise<number> {
  const { rows } = await db.query<{ leaf: Buffer }>('SELECT leaf FROM entries WHERE index = $1', [
    index,
  ]);
  const [, at = ''] = /"at":"([^"]+)"/.exec(rows[0]?.leaf.toString('latin1') ?? '') ?? [];
  return Date.parse(at) || 0;
}

/** Spans of `around` before and after each time, those that touch made one. */
export function spansAround(times: readonly number[], around: number): [number, number][] {
  const spans: [number, number][] = [];
  for (const at of [...times].sort((one, other) => one - other)) {
    const last = spans.at(-1);
    if (last && at - around <= last[1]) last[1] = at + around;
    else spans.push([at - around, at + around]);
  }
  return spans;
}

/**
 * The first index whose entry was not made before `time`, of entries that nearly stand in the order
 * of their making: `size` when there is none.
 */
export async function firstNotBefore(
  atOf: (index: number) => Promise<number>,
  size: number,
  time: number,
): Promise<number> {
  let [low, high] = [0, size];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await atOf(middle)) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
