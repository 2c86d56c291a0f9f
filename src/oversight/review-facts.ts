/** What happened in a period, from the counts of the ledger: the same for everyone who asks. */
import { canonicalText, sha256 } from '#src/base/canonical.ts';
import { daysAfter } from '#src/base/seoul.ts';
import type { Queryable } from '#src/store/pool.ts';
import { usual, type Anomaly, type PeriodCount, type PeriodFacts } from './anomaly.ts';
import { findAnomalies } from './anomaly-rules.ts';
import { cycleOf, periodAt, type Period } from './period.ts';

/** What a reviewer is shown and signs: ids, closed codes and numbers only. */
export interface Shown {
  v: 1;
  period: string;
  from: string;
  to: string;
  counts: PeriodCount[];
  newItems: { consignee: string; item: string }[];
  exports: PeriodFacts['exports'];
  anomalies: Omit<Anomaly, 'sentence'>[];
}

const countsSql = `
  SELECT place::integer, kind, consignee, who, why, off_hours AS "offHours", sum(count)::bigint AS count
  FROM unnest($1::date[], $2::date[]) WITH ORDINALITY AS asked (from_on, to_on, place)
    JOIN activity_days ON day BETWEEN from_on AND to_on
  GROUP BY place, kind, consignee, who, why, off_hours
  ORDER BY place, kind COLLATE "C", consignee COLLATE "C", who COLLATE "C", why COLLATE "C", off_hours`;

const newItemsSql = `
  SELECT consignee, item, NOT EXISTS (SELECT FROM activity_items AS other
    WHERE other.consignee = activity_items.consignee AND other.first_on < $1) AS "isConsigneeNew"
  FROM activity_items WHERE first_on BETWEEN $1 AND $2
  ORDER BY consignee COLLATE "C", item COLLATE "C"`;

/** `$1` to `$2`, both included, as Seoul days. */
const within = `at >= $1::date::timestamp AT TIME ZONE 'Asia/Seoul'
  AND at < ($2::date + 1)::timestamp AT TIME ZONE 'Asia/Seoul'`;

/** More reads of one person by one actor than this are only counted. */
const entriesMax = 100;

const subjectReadsSql = `
  SELECT who, count(*) AS count, (array_agg(entry ORDER BY entry))[1:${entriesMax}] AS entries
  FROM audit_reads WHERE ${within} AND subject IS NOT NULL
  GROUP BY who, subject HAVING count(*) > 1 ORDER BY min(entry) LIMIT 1000`;

const exportsSql = `
  SELECT entry, who, what AS format, found FROM audit_reads
  WHERE ${within} AND kind = 'exported' ORDER BY entry LIMIT 1000`;

const lookupsSql = `
  SELECT who, (at AT TIME ZONE 'Asia/Seoul')::date AS day, count(*) AS count FROM audit_reads
  WHERE ${within} AND kind = 'disclosures-read' GROUP BY 1, 2
  ORDER BY (at AT TIME ZONE 'Asia/Seoul')::date, who COLLATE "C" LIMIT 1000`;

/** Whole periods of the same cycle before one, the latest first, none older than the ledger. */
function earlierOf(period: Period, firstDay: string): Period[] {
  const earlier: Period[] = [];
  for (let one = period; earlier.length < usual.periodsMax;) {
    one = periodAt(cycleOf(period), daysAfter(one.from, -1));
    if (one.from < firstDay) break;
    earlier.push(one);
  }
  return earlier;
}

/**
 * Reads what the rules look at: the days of seven periods at most, and what was read in one.
 * @param firstDay the Seoul day of the first entry
 */
export async function periodFacts(
  db: Queryable,
  { period, firstDay }: { period: Period; firstDay: string },
): Promise<PeriodFacts> {
  const periods = [period, ...earlierOf(period, firstDay)];
  const { rows } = await db.query<PeriodCount & { place: number }>(countsSql, [
    periods.map(({ from }) => from),
    periods.map(({ to }) => to),
  ]);
  const [counts = [], ...earlier] = periods.map((_, at) =>
    rows.filter(({ place }) => place === at + 1).map(({ place: _place, ...count }) => count),
  );
  const values = [period.from, period.to];
  const [items, reads, exports, lookups] = [
    await db.query<PeriodFacts['newItems'][number]>(newItemsSql, values),
    await db.query<PeriodFacts['subjectReads'][number]>(subjectReadsSql, values),
    await db.query<PeriodFacts['exports'][number]>(exportsSql, values),
    await db.query<PeriodFacts['lookups'][number]>(lookupsSql, values),
  ];
  const found = { newItems: items.rows, subjectReads: reads.rows };
  return { counts, earlier, ...found, exports: exports.rows, lookups: lookups.rows };
}

/** What a reviewer is shown of these facts. */
export function shownOf({ name, from, to }: Period, facts: PeriodFacts): Shown {
  return {
    ...{ v: 1, period: name, from, to },
    counts: [...facts.counts],
    newItems: facts.newItems.map(({ consignee, item }) => ({ consignee, item })),
    exports: facts.exports,
    anomalies: findAnomalies(facts).map(({ rule, facts: said, entries }) => {
      return { rule, facts: said, entries };
    }),
  };
}

/** What is shown, as the RFC 8785 text whose SHA-256 a signature stands for. */
export function basisOf(shown: Shown): string {
  return canonicalText(shown);
}

/** SHA-256 of that text. */
export function summaryOf(shown: Shown): Buffer {
  return sha256(Buffer.from(basisOf(shown), 'utf8'));
}
