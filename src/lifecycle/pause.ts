/** Pausing a consignee: nothing is delivered to it while its orders go on queueing. */
import type { Agreements } from '#src/agreements/load.ts';
import type { Clock } from '#src/base/clock.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Actor } from '#src/base/words.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import type { EntryMaker } from '#src/ledger/entry.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import { hurryPostponed } from './hurry.ts';

export interface PauseDeps {
  db: Database;
  agreements: Agreements;
  clock: Clock;
  makeEntry: EntryMaker;
  onSubmitted: () => void;
}

/**
 * Pauses or resumes; doing so twice changes and records nothing. Resuming also says that the
 * endpoint is to be tried: one that was disabled is enabled, an open breaker is closed, a hold is
 * over, and what was postponed meanwhile goes within a minute. All in one transaction, so that
 * every process sees all of it in its next round. `NOT_FOUND`.
 */
export async function setPaused(
  deps: PauseDeps,
  request: { actor: Actor; consignee: string; paused: boolean; reason: string },
): Promise<void> {
  const { consignee, paused } = request;
  if (!deps.agreements.consignees.has(consignee)) throw new GatewayError('NOT_FOUND');
  await deps.db.transaction(async (tx) => {
    const change = paused
      ? 'INSERT INTO consignee_states (consignee) VALUES ($1) ON CONFLICT DO NOTHING'
      : 'DELETE FROM consignee_states WHERE consignee = $1';
    const { rowCount } = await tx.query(change, [consignee]);
    const state = paused ? 'consignee-paused' : 'consignee-resumed';
    const kinds: ('endpoint-enabled' | typeof state)[] = rowCount === 0 ? [] : [state];
    if (!paused && (await clearEndpoint(tx, consignee))) kinds.push('endpoint-enabled');
    const detail = { ...actorDetail(request.actor), reason: request.reason };
    const at = deps.clock.now();
    const entries = kinds.map((kind) => ({
      entry: deps.makeEntry({ kind, at, consignee, detail }),
    }));
    await submit(tx, entries);
  });
  deps.onSubmitted();
}

/** Forgets what stands against an endpoint; true where it was disabled. */
async function clearEndpoint(tx: Queryable, consignee: string): Promise<boolean> {
  const { rows } = await tx.query<{ disabled: boolean }>(
    `UPDATE endpoints SET failures = 0, opened_at = NULL, probe_at = NULL, held_until = NULL,
       disabled_at = NULL
     WHERE consignee = $1
       AND (num_nonnulls(opened_at, held_until, disabled_at) > 0 OR failures > 0)
     RETURNING old.disabled_at IS NOT NULL AS disabled`,
    [consignee],
  );
  if (rows.length > 0) await hurryPostponed(tx, consignee);
  return rows[0]?.disabled ?? false;
}

/** So many of one are counted: of a backlog of a million in 60 ms instead of 720. */
export const waitingCountedMax = 100_000;

/**
 * The state of every consignee: paused or not, and how many transfers wait for it, counted up to
 * `waitingCountedMax`.
 */
export async function consigneeStates(db: Queryable): Promise<{
  paused: ReadonlySet<string>;
  waiting: ReadonlyMap<string, number>;
}> {
  const paused = await db.query<{ consignee: string }>('SELECT consignee FROM consignee_states');
  const waiting = await db.query<{ consignee: string; waiting: number }>({
    name: 'consignees-waiting',
    text: `SELECT consignee, waiting::integer FROM (
        SELECT DISTINCT split_part(id, '.v', 1) AS consignee FROM contract_versions) AS known,
      LATERAL (SELECT count(*) AS waiting FROM (
        SELECT FROM transfers WHERE transfers.consignee = known.consignee
          AND status IN ('ready', 'sending', 'leased')
        LIMIT ${waitingCountedMax}) AS first) AS counted
      WHERE waiting > 0`,
  });
  return {
    paused: new Set(paused.rows.map((row) => row.consignee)),
    waiting: new Map(waiting.rows.map((row) => [row.consignee, row.waiting])),
  };
}
