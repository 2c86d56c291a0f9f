/** A period as reviewers read it: the counts by what they ask, and every anomaly as a sentence. */
import { GatewayError } from '#src/base/errors.ts';
import { readingKinds } from '#src/ledger/evidence-form.ts';
import type { LedgerEntry, LedgerReader } from '#src/ledger/read.ts';
import type { Anomaly, PeriodCount } from './anomaly.ts';
import { sentenceOf } from './anomaly-sentences.ts';
import { basisOf } from './review-facts.ts';
import type { OpenedReview, ReviewStanding } from './review.ts';

/** A client, and the account of whoever signed in through it. */
interface Who {
  client: string;
  person: string | null;
}

export interface ReviewView extends ReviewStanding {
  /** SHA-256 (base64) of what is shown, to be signed; null while it may still change. */
  summary: string | null;
  /** The RFC 8785 text of what is shown: whoever signs can hold `summary` against it. */
  basis: string;
  /** How often each kind of entry was made; by consignee the same. */
  kinds: Record<string, number>;
  consignees: { consignee: string; kinds: Record<string, number> }[];
  refusals: { client: string; reason: string; count: number }[];
  accesses: (Who & { kind: string; what: string; count: number; offHours: number })[];
  accessChanges: (Who & { kind: string; count: number })[];
  exports: (Who & {
    entry: number;
    format: string;
    found: number | null;
    /** As it was given; null where its detail cannot be opened. */
    reason: string | null;
  })[];
  newItems: { consignee: string; item: string }[];
  anomalies: Anomaly[];
  findings: string | null;
  measures: string | null;
  signer: string | null;
  signature: string | null;
}

const accessKinds = /^(access|staff)-/;

/** Reasons that are opened for one answer; the others are in the ledger all the same. */
const reasonsMax = 100;

function whoOf(who: string): Who {
  const [client = '', person = null] = who.split('/');
  return { client, person };
}

function kindsOf(counts: readonly PeriodCount[]): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const { kind, count } of counts) kinds[kind] = (kinds[kind] ?? 0) + count;
  return kinds;
}

/** Sums counts that are alike in what `keyOf` says, in the order in which they come. */
function summed<T extends object>(
  counts: readonly PeriodCount[],
  keyOf: (one: PeriodCount) => T,
): (T & { count: number; offHours: number })[] {
  const sums = new Map<string, T & { count: number; offHours: number }>();
  for (const one of counts) {
    const key = keyOf(one);
    const name = JSON.stringify(key);
    const sum = sums.get(name) ?? { ...key, count: 0, offHours: 0 };
    sum.count += one.count;
    sum.offHours += one.offHours ? one.count : 0;
    sums.set(name, sum);
  }
  return [...sums.values()];
}

type Entries = Pick<LedgerReader, 'entries'>;

/** An entry with its detail; undefined where an archive has it. */
async function entryAt(ledger: Entries, start: number): Promise<LedgerEntry | undefined> {
  try {
    const [found] = await ledger.entries({ start, limit: 1, withDetail: true });
    return found?.index === start ? found : undefined;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'ARCHIVED') return undefined;
    throw error;
  }
}

/** Why each export was made, from its sealed detail. */
async function reasonsOf(
  ledger: Entries,
  entries: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const reasons = new Map<number, string>();
  for (const start of entries.slice(0, reasonsMax)) {
    const found = await entryAt(ledger, start);
    if (!found?.detail) continue;
    const { reason } = JSON.parse(found.detail.content.toString('utf8')) as { reason?: unknown };
    if (typeof reason === 'string') reasons.set(start, reason);
  }
  return reasons;
}

/** Tells an opened review. */
export async function reviewView(
  { ledger }: { ledger: Entries },
  { standing, shown, summary, signed }: OpenedReview,
): Promise<ReviewView> {
  const { counts, exports, newItems, anomalies } = shown;
  const of = (pick: (one: PeriodCount) => boolean) => counts.filter(pick);
  const consignees = [...new Set(counts.flatMap(({ consignee }) => consignee || []))].sort();
  const reasons = await reasonsOf(
    ledger,
    exports.map(({ entry }) => entry),
  );
  return {
    ...standing,
    summary: summary?.toString('base64') ?? null,
    basis: basisOf(shown),
    kinds: kindsOf(counts),
    consignees: consignees.map((consignee) => {
      return { consignee, kinds: kindsOf(of((one) => one.consignee === consignee)) };
    }),
    refusals: summed(
      of(({ kind }) => kind === 'refused'),
      ({ who, why }) => ({ client: who, reason: why }),
    ).map(({ client, reason, count }) => ({ client, reason, count })),
    accesses: summed(
      of(({ kind }) => readingKinds.has(kind)),
      ({ who, kind, why }) => ({ ...whoOf(who), kind, what: why }),
    ),
    accessChanges: summed(
      of(({ kind }) => accessKinds.test(kind)),
      ({ who, kind }) => ({ ...whoOf(who), kind }),
    ).map(({ offHours: _offHours, ...change }) => change),
    exports: exports.map(({ who, ...one }) => {
      return { ...whoOf(who), ...one, reason: reasons.get(one.entry) ?? null };
    }),
    newItems,
    anomalies: anomalies.map((one) => ({ ...one, sentence: sentenceOf(one.rule, one.facts) })),
    ...{ findings: signed?.findings ?? null, measures: signed?.measures ?? null },
    ...{ signer: signed?.signer ?? null, signature: signed?.jws ?? null },
  };
}
