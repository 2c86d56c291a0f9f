/** Takes covered transfers for a consignee under a lease in database time; recovery is the same. */
import type { Contract } from '#src/base/words.ts';
import type { Queryable } from '#src/store/pool.ts';
import type { ClaimedTransfer } from './reopen.ts';

export interface Claim extends ClaimedTransfer {
  leaseUntil: Date;
}

// A lease that ended is due again like one that never was: after a crash nothing else is needed.
// A paused consignee has no slots. Each consignee's own index range is read, so that the backlog of
// one costs the others nothing. What was released under a version that another process has brought
// is left to that process: to this one it would look like a transfer without a contract.
// Of who said stop nothing is taken, also what was decided just before and stored just after they
// said it. OFFSET 0 keeps that question one look into an index for each row on the way: as a join
// it would be planned for the whole backlog.
// What was released under a version whose relation has ended is never taken again, however old the
// standing of this process: one look into an index for each consignee.
// Nothing at all is taken for a consignee whose newest version this process could not decide by: it
// would open what waits as if the version before were still in force.
// By array and by row, not as joins: PostgreSQL cannot know how few are picked, and would read all
// transfers and payloads.
const claimSql = `
  WITH begun AS (
    SELECT split_part(contract, '.v', 1) AS consignee,
      max(split_part(contract, '.v', 2)::integer) AS version
    FROM contract_steps WHERE step = 'activated' GROUP BY 1
  ), picked AS (
    SELECT due.id FROM unnest($1::text[], $2::integer[]) AS slot (consignee, slots),
    LATERAL (
      SELECT max(through) AS through FROM relation_ends
      WHERE relation_ends.consignee = slot.consignee
    ) AS ended,
    LATERAL (
      SELECT id FROM transfers
      WHERE transfers.consignee = slot.consignee AND status IN ('ready', 'sending', 'leased')
        AND due_at <= now() AND expires_at > now()
        AND (substring(contract FROM '[.]v([0-9]{1,9})$')::integer <= ended.through) IS NOT TRUE
        AND (contract = ANY($5::text[])
          OR NOT EXISTS (SELECT FROM contract_versions WHERE contract_versions.id = contract))
        AND NOT EXISTS (SELECT FROM suspensions WHERE suspensions.subject = transfers.subject
          AND suspensions.consignee IN (transfers.consignee, '*') OFFSET 0)
      ORDER BY due_at LIMIT slot.slots FOR UPDATE SKIP LOCKED
    ) AS due
    WHERE NOT EXISTS (SELECT FROM consignee_states WHERE consignee = slot.consignee)
      AND NOT EXISTS (SELECT FROM begun WHERE begun.consignee = slot.consignee
        AND begun.consignee || '.v' || version <> ALL ($6::text[]))
  ), taken AS (
    UPDATE transfers SET status = $3, attempts = attempts + 1,
      lease = uuid_send(gen_random_uuid()), due_at = now() + make_interval(secs => $4)
    WHERE id = ANY (ARRAY(SELECT picked.id FROM picked))
    RETURNING transfers.*
  )
  SELECT taken.id, client, consignee, contract, commitment, entry, lease, due_at, attempts,
    (SELECT sealed FROM payloads WHERE payloads.id = taken.id) AS sealed
  FROM taken ORDER BY taken.id`;

/**
 * Claims up to `slots` due transfers for each consignee.
 * @param want.status `sending` for a push, `leased` for an inbox
 * @param want.contracts the versions that this process has
 */
export async function claimDue(
  db: Queryable,
  want: {
    slots: ReadonlyMap<string, number>;
    status: 'sending' | 'leased';
    leaseSeconds: number;
    contracts: readonly Pick<Contract, 'id' | 'signature'>[];
  },
): Promise<Claim[]> {
  const signed = want.contracts.filter(({ signature }) => signature.state === 'signed');
  const { rows } = await db.query<ClaimedTransfer & { due_at: Date }>({
    name: 'transfers-claim',
    text: claimSql,
    values: [
      [...want.slots.keys()],
      [...want.slots.values()],
      ...[want.status, want.leaseSeconds],
      want.contracts.map(({ id }) => id),
      signed.map(({ id }) => id),
    ],
  });
  return rows.map(({ due_at: leaseUntil, ...row }) => ({ ...row, leaseUntil }));
}

/** Gives a push that did not succeed back to the queue, due again after a delay. */
export async function postpone(
  db: Queryable,
  claim: { id: string; lease: Buffer },
  retry: { delaySeconds: number; outcome: string },
): Promise<void> {
  await db.query({
    name: 'transfers-postpone',
    text: `UPDATE transfers SET status = 'ready', last_outcome = $4,
             due_at = now() + make_interval(secs => $3)
           WHERE id = $1 AND lease = $2 AND status = 'sending'`,
    values: [claim.id, claim.lease, retry.delaySeconds, retry.outcome],
  });
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
           WHERE id = $1 AND lease = $2 AND status IN ('sending', 'leased')`,
    values: [claim.id, claim.lease, wait.delaySeconds, wait.outcome],
  });
}
