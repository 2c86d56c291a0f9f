/** The EMR takes a result over: from then on the gateway holds its entry and not its content. */
import { GatewayError } from '#src/base/errors.ts';
import type { Actor } from '#src/base/words.ts';
import { requireContract } from '#src/agreements/force.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Database } from '#src/store/pool.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { stepEntry, type StepDeps } from './step.ts';

export interface CollectDeps extends StepDeps {
  db: Database;
  assertOpen: () => void;
  onSubmitted: () => void;
}

interface Row {
  transfer: string;
  consignee: string;
  contract: string;
  status: string;
  accepted: string[];
}

/**
 * Acknowledges one result of this EMR: its content is destroyed, and two entries say who took it
 * and that it is gone. Again: nothing more happens. `NOT_FOUND` for another client's.
 */
export async function collect(
  deps: CollectDeps,
  request: { actor: Actor; result: string },
): Promise<void> {
  deps.assertOpen();
  await deps.db.transaction(async (tx) => {
    const { rows } = await tx.query<Row>(
      `SELECT transfer, consignee, contract, status, accepted FROM results
       WHERE id = $1 AND client = $2 AND status <> 'accepted' FOR UPDATE`,
      [request.result, request.actor.client],
    );
    const row = rows[0];
    if (!row) throw new GatewayError('NOT_FOUND');
    if (row.status === 'collected') return;
    await tx.query(
      `UPDATE results SET status = 'collected', collected_at = now(), purged_at = now()
       WHERE id = $1`,
      [request.result],
    );
    await tx.query('DELETE FROM payloads WHERE id = $1', [request.result]);
    const { result, actor } = request;
    const { transfer, consignee, accepted: items } = row;
    const contract = requireContract(deps.agreements, row.contract);
    const collected = deps.makeEntry({
      kind: 'result-collected',
      at: deps.clock.now(),
      ...{ transfer, consignee, items, contract: { id: contract.id, digest: contract.digest } },
      detail: { ...actorDetail(actor), result },
    });
    const purged = stepEntry(deps, {
      ...{ kind: 'purged', transfer, consignee, contract: contract.id, actor, items },
      detail: { result, outcome: 'collected' },
    });
    await submit(tx, [
      { entry: collected, owner: result },
      { entry: purged, owner: result },
    ]);
  });
  deps.onSubmitted();
}
