/** Pausing a consignee: nothing is delivered to it while its orders go on queueing. */
import type { Agreements } from '#src/agreements/load.ts';
import type { Clock } from '#src/base/clock.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Actor } from '#src/base/words.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import type { EntryMaker } from '#src/ledger/entry.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Database } from '#src/store/pool.ts';

export interface PauseDeps {
  db: Database;
  agreements: Agreements;
  clock: Clock;
  makeEntry: EntryMaker;
  onSubmitted: () => void;
}

/** Pauses or resumes; doing so twice changes and records nothing. `NOT_FOUND`. */
export async function setPaused(
  deps: PauseDeps,
  request: { actor: Actor; consignee: string; paused: boolean; reason: string },
): Promise<void> {
  const { consignee, paused, actor } = request;
  if (!deps.agreements.consignees.has(consignee)) throw new GatewayError('NOT_FOUND');
  await deps.db.transaction(async (tx) => {
    const change = paused
      ? 'INSERT INTO consignee_states (consignee) VALUES ($1) ON CONFLICT DO NOTHING'
      : 'DELETE FROM consignee_states WHERE consignee = $1';
    const { rowCount } = await tx.query(change, [consignee]);
    if (rowCount === 0) return;
    const entry = deps.makeEntry({
      kind: paused ? 'consignee-paused' : 'consignee-resumed',
      at: deps.clock.now(),
      consignee,
      detail: {
        ...actorDetail(actor),
        reason: request.reason,
      },
    });
    await submit(tx, [{ entry }]);
  });
  deps.onSubmitted();
}

/** The state of every consignee: paused or not, and how many transfers wait for it. */
export async function consigneeStates(db: Database): Promise<{
  paused: ReadonlySet<string>;
  waiting: ReadonlyMap<string, number>;
}> {
  const paused = await db.query<{ consignee: string }>('SELECT consignee FROM consignee_states');
  const waiting = await db.query<{ consignee: string; waiting: number }>(
    `SELECT consignee, count(*)::integer AS waiting FROM transfers
     WHERE status IN ('ready', 'sending', 'leased') GROUP BY consignee`,
  );
  return {
    paused: new Set(paused.rows.map((row) => row.consignee)),
    waiting: new Map(waiting.rows.map((row) => [row.consignee, row.waiting])),
  };
}
