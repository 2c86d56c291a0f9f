/** What happened on each day, by consignee: from the counts of the ledger, never from orders. */
import type { Clock } from '#src/base/clock.ts';
import { daysAfter } from '#src/base/seoul.ts';
import type { LedgerReader } from '#src/ledger/read.ts';
import type { Database } from '#src/store/pool.ts';
import { readLeaf } from './review-tally.ts';

export interface ActivityDeps {
  db: Database;
  clock: Pick<Clock, 'today'>;
  ledger: Pick<LedgerReader, 'latestCheckpoint' | 'leavesAt'>;
}

/** Kinds of entries that are told, each by the member that tells how many there were. */
const countedAs = {
  released: 'released',
  refused: 'refused',
  delivered: 'delivered',
  rejected: 'rejected',
  failed: 'failed',
  expired: 'expired',
  cancelled: 'cancelled',
  withdrawn: 'withdrawn',
  redelivered: 'redelivered',
  'result-received': 'results',
  'result-refused': 'resultsRefused',
  'result-collected': 'resultsCollected',
} as const;

type Counts = Record<(typeof countedAs)[keyof typeof countedAs], number>;

/** One consignee on one Seoul day; `consignee` null: what named none that there is. */
export type ActivityDay = Counts & { day: string; consignee: string | null };

export interface Activity {
  /** Seoul days, both included. */
  from: string;
  to: string;
  /** When the newest entry that is counted was made (RFC 3339); null before the first. */
  countedAt: string | null;
  /** Entries of the ledger that are still to be counted. */
  behind: number;
  /** Days and consignees without any of it are left out. */
  items: ActivityDay[];
}

const columns = Object.entries(countedAs).map(
  ([kind, member]) =>
    `coalesce(sum(count) FILTER (WHERE kind = '${kind}'), 0)::bigint AS "${member}"`,
);

// By the table's key: a year of 17 consignees, 124,000 rows of it, takes 150 ms.
const daysSql = `
  SELECT day::text, nullif(consignee, '') AS consignee, ${columns.join(', ')}
  FROM activity_days WHERE day BETWEEN $1 AND $2 AND kind = ANY($3::text[])
  GROUP BY activity_days.day, activity_days.consignee
  ORDER BY activity_days.day, activity_days.consignee COLLATE "C"`;

/**
 * The last `days` Seoul days, today included. Counts follow the ledger within seconds, so that the
 * newest entries may be missing: `behind` says how many.
 */
export async function readActivity(deps: ActivityDeps, days: number): Promise<Activity> {
  const { db, clock, ledger } = deps;
  const to = clock.today();
  const from = daysAfter(to, 1 - days);
  // Asked before the counts are read: what is counted in between is told a little late, never lost.
  const marks = await db.query<{ next: number }>('SELECT next FROM activity_mark');
  const next = marks.rows[0]?.next ?? 0;
  const { rows } = await db.query<ActivityDay>({
    name: 'activity-days',
    text: daysSql,
    values: [from, to, Object.keys(countedAs)],
  });
  const { size } = await ledger.latestCheckpoint();
  const [leaf] = next > 0 ? await ledger.leavesAt([next - 1]) : [];
  const countedAt = leaf ? (readLeaf(leaf)?.at ?? null) : null;
  return { from, to, countedAt, behind: Math.max(0, size - next), items: rows };
}
