/**
 * The breaker, the holds and the end of each endpoint: what an outcome makes of them, the same for
 * all processes, in database time. The claim reads them; `resume` clears them.
 */
import type { Log } from '#src/base/log.ts';
import { gatewayActor, type Consignee } from '#src/base/words.ts';
import type { Clock } from '#src/base/clock.ts';
import type { EntryMaker } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import { hurryPostponed } from '#src/lifecycle/hurry.ts';
import type { Database } from '#src/store/pool.ts';
import type { Claim } from '#src/transfers/claim.ts';
import type { PushOutcome } from './outcome.ts';

export interface EndpointDeps {
  db: Database;
  clock: Clock;
  makeEntry: EntryMaker;
  log: Log;
  onSubmitted: () => void;
}

/**
 * What an attempt makes of its endpoint.
 *
 * | outcome | endpoint |
 * | --- | --- |
 * | accepted, or the consignee's own refusal (4xx) | it answers: closed, no failures |
 * | 429 or 503 with Retry-After | held until then; no failure |
 * | 410 | disabled until an operator resumes |
 * | every other retry | one failure more; open from `failuresMax` in a row |
 */
export type EndpointNews = 'answered' | 'held' | 'gone' | 'failed';

/** Reads an outcome by the table above. */
export function newsOf(outcome: PushOutcome): EndpointNews {
  if (outcome.kind === 'gone') return 'gone';
  if (outcome.kind !== 'retry') return 'answered';
  return outcome.hold && (outcome.retryAfterSeconds ?? 0) > 0 ? 'held' : 'failed';
}

/** A probe that fails is followed by a pause twice as long, up to so many of the first. */
const pauseGrowthMax = 10;

// A failure that belongs to a push from before the breaker opened changes nothing of when the next
// probe goes, nor what the last one came to: only the probe does.
const failedSql = `
  INSERT INTO endpoints AS kept (consignee, failures, last_outcome, last_failure_at,
    opened_at, probe_at)
  VALUES ($1, 1, $2, now(), CASE WHEN $3 <= 1 THEN now() END,
    CASE WHEN $3 <= 1 THEN now() + make_interval(secs => $4) END)
  ON CONFLICT (consignee) DO UPDATE SET last_failure_at = now(),
    (failures, last_outcome, opened_at, probe_at) = (
      SELECT CASE WHEN late THEN kept.failures ELSE kept.failures + 1 END,
        CASE WHEN late THEN kept.last_outcome ELSE $2 END,
        CASE WHEN opens THEN coalesce(kept.opened_at, now()) END,
        CASE WHEN late THEN kept.probe_at WHEN opens THEN now() + make_interval(secs =>
          least($4 * 2 ^ least(20, greatest(0, kept.failures + 1 - $3)), greatest($4, $6))) END
      FROM (SELECT kept.opened_at IS NOT NULL AND NOT $5 AS late,
        kept.opened_at IS NOT NULL OR kept.failures + 1 >= $3 AS opens) AS how)
  RETURNING failures, (opened_at IS NOT NULL AND old.opened_at IS NULL) AS opened`;

// Whoever has failed for long has transfers that wait for hours, and these go soon; of one that
// took something only minutes ago they keep their time: it may flap.
const answeredSql = `
  INSERT INTO endpoints AS kept (consignee, last_outcome, last_success_at)
  VALUES ($1, $2, CASE WHEN $3 THEN now() END)
  ON CONFLICT (consignee) DO UPDATE SET failures = 0, opened_at = NULL, probe_at = NULL,
    last_outcome = $2, last_success_at = coalesce(excluded.last_success_at, kept.last_success_at)
  RETURNING old.opened_at IS NOT NULL AS closed, (old.opened_at IS NOT NULL
    AND coalesce(old.last_success_at < now() - interval '5 minutes', true)) AS long`;

// A probe that was answered so leaves the breaker open: the next one goes after the hold.
const heldSql = `
  INSERT INTO endpoints AS kept (consignee, last_outcome, held_until)
  VALUES ($1, $2, now() + make_interval(secs => $3))
  ON CONFLICT (consignee) DO UPDATE SET last_outcome = $2,
    held_until = greatest(kept.held_until, excluded.held_until),
    probe_at = CASE WHEN $4 AND kept.probe_at IS NOT NULL THEN now() ELSE kept.probe_at END`;

