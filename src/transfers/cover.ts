/** What a signed checkpoint sets free: covered transfers become ready, covered results visible. */
import type { Queryable } from '#src/store/pool.ts';

/** One entry that a checkpoint now covers. */
export interface Covered {
  kind: string;
  owner: string | null;
  index: number;
}

type Owned = Covered & { owner: string };

/** By `$1` ids in their order and `$2` the indexes of their entries. */
// Cancelled while it waited for its number: it keeps its state, and still learns its entry. Not as
// a join, which a plan of an empty table would make of all rows: each looks for its own place.
export const coverSql = (table: 'transfers' | 'results'): string => `
  UPDATE ${table} SET entry = ($2::bigint[])[width_bucket(id, $1::uuid[])],
    status = CASE WHEN status = 'accepted' THEN 'ready' ELSE status END
  WHERE id = ANY ($1::uuid[])`;

async function mark(
  tx: Queryable,
  table: 'transfers' | 'results',
  covered: readonly Owned[],
): Promise<void> {
  if (covered.length === 0) return;
  const sorted = covered.toSorted((one, other) => (one.owner < other.owner ? -1 : 1));
  await tx.query({
    name: `${table}-cover`,
    text: coverSql(table),
    values: [sorted.map(({ owner }) => owner), sorted.map(({ index }) => index)],
  });
}

/**
 * Runs in the sequencer's transaction, so that "ready" and its checkpoint are one commit (law 2).
 */
export async function coverEntries(tx: Queryable, covered: readonly Covered[]): Promise<void> {
  const of = (kind: string) =>
    covered.filter((one): one is Owned => one.kind === kind && one.owner !== null);
  await mark(tx, 'transfers', of('released'));
  await mark(tx, 'results', of('result-received'));
}
