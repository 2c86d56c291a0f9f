/**
 * What was sent, what arrived and what came back,
 * joined by the transfer's id; and what does not add up.
 */
import type { Schemas } from './calls.ts';
import type { Part } from './place.ts';
import type { Accepted } from './verifier.ts';

type Receipt = Schemas['ReleaseReceipt'];

/** One consignee's part of the play, in numbers and item codes. */
export interface Tally {
  consignee: string;
  channel: Part['channel'];
  /** The contract in force when the play began. */
  contract: string;
  /** The items that the contract lists, in its order. */
  items: readonly string[];
  transfers: number;
  delivered: number;
  results: number;
  released: Set<string>;
  derived: Set<string>;
  withheld: Map<string, { item: string; reason: string }>;
  received: Set<string>;
}

interface Line {
  consignee: string;
  commitment: string;
  /** The codes that should be in the bytes, sorted. */
  codes: string;
  arrived: boolean;
  settled: boolean;
  results: number;
}

interface Arrival {
  consignee: string;
  accepted: Accepted;
}

/** The account of one run: a line for every transfer, a tally for every consignee. */
export interface Book {
  tallies: Map<string, Tally>;
  lines: Map<string, Line>;
  /** What arrived before its 202 was read, which can happen: a push is quick. */
  early: Map<string, Arrival>;
  counts: {
    ordered: number;
    arrived: number;
    settled: number;
    delivered: number;
    results: number;
  };
  /** What does not add up so far. */
  faults: string[];
}

const faultsMax = 20;

/** An empty book. */
export function openBook(): Book {
  const counts = { ordered: 0, arrived: 0, settled: 0, delivered: 0, results: 0 };
  return { tallies: new Map(), lines: new Map(), early: new Map(), counts, faults: [] };
}

/** A consignee takes part. */
export function enrol(
  book: Book,
  part: Pick<Tally, 'consignee' | 'channel' | 'contract' | 'items'>,
): void {
  book.tallies.set(part.consignee, {
    ...part,
    ...{ transfers: 0, delivered: 0, results: 0 },
    ...{ released: new Set(), derived: new Set(), withheld: new Map(), received: new Set() },
  });
}

/** Notes what does not add up; after some of them, only that there are more. */
export function fault(book: Book, words: string): void {
  if (book.faults.length < faultsMax) book.faults.push(words);
  else if (book.faults.length === faultsMax) book.faults.push('and more');
}

/** The EMR got its 202. */
export function noteOrdered(book: Book, receipt: Receipt): void {
  const { id, consignee, commitment, released, derived, withheld } = receipt;
  if (book.lines.has(id)) return fault(book, `transfer ${id}: two orders have this id`);
  const codes = [...released, ...derived].toSorted();
  const line = { arrived: false, settled: false, results: 0 };
  book.lines.set(id, { consignee, commitment, codes: codes.join(), ...line });
  book.counts.ordered += 1;
  const tally = book.tallies.get(consignee);
  if (!tally) return fault(book, `transfer ${id}: ${consignee} is not one of the consignees`);
  tally.transfers += 1;
  for (const code of released) tally.released.add(code);
  for (const code of derived) tally.derived.add(code);
  for (const { item, reason } of withheld) {
    tally.withheld.set(`${item} ${reason}`, { item, reason });
    if (codes.includes(item)) fault(book, `transfer ${id}: ${item} is both sent and withheld`);
  }
  match(book, id);
}

/** A consignee accepted it, after recomputing everything. */
export function noteArrived(
  book: Book,
  consignee: string,
  transfer: string,
  accepted: Accepted,
): void {
  const elsewhere = book.early.get(transfer);
  if (elsewhere) fault(book, `transfer ${transfer} arrived at two: ${elsewhere.consignee} too`);
  book.early.set(transfer, { consignee, accepted });
  match(book, transfer);
}

function match(book: Book, transfer: string): void {
  const line = book.lines.get(transfer);
  const arrival = book.early.get(transfer);
  if (!line || !arrival) return;
  book.early.delete(transfer);
  const { consignee, accepted } = arrival;
  const where = `transfer ${transfer} (${line.consignee})`;
  const codes = accepted.codes.join();
  if (line.arrived) fault(book, `${where} arrived as two things`);
  if (consignee !== line.consignee) fault(book, `${where} arrived at ${consignee}`);
  if (accepted.commitment !== line.commitment) fault(book, `${where}: other bytes than ordered`);
  if (codes !== line.codes) fault(book, `${where}: received ${codes} instead of ${line.codes}`);
  line.arrived = true;
  book.counts.arrived += 1;
  for (const code of accepted.codes) book.tallies.get(consignee)?.received.add(code);
}

/** The gateway says how a transfer ended. */
export function noteSettled(book: Book, transfer: string, status: string): void {
  const line = book.lines.get(transfer);
  if (!line || line.settled) return;
  line.settled = true;
  book.counts.settled += 1;
  if (status !== 'delivered') {
    return fault(book, `transfer ${transfer} (${line.consignee}) ended as ${status}`);
  }
  book.counts.delivered += 1;
  const tally = book.tallies.get(line.consignee);
  if (tally) tally.delivered += 1;
}

/** The EMR stored a result of it. Results of earlier runs in the same home are not counted. */
export function noteCollected(book: Book, transfer: string): void {
  const line = book.lines.get(transfer);
  if (!line) return;
  line.results += 1;
  book.counts.results += 1;
  const tally = book.tallies.get(line.consignee);
  if (tally) tally.results += 1;
}

/** The ids of the transfers whose end is not known. */
export function unsettled({ lines }: Book): string[] {
  return [...lines].flatMap(([id, line]) => (line.settled ? [] : [id]));
}

/** Notes all that is missing at the end. With `whole`, also what arrived and nobody ordered. */
export function close(book: Book, whole: boolean): void {
  for (const [id, line] of book.lines) {
    const where = `transfer ${id} (${line.consignee})`;
    if (!line.arrived) fault(book, `${where} was not accepted by its consignee`);
    if (!line.settled) fault(book, `${where} has not settled`);
    if (line.results !== 1) fault(book, `${where} has ${line.results} results`);
  }
  if (!whole) return;
  for (const id of book.early.keys()) fault(book, `transfer ${id} arrived and nobody ordered it`);
}
