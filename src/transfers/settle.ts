/** The end of a transfer: its last state and the entry that says so are one statement (law 3). */
import type { Entry } from '#src/ledger/entry.ts';
import { createBatcher, type Batcher } from '#src/store/batcher.ts';
import type { Database, Queryable } from '#src/store/pool.ts';

/** How a transfer that was on its way ended. */
export interface Settlement {
  transfer: string;
  /** The lease under which it was sent or claimed: another holder's settling changes nothing. */
  lease: Buffer;
  status: 'delivered' | 'rejected' | 'failed' | 'withdrawn';
  /** A closed code such as `http-200`, `acknowledged`, `timeout`; never a consignee's words. */
  outcome: string;
  purgeAfterDays: number;
  entry: Entry;
}

// Withdrawn when it was opened: under this claim nothing was sent, and no attempt is counted that a
// destruction order would have to speak of.
const settleSql = `
  WITH input AS (
    SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::text[], $4::text[], $5::integer[],
      $6::text[], $7::bytea[], $8::bytea[])
      AS input (id, lease, status, outcome, purge_days, kind, leaf, detail)
  ), moved AS (
    UPDATE transfers SET status = input.status, last_outcome = input.outcome, settled_at = now(),
      purge_at = now() + make_interval(days => input.purge_days),
      attempts = attempts - (input.status = 'withdrawn')::integer
    FROM input
    WHERE transfers.id = input.id AND transfers.status IN ('sending', 'leased')
      AND transfers.lease = input.lease
    RETURNING transfers.id
  ), submitted AS (
    INSERT INTO submissions (kind, owner, leaf, detail)
    SELECT kind, id, leaf, detail FROM input JOIN moved USING (id) ORDER BY id
  )
  SELECT id FROM moved`;

/** Settles many transfers; each answer says whether this lease still held its transfer. */
export async function settle(
  db: Queryable,
  settlements: readonly Settlement[],
): Promise<boolean[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'transfers-settle',
    text: settleSql,
    values: [
      settlements.map((one) => one.transfer),
      settlements.map((one) => one.lease),
      settlements.map((one) => one.status),
      settlements.map((one) => one.outcome),
      settlements.map((one) => one.purgeAfterDays),
      settlements.map((one) => one.entry.kind),
      settlements.map((one) => one.entry.leaf),
      settlements.map((one) => one.entry.detail),
    ],
  });
  const moved = new Set(rows.map((row) => row.id));
  return settlements.map((one) => moved.has(one.transfer));
}

/** Settles by group commit. */
export function createSettlements(deps: {
  db: Database;
  onSubmitted: () => void;
}): Batcher<Settlement, boolean> {
  return createBatcher<Settlement, boolean>({
    sizeMax: 256,
    inFlightMax: 2,
    queueMax: 16_384,
    async run(batch) {
      const moved = await settle(deps.db, batch);
      deps.onSubmitted();
      return moved;
    },
  });
}
