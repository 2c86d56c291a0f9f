/** What a signed checkpoint sets free: covered transfers become ready, covered results visible. */
import type { Queryable } from '#src/store/pool.ts';

/** One entry that a checkpoint now covers. */
export interface Covered {
  kind: string;
  owner: string | null;
  index: number;
}

async function mark(
  tx: Queryable,
  table: 'transfers' | 'results',
  covered: readonly Covered[],
): Promise<void> {
  if (covered.length === 0) return;
  // Cancelled while it waited for its number: it keeps its state, and still learns its entry.
  await tx.query({
    name: `${table}-cover`,
    text: `UPDATE ${table} SET entry = input.index,
             status = CASE WHEN status = 'accepted' THEN 'ready' ELSE status END
           FROM unnest($1::uuid[], $2::bigint[]) AS input (id, index)
           WHERE ${table}.id = input.id`,
    values: [covered.map((one) => one.owner), covered.map((one) => one.index)],
  });
}

/**
 * Runs in the sequencer's transaction, so that "ready" and its checkpoint are one commit (law 2).
 */
export async function coverEntries(tx: Queryable, covered: readonly Covered[]): Promise<void> {
  const of = (kind: string) => covered.filter((one) => one.kind === kind && one.owner !== null);
  await mark(tx, 'transfers', of('released'));
  await mark(tx, 'results', of('result-received'));
}
