/** The EMR takes a result over: from then on the gateway holds its entry and not its content. */
import { GatewayError } from '#src/base/errors.ts';
import type { Actor } from '#src/base/words.ts';
import { requireContract } from '#src/agreements/force.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Database } from '#src/store/pool.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { purgeAttachments } from './attached.ts';
import { rematchDays } from './quarantine.ts';
import { stepEntry, type StepDeps } from './step.ts';
import { personOfTransfer } from './subjects.ts';

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
  is_retracted: boolean;
}

/**
 * Acknowledges one result of this EMR: its content and its files are destroyed, and two entries say
 * who took it and that it is gone. Again, or of one that was retracted meanwhile: nothing more
 * happens. `NOT_FOUND` for another client's.
 */
export async function collect(
  deps: CollectDeps,
  request: { actor: Actor; result: string },
): Promise<void> {
  deps.assertOpen();
  await deps.db.transaction(async (tx) => {
    // What it was matched from is kept for as long as the match may turn out to be wrong. First, so
    // that its row is locked before the result's, as by whoever takes the match back.
    await tx.query(
      `UPDATE quarantined_results
       SET purge_at = least(purge_at, now() + make_interval(days => ${rematchDays}))
       WHERE result = $1 AND purged_at IS NULL AND EXISTS (SELECT FROM results
         WHERE id = $1 AND client = $2 AND status = 'ready' AND retracted_at IS NULL)`,
      [request.result, request.actor.client],
    );
    const { rows } = await tx.query<Row>(
      `SELECT transfer, consignee, contract, status, accepted,
         retracted_at IS NOT NULL AS is_retracted FROM results
       WHERE id = $1 AND client = $2 AND status <> 'accepted' FOR UPDATE`,
      [request.result, request.actor.client],
    );
    const row = rows[0];
    if (!row) throw new GatewayError('NOT_FOUND');
    if (row.status === 'collected' || row.is_retracted) return;
    await tx.query(
      `UPDATE results SET status = 'collected', collected_at = now(), purged_at = now()
       WHERE id = $1`,
      [request.result],
    );
    await tx.query('DELETE FROM payloads WHERE id = $1', [request.result]);
    const files = await purgeAttachments(tx, request.result);
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
      ...(files.length > 0 ? { person: await personOfTransfer(tx, transfer) } : {}),
      detail: {
        ...{ result, outcome: 'collected' },
        ...(files.length > 0 ? { attachments: files } : {}),
      },
    });
    await submit(tx, [
      { entry: collected, owner: result },
      { entry: purged, owner: result },
    ]);
  });
  deps.onSubmitted();
}
