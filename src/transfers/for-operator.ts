/** What an operator may see of deliveries: that they wait or failed, not what they hold. */
import { GatewayError } from '#src/base/errors.ts';
import type { Agreements } from '#src/agreements/load.ts';
import type { TransferStatus } from '#src/base/words.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import { cursorAfterPlace, readPlace, type Place } from './cursor.ts';
import { transferStatus } from './rows.ts';

export interface OperatorDeps {
  db: Database;
  fingerprint: Fingerprint;
  agreements: Agreements;
}

/** `waiting`: still to be taken; `failed`: ended without being taken. */
export type DeliveryState = 'waiting' | 'failed';

/** A transfer without items, person or reference of the EMR. Times are RFC 3339. */
export interface DeliverySummary {
  id: string;
  consignee: string;
  status: TransferStatus;
  createdAt: string;
  /** The next attempt, or until when this one is waited for; null where it has ended. */
  dueAt: string | null;
  attempts: number;
  lastOutcome: string | null;
  settledAt: string | null;
  expiresAt: string;
  purgedAt: string | null;
}

interface DeliveryRow {
  id: string;
  consignee: string;
  status: TransferStatus;
  attempts: number;
  created_at: Date;
  due_at: Date | null;
  last_outcome: string | null;
  settled_at: Date | null;
  expires_at: Date;
  purged_at: Date | null;
}

const columns = `id, consignee, ${transferStatus} AS status, attempts, created_at, last_outcome,
  CASE WHEN settled_at IS NULL THEN due_at END AS due_at, settled_at, expires_at, purged_at`;

const microsOf = (column: string) =>
  `(extract(epoch FROM ${column}) * 1000000)::bigint::text AS micros`;

// Each in the order of an index of its own (transfers_due, transfers_missed): 51 rows among
// 5,000,000 transfers take 1 ms, and 15 to plan over all months.
const listSql: Readonly<Record<DeliveryState, string>> = {
  waiting: `
    SELECT ${columns}, ${microsOf('transfers.due_at')} FROM transfers
    WHERE consignee = $1 AND status IN ('ready', 'sending', 'leased')
      AND transfers.due_at >= $2 AND (transfers.due_at, id) > ($2, $3::uuid)
    ORDER BY transfers.due_at, id LIMIT $4`,
  failed: `
    SELECT ${columns}, ${microsOf('settled_at')} FROM transfers
    WHERE consignee = $1 AND status IN ('rejected', 'failed', 'expired')
      AND (settled_at, id) < ($2, $3::uuid)
    ORDER BY settled_at DESC, id DESC LIMIT $4`,
};

/** Before the first row of each list. */
const beginnings: Readonly<Record<DeliveryState, readonly [string, string]>> = {
  waiting: ['-infinity', '00000000-0000-0000-0000-000000000000'],
  failed: ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
};

/**
 * One page of the transfers to a consignee, whichever EMR ordered them: those that wait, by the
 * time at which they are due, or those that ended in vain, the newest end first.
 * @throws GatewayError `NOT_FOUND` (no such consignee), `INVALID_CURSOR`
 */
export async function listDeliveries(
  deps: OperatorDeps,
  ask: {
    client: string;
    consignee: string;
    state: DeliveryState;
    cursor?: string | undefined;
    limit: number;
  },
): Promise<{ items: DeliverySummary[]; next: string | null }> {
  const { client, consignee, state, limit } = ask;
  if (!deps.agreements.consignees.has(consignee)) throw new GatewayError('NOT_FOUND');
  const scope = { client, query: { list: 'deliveries', consignee, state } };
  const after = readPlace(deps.fingerprint, scope, ask.cursor);
  const { rows } = await deps.db.query<DeliveryRow & { micros: string }>({
    name: `deliveries-${state}`,
    text: listSql[state],
    values: [consignee, ...(after ? [instantOf(after), after.id] : beginnings[state]), limit + 1],
  });
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  const place = last && { micros: BigInt(last.micros), id: last.id };
  const next = place ? cursorAfterPlace(deps.fingerprint, scope, place) : null;
  return { items: shown.map(viewOf), next };
}

/** What failed longer ago is for the list, and not for the count of what needs somebody now. */
export const failedDays = 7;
const failedCountedMax = 10_000;

/**
 * How many transfers to each consignee ended in the last days without being taken, and have not
 * gone once more since: as `failed` in the list, 10,000 of one at most.
 */
export async function failedLately(
  db: Queryable,
  consignees: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await db.query<{ consignee: string; failed: number }>({
    name: 'consignees-failed',
    text: `SELECT consignee, failed::integer FROM unnest($1::text[]) AS asked (consignee),
      LATERAL (SELECT count(*) AS failed FROM (
        SELECT FROM transfers WHERE transfers.consignee = asked.consignee
          AND status IN ('rejected', 'failed', 'expired')
          AND settled_at > now() - make_interval(days => ${failedDays})
        LIMIT ${failedCountedMax}) AS one) AS counted
      WHERE failed > 0`,
    values: [consignees],
  });
  return new Map(rows.map((row) => [row.consignee, row.failed]));
}

/** One transfer, whoever ordered it; null where there is none. */
export async function findDelivery(db: Queryable, id: string): Promise<DeliverySummary | null> {
  const sql = `SELECT ${columns} FROM transfers WHERE id = $1`;
  const { rows } = await db.query<DeliveryRow>(sql, [id]);
  return rows[0] ? viewOf(rows[0]) : null;
}

/** RFC 3339 with microseconds. */
function instantOf({ micros }: Place): string {
  const ms = new Date(Number(micros / 1000n)).toISOString().slice(0, -1);
  return `${ms}${String(micros % 1000n).padStart(3, '0')}Z`;
}

function viewOf(row: DeliveryRow): DeliverySummary {
  const told = (at: Date | null) => at?.toISOString() ?? null;
  return {
    ...{ id: row.id, consignee: row.consignee, status: row.status },
    createdAt: row.created_at.toISOString(),
    dueAt: told(row.due_at),
    attempts: row.attempts,
    lastOutcome: row.last_outcome,
    settledAt: told(row.settled_at),
    expiresAt: row.expires_at.toISOString(),
    purgedAt: told(row.purged_at),
  };
}
