/** Takes covered transfers for a consignee under a lease in database time; recovery is the same. */
import type { Contract } from '#src/base/words.ts';
import { byteaArray } from '#src/store/binary-array.ts';
import type { Queryable } from '#src/store/pool.ts';
import { claimSql } from './claim-sql.ts';
import type { ClaimedTransfer } from './reopen.ts';

export interface Claim extends ClaimedTransfer {
  leaseUntil: Date;
  /** Attempts of this round of its schedule, this one too: a redelivery starts anew. */
  tries: number;
  /** It asks a consignee whose breaker is open whether it is back; nothing else goes meanwhile. */
  probe: boolean;
  /** A success is to be written down: something stands against the endpoint, or nothing at all. */
  tells: boolean;
}

/** How much of what waits for one consignee may be taken now. */
export interface Slots {
  free: number;
  /** All processes together; null: as fast as its slots get free. */
  perSecondMax: number | null;
  leaseSeconds: number;
}

interface ClaimRow extends ClaimedTransfer {
  due_at: Date;
  tries: number;
  probe: boolean;
  tells: boolean;
}

/**
 * Claims due transfers for each consignee, as many as its slots, its rate and, for a push, the
 * state of its endpoint let go.
 * @param want.slots free slots by consignee; a number is that many, with no limit by time
 * @param want.status `sending` for a push, `leased` for an inbox
 * @param want.leaseSeconds of those whose slots do not say
 * @param want.contracts the versions that this process has
 */
export async function claimDue(
  db: Queryable,
  want: {
    slots: ReadonlyMap<string, number | Slots>;
    status: 'sending' | 'leased';
    leaseSeconds: number;
    contracts: readonly Pick<Contract, 'id' | 'signature'>[];
  },
): Promise<Claim[]> {
  const signed = want.contracts.filter(({ signature }) => signature.state === 'signed');
  const { leaseSeconds } = want;
  const slots = [...want.slots.values()].map((one) =>
    typeof one === 'number' ? { free: one, perSecondMax: null, leaseSeconds } : one,
  );
  const { rows } = await db.query<ClaimRow>({
    name: 'transfers-claim',
    text: claimSql,
    values: [
      [...want.slots.keys()],
      slots.map(({ free }) => free),
      want.status,
      slots.map((one) => one.leaseSeconds),
      want.contracts.map(({ id }) => id),
      signed.map(({ id }) => id),
      slots.map(({ perSecondMax }) => perSecondMax),
    ],
  });
  return rows.map(({ due_at: leaseUntil, ...row }) => ({ ...row, leaseUntil }));
}

/** A lease that was taken so short a time ago is handed out as it is, as it ends then. */
const freshSeconds = 1;

// Locked in the order of their ids, so that two batches never wait for each other; by array as well
// as by row, and asked for their state as in settle.ts, so that only these are read. Locking is
// enough for whoever opened its hand quickly: to write the row again would write all its indexes.
export const renewSql = `
  WITH held AS MATERIALIZED (
    SELECT transfers.id, transfers.due_at FROM unnest($1::uuid[], $2::bytea[]) AS own (id, lease)
    JOIN transfers ON transfers.id = own.id AND transfers.lease = own.lease
    WHERE transfers.id = ANY ($1::uuid[]) AND status || '' = 'leased' AND due_at > now()
    ORDER BY transfers.id FOR NO KEY UPDATE OF transfers
  ), renewed AS (
    UPDATE transfers SET due_at = now() + make_interval(secs => $3)
    WHERE id = ANY (ARRAY(SELECT id FROM held WHERE due_at NOT BETWEEN
      now() + make_interval(secs => $3 - ${freshSeconds}) AND now() + make_interval(secs => $3)))
    RETURNING id, due_at
  )
  SELECT id, coalesce(renewed.due_at, held.due_at) AS due_at
  FROM held LEFT JOIN renewed USING (id)`;

/**
 * Lets leases that still run last so many seconds from now, longer or shorter than they did; one
 * that lacks a second at most of it stays as it is.
 * @returns their ends by transfer; one that ended, or that another took, is not in it
 */
export async function renewLeases(
  tx: Queryable,
  claims: readonly Pick<Claim, 'id' | 'lease'>[],
  leaseSeconds: number,
): Promise<Map<string, Date>> {
  const { rows } = await tx.query<{ id: string; due_at: Date }>({
    name: 'transfers-renew',
    text: renewSql,
    values: [
      claims.map(({ id }) => id),
      byteaArray(claims.map(({ lease }) => lease)),
      leaseSeconds,
    ],
  });
  return new Map(rows.map((row) => [row.id, row.due_at]));
}

/** Gives a push that did not succeed back to the queue, due again after a delay. */
export async function postpone(
  db: Queryable,
  claim: Pick<Claim, 'id' | 'lease'>,
  retry: {
    delaySeconds: number;
    outcome: string;
    /** It was no fault of this transfer's: its schedule stays where it was. */
    isFree?: boolean;
  },
): Promise<void> {
  await db.query({
    name: 'transfers-postpone',
    text: `UPDATE transfers SET status = 'ready', last_outcome = $4,
             attempts_before = attempts_before + $5::integer,
             due_at = now() + make_interval(secs => $3)
           WHERE id = $1 AND lease = $2 AND status || '' = 'sending'`,
    values: [claim.id, claim.lease, retry.delaySeconds, retry.outcome, retry.isFree ? 1 : 0],
  });
}

/** Gives back a push whose consignee is gone: first in its turn for when it is there again. */
export async function keepTurn(
  db: Queryable,
  claim: Pick<Claim, 'id' | 'lease'>,
  outcome: string,
): Promise<void> {
  await db.query(
    `UPDATE transfers SET status = 'ready', last_outcome = $3, due_at = created_at,
       attempts_before = attempts_before + 1
     WHERE id = $1 AND lease = $2 AND status || '' = 'sending'`,
    [claim.id, claim.lease, outcome],
  );
}

/**
 * Puts back what was taken, pushed or claimed, and could not be sent for a reason of ours: no
 * attempt was made, so none is counted. Due again after a delay.
 */
export async function putBack(
  db: Queryable,
  claim: { id: string; lease: Buffer },
  wait: { delaySeconds: number; outcome: string },
): Promise<void> {
  await db.query({
    name: 'transfers-put-back',
    text: `UPDATE transfers SET status = 'ready', attempts = attempts - 1, last_outcome = $4,
             due_at = now() + make_interval(secs => $3)
           WHERE id = $1 AND lease = $2 AND status || '' IN ('sending', 'leased')`,
    values: [claim.id, claim.lease, wait.delaySeconds, wait.outcome],
  });
}
