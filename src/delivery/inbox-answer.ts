/** What only the holder of a lease can do: take the transfer over, turn it away, hold it longer. */
import { GatewayError } from '#src/base/errors.ts';
import type { Actor } from '#src/base/words.ts';
import { keepLateReceipt } from '#src/transfers/late-receipt.ts';
import { personOfTransfer } from '#src/transfers/subjects.ts';
import type { HeldRow } from './held.ts';
import { assertUnlocked, settleHeld, type InboxDeps } from './inbox.ts';
import { checkReceipt } from './receipts.ts';

export interface Answer {
  actor: Actor;
  consignee: string;
  transfer: string;
  /** The token of the lease, base64url. */
  lease: string;
}

/** Why a consignee will not take a transfer; its free text goes to sealed detail only. */
export interface Rejection {
  code: string;
  message?: string;
}

/** How an answer ends the transfer. */
interface End {
  status: 'delivered' | 'rejected';
  detail: { outcome: string; reason?: string };
  /** A compact JWS; asked for only where the transfer is taken over. */
  receipt?: string | undefined;
}

/**
 * Settles a leased transfer in the words of its consignee. The same answer under the same lease is
 * answered the same again; a lease that ended or was taken over is `LEASE_LOST`. A receipt that
 * comes with such a repetition is kept if the first answer brought none.
 */
async function answer(
  deps: InboxDeps,
  request: Answer,
  end: End,
): Promise<{ transfer: string; status: string }> {
  deps.assertOpen();
  const { transfer: id, consignee, actor } = request;
  const row = await deps.looks.submit({ transfer: id, consignee, receipt: end.receipt });
  if (!row) throw new GatewayError('NOT_FOUND');
  const lease = Buffer.from(request.lease, 'base64url');
  const same = row.lease?.equals(lease) ?? false;
  const done = { transfer: id, status: end.status };
  if (same && row.status === end.status) {
    if (end.receipt !== undefined && row.kept !== 'now') await addReceipt(deps, request, row, end);
    return done;
  }
  if (!same || !row.live || row.status !== 'leased') throw new GatewayError('LEASE_LOST');
  const receipt = end.status === 'delivered' ? await receiptOf(deps, request, row, end) : null;
  const held = { id, consignee, lease, contract: row.contract };
  const { status, detail } = end;
  const words = detail.reason !== undefined;
  const person = words ? await personOfTransfer(deps.db, id) : undefined;
  const settled = await settleHeld(deps, held, { actor, status, detail, receipt, person });
  // Lost between the look and the settling: to this same answer, or to another holder.
  return settled ? done : answer(deps, request, end);
}

/** Keeps the receipt of what was taken over without one; it has to hold in any case. */
async function addReceipt(deps: InboxDeps, request: Answer, row: HeldRow, end: End) {
  const receipt = await receiptOf(deps, request, row, end);
  if (receipt === null || row.lease === null) return;
  const held = { transfer: request.transfer, lease: row.lease };
  if (await keepLateReceipt(deps.db, held, receipt)) deps.onSubmitted();
}

async function receiptOf(deps: InboxDeps, request: Answer, row: HeldRow, { receipt }: End) {
  const { transfer, consignee, actor } = request;
  const { contract, commitment } = row;
  // It was signed for an earlier handover.
  if (row.kept === 'before') throw new GatewayError('INVALID_SIGNATURE');
  const checked = await checkReceipt(deps, {
    ...{ transfer, consignee, actor, contract, commitment, receipt },
    via: 'inbox',
  });
  if (checked.ok) return checked.receipt;
  throw new GatewayError(checked.why === 'missing' ? 'RECEIPT_REQUIRED' : 'INVALID_SIGNATURE');
}

/**
 * Takes the transfer over: `delivered`, with the receipt where one is given. The first that holds
 * is kept; another one for the same handover changes nothing.
 * @throws GatewayError `NOT_FOUND`, `LEASE_LOST`, `RECEIPT_REQUIRED`, `INVALID_SIGNATURE` (both
 *   leave the lease as it is)
 */
export function acknowledge(deps: InboxDeps, request: Answer & { receipt?: string | undefined }) {
  const { receipt, ...held } = request;
  return answer(deps, held, {
    ...{ status: 'delivered', detail: { outcome: 'acknowledged' }, receipt },
  });
}

/** One of many that are acknowledged at a time. */
export interface Ack {
  transfer: string;
  lease: string;
  receipt?: string | undefined;
}

/**
 * Takes many over, each for itself: what `acknowledge` answers, or the error that it would throw,
 * in their order. Where one could not be answered for a reason of ours the whole is to be asked
 * again, which changes nothing of what was done.
 * @param isCallers whether an error says something about what was asked of the one transfer
 */
export async function acknowledgeAll(
  deps: InboxDeps,
  request: Pick<Answer, 'actor' | 'consignee'> & { acks: readonly Ack[] },
  isCallers: (error: unknown) => boolean,
): Promise<({ transfer: string; status: string } | { transfer: string; error: unknown })[]> {
  const { actor, consignee, acks } = request;
  const answers = await Promise.all(
    acks.map(async (ack) => {
      try {
        return await acknowledge(deps, { actor, consignee, ...ack });
      } catch (error) {
        return { transfer: ack.transfer, error };
      }
    }),
  );
  for (const one of answers) if ('error' in one && !isCallers(one.error)) throw one.error;
  return answers;
}

/**
 * Turns the transfer away: `rejected`, with the consignee's code.
 * @throws GatewayError `NOT_FOUND`, `LEASE_LOST`
 */
export function reject(deps: InboxDeps, request: Answer & { rejection: Rejection }) {
  const { rejection, ...held } = request;
  const { code, message } = rejection;
  const reason = message === undefined ? {} : { reason: message };
  return answer(deps, held, { status: 'rejected', detail: { outcome: code, ...reason } });
}

/**
 * Holds a leased transfer `leaseSeconds` from now, and never shorter than it was held; not past the
 * day on which it expires, nor for the data of someone who has said stop since.
 * @returns the end of the lease
 * @throws GatewayError `NOT_FOUND`, `LEASE_LOST`, `INBOX_LOCKED` (no contract is in force any more)
 */
export async function extendLease(
  deps: Pick<InboxDeps, 'db' | 'assertOpen' | 'versions' | 'clock'>,
  request: Omit<Answer, 'actor'> & { leaseSeconds: number },
): Promise<Date> {
  assertUnlocked(deps, request.consignee);
  const { transfer, consignee, lease, leaseSeconds } = request;
  const { rows } = await deps.db.query<{ until: Date | null }>(
    `WITH held AS (
       UPDATE transfers
       SET due_at = greatest(due_at, least(now() + make_interval(secs => $4), expires_at))
       WHERE id = $1 AND consignee = $2 AND lease = $3 AND status || '' = 'leased' AND due_at > now()
         AND NOT EXISTS (SELECT FROM suspensions WHERE suspensions.subject = transfers.subject
           AND suspensions.consignee IN (transfers.consignee, '*'))
       RETURNING due_at
     )
     SELECT (SELECT due_at FROM held) AS until FROM transfers WHERE id = $1 AND consignee = $2`,
    [transfer, consignee, Buffer.from(lease, 'base64url'), leaseSeconds],
  );
  const row = rows[0];
  if (!row) throw new GatewayError('NOT_FOUND');
  if (!row.until) throw new GatewayError('LEASE_LOST');
  return row.until;
}
