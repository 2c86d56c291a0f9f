/** Reviews: which periods there are, how each stands, and what happened in it. */
import type { Clock } from '#src/base/clock.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Reviewing } from '#src/base/reviewing.ts';
import { daysAfter, seoulDate, seoulMidnight } from '#src/base/seoul.ts';
import type { LedgerReader } from '#src/ledger/read.ts';
import type { Sealer } from '#src/sealing/seal.ts';
import type { Database } from '#src/store/pool.ts';
import { exportMsMax } from './export.ts';
import { leafAtSql } from './leaf-at.ts';
import { isCovered, periodNamed, periodsBetween, type Period } from './period.ts';
import { periodFacts, shownOf, summaryOf, type Shown } from './review-facts.ts';
import { readLeaf } from './review-tally.ts';

export interface ReviewDeps {
  db: Database;
  clock: Clock;
  sealer: Sealer;
  ledger: Pick<LedgerReader, 'entries' | 'leavesAt' | 'latestCheckpoint'>;
  reviewing: Reviewing;
}

/** `open`: it has not ended; `due`: to be signed; `overdue`: that has passed. */
export type ReviewState = 'open' | 'due' | 'overdue' | 'signed';

export interface ReviewRow {
  period: string;
  from: string;
  to: string;
  signedAt: Date;
  client: string;
  person: string | null;
  signer: string | null;
  jws: string | null;
  summary: Buffer;
  anomalies: number;
  sealed: Buffer;
}

export interface ReviewStanding {
  period: string;
  from: string;
  to: string;
  /** The last Seoul day on which it is not yet overdue. */
  dueOn: string;
  state: ReviewState;
  /** Null until it is signed, and where reviews of another cycle cover it. */
  signed: { at: string; client: string; person: string | null; anomalies: number } | null;
}

const columns = `period, from_on AS "from", to_on AS "to", signed_at AS "signedAt", client, person,
  signer, jws, summary, anomalies`;

/** The Seoul day of the ledger's first entry; null before there is any. */
async function firstDayOf({ db }: Pick<ReviewDeps, 'db'>): Promise<string | null> {
  const { rows } = await db.query<{ at: Date }>(
    'SELECT signed_at AS at FROM checkpoints WHERE size > 0 ORDER BY size LIMIT 1',
  );
  return rows[0] ? seoulDate(rows[0].at.getTime()) : null;
}

function standingOf(
  { clock, reviewing }: Pick<ReviewDeps, 'clock' | 'reviewing'>,
  { name, from, to }: Period,
  reviews: readonly Omit<ReviewRow, 'sealed'>[],
): ReviewStanding {
  const own = reviews.find(({ period }) => period === name);
  const dueOn = daysAfter(to, reviewing.overdueDays);
  const today = clock.today();
  const isSigned = own !== undefined || isCovered({ name, from, to }, reviews);
  const late = today > dueOn ? 'overdue' : 'due';
  const state = isSigned ? 'signed' : today <= to ? 'open' : late;
  const signed = own && {
    ...{ at: own.signedAt.toISOString(), client: own.client },
    ...{ person: own.person, anomalies: own.anomalies },
  };
  return { period: name, from, to, dueOn, state, signed: signed ?? null };
}

/**
 * Every period since the ledger's first entry, newest first, also those that were signed under
 * another cycle. One that nobody signed stays overdue, however long ago it was.
 */
export async function listReviews(
  deps: Pick<ReviewDeps, 'db' | 'clock' | 'reviewing'>,
): Promise<ReviewStanding[]> {
  const firstDay = await firstDayOf(deps);
  if (firstDay === null) return [];
  const { rows } = await deps.db.query<Omit<ReviewRow, 'sealed'>>(
    `SELECT ${columns} FROM reviews ORDER BY from_on DESC, period LIMIT 10000`,
  );
  const periods = periodsBetween(deps.reviewing.cycle, firstDay, deps.clock.today());
  const others = rows.flatMap(({ period }) => {
    const isListed = periods.some(({ name }) => name === period);
    return isListed ? [] : (periodNamed(period) ?? []);
  });
  return [...periods, ...others]
    .map((period) => standingOf(deps, period, rows))
    .sort((one, other) => (one.from === other.from ? 0 : one.from < other.from ? 1 : -1));
}

