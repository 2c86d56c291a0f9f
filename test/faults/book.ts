/** What everybody outside remembers: what was sent and promised, what arrived, what went wrong. */
import type { PlayedOrder } from '#src/bin/demo/records.ts';
import type { Envelope } from '#src/bin/demo/verifier.ts';

/** What a 202 promises for ever. */
export interface Promise202 {
  id: string;
  commitment: string;
}

/** One order, under one key. */
export interface Sent {
  key: string;
  consignee: string;
  order: PlayedOrder;
  promised: Promise202 | null;
  /** How often it was sent: a careful client repeats itself. */
  requests: number;
}

/** Bytes at a consignee. */
export interface Arrival {
  /** Whose door it came to. */
  consignee: string;
  via: 'push' | 'pull';
  envelope: Envelope;
  isChecked: boolean;
}

/** A result that a consignee gives back for a transfer. */
export interface Returned {
  consignee: string;
  transfer: string;
  /** The id that it was promised under. */
  id: string | null;
}

export interface Book {
  sent: Map<string, Sent>;
  arrivals: Arrival[];
  /** Transfers that their consignee said yes to, whether or not anybody heard it, and no to. */
  taken: Set<string>;
  turnedAway: Set<string>;
  returned: Map<string, Returned>;
  /** Results that the EMR has acknowledged. */
  collected: Set<string>;
  /** Roots of checkpoints by their size, from wherever they were seen. */
  checkpoints: Map<number, string>;
  failures: string[];
  counts: Map<string, number>;
}

export function createBook(): Book {
  return {
    ...{ sent: new Map(), arrivals: [], taken: new Set(), turnedAway: new Set() },
    ...{ returned: new Map(), collected: new Set(), checkpoints: new Map() },
    ...{ failures: [], counts: new Map() },
  };
}

/** Counts one more of a kind. */
export function count(book: Book, kind: string, by = 1): void {
  book.counts.set(kind, (book.counts.get(kind) ?? 0) + by);
}

const failuresMax = 200;

/** Notes what must never be; the same once. */
export function fail(book: Book, problem: string): void {
  if (book.failures.length < failuresMax && !book.failures.includes(problem)) {
    book.failures.push(problem);
  }
}

/** Notes a checkpoint that somebody was shown: of one size there is one. */
export function noteCheckpoint(book: Book, { size, root }: { size: number; root: string }): void {
  const known = book.checkpoints.get(size);
  if (known === undefined) book.checkpoints.set(size, root);
  else if (known !== root) fail(book, `two checkpoints of ${size} entries have different roots`);
}
