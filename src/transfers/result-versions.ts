/**
 * The versions of a transfer's result: what each says of itself, and whether it follows the ones
 * before it. Pure: what must be remembered of a content is remembered as a keyed fingerprint.
 */
import { canonicalBytes } from '#src/base/canonical.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';

/** Three histories that do not mix: a test, a parcel, a piece of work. */
type Series = 'testResult' | 'shipment' | 'workReport';

const testStates = ['preliminary', 'final', 'amended', 'corrected'] as const;

/**
 * What a courier may call the state of a parcel. Its dictionary item takes any text, which may hold
 * anything: outside the sealed content every other word is `other`.
 */
const parcelStates = [
  ...(['accepted', 'collected', 'in-transit', 'out-for-delivery', 'attempted'] as const),
  ...(['delivered', 'returned', 'lost', 'cancelled', 'other'] as const),
] as const;

/** The state that a consignee gave, as everyone who may see the result may know it. */
export type Reported = (typeof testStates)[number] | (typeof parcelStates)[number];

/** What a result says of itself, in closed words; nothing of its content is left in it. */
export interface Report {
  series: Series;
  /** Null for work, which has no states. */
  reported: Reported | null;
  /** Null where the consignee's time cannot be read. */
  reportedAt: Date | null;
  /** Fingerprint of the whole statement: the same one twice is a repetition. */
  statement: Buffer;
  /** Fingerprint of the tracking number: one parcel keeps it. */
  parcel: Buffer | null;
  /** The same under other HMAC keys: what came before a rotation is remembered so. */
  others: { statements: readonly Buffer[]; parcels: readonly Buffer[] };
}

/** A version that was taken, as its row remembers it. */
export interface TakenVersion {
  id: string;
  version: number;
  reported: Reported | null;
  reported_at: Date | null;
  statement_hmac: Buffer | null;
  parcel_hmac: Buffer | null;
  retracted_at: Date | null;
}

export type Place =
  | { outcome: 'follows'; version: number; replaces: string | null }
  /** `last`: the state that was taken last, for the sentence. */
  | { outcome: 'RESULT_OUT_OF_ORDER' | 'DUPLICATE_RESULT'; last: string | null };

/**
 * Reads what a minimised result says of itself: by its `testResult`, else its `shipment`, else its
 * `workReport`; null when it has none of them and so no order.
 *
 * @param about.transfer bound into the fingerprints, so that none can be compared across transfers
 */
export function readReport(
  fingerprint: Fingerprint,
  about: { transfer: string; content: Readonly<Record<string, unknown>> },
): Report | null {
  const { transfer, content } = about;
  const partsOf = (use: string, value: unknown) =>
    ['result', use, transfer, canonicalBytes(value)] as const;
  const made = (use: string, value: unknown) => fingerprint(...partsOf(use, value));
  const others = (use: string, value: unknown) => fingerprint.others(...partsOf(use, value));
  const said = (series: Series) => content[series] as Record<string, unknown> | undefined;
  const test = said('testResult');
  if (test) {
    return {
      ...{ series: 'testResult', reported: test['status'] as Reported, parcel: null },
      reportedAt: instantOf(`${String(test['reportedOn'])}T00:00:00+09:00`),
      statement: made('testResult', test),
      others: { statements: others('testResult', test), parcels: [] },
    };
  }
  const shipment = said('shipment');
  if (shipment) {
    return {
      ...{ series: 'shipment', reported: parcelState(String(shipment['status'])) },
      reportedAt: instantOf(String(shipment['at'])),
      statement: made('shipment', shipment),
      parcel: made('parcel', shipment['trackingNumber']),
      others: {
        statements: others('shipment', shipment),
        parcels: others('parcel', shipment['trackingNumber']),
      },
    };
  }
  const work = said('workReport');
  if (!work) return null;
  return {
    ...{ series: 'workReport', reported: null, parcel: null },
    reportedAt: instantOf(String(work['at'])),
    statement: made('workReport', work),
    others: { statements: others('workReport', work), parcels: [] },
  };
}

/**
 * Where a result stands among those of its transfer. Retracted versions keep their numbers and
 * count for nothing else.
 *
 * @param taken in descending order of version; the newest hundred are enough
 */
export function placeAfter(taken: readonly TakenVersion[], next: Report | null): Place {
  const standing = taken.filter(({ retracted_at }) => retracted_at === null);
  const follows: Place = {
    ...{ outcome: 'follows', version: (taken[0]?.version ?? 0) + 1 },
    replaces: standing[0]?.id ?? null,
  };
  if (!next) return follows;
  const before = standing.filter((one) => seriesOf(one) === next.series);
  const last = before[0];
  const refusal = faultOf(next, before, last) ?? (last && faultOfTime(next, last));
  return refusal ? { outcome: refusal, last: last?.reported ?? null } : follows;
}

type Fault = 'RESULT_OUT_OF_ORDER' | 'DUPLICATE_RESULT';

function faultOf(
  next: Report,
  before: readonly TakenVersion[],
  last: TakenVersion | undefined,
): Fault | undefined {
  // Work may be reported as often as it is done, also in the same words.
  if (next.series === 'workReport') return undefined;
  const statements = [next.statement, ...next.others.statements];
  const repeated = before.some(({ statement_hmac }) => isAmong(statement_hmac, statements));
  if (repeated) return 'DUPLICATE_RESULT';
  if (next.series === 'shipment') {
    const parcels = next.parcel ? [next.parcel, ...next.others.parcels] : [];
    const other = last?.parcel_hmac && next.parcel && !isAmong(last.parcel_hmac, parcels);
    return other ? 'RESULT_OUT_OF_ORDER' : undefined;
  }
  return faultOfState(next.reported, last?.reported ?? null);
}

function isAmong(known: Buffer | null, made: readonly Buffer[]): boolean {
  return known !== null && made.some((one) => one.equals(known));
}

/** preliminary* → final → (amended | corrected)*. */
function faultOfState(next: string | null, last: string | null): Fault | undefined {
  const closed = last !== null && last !== 'preliminary';
  if (next === 'final') return closed ? 'DUPLICATE_RESULT' : undefined;
  const corrects = next === 'amended' || next === 'corrected';
  return corrects === closed ? undefined : 'RESULT_OUT_OF_ORDER';
}

function faultOfTime(next: Report, last: TakenVersion): Fault | undefined {
  const early = next.reportedAt && last.reported_at && next.reportedAt < last.reported_at;
  return early ? 'RESULT_OUT_OF_ORDER' : undefined;
}

function seriesOf({ reported }: TakenVersion): Series {
  if (reported === null) return 'workReport';
  return testStates.some((state) => state === reported) ? 'testResult' : 'shipment';
}

function parcelState(words: string): Reported {
  const code = words
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_]+/g, '-');
  return parcelStates.find((state) => state === code) ?? 'other';
}

/** JSON Schema's `date-time` has leap seconds and lower-case letters, which Date does not read. */
function instantOf(text: string): Date | null {
  const plain = text
    .toUpperCase()
    .replace(' ', 'T')
    .replace(/:60(?=[.Z+-])/, ':59');
  const at = new Date(plain);
  return Number.isNaN(at.getTime()) ? null : at;
}
