/**
 * What it costs to accept an order, all guarantees on, beside what a team writes in a week without
 * them, and beside the web framework alone: turn by turn in one run, on one PostgreSQL.
 */
import { pause, withGateway, type BenchGateway } from './gateway.ts';
import { startBaselines, type Baselines } from './baseline/start.ts';
import { assertBaselineChecks, assertChecks, assertDurable } from './guarantees.ts';
import { assertRecorded, countSyncs } from './guarantees.ts';
import { startGenerator, type Generator } from './load/start.ts';
import type { Submitted } from './load/submit.ts';
import { rounded, spread, type Benchmark, type Figures } from './measure.ts';
import { cpuSecondsOf, residentMb } from './processes.ts';

const consignee = 'samkwang';
const connections = 64;
const names = ['gateway', 'baseline', 'ceiling'] as const;
type Name = (typeof names)[number];

/** One turn of one of them; CPU in seconds per 1,000 orders. */
interface Turn extends Submitted {
  cpu: number;
  postgresCpu: number;
  resident: number;
}

export const accept: Benchmark = {
  name: 'accept',
  async run({ quick, say }): Promise<Figures> {
    const [rounds, seconds, warmSeconds] = quick ? [2, 1.2, 0.6] : [6, 6, 2];
    const turns: Record<Name, Turn[]> = { gateway: [], baseline: [], ceiling: [] };
    await withGateway({ urls: new Map() }, async (gateway) => {
      const generator = startGenerator();
      const baselines = await startBaselines(gateway.postgres.superuserUrl);
      const takeTurn = await prepare({ gateway, baselines, generator });
      // measured well after the start: a first turn of each only warms up
      for (const name of names) await takeTurn(name, { seconds: 0, warmSeconds: quick ? 3 : 10 });
      for (let round = 0; round < rounds; round += 1) {
        for (const name of names) {
          const turn = await takeTurn(name, { seconds, warmSeconds });
          turns[name].push(turn);
          const told = `${rounded(turn.perSecond)}/s, p99 ${rounded(turn.p99Ms)} ms`;
          say(`accept: round ${round + 1} of ${rounds}, ${name}: ${told}`);
        }
      }
      generator.stop();
      await baselines.stop();
    });
    return figuresOf(turns, seconds);
  },
};

/** Checks what must hold, and answers what measures one turn: it checks again behind each. */
async function prepare(of: {
  gateway: BenchGateway;
  baselines: Baselines;
  generator: Generator;
}): Promise<(name: Name, time: { seconds: number; warmSeconds: number }) => Promise<Turn>> {
  const { gateway, baselines, generator } = of;
  const { postgres } = gateway;
  const [emr, operator] = await Promise.all([gateway.as('emr'), gateway.as('operator')]);
  await pause(operator, consignee);
  await assertDurable(postgres);
  const { order, ceiling, token } = baselines;
  const places = { gateway, baseline: order, ceiling };
  const tokenFor = { gateway: () => emr.bearer(), baseline: () => token, ceiling: () => '' };
  await assertChecks({ url: gateway.url, token: await emr.bearer() });
  await assertBaselineChecks({ url: order.url, token });
  const accepted: Record<Name, number> = { gateway: 0, baseline: 0, ceiling: 0 };
  let run = 0;
  return async (name, time) => {
    const { url, pid } = places[name];
    await postgres.flush();
    const [cpu, postgresCpu] = [cpuSecondsOf(pid), cpuSecondsOf(postgres.pid)];
    const syncs = await countSyncs(postgres);
    const job = { url, token: await tokenFor[name](), consignee, connections, run: (run += 1) };
    const result = await generator.run({ kind: 'submit', ...job, ...time });
    // what was accepted is paid for when the ledger has it
    await postgres.sequenced();
    const per = (before: number, after: number) => ((after - before) / result.accepted) * 1_000;
    const turn = {
      ...result,
      cpu: per(cpu, cpuSecondsOf(pid)),
      postgresCpu: per(postgresCpu, cpuSecondsOf(postgres.pid)),
      resident: residentMb(pid),
    };
    accepted[name] += result.accepted;
    if (name === 'gateway') await assertRecorded(postgres, accepted.gateway);
    if (name === 'baseline' && (await baselines.stored()) !== accepted.baseline) {
      throw new Error('the baseline lost an order that it had accepted');
    }
    if (name !== 'ceiling' && (await countSyncs(postgres)) === syncs) {
      throw new Error(`${name}: nothing reached the disk`);
    }
    return turn;
  };
}

function figuresOf(turns: Readonly<Record<Name, readonly Turn[]>>, seconds: number): Figures {
  const of = (name: Name, pick: (turn: Turn) => number) => spread(turns[name].map(pick));
  const ratio = (pick: (turn: Turn) => number, other: Name = 'baseline') =>
    spread(turns.gateway.map((turn, at) => pick(turn) / pick(turns[other][at]!)));
  const told = names.flatMap((name): [string, Figures[string]][] => [
    [`${name}, accepted/s`, of(name, ({ perSecond }) => perSecond)],
    [`${name}, p50 ms`, of(name, ({ p50Ms }) => p50Ms)],
    [`${name}, p99 ms`, of(name, ({ p99Ms }) => p99Ms)],
    [`${name}, its CPU s per 1,000`, of(name, ({ cpu }) => cpu)],
    [`${name}, PostgreSQL CPU s per 1,000`, of(name, ({ postgresCpu }) => postgresCpu)],
    [`${name}, resident MB`, of(name, ({ resident }) => resident)],
    [`${name}, load generator busy`, of(name, ({ busy }) => busy)],
  ]);
  return {
    ...{ connections, 'seconds in a round': seconds },
    'gateway / baseline, accepted/s': ratio(({ perSecond }) => perSecond),
    'gateway / baseline, p99': ratio(({ p99Ms }) => p99Ms),
    'gateway / baseline, all CPU': ratio(({ cpu, postgresCpu }) => cpu + postgresCpu),
    'ceiling / gateway, accepted/s': spread(
      turns.gateway.map(({ perSecond }, at) => turns.ceiling[at]!.perSecond / perSecond),
    ),
    ...Object.fromEntries(told),
  };
}
