/** One thread of a fuzz run: takes a range of records, gives back what it counted and found. */
import { parentPort } from 'node:worker_threads';
import { runRecords, type Found } from './run.ts';
import { loadShipped } from './shipped.ts';
import type { Tally } from './tally.ts';

/** Records of one seed, from `from` up to `until`, without it. */
export interface Range {
  seed: number;
  from: number;
  until: number;
}

export interface RangeDone extends Range {
  contracts: number;
  tally: Tally;
  /** The first findings of the range. */
  found: Found[];
}

const FOUND_MAX = 20;

const shipped = loadShipped();

parentPort?.on('message', (range: Range) => {
  const found: Found[] = [];
  const onFinding = (one: Found) => {
    if (found.length < FOUND_MAX) found.push(one);
  };
  const tally = runRecords({ shipped, heard: { onFinding } }, range);
  const done: RangeDone = { ...range, contracts: shipped.contracts.length, tally, found };
  parentPort?.postMessage(done);
});
