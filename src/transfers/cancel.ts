/** The EMR takes an order back, as long as nobody can have it. */
import { GatewayError } from '#src/base/errors.ts';
import type { Actor } from '#src/base/words.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Database } from '#src/store/pool.ts';
import { purgeAfterDays, stepEntry, type StepDeps } from './step.ts';
import { personColumns, personOf, type PersonRow } from './subjects.ts';

export interface CancelDeps extends StepDeps {
  db: Database;
  assertOpen: () => void;
  onSubmitted: () => void;
}

/**
 * Cancels a transfer of this EMR that was never sent or claimed. Again: nothing more happens. One
 * that waits to be delivered once more cannot be cancelled where an attempt was made before: its
 * consignee may have it, and `cancelled` would say that it has not.
 * @throws GatewayError `NOT_FOUND`, `NOT_CANCELLABLE` (an attempt was made: bytes may have left)
 */
export async function cancel(
  deps: CancelDeps,
  request: { actor: Actor; transfer: string; reason?: string },
): Promise<void> {
  deps.assertOpen();
  await deps.db.transaction(async (tx) => {
    const { rows } = await tx.query<
      PersonRow & { status: string; attempts: number; consignee: string; contract: string }
    >(
      `SELECT status, attempts, consignee, contract, ${personColumns} FROM transfers
       WHERE id = $1 AND client = $2 FOR UPDATE`,
      [request.transfer, request.actor.client],
    );
    const row = rows[0];
    if (!row) throw new GatewayError('NOT_FOUND');
    if (row.status === 'cancelled') return;
    const waiting = row.status === 'accepted' || row.status === 'ready';
    if (!waiting || row.attempts > 0) throw new GatewayError('NOT_CANCELLABLE');
    await tx.query(
      `UPDATE transfers SET status = 'cancelled', settled_at = now(), last_outcome = 'cancelled',
         purge_at = now() + make_interval(days => $2) WHERE id = $1`,
      [request.transfer, purgeAfterDays(deps, row.contract)],
    );
    const { transfer, actor, reason } = request;
    const step = {
      kind: 'cancelled',
      transfer,
      actor,
      ...(reason === undefined ? {} : { person: personOf(row) }),
      detail: { outcome: 'cancelled', reason },
    } as const;
    const entry = stepEntry(deps, { ...step, consignee: row.consignee, contract: row.contract });
    await submit(tx, [{ entry, owner: request.transfer }]);
  });
  deps.onSubmitted();
}
