/**
 * Whether the cost of one more transfer depends on how many are stored already: the same work at
 * three gateways whose databases and ledgers differ in nothing but their size, turn by turn.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '#src/base/ids.ts';
import { submit } from '#src/ledger/submit.ts';
import { openDatabase, type Database } from '#src/store/pool.ts';
import { released } from '#test/ledger/support.ts';
import { orderFor } from '#test/support/orders.ts';
import { pause, upload } from './gateway.ts';
import { assertChecks } from './guarantees.ts';
import { startGenerator, type Generator } from './load/start.ts';
import { median, rounded, type Benchmark, type Figures } from './measure.ts';
import type { Postgres } from './postgres.ts';
import { cpuSecondsOf } from './processes.ts';
import { openFullGateway, type FullGateway } from './search-home.ts';

const submitMax = 2_000;
const vendor = 'infinite';
const accepting = 'samkwang';

/** The pieces of work, and in what their cost is told. */
const works = {
  accept: 'ms of CPU for one order',
  claim: 'ms of CPU for one transfer',
  sequence: 'ms of CPU for one entry',
  search: 'ms for one page',
  proof: 'ms for one proof',
} as const;

export type Work = keyof typeof works;

export const growth: Benchmark = {
  name: 'growth',
  async run({ quick, say }): Promise<Figures> {
    const [sizes, rounds] = quick ? [[1_000, 5_000], 2] : [[10_000, 100_000, 1_000_000], 5];
    const generator = startGenerator();
    const open: Stored[] = [];
    try {
      for (const size of sizes) open.push(await openStored(size, say));
      const costs = open.map(() => new Map<Work, number[]>());
      // the first round only warms up
      for (let round = -1; round < rounds; round += 1) {
        for (const [at, stored] of open.entries()) {
          const turn = await takeTurn(stored, generator, round);
          if (round < 0) continue;
          for (const work of Object.keys(works) as Work[]) {
            costs[at]!.set(work, [...(costs[at]!.get(work) ?? []), turn[work]]);
          }
        }
        say(`growth: round ${round + 1} of ${rounds}`);
      }
      return figuresOf(sizes, costs);
    } finally {
      generator.stop();
      for (const stored of open) await stored.close();
    }
  },
};

function figuresOf(
  sizes: readonly number[],
  costs: readonly ReadonlyMap<Work, readonly number[]>[],
): Figures {
  const figures: Figures = { 'stored transfers, and entries': sizes.map(told).join(' → ') };
  let largest = 0;
  for (const work of Object.keys(works) as Work[]) {
    const medians = costs.map((cost) => median(cost.get(work)!));
    // of the turns of one round, which stand side by side
    const last = costs.at(-1)!.get(work)!;
    const ratio = median(last.map((cost, round) => cost / costs[0]!.get(work)![round]!));
    figures[`${work}, ${works[work]}`] = medians.map(rounded).join(' → ');
    figures[`${work}, most / fewest stored`] = rounded(ratio);
    largest = Math.max(largest, ratio);
  }
  return { ...figures, 'largest ratio': rounded(largest) };
}

const told = (size: number) => size.toLocaleString('en-US');

/** A gateway with its history. */
interface Stored {
  full: FullGateway;
  db: Database;
  postgres: Postgres;
  entries: number;
  close: () => Promise<void>;
}

async function openStored(size: number, say: (line: string) => void): Promise<Stored> {
  const full = await openFullGateway(size, say, 'growth');
  const url = readFileSync(join(full.home, 'database.url'), 'utf8').trim();
  const db = openDatabase({ url });
  const { postgres } = full;
  const emr = await full.as('emr');
  await assertChecks({ url: full.url, token: await emr.bearer() });
  await pause(await full.as('operator'), accepting);
  const entries = () => postgres.value('SELECT coalesce(max(size), 0) FROM checkpoints');
  for (let left = size - (await entries()); left > 0; left -= submitMax) {
    await submitEntries(db, Math.min(left, submitMax));
  }
  await postgres.sequenced();
  say(`growth: ${told(await entries())} entries in the ledger`);
  await postgres.rows('VACUUM ANALYZE');
  const close = async () => {
    await db.end();
    await full.remove();
  };
  return { ...{ full, db, postgres, close }, entries: await entries() };
}

/** Entries like those of releases, of ids as young as these have, without their transfers. */
async function submitEntries(db: Database, count: number): Promise<void> {
  const owners = Array.from({ length: count }, () => newId(new Date()));
  await submit(
    db,
    owners.map((owner) => ({ entry: released(owner), owner })),
  );
}

async function takeTurn(
  stored: Stored,
  generator: Generator,
  round: number,
): Promise<Record<Work, number>> {
  await stored.postgres.flush();
  return {
    accept: await acceptCost(stored, generator, round),
    claim: await claimCost(stored, generator, round),
    sequence: await sequenceCost(stored),
    search: await searchCost(stored),
    proof: await proofCost(stored),
  };
}

/** What gateway and database use of the processor while `work` runs, in ms for each of `count`. */
async function cpuMs({ full, postgres }: Stored, work: () => Promise<number>): Promise<number> {
  const used = () => cpuSecondsOf(full.pid) + cpuSecondsOf(postgres.pid);
  const before = used();
  const count = await work();
  await postgres.sequenced();
  return ((used() - before) * 1_000) / count;
}

function acceptCost(stored: Stored, generator: Generator, round: number): Promise<number> {
  const { url, as } = stored.full;
  return cpuMs(stored, async () => {
    const token = await (await as('emr')).bearer();
    const { accepted } = await generator.run({
      ...{ kind: 'submit', url, token, consignee: accepting, connections: 64 },
      ...{ run: round + 2, warmSeconds: 0, seconds: 1.5 },
    });
    return accepted;
  });
}

const claimed = 500;

async function claimCost(stored: Stored, generator: Generator, round: number): Promise<number> {
  const { url, as } = stored.full;
  const order = JSON.stringify(orderFor(vendor)).slice(1);
  const lines = Array.from({ length: claimed }, (_, at) => `{"key":"${round}-${at}",${order}`);
  await upload(await as('emr'), url, lines);
  await stored.postgres.sequenced();
  const token = await (await as(vendor)).bearer();
  return cpuMs(stored, async () => {
    const job = { kind: 'pull' as const, url, token, workers: 8, limit: 50, together: true };
    return (await generator.run(job)).acknowledged;
  });
}

const sequenced = 4_000;

function sequenceCost(stored: Stored): Promise<number> {
  return cpuMs(stored, async () => {
    for (let left = sequenced; left > 0; left -= submitMax) {
      await submitEntries(stored.db, submitMax);
    }
    return sequenced;
  });
}

const searches: readonly object[] = [
  { consignee: 'areumnuri' },
  { status: 'failed' },
  { withheld: 'address' },
  { consignee: 'areumnuri', status: 'delivered' },
  {},
];

async function searchCost({ full }: Stored): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < 4; turn += 1) {
    for (const asked of searches) {
      const before = performance.now();
      await full.auditor.json('/v1/audit/transfers/search', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(asked),
      });
      times.push(performance.now() - before);
    }
  }
  return median(times);
}

async function proofCost({ full, entries }: Stored): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < 100; at += 1) {
    const index = (at * 7_919_333) % entries;
    const before = performance.now();
    await full.auditor.json(`/v1/ledger/proof/inclusion?index=${index}`);
    times.push(performance.now() - before);
  }
  return median(times);
}
