/**
 * Counts the ledger as it grows, once whoever does it, so that a review of a month never has to
 * read the month: an entry is read once, and its detail only where a review needs it.
 */
import { strict as assert } from 'node:assert';
import type { OpenHours } from '#src/base/reviewing.ts';
import type { LedgerEntry, LedgerReader } from '#src/ledger/read.ts';
import { advisoryLocks } from '#src/store/advisory-locks.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import { isOpened, readLeaf, tally, type Tally, type TransferFacts } from './review-tally.ts';

export interface CountingDeps {
  db: Database;
  ledger: Pick<LedgerReader, 'entries'>;
  reviewing: { open: OpenHours };
}

/** Entries of one round: some 20 ms of work where a hundredth of them is opened. */
const roundMax = 1_000;

/**
 * One round; how many entries it counted. Of several processes one counts and the others pass.
 * Everything that a round found and how far it came is one commit: nothing is counted twice.
 */
export async function countActivity(deps: CountingDeps): Promise<number> {
  return deps.db.transaction(async (tx) => {
    const start = await takeTurn(tx);
    if (start === null) return 0;
    // All on this connection: who holds the lock must not wait for another one of the pool.
    const asked = { start, limit: roundMax, withDetail: false };
    const entries = await deps.ledger.entries(asked, tx);
    const last = entries.at(-1);
    if (!last) return 0;
    const opened = await openNeeded(deps, tx, entries);
    const facts = await transferFacts(tx, entries);
    await store(tx, tally(opened, { facts, open: deps.reviewing.open }));
    const moved = await tx.query('UPDATE activity_mark SET next = $1 WHERE next = $2', [
      ...[last.index + 1, start],
    ]);
    assert(moved.rowCount === 1, 'somebody else counted the same entries');
    return entries.length;
  });
}

/** Where to go on; null where another process is counting. */
async function takeTurn(tx: Queryable): Promise<number | null> {
  const { rows: turns } = await tx.query<{ held: boolean }>(
    'SELECT pg_try_advisory_xact_lock($1) AS held',
    [advisoryLocks.counting],
  );
  if (turns[0]?.held !== true) return null;
  // A statement of its own: what the one before saw may be from before the lock was free.
  const { rows } = await tx.query<{ next: number }>('SELECT next FROM activity_mark');
  return rows[0]?.next ?? null;
}

/** The same entries, with the details of those that a review needs, read run by run. */
async function openNeeded(
  { ledger }: CountingDeps,
  tx: Queryable,
  entries: readonly LedgerEntry[],
): Promise<LedgerEntry[]> {
  const needed = entries.filter(({ leaf }) => isOpened(readLeaf(leaf)?.kind ?? ''));
  const runs: { start: number; limit: number }[] = [];
  for (const { index } of needed) {
    const run = runs.at(-1);
    if (run && run.start + run.limit === index) run.limit += 1;
    else runs.push({ start: index, limit: 1 });
  }
  const opened = new Map<number, LedgerEntry>();
  for (const run of runs) {
    for (const entry of await ledger.entries({ ...run, withDetail: true }, tx)) {
      opened.set(entry.index, entry);
    }
  }
  return entries.map((entry) => opened.get(entry.index) ?? entry);
}

/** Whose orders the transfers were that the entries speak of. */
async function transferFacts(
  tx: Queryable,
  entries: readonly LedgerEntry[],
): Promise<TransferFacts> {
  const leaves = entries.flatMap(({ leaf }) => readLeaf(leaf) ?? []);
  const asked = leaves.flatMap(({ kind, transfer }) =>
    transfer !== null && (kind === 'released' || isOpened(kind)) ? [transfer] : [],
  );
  if (asked.length === 0) return new Map();
  const { rows } = await tx.query<{ id: string; client: string; subject: string | null }>({
    name: 'activity-transfers',
    // OFFSET 0 keeps it one look into an index for each: joined, all months would be read.
    text: `SELECT one.* FROM unnest($1::uuid[]) AS asked (id),
             LATERAL (SELECT id, client, subject FROM transfers
               WHERE transfers.id = asked.id OFFSET 0) AS one`,
    values: [[...new Set(asked)]],
  });
  return new Map(rows.map(({ id, client, subject }) => [id, { client, subject }]));
}

async function store(tx: Queryable, { counts, reads, ends, items }: Tally): Promise<void> {
  await tx.query(
    `INSERT INTO activity_days (day, kind, consignee, who, why, off_hours, count)
     SELECT * FROM unnest($1::date[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[],
       $7::bigint[])
     ON CONFLICT (day, kind, consignee, who, why, off_hours)
       DO UPDATE SET count = activity_days.count + excluded.count`,
    [
      counts.map(({ day }) => day),
      counts.map(({ kind }) => kind),
      counts.map(({ consignee }) => consignee),
      counts.map(({ who }) => who),
      counts.map(({ why }) => why),
      counts.map(({ offHours }) => offHours),
      counts.map(({ count }) => count),
    ],
  );
  await tx.query(
    `INSERT INTO activity_items (consignee, item, first_on)
     SELECT * FROM unnest($1::text[], $2::text[], $3::date[]) ON CONFLICT DO NOTHING`,
    [
      items.map(({ consignee }) => consignee),
      items.map(({ item }) => item),
      items.map(({ day }) => day),
    ],
  );
  if (reads.length > 0) await storeReads(tx, reads);
  // An export is recorded before it begins: its row is there, or among those of this run.
  if (ends.length === 0) return;
  await tx.query(
    `UPDATE audit_reads SET found = ended.rows
     FROM unnest($1::uuid[], $2::bigint[]) AS ended (export, rows)
     WHERE audit_reads.export = ended.export AND audit_reads.found IS NULL`,
    [ends.map((end) => end.export), ends.map(({ rows }) => rows)],
  );
}

async function storeReads(tx: Queryable, reads: Tally['reads']): Promise<void> {
  // Whoever was erased since is nobody's subject any more.
  await tx.query(
    `INSERT INTO audit_reads (entry, at, kind, who, what, subject, found, export)
     SELECT entry, at, kind, who, what, (SELECT id FROM subjects WHERE subjects.id = read.subject),
       found, export
     FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::uuid[],
       $7::bigint[], $8::uuid[]) AS read (entry, at, kind, who, what, subject, found, export)
     ON CONFLICT DO NOTHING`,
    [
      reads.map(({ entry }) => entry),
      reads.map(({ at }) => at),
      reads.map(({ kind }) => kind),
      reads.map(({ who }) => who),
      reads.map(({ what }) => what),
      reads.map(({ subject }) => subject),
      reads.map(({ found }) => found),
      reads.map((read) => read.export),
    ],
  );
}
