/** The end of a transfer: its last state and the entry that says so are one statement (law 3). */
import type { Failpoint } from '#src/base/failpoint.ts';
import type { Entry } from '#src/ledger/entry.ts';
import { createBatcher, type Batcher } from '#src/store/batcher.ts';
import { byteaArray } from '#src/store/binary-array.ts';
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
  /** What the consignee signed on taking it: stored, and recorded, with the end itself. */
  receipt?: SettledReceipt | undefined;
}

/** A receipt that was verified. */
export interface SettledReceipt {
  /** RFC 7638 thumbprint of the consignee's key. */
  signer: string;
  signedAt: Date;
  /** What it signed, as it came. */
  jws: string;
  /** An entry `receipt`. */
  entry: Entry;
}

// Withdrawn when it was opened: under this claim nothing was sent, and no attempt is counted that a
// destruction order would have to speak of.
//
// By array as well as by row, and their state in a way that no index answers, so that only these
// are read: by a plan of a time when nothing waited all that waits would be read for each batch.
export const settleSql = `
  WITH input AS (
    SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::text[], $4::text[], $5::integer[],
      $6::text[], $7::bytea[], $8::bytea[])
      AS input (id, lease, status, outcome, purge_days, kind, leaf, detail)
  ), signed AS (
    SELECT * FROM unnest($9::uuid[], $10::text[], $11::timestamptz[], $12::text[], $13::bytea[],
      $14::bytea[]) AS signed (id, signer, signed_at, jws, leaf, detail)
  ), moved AS (
    UPDATE transfers SET status = input.status, last_outcome = input.outcome, settled_at = now(),
      purge_at = now() + make_interval(days => input.purge_days),
      attempts = attempts - (input.status = 'withdrawn')::integer
    FROM input
    WHERE transfers.id = input.id AND transfers.id = ANY ($1::uuid[])
      AND transfers.status || '' IN ('sending', 'leased')
      AND transfers.lease = input.lease
    RETURNING transfers.id
  ), submitted AS (
    INSERT INTO submissions (kind, owner, leaf, detail)
    SELECT kind, id, leaf, detail FROM (
      SELECT kind, id, leaf, detail FROM input
      UNION ALL SELECT 'receipt', id, leaf, detail FROM signed
    ) AS entry JOIN moved USING (id) ORDER BY id, kind
  ), kept AS (
    INSERT INTO receipts (transfer, digest, signer, signed_at, jws)
    SELECT id, sha256(convert_to(jws, 'UTF8')), signer, signed_at, jws
    FROM signed JOIN moved USING (id) ON CONFLICT DO NOTHING
  )
  SELECT id FROM moved`;

/**
 * Settles many transfers, in the order of their ids; each answer says whether this lease still held
 * its transfer. Of two that end the same one, the first does.
 */
export async function settle(db: Queryable, all: readonly Settlement[]): Promise<boolean[]> {
  const firsts = new Map(all.toReversed().map((one) => [one.transfer, one]));
  const settlements = [...firsts.values()].sort((one, other) =>
    one.transfer < other.transfer ? -1 : 1,
  );
  const signed = settlements.flatMap(({ transfer, receipt }) =>
    receipt ? [{ transfer, ...receipt }] : [],
  );
  const { rows } = await db.query<{ id: string }>({
    name: 'transfers-settle',
    text: settleSql,
    values: [
      settlements.map((one) => one.transfer),
      byteaArray(settlements.map((one) => one.lease)),
      settlements.map((one) => one.status),
      settlements.map((one) => one.outcome),
      settlements.map((one) => one.purgeAfterDays),
      settlements.map((one) => one.entry.kind),
      byteaArray(settlements.map((one) => one.entry.leaf)),
      byteaArray(settlements.map((one) => one.entry.detail)),
      signed.map((one) => one.transfer),
      signed.map((one) => one.signer),
      signed.map((one) => one.signedAt),
      signed.map((one) => one.jws),
      byteaArray(signed.map((one) => one.entry.leaf)),
      byteaArray(signed.map((one) => one.entry.detail)),
    ],
  });
  const moved = new Set(rows.map((row) => row.id));
  return all.map((one) => firsts.get(one.transfer) === one && moved.has(one.transfer));
}

/** Settles by group commit. */
export function createSettlements(deps: {
  db: Database;
  onSubmitted: () => void;
  failpoint?: Failpoint | undefined;
}): Batcher<Settlement, boolean> {
  return createBatcher<Settlement, boolean>({
    sizeMax: 256,
    inFlightMax: 2,
    besideMin: 64,
    queueMax: 16_384,
    async run(batch) {
      await deps.failpoint?.('settle:before-commit');
      const moved = await settle(deps.db, batch);
      await deps.failpoint?.('settle:after-commit');
      deps.onSubmitted();
      return moved;
    },
  });
}
