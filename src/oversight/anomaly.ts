/** What an anomaly is, and the numbers from which on something is one: all of them stand here. */
import type { Words } from '#src/base/words.ts';
import type { ActivityCount } from './review-tally.ts';

/** Closed: a rule that is added gets an id of its own, and none ever changes its meaning. */
export type AnomalyRule =
  | 'VOLUME_HIGH'
  | 'VOLUME_LOW'
  | 'NEW_CONSIGNEE'
  | 'NEW_CLIENT'
  | 'NEW_ITEM'
  | 'ORDERS_OFF_HOURS'
  | 'READS_OFF_HOURS'
  | 'REFUSALS'
  | 'MIXED_UP_PERSON'
  | 'EXPORT'
  | 'EXPORT_LARGE'
  | 'READS_HIGH'
  | 'SUBJECT_READ_OFTEN'
  | 'MASS_LOOKUP'
  | 'ACCESS_CHANGED'
  | 'STAFF_LOCKED'
  | 'DETAIL_UNREADABLE';

/** Ids, closed codes and numbers: what the rule found, and what it held it against. */
export type AnomalyFacts = Readonly<Record<string, string | number>>;

export interface Anomaly {
  rule: AnomalyRule;
  facts: AnomalyFacts;
  sentence: Words;
  /** Indexes of entries that show it, the first hundred; empty where it is about many. */
  entries: number[];
}

/** A count of one period, its days summed. */
export type PeriodCount = Omit<ActivityCount, 'day'>;

/** Everything that the rules look at. */
export interface PeriodFacts {
  counts: readonly PeriodCount[];
  /** The same of whole periods before it, the latest first. */
  earlier: readonly (readonly PeriodCount[])[];
  /** Items first released in it, and whether their consignee had been released anything before. */
  newItems: readonly { consignee: string; item: string; isConsigneeNew: boolean }[];
  /** Who read the records of one person how often. */
  subjectReads: readonly { who: string; count: number; entries: readonly number[] }[];
  /** `found`: rows that were handed out; null where no end of it is known, and of evidence. */
  exports: readonly { entry: number; who: string; format: string; found: number | null }[];
  /** Accountings of disclosures that one actor asked for on one day. */
  lookups: readonly { who: string; day: string; count: number }[];
}

/** How many earlier periods are looked at, and how many it takes for there to be a usual. */
export const usual = { periodsMax: 6, periodsMin: 3 } as const;

export const thresholds = {
  /** More than so many times the usual, and at least so many more: `VOLUME_HIGH`. */
  volumeHigh: { times: 2, more: 50 },
  /** Less than this part of the usual, where that is at least so many: `VOLUME_LOW`. */
  volumeLow: { part: 1 / 3, usualMin: 30 },
  /** Orders of one client out of hours: at least so many, and this many times the usual share. */
  ordersOffHours: { min: 20, times: 3 },
  /** Reads by one actor out of hours. */
  readsOffHours: { min: 10 },
  /** Refusals of one client's orders: at least so many, and this share of what it sent. */
  refusals: { min: 20, share: 0.05 },
  /** Orders that named one person and held the record of another. */
  mixedUp: { min: 3 },
  /** Rows of one export. */
  exportLarge: { rows: 1_000 },
  /** Reads by one actor: as `volumeHigh`, and at least so many. */
  readsHigh: { times: 2, min: 200 },
  /** The records of one person opened by one actor. */
  subjectReads: { min: 5 },
  /** People looked up by one actor on one day. */
  lookups: { perDay: 20 },
} as const;
