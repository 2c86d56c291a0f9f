/**
 * What is kept for a time only goes in bulk, a day at a time, and one entry each counts what went.
 */
import { gatewayActor } from '#src/base/words.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import { dropUnused } from './attached.ts';
import { forgetEvents } from './events.ts';
import type { StepDeps } from './step.ts';

export interface ClearDeps extends Pick<StepDeps, 'clock' | 'makeEntry'> {
  db: Database;
  onSubmitted: () => void;
}

/** Deletes some of what is past its time, and answers how much. */
type Clearing = (deps: { db: Queryable }) => Promise<number>;

function recorded(what: string, clear: Clearing): (deps: ClearDeps) => Promise<number> {
  return async (deps) => {
    const count = await deps.db.transaction(async (tx) => {
      const count = await clear({ db: tx });
      if (count === 0) return 0;
      const detail = { ...actorDetail(gatewayActor), what, count };
      const entry = deps.makeEntry({ kind: 'cleared', at: deps.clock.now(), detail });
      await submit(tx, [{ entry }]);
      return count;
    });
    if (count > 0) deps.onSubmitted();
    return count;
  };
}

/** Rows that one round deletes at most. */
const batchMax = 2_000;

/**
 * Idempotency keys and their sealed replies are kept 30 days, and to the end of the day: else there
 * would be an entry for nearly every one of them.
 */
export async function forgetOldKeys({ db }: { db: Queryable }): Promise<number> {
  const { rowCount } = await db.query(
    `DELETE FROM idempotency_keys WHERE (client, key_hmac) IN (
       SELECT client, key_hmac FROM idempotency_keys
       WHERE created_at < date_trunc('day', now()) - interval '30 days' LIMIT ${batchMax})`,
  );
  return rowCount ?? 0;
}

/** Replies whose time is over. */
export const clearReplies = recorded('idempotency-replies', forgetOldKeys);
/** Events that were told, or that nobody asked for in time. */
export const clearEvents = recorded('events', forgetEvents);
/** Files that were uploaded and never used. */
export const clearUnused = recorded('attachments', dropUnused);
