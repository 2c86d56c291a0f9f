/**
 * Which conditions hold now that an operator should know of. Every process looks every few seconds,
 * at what all of them share: the one whose look finds a change says so, also when those that
 * deliver or keep the ledger are dead.
 */
import type { AccountWatch } from '#src/access/account-watch.ts';
import type { Agreements } from '#src/agreements/load.ts';
import { overdueCheckIns, type CheckInDeps } from '#src/lifecycle/check-ins.ts';
import { clearAlerts, raiseAlerts, type Alert, type AlertDeps } from '#src/transfers/alerts.ts';
import { leafAtSql } from './leaf-at.ts';

export interface ConditionDeps extends AlertDeps, CheckInDeps {
  agreements: Agreements;
  /** Accounts by which nobody may act; left out where none are looked at. */
  accounts?: Pick<AccountWatch, 'unknown' | 'outdated' | 'unread'>;
}

/** So many waiting transfers that were claimed more than so often, and never answered. */
const storm = { transfers: 20, attempts: 5 };
/** Asking to be left alone for longer than this is as good as being away. */
const holdMinutes = 15;
/** How long the oldest entry may wait for its number. */
const stallSeconds = 10;

// `raised` false: it would not be raised now, and it is not over either. What nears its threshold
// would otherwise be raised and cleared with every order, and who asks to be left alone is not back
// when that time is over, but when it answers.
// Of a long backlog no more is counted than its threshold, in the order of the index that serves
// the claims. The oldest entry tells its age itself: a queue has no clock.
const conditionsSql = `
  WITH known AS (
    SELECT * FROM unnest($1::text[], $2::integer[], $3::boolean[])
      AS known (consignee, backlog_max, pulls)
  ), counted AS (
    SELECT consignee, backlog_max, pulls, waiting.* FROM known, LATERAL (
      SELECT count(*) AS total, count(*) FILTER (WHERE tries > ${storm.attempts}) AS returned
      FROM (
        SELECT attempts - attempts_before AS tries FROM transfers
        WHERE transfers.consignee = known.consignee AND status IN ('ready', 'sending', 'leased')
        ORDER BY due_at LIMIT known.backlog_max + 1
      ) AS first) AS waiting
  ), oldest AS (
    SELECT now() - ${leafAtSql} AS age
    FROM submissions ORDER BY id LIMIT 1
  )
  SELECT 'consignee-unreachable' AS name, consignee AS about, opened_at IS NOT NULL
    OR held_until > now() + interval '${holdMinutes} minutes' AS raised
  FROM endpoints JOIN known USING (consignee) WHERE opened_at IS NOT NULL
    OR (held_until IS NOT NULL AND (failures > 0 OR last_outcome IN ('http-429', 'http-503')))
  UNION ALL
  SELECT 'endpoint-disabled', consignee, true
  FROM endpoints JOIN known USING (consignee) WHERE disabled_at IS NOT NULL
  UNION ALL
  SELECT 'backlog-over-threshold', consignee, total > backlog_max
  FROM counted WHERE total >= backlog_max * 0.8
  UNION ALL
  SELECT 'lease-storm', consignee, returned >= ${storm.transfers}
  FROM counted WHERE pulls AND returned >= ${storm.transfers / 2}
  UNION ALL
  SELECT 'ledger-stalled', '', age > interval '${stallSeconds} seconds'
  FROM oldest WHERE age > interval '${stallSeconds / 2} seconds'`;

interface Condition extends Alert {
  raised: boolean;
}

const isSame = (a: Alert) => (b: Alert) => a.name === b.name && a.about === b.about;

/**
 * One round: raises what has come, clears what has gone. What is raised already is read first, so
 * that a change between the two looks is found by the next round, and not told twice.
 */
export async function checkConditions(deps: ConditionDeps): Promise<void> {
  const { rows: raised } = await deps.db.query<Alert>('SELECT name, about FROM alerts');
  const consignees = [...deps.agreements.consignees.values()];
  const { rows } = await deps.db.query<Condition>({
    name: 'alerts-conditions',
    text: conditionsSql,
    values: [
      consignees.map(({ id }) => id),
      consignees.map(({ backlogMax }) => backlogMax),
      consignees.map(({ channel }) => channel === 'pull'),
    ],
  });
  const absent = (await overdueCheckIns(deps)).map(({ consignee: about }): Condition => ({
    name: 'vendor-absent',
    about,
    raised: true,
  }));
  const { accounts } = deps;
  const doubts = accounts ? accounts.unknown() + accounts.outdated() + accounts.unread() : 0;
  const unknown: Condition[] =
    doubts === 0 ? [] : [{ name: 'account-unknown', about: '', raised: true }];
  const conditions = [...rows, ...absent, ...unknown];
  // Who is told of events says itself whether it is reached; gone from the file, it is no matter.
  const clients = new Set(deps.subscriptions.map(({ client }) => client));
  const holds = (one: Alert) =>
    one.name === 'subscriber-unreachable' ? clients.has(one.about) : conditions.some(isSame(one));
  await raiseAlerts(
    deps,
    conditions.filter((one) => one.raised && !raised.some(isSame(one))),
  );
  await clearAlerts(
    deps,
    raised.filter((one) => !holds(one)),
  );
}

/** After a look it rests this much longer than the look took, and no longer than that. */
const restPerLook = 4;
const restMsMax = 15_000;

/** `checkConditions`, less often where a look takes long: a million may be made a threshold. */
export function createConditionWatch(
  deps: ConditionDeps & { steadyNow: () => number },
): () => Promise<void> {
  let notBefore = -Infinity;
  return async () => {
    const begun = deps.steadyNow();
    if (begun < notBefore) return;
    await checkConditions(deps);
    const ended = deps.steadyNow();
    notBefore = ended + Math.min(restPerLook * (ended - begun), restMsMax);
  };
}
