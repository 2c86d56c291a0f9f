/** How delivery to each consignee stands, for people and for metrics: ids, codes and times only. */
import type { Queryable } from '#src/store/pool.ts';

export type BreakerState = 'closed' | 'half-open' | 'open' | 'held' | 'disabled';

export interface DeliveryState {
  state: BreakerState;
  /** Failures in a row. */
  failures: number;
  /** A closed code; `probing` while a probe is under way. */
  lastOutcome: string | null;
  /** To the minute: not every success is written down. */
  lastSuccessAt: string | null;
  lastFailureAt: string | null;
  openedAt: string | null;
  /** From when something goes again; null where nothing is in its way, or only a person can. */
  nextAttemptAt: string | null;
}

/** Of an endpoint that nothing stands against. */
export const undisturbed: DeliveryState = {
  ...{ state: 'closed', failures: 0, lastOutcome: null, lastSuccessAt: null },
  ...{ lastFailureAt: null, openedAt: null, nextAttemptAt: null },
};

interface Row {
  consignee: string;
  state: BreakerState;
  failures: number;
  last_outcome: string | null;
  last_success_at: Date | null;
  last_failure_at: Date | null;
  opened_at: Date | null;
  next_at: Date | null;
}

// Half open: the pause is over and one probe may go, or goes.
const stateSql = `
  SELECT consignee, failures, last_outcome, last_success_at, last_failure_at, opened_at,
    CASE WHEN disabled_at IS NOT NULL THEN 'disabled' WHEN held_until > now() THEN 'held'
      WHEN opened_at IS NULL THEN 'closed'
      WHEN probe_at <= now() OR last_outcome = 'probing' THEN 'half-open' ELSE 'open' END AS state,
    CASE WHEN disabled_at IS NULL AND greatest(held_until, probe_at) > now()
      THEN greatest(held_until, probe_at) END AS next_at
  FROM endpoints`;

/** The endpoints that something is known of, by consignee; the others are `undisturbed`. */
export async function deliveryStates(db: Queryable): Promise<ReadonlyMap<string, DeliveryState>> {
  const { rows } = await db.query<Row>({ name: 'endpoints-states', text: stateSql });
  const at = (date: Date | null) => date?.toISOString() ?? null;
  return new Map(
    rows.map((row) => [
      row.consignee,
      {
        ...{ state: row.state, failures: row.failures, lastOutcome: row.last_outcome },
        lastSuccessAt: at(row.last_success_at),
        lastFailureAt: at(row.last_failure_at),
        openedAt: at(row.opened_at),
        nextAttemptAt: at(row.next_at),
      },
    ]),
  );
}

/** So many of those that wait are looked at for the oldest: the ones whose turn is next. */
const lookedAtMax = 1_000;

/** When the oldest of those whose turn is next was accepted, for each of these consignees. */
export async function oldestWaiting(
  db: Queryable,
  consignees: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.query<{ consignee: string; oldest: Date }>({
    name: 'consignees-oldest',
    text: `SELECT consignee, oldest FROM unnest($1::text[]) AS asked (consignee),
      LATERAL (SELECT min(created_at) AS oldest FROM (
        SELECT created_at FROM transfers WHERE transfers.consignee = asked.consignee
          AND status IN ('ready', 'sending', 'leased')
        ORDER BY due_at LIMIT ${lookedAtMax}) AS first) AS looked
      WHERE oldest IS NOT NULL`,
    values: [consignees],
  });
  return new Map(rows.map(({ consignee, oldest }) => [consignee, oldest.toISOString()]));
}
