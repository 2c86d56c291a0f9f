/** What time does to transfers: they expire, are withdrawn with their contract, and are purged. */
import { contractInForce } from '#src/agreements/force.ts';
import { gatewayActor } from '#src/base/words.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import { purgeAfterDaysDefault, stepEntry, type StepDeps, type StepKind } from './step.ts';

export interface UpkeepDeps extends StepDeps {
  db: Database;
  onSubmitted: () => void;
}

/** Rows that one round touches at most: a long list is worked off in many short transactions. */
const batchMax = 500;

interface Row {
  id: string;
  consignee: string;
  contract: string;
}

async function record(
  deps: UpkeepDeps,
  tx: Queryable,
  kind: StepKind,
  rows: readonly Row[],
  outcome: string,
): Promise<void> {
  const entries = rows.map(({ id: transfer, consignee, contract }) => {
    const step = { kind, transfer, consignee, contract, actor: gatewayActor };
    return { entry: stepEntry(deps, { ...step, detail: { outcome } }), owner: transfer };
  });
  await submit(tx, entries);
}

/** Ends waiting transfers by a condition (its values from `$5` on); the purge follows in time. */
async function end(
  deps: UpkeepDeps,
  to: { status: 'expired' | 'withdrawn'; outcome: string; where: string; values: unknown[] },
): Promise<number> {
  const { contracts } = deps.agreements;
  const days = contracts.map(({ retention }) => retention.purgeAfterDays);
  const rows = await deps.db.transaction(async (tx) => {
    const { rows } = await tx.query<Row>(
      `UPDATE transfers SET status = '${to.status}', settled_at = now(), last_outcome = $1,
         purge_at = now() + make_interval(days => coalesce(
           (SELECT days FROM unnest($2::text[], $3::integer[]) AS kept (id, days)
            WHERE kept.id = contract), $4))
       WHERE id IN (SELECT id FROM transfers WHERE ${to.where} LIMIT ${batchMax}
         FOR UPDATE SKIP LOCKED)
       RETURNING id, consignee, contract`,
      [to.outcome, contracts.map(({ id }) => id), days, purgeAfterDaysDefault, ...to.values],
    );
    await record(deps, tx, to.status, rows, to.outcome);
    return rows;
  });
  if (rows.length > 0) deps.onSubmitted();
  return rows.length;
}

/** `expired`: nobody claimed it within its contract's time. A push under way is let end. */
export function expireUnclaimed(deps: UpkeepDeps): Promise<number> {
  return end(deps, {
    status: 'expired',
    outcome: 'not-claimed-in-time',
    where: `status IN ('ready', 'sending', 'leased') AND expires_at <= now()
            AND (status = 'ready' OR due_at <= now())`,
    values: [],
  });
}

/** `withdrawn`: its contract ended or was superseded while it waited. */
export function withdrawOutdated(deps: UpkeepDeps): Promise<number> {
  const today = deps.clock.today();
  const { contracts } = deps.agreements;
  const outdated = contracts.filter(
    ({ id, consignee }) => contractInForce(contracts, consignee, today)?.id !== id,
  );
  return end(deps, {
    status: 'withdrawn',
    outcome: 'contract-ended',
    where: `status = 'ready' AND contract = ANY($5::text[])`,
    values: [outdated.map(({ id }) => id)],
  });
}

/** Destroys the payloads whose time has come; their entries stay. */
export async function purgeDue(deps: UpkeepDeps): Promise<number> {
  const rows = await deps.db.transaction(async (tx) => {
    const { rows } = await tx.query<Row>(
      `UPDATE transfers SET purged_at = now()
       WHERE id IN (SELECT id FROM transfers WHERE purge_at <= now() AND purged_at IS NULL
         LIMIT ${batchMax} FOR UPDATE SKIP LOCKED)
       RETURNING id, consignee, contract`,
    );
    await tx.query('DELETE FROM payloads WHERE id = ANY($1::uuid[])', [rows.map((row) => row.id)]);
    await record(deps, tx, 'purged', rows, 'retention-ended');
    return rows;
  });
  if (rows.length > 0) deps.onSubmitted();
  return rows.length;
}

/** Idempotency keys and their sealed replies are kept 30 days. */
export async function forgetOldKeys(deps: UpkeepDeps): Promise<number> {
  const { rowCount } = await deps.db.query(
    `DELETE FROM idempotency_keys WHERE (client, key_hmac) IN (
       SELECT client, key_hmac FROM idempotency_keys
       WHERE created_at < now() - interval '30 days' LIMIT ${batchMax})`,
  );
  return rowCount ?? 0;
}
