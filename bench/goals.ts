/** What is asked of each benchmark: the names of figures as it gives them, and their limits. */

export interface Goal {
  benchmark: string;
  figure: string;
  /** What it is, for README. */
  what: string;
  atLeast?: number;
  atMost?: number;
}

export const goals: readonly Goal[] = [
  {
    ...{ benchmark: 'accept', figure: 'gateway / baseline, accepted/s', atLeast: 2 },
    what: 'accepting one order at a time: throughput ÷ the baseline’s',
  },
  {
    ...{ benchmark: 'accept', figure: 'gateway / baseline, p99', atMost: 1 },
    what: 'the same: p99 ÷ the baseline’s',
  },
  {
    ...{ benchmark: 'bulk', figure: 'durable, orders/s', atLeast: 5_000 },
    what: 'bulk upload: durable orders a second',
  },
  {
    ...{ benchmark: 'bulk', figure: 'resident, last / first', atMost: 1.2 },
    what: 'bulk upload: resident memory at its end ÷ at its beginning',
  },
  {
    ...{ benchmark: 'end-to-end', figure: 'delivered and settled/s', atLeast: 1_500 },
    what: 'accepted, in the ledger, pushed, receipt, settled: transfers a second',
  },
  {
    ...{ benchmark: 'end-to-end', figure: 'idle: accepted to delivered, p50 ms', atMost: 60 },
    what: 'from the 202 to the consignee when nothing else is to do, p50 in ms',
  },
  {
    ...{ benchmark: 'pull', figure: 'claimed and acknowledged/s', atLeast: 3_000 },
    what: 'pull: claimed and acknowledged a second',
  },
  {
    ...{ benchmark: 'ledger', figure: 'sequenced, entries/s', atLeast: 20_000 },
    what: 'ledger: entries sequenced a second',
  },
  {
    ...{ benchmark: 'ledger', figure: 'inclusion proof, server ms', atMost: 1 },
    what: 'ledger: time of the server for one inclusion proof, in ms',
  },
  {
    ...{ benchmark: 'verify', figure: 'leaves, tree, details and lives, s', atMost: 20 },
    what: 'verifying a mirrored ledger of 1,000,000 entries, in s',
  },
  {
    ...{ benchmark: 'search', figure: 'slowest p95, ms', atMost: 50 },
    what: 'audit search on 5,000,000 transfers: slowest p95, in ms',
  },
  {
    ...{ benchmark: 'search', figure: 'largest ratio', atMost: 1.5 },
    what: 'the same ÷ on 500,000 transfers',
  },
  {
    ...{ benchmark: 'neighbours', figure: 'beside / alone', atLeast: 0.95 },
    what: 'what 12 consignees get beside 5 dead ones ÷ alone',
  },
  {
    ...{ benchmark: 'flood', figure: 'beside a flood / alone, p99', atMost: 2 },
    what: 'p99 of another client’s orders beside one that floods ÷ alone',
  },
  {
    ...{ benchmark: 'growth', figure: 'largest ratio', atMost: 1.3 },
    what: 'what one more costs with 1,000,000 stored ÷ with 10,000, the largest of five',
  },
  {
    ...{ benchmark: 'start', figure: 'ready after, ms', atMost: 3_000 },
    what: 'ready with 17 contracts and a warm database, in ms',
  },
  {
    ...{ benchmark: 'start', figure: 'resident when ready, MB', atMost: 200 },
    what: 'resident memory then, in MB',
  },
];
