/** Which transfers are still under way: every place that asks, in SQL too, asks the same. */
import type { TransferStatus } from './words.ts';

const states: readonly TransferStatus[] = ['accepted', 'ready', 'sending', 'leased'];

/** The states of a transfer that has not come to an end: it may still go. */
export const underWay: ReadonlySet<string> = new Set(states);

/** The same as the list of an SQL `IN`. */
export const underWaySql = `(${states.map((state) => `'${state}'`).join(', ')})`;