/** The periods whose review is overdue, oldest first. */
export async function overdueReviews(
  deps: Pick<ReviewDeps, 'db' | 'clock' | 'reviewing'>,
): Promise<string[]> {
  const all = await listReviews(deps);
  return all.flatMap(({ period, state }) => (state === 'overdue' ? period : [])).toReversed();
}

/** A period as a reviewer is shown it. */
export interface OpenedReview {
  standing: ReviewStanding;
  shown: Shown;
  /** Null while entries of the period may still be added, or are still to be counted. */
  summary: Buffer | null;
  signed: { findings: string; measures: string; signer: string | null; jws: string | null } | null;
}

/** What of a review only the gateway's key opens. */
export interface SealedReview {
  shown: Shown;
  findings: string;
  measures: string;
}

/** What a sealed review is bound to. */
export const reviewAad = (period: string) => Buffer.from(`waybill/review ${period}`, 'utf8');

/**
 * Opens a period: what was signed as it was signed, the others as they are counted now.
 * @throws GatewayError `NOT_FOUND` for a name that is none, or lies before the ledger or in future
 */
export async function openReview(deps: ReviewDeps, name: string): Promise<OpenedReview> {
  const found = periodNamed(name);
  const all = await listReviews(deps);
  const standing = all.find(({ period }) => period === name);
  const firstDay = await firstDayOf(deps);
  if (!found || !standing || firstDay === null) throw new GatewayError('NOT_FOUND');
  const { rows } = await deps.db.query<ReviewRow>(
    `SELECT ${columns}, sealed FROM reviews WHERE period = $1`,
    [name],
  );
  const row = rows[0];
  if (row) {
    const { signer, jws, summary } = row;
    const plain = deps.sealer.open(row.sealed, reviewAad(name)).toString('utf8');
    const { shown, ...said } = JSON.parse(plain) as SealedReview;
    return { standing, shown, summary, signed: { ...said, signer, jws } };
  }
  // Asked before the counts are read: what is added in between makes another summary.
  const isWhole = standing.state !== 'open' && (await isCounted(deps, found));
  const shown = shownOf(found, await periodFacts(deps.db, { period: found, firstDay }));
  return { standing, shown, summary: isWhole ? summaryOf(shown) : null, signed: null };
}

/** An entry gets its number so soon after its time, or the gateway takes nothing more. */
const graceMs = 60_000;
/** After so long an export has ended, or never says how. */
const exportEndMsMax = exportMsMax + 5 * graceMs;

/** True when every entry of a period that has ended is counted, and every export of it ended. */
async function isCounted({ db, ledger, clock }: ReviewDeps, { to }: Period): Promise<boolean> {
  const endMs = seoulMidnight(daysAfter(to, 1));
  const nowMs = clock.now().getTime();
  if (nowMs < endMs + graceMs) return false;
  const { rows } = await db.query<{ next: number; waits: boolean }>(
    `SELECT next, EXISTS (SELECT FROM submissions WHERE
       ${leafAtSql} < $1)
       OR EXISTS (SELECT FROM audit_reads WHERE at >= $2 AND at < $1
         AND export IS NOT NULL AND found IS NULL) AS waits
     FROM activity_mark`,
    [new Date(endMs), new Date(nowMs - exportEndMsMax)],
  );
  const { next = 0, waits = true } = rows[0] ?? {};
  if (waits) return false;
  if (next >= (await ledger.latestCheckpoint()).size) return true;
  const [leaf] = await ledger.leavesAt([next]);
  const at = leaf ? Date.parse(readLeaf(leaf)?.at ?? '') : NaN;
  return at > endMs + graceMs;
}
