/** What waits for a consignee whom its person has said stop to is withdrawn and destroyed. */
import { gatewayActor, type Actor } from '#src/base/words.ts';
import { submit } from '#src/ledger/submit.ts';
import { lookIntoAll, type Database, type Queryable } from '#src/store/pool.ts';
import { stepEntry, type StepDeps } from './step.ts';

export interface WithdrawDeps extends StepDeps {
  db: Database;
  onSubmitted: () => void;
}

/** Rows that one round touches at most; the rest is not sent either, and goes in the next round. */
const batchMax = 500;

const outcome = 'subject-suspended';

// What is being sent or is held under a lease ends as it ends; once its lease is over it waits like
// the rest. Locked rows are passed by: the sequencer makes them ready just now, or they are being
// claimed; the next round sees them. From each person to their transfers, always: left to choose,
// the planner reads all transfers there are.
const withdrawSql = `
  WITH person AS MATERIALIZED (
    SELECT DISTINCT subject FROM suspensions WHERE $1::uuid IS NULL OR subject = $1
  ), waiting AS (
    SELECT one.id FROM person, LATERAL (
      SELECT id FROM transfers
      WHERE transfers.subject = person.subject
        AND (status IN ('accepted', 'ready')
          OR (status IN ('sending', 'leased') AND due_at <= now()))
        AND EXISTS (SELECT FROM suspensions WHERE suspensions.subject = transfers.subject
          AND suspensions.consignee IN (transfers.consignee, '*') OFFSET 0)
      FOR UPDATE SKIP LOCKED
    ) AS one
    LIMIT ${batchMax}
  ), destroyed AS (
    DELETE FROM payloads USING waiting WHERE payloads.id = waiting.id
  )
  UPDATE transfers SET status = 'withdrawn', last_outcome = $2, settled_at = now(),
    purge_at = now(), purged_at = now()
  FROM waiting WHERE transfers.id = waiting.id
  RETURNING transfers.id, transfers.consignee, transfers.contract`;

interface Row {
  id: string;
  consignee: string;
  contract: string;
}

/**
 * Withdraws what waits of one person, or of all, and destroys the payloads, in the transaction of
 * the caller: `withdrawn` and `purged`, an entry each. Answers how many there were.
 */
export async function withdrawStopped(
  deps: StepDeps,
  tx: Queryable,
  by: { actor: Actor; subject: string | null },
): Promise<number> {
  await lookIntoAll(tx);
  const { rows } = await tx.query<Row>(withdrawSql, [by.subject, outcome]);
  const entries = (['withdrawn', 'purged'] as const).flatMap((kind) =>
    rows.map(({ id: transfer, consignee, contract }) => {
      const step = { kind, transfer, consignee, contract, actor: by.actor };
      return { entry: stepEntry(deps, { ...step, detail: { outcome } }), owner: transfer };
    }),
  );
  await submit(tx, entries);
  return rows.length;
}

/**
 * Withdraws what came to wait after its person had said stop: a push that failed, a lease that ran
 * out, an order that was decided just before and stored just after.
 */
export async function withdrawSuspended(deps: WithdrawDeps): Promise<number> {
  const by = { actor: gatewayActor, subject: null };
  const count = await deps.db.transaction((tx) => withdrawStopped(deps, tx, by));
  if (count > 0) deps.onSubmitted();
  return count;
}
