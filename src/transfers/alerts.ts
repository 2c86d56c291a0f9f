/**
 * Alerts: a row is a condition that holds. Whoever makes the row come or go, and nobody else, says
 * so in the log and to the subscribers: one each way, however many processes look.
 */
import type { Subscription } from '#src/base/event-types.ts';
import type { Log } from '#src/base/log.ts';
import type { Queryable } from '#src/store/pool.ts';
import { subscriptionColumns } from './events.ts';

export const alertNames = [
  'consignee-unreachable',
  'endpoint-disabled',
  'backlog-over-threshold',
  'vendor-absent',
  'lease-storm',
  'ledger-stalled',
  'subscriber-unreachable',
  'account-unknown',
] as const;

export type AlertName = (typeof alertNames)[number];

export interface Alert {
  name: AlertName;
  /** A consignee, a subscriber's client, or '' where it is about the gateway. */
  about: string;
}

export interface AlertDeps {
  db: Queryable;
  log: Log;
  subscriptions: readonly Subscription[];
}

const raiseSql = `INSERT INTO alerts (name, about)
  SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING RETURNING name, about`;

const clearSql = `DELETE FROM alerts USING unnest($1::text[], $2::text[]) AS over (name, about)
  WHERE alerts.name = over.name AND alerts.about = over.about RETURNING alerts.name, alerts.about`;

/** A change of rows and the events that tell of it, as one statement. */
const withEvents = (change: string) => `
  WITH changed AS (${change}), told AS (
    INSERT INTO events (client, type, about, data, due_at, ended_at)
    SELECT client, type, name || '/' || about,
      jsonb_strip_nulls(jsonb_build_object('alert', name, 'about', nullif(about, ''))),
      CASE WHEN pushed THEN now() END, CASE WHEN NOT pushed THEN now() END
    FROM changed
    CROSS JOIN unnest($3::text[], $4::text[], $5::boolean[]) AS wanted (client, type, pushed)
    WHERE type = $6
  )
  SELECT name, about FROM changed`;

async function change(
  deps: AlertDeps,
  alerts: readonly Alert[],
  how: { name: string; sql: string; type: 'alert.raised' | 'alert.cleared' },
): Promise<Alert[]> {
  if (alerts.length === 0) return [];
  const { clients, types, pushed } = subscriptionColumns(deps.subscriptions);
  const { rows } = await deps.db.query<Alert>({
    name: how.name,
    text: withEvents(how.sql),
    values: [
      alerts.map(({ name }) => name),
      alerts.map(({ about }) => about),
      ...[clients, types, pushed, how.type],
    ],
  });
  return rows;
}

function lineOf({ name, about }: Alert) {
  if (about === '') return { code: name };
  return { code: name, [name === 'subscriber-unreachable' ? 'client' : 'consignee']: about };
}

/** Raises alerts; those that are raised already stay as they are, and nobody is told again. */
export async function raiseAlerts(deps: AlertDeps, alerts: readonly Alert[]): Promise<void> {
  const how = { name: 'alerts-raise', sql: raiseSql, type: 'alert.raised' } as const;
  for (const one of await change(deps, alerts, how)) deps.log.warn('alert raised', lineOf(one));
}

/** Clears alerts; those that are not raised are passed over. */
export async function clearAlerts(deps: AlertDeps, alerts: readonly Alert[]): Promise<void> {
  const how = { name: 'alerts-clear', sql: clearSql, type: 'alert.cleared' } as const;
  for (const one of await change(deps, alerts, how)) deps.log.info('alert cleared', lineOf(one));
}

/** What holds now, the oldest first. */
export async function listAlerts(deps: { db: Queryable }) {
  const { rows } = await deps.db.query<Alert & { raised_at: Date }>(
    'SELECT name, about, raised_at FROM alerts ORDER BY raised_at, name, about LIMIT 1000',
  );
  return rows.map(({ name, about, raised_at: at }) => ({
    ...{ name, about: about === '' ? null : about, raisedAt: at.toISOString() },
  }));
}
