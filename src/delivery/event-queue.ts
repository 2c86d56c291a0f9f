/** The events that wait to be told: taken under a lease in database time, given back or ended. */
import type { Queryable } from '#src/store/pool.ts';
import type { EventRow } from '#src/transfers/events.ts';

export interface EventClaim extends EventRow {
  client: string;
  lease: Buffer;
  attempts: number;
}

// An event waits while an earlier one about the same thing is due or under way. Each subscriber's
// own index range is read, so that the backlog of one costs the others nothing.
// By array, not as a join: PostgreSQL cannot know how few are picked.
const claimSql = `
  WITH picked AS (
    SELECT due.id FROM unnest($1::text[], $2::integer[]) AS line (client, slots),
    LATERAL (
      SELECT id FROM events
      WHERE events.client = line.client AND due_at <= now()
        AND NOT EXISTS (SELECT FROM events AS earlier
          WHERE earlier.client = events.client AND earlier.about = events.about
            AND earlier.id < events.id AND earlier.due_at IS NOT NULL OFFSET 0)
      ORDER BY due_at LIMIT line.slots FOR UPDATE SKIP LOCKED
    ) AS due
  )
  UPDATE events SET attempts = attempts + 1, lease = uuid_send(gen_random_uuid()),
    due_at = now() + make_interval(secs => $3)
  WHERE id = ANY (ARRAY(SELECT picked.id FROM picked))
  RETURNING id, client, type, data, created_at, lease, attempts`;

/** Claims up to `slots` due events for each subscriber. */
export async function claimEvents(
  db: Queryable,
  want: { slots: ReadonlyMap<string, number>; leaseSeconds: number },
): Promise<EventClaim[]> {
  const { rows } = await db.query<EventClaim>({
    name: 'events-claim',
    text: claimSql,
    values: [[...want.slots.keys()], [...want.slots.values()], want.leaseSeconds],
  });
  return rows;
}

type Held = Pick<EventClaim, 'id' | 'lease'>;

/** It was told, or given up: `outcome` says which. */
export async function endEvent(db: Queryable, claim: Held, outcome: string): Promise<void> {
  await db.query({
    name: 'events-end',
    text: `UPDATE events SET due_at = NULL, ended_at = now(), lease = NULL, last_outcome = $3
           WHERE id = $1 AND lease = $2`,
    values: [claim.id, claim.lease, outcome],
  });
}

/** Gives an event back, due again after a delay, and with it those that wait for it. */
export async function postponeEvent(
  db: Queryable,
  claim: Held,
  retry: { delaySeconds: number; outcome: string },
): Promise<void> {
  await db.query({
    name: 'events-postpone',
    text: `WITH put_back AS (
             UPDATE events SET due_at = now() + make_interval(secs => $3), lease = NULL,
               last_outcome = $4
             WHERE id = $1 AND lease = $2 RETURNING id, client, about, due_at)
           UPDATE events SET due_at = put_back.due_at FROM put_back
           WHERE events.client = put_back.client AND events.about = put_back.about
             AND events.id > put_back.id AND events.lease IS NULL
             AND events.due_at < put_back.due_at`,
    values: [claim.id, claim.lease, retry.delaySeconds, retry.outcome],
  });
}