const goneSql = `
  INSERT INTO endpoints AS kept (consignee, last_outcome, last_failure_at, disabled_at)
  VALUES ($1, $2, now(), now())
  ON CONFLICT (consignee) DO UPDATE SET last_outcome = $2, last_failure_at = now(),
    disabled_at = now() WHERE kept.disabled_at IS NULL`;

export interface Endpoints {
  /** Writes down what an attempt makes of its endpoint; nothing where nothing changes. */
  tell(consignee: Consignee, claim: Claim, outcome: PushOutcome): Promise<void>;
  /** What was to be the probe was never sent, for a reason of ours: another may go. */
  returnProbe(claim: Claim): Promise<void>;
  /** Makes the rows that a rate is counted in. */
  prepare(consignees: readonly Consignee[]): Promise<void>;
}

export function createEndpoints(deps: EndpointDeps): Endpoints {
  const { db } = deps;
  // A success is written where a claim or this process knows of something to be taken back: so a
  // success beside none costs no statement, but for one each minute, which says when it was.
  const troubled = new Set<string>();
  return {
    async tell(consignee, claim, outcome) {
      const { id } = consignee;
      switch (newsOf(outcome)) {
        case 'answered':
          if (!claim.tells && !claim.probe && !troubled.has(id)) return;
          troubled.delete(id);
          return recordAnswer(deps, id, outcome);
        case 'failed':
          troubled.add(id);
          return recordFailure(deps, consignee, claim, outcome);
        case 'held':
          return hold(deps, claim, outcome);
        case 'gone':
          return disable(deps, id, outcome);
      }
    },
    async returnProbe({ consignee, probe }) {
      if (!probe) return;
      await db.query(
        `UPDATE endpoints SET probe_at = now()
         WHERE consignee = $1 AND opened_at IS NOT NULL AND last_outcome = 'probing'`,
        [consignee],
      );
    },
    async prepare(consignees) {
      const rated = consignees.filter(({ rate }) => rate.perSecondMax !== null);
      await db.query(
        'INSERT INTO endpoints (consignee) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING',
        [rated.map(({ id }) => id)],
      );
    },
  };
}

async function recordAnswer(
  { db, log }: EndpointDeps,
  consignee: string,
  outcome: PushOutcome,
): Promise<void> {
  const { rows } = await db.query<{ closed: boolean | null; long: boolean | null }>({
    name: 'endpoints-answered',
    text: answeredSql,
    values: [consignee, outcome.code, outcome.kind === 'accepted'],
  });
  if (!rows[0]?.closed) return;
  const count = rows[0].long ? await hurryPostponed(db, consignee) : 0;
  log.info('breaker closed', { consignee, count });
}

async function recordFailure(
  { db, log }: EndpointDeps,
  { id: consignee, breaker }: Consignee,
  { probe }: Claim,
  { code: outcome }: PushOutcome,
): Promise<void> {
  const { failuresMax, openSeconds } = breaker;
  const { rows } = await db.query<{ failures: number; opened: boolean | null }>({
    name: 'endpoints-failed',
    text: failedSql,
    values: [consignee, outcome, failuresMax, openSeconds, probe, openSeconds * pauseGrowthMax],
  });
  const count = rows[0]?.failures ?? 0;
  if (rows[0]?.opened) log.warn('breaker opened', { consignee, outcome, count });
}

async function hold(
  { db }: EndpointDeps,
  { consignee, probe }: Claim,
  outcome: PushOutcome,
): Promise<void> {
  const seconds = outcome.kind === 'retry' ? (outcome.retryAfterSeconds ?? 0) : 0;
  const values = [consignee, outcome.code, seconds, probe];
  await db.query({ name: 'endpoints-held', text: heldSql, values });
}

async function disable(
  deps: EndpointDeps,
  consignee: string,
  { code: outcome }: PushOutcome,
): Promise<void> {
  const isFirst = await deps.db.transaction(async (tx) => {
    const { rowCount } = await tx.query(goneSql, [consignee, outcome]);
    if (rowCount === 0) return false;
    const detail = { ...actorDetail(gatewayActor), outcome };
    const at = deps.clock.now();
    const entry = deps.makeEntry({ kind: 'endpoint-disabled', at, consignee, detail });
    await submit(tx, [{ entry }]);
    return true;
  });
  if (!isFirst) return;
  deps.onSubmitted();
  deps.log.warn('endpoint disabled: nothing is sent until it is resumed', { consignee, outcome });
}
