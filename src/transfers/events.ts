/**
 * What subscribers are told: derived from ledger entries in the transaction that covers them, so
 * that there is exactly one event for each and none speaks of what no checkpoint says.
 *
 * An event holds ids and codes: no reference, no reason, no words of a consignee, no payload.
 */
import type { EventType, Subscription } from '#src/base/event-types.ts';
import type { Queryable } from '#src/store/pool.ts';
import type { Covered } from './cover.ts';

/** What an entry means to the EMR whose order it is about; `status` is that of its transfer. */
const transferEvents: Readonly<Record<string, { type: EventType; status: string }>> = {
  delivered: { type: 'transfer.delivered', status: 'delivered' },
  rejected: { type: 'transfer.rejected', status: 'rejected' },
  failed: { type: 'transfer.failed', status: 'failed' },
  expired: { type: 'transfer.expired', status: 'expired' },
  withdrawn: { type: 'transfer.withdrawn', status: 'withdrawn' },
  redelivered: { type: 'transfer.redelivered', status: 'ready' },
};

/** These entries are owned by a result; one that is matched by hand is also received. */
const resultEvents: Readonly<Record<string, EventType>> = {
  'result-received': 'result.received',
  'result-unmatched': 'result.retracted',
};

/** The subscriptions as columns, for `unnest(clients, types, pushed)`. */
export function subscriptionColumns(subscriptions: readonly Subscription[]) {
  const rows = subscriptions.flatMap(({ client, types, isPushed }) =>
    [...types].map((type) => ({ client, type, isPushed })),
  );
  return {
    clients: rows.map(({ client }) => client),
    types: rows.map(({ type }) => type),
    pushed: rows.map(({ isPushed }) => isPushed),
  };
}

// Where an earlier event about the same transfer waits for its next attempt, this one waits with
// it: it could not be told before, and would only stand in the way of those that can.
// A batch comes in the order of its entries, and so do the ids.
const recordSql = `
  WITH input AS (
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[])
      AS input (owner, entry, type, status)
  ), happened AS (
    SELECT client, input.entry, type, transfers.id AS transfer, jsonb_build_object(
        'transfer', transfers.id, 'consignee', consignee, 'contract', contract,
        'status', input.status, 'entry', input.entry,
        'outcome', CASE WHEN input.status <> 'ready' THEN last_outcome END) AS data
    FROM input JOIN transfers ON transfers.id = input.owner WHERE input.status IS NOT NULL
    UNION ALL
    SELECT client, input.entry, type, transfer, jsonb_build_object(
        'result', results.id, 'transfer', transfer, 'consignee', consignee, 'contract', contract,
        'version', version, 'reported', reported, 'entry', input.entry)
    FROM input JOIN results ON results.id = input.owner WHERE input.status IS NULL
  )
  INSERT INTO events (client, type, about, data, due_at, ended_at)
  SELECT client, type, transfer::text, jsonb_strip_nulls(data),
    CASE WHEN pushed THEN greatest(now(), (
      SELECT max(due_at) FROM events AS earlier
      WHERE earlier.client = happened.client AND earlier.about = happened.transfer::text
        AND earlier.due_at IS NOT NULL AND earlier.lease IS NULL)) END,
    CASE WHEN NOT pushed THEN now() END
  FROM happened
  JOIN unnest($5::text[], $6::text[], $7::boolean[]) AS wanted (client, type, pushed)
    USING (client, type)
  ORDER BY entry`;

/**
 * Runs in the sequencer's transaction. Nothing is asked of the database where nobody wants to hear
 * of what is covered; else it is one statement.
 * @returns whether something is there to be sent once the transaction has been committed
 */
export async function recordEvents(
  tx: Queryable,
  subscriptions: readonly Subscription[],
  covered: readonly Covered[],
): Promise<boolean> {
  const isWanted = (type: EventType) => subscriptions.some(({ types }) => types.has(type));
  const happened = covered.flatMap(({ kind, owner, index }) => {
    const of = Object.hasOwn(transferEvents, kind) ? transferEvents[kind] : undefined;
    const type = of?.type ?? (Object.hasOwn(resultEvents, kind) ? resultEvents[kind] : undefined);
    if (owner === null || type === undefined || !isWanted(type)) return [];
    return [{ owner, index, type, status: of?.status ?? null }];
  });
  if (happened.length === 0) return false;
  const { clients, types, pushed } = subscriptionColumns(subscriptions);
  await tx.query({
    name: 'events-record',
    text: recordSql,
    values: [
      happened.map(({ owner }) => owner),
      happened.map(({ index }) => index),
      happened.map(({ type }) => type),
      happened.map(({ status }) => status),
      ...[clients, types, pushed],
    ],
  });
  return pushed.includes(true);
}

/** Events that one round forgets at most. */
const forgottenMax = 500;

/**
 * What was told is kept for 7 days, everything else (given up, or its subscriber is gone) for 30:
 * so long it can be asked for.
 */
export async function forgetEvents(deps: { db: Queryable }): Promise<number> {
  const { rowCount } = await deps.db.query({
    name: 'events-forget',
    text: `DELETE FROM events WHERE id = ANY (ARRAY(
             (SELECT id FROM events WHERE ended_at < date_trunc('day', now()) - interval '7 days'
                AND (last_outcome IS NULL OR last_outcome LIKE 'http-2%') LIMIT ${forgottenMax})
             UNION ALL
             (SELECT id FROM events
              WHERE id < uuid_floor(date_trunc('day', now()) - interval '30 days')
              LIMIT ${forgottenMax})))`,
  });
  return rowCount ?? 0;
}

export interface EventRow {
  id: string;
  type: EventType;
  data: Record<string, unknown>;
  created_at: Date;
}

/** An event as it is told, the same each time. */
export function eventBody({ type, data, created_at: at }: Omit<EventRow, 'id'>) {
  return { type, timestamp: at.toISOString(), data };
}

/**
 * The events of a client's transfers and results after `after`, oldest first. Only the sequencer
 * makes these, one transaction after the other: none ever appears before one that was already read.
 */
export async function listEvents(
  deps: { db: Queryable },
  ask: { client: string; after: string | null; limit: number },
) {
  const { rows } = await deps.db.query<EventRow & { state: EventState }>(
    `SELECT id, type, data, created_at,
       CASE WHEN due_at IS NOT NULL THEN 'waiting' WHEN last_outcome IS NULL THEN 'kept'
            WHEN last_outcome LIKE 'http-2%' THEN 'told' ELSE 'given-up' END AS state
     FROM events
     WHERE client = $1 AND type NOT LIKE 'alert.%' AND ($2::uuid IS NULL OR id > $2)
     ORDER BY id LIMIT $3`,
    [ask.client, ask.after, ask.limit + 1],
  );
  const shown = rows.slice(0, ask.limit);
  const next = rows.length > ask.limit ? (shown.at(-1)?.id ?? null) : null;
  return { items: shown.map((row) => ({ id: row.id, ...eventBody(row), state: row.state })), next };
}

/** What has become of an event: `kept` for who has no URL. */
export type EventState = 'waiting' | 'told' | 'given-up' | 'kept';
