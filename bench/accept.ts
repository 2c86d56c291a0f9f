/**
 * What it costs to accept an order, all guarantees on, beside what a team writes in a week without
 * them, and beside the web framework alone: turn by turn in one run, on one PostgreSQL.
 */
import { openBenchGateway, pause, type BenchGateway } from './gateway.ts';
import { startBaselines } from './baseline/start.ts';
import { assertBaselineChecks, assertChecks } from './guarantees.ts';
import { assertRecorded, countSyncs } from './guarantees.ts';
import { startGenerator, type Generator } from './load/start.ts';
import type { Submitted } from './load/submit.ts';
import { rounded, spread, type Benchmark, type Figures } from './measure.ts';
import type { Postgres } from './postgres.ts';
import { cpuSecondsOf, residentMb } from './processes.ts';

const consignee = 'samkwang';
const connections = 64;
/** `before`: the gateway of another working copy, for a change that is claimed to be a gain. */
type Name = 'gateway' | 'baseline' | 'ceiling' | 'before';

/** One turn of one of them; CPU in seconds per 1,000 orders. */
interface Turn extends Submitted {
  cpu: number;
  postgresCpu: number;
  resident: number;
}

export const accept: Benchmark = {
  name: 'accept',
  async run({ quick, say, against }): Promise<Figures> {
    const [rounds, seconds, warmSeconds] = quick ? [2, 1.2, 0.6] : [6, 5, 1.5];
    const all = await openAll(against);
    const turns = new Map<Name, Turn[]>([...all.players.keys()].map((name) => [name, []]));
    try {
      // measured well after the start: a first turn of each only warms up
      const first = { seconds: 0, warmSeconds: quick ? 6 : 12 };
      let run = 0;
      for (const player of all.players.values()) await takeTurn(all, player, (run += 1), first);
      for (let round = 0; round < rounds; round += 1) {
        for (const [name, player] of all.players) {
          const turn = await takeTurn(all, player, (run += 1), { seconds, warmSeconds });
          turns.get(name)!.push(turn);
          const told = `${rounded(turn.perSecond)}/s, p99 ${rounded(turn.p99Ms)} ms`;
          say(`accept: round ${round + 1} of ${rounds}, ${name}: ${told}`);
        }
      }
    } finally {
      await all.stop();
    }
    return figuresOf(turns, seconds);
  },
};

/** One of those that take turns. */
interface Player {
  url: string;
  pid: number;
  postgres: Postgres;
  token: () => Promise<string> | string;
  /** Checks what must hold of all that it accepted. */
  check: (accepted: number) => Promise<void>;
  accepted: number;
}

interface All {
  players: Map<Name, Player>;
  generator: Generator;
  stop: () => Promise<void>;
}

async function openAll(against: string | undefined): Promise<All> {
  const gateway = await openBenchGateway({ urls: new Map() });
  const before = against && (await openBenchGateway({ urls: new Map(), root: against }));
  const baselines = await startBaselines(gateway.postgres.superuserUrl);
  const generator = startGenerator();
  const { postgres } = gateway;
  const { order, ceiling, token } = baselines;
  await assertBaselineChecks({ url: order.url, token });
  const check = async (accepted: number) => {
    const stored = await baselines.stored();
    if (stored !== accepted) throw new Error(`the baseline: ${accepted} accepted, ${stored} there`);
  };
  const { url, pid } = ceiling;
  const nothing = async () => undefined;
  const players = new Map<Name, Player>([
    ...(before ? [['before', await playerOf(before)] as const] : []),
    ['gateway', await playerOf(gateway)],
    ['baseline', { ...order, postgres, token: () => token, check, accepted: 0 }],
    ['ceiling', { url, pid, postgres, token: () => '', check: nothing, accepted: 0 }],
  ]);
  return {
    ...{ players, generator },
    async stop() {
      generator.stop();
      await baselines.stop();
      if (before) await before.stop();
      await gateway.stop();
    },
  };
}

async function playerOf({ as, url, pid, postgres }: BenchGateway): Promise<Player> {
  const [emr, operator] = await Promise.all([as('emr'), as('operator')]);
  await pause(operator, consignee);
  await assertChecks({ url, token: await emr.bearer() });
  const check = (accepted: number) => assertRecorded(postgres, accepted);
  return { url, pid, postgres, token: () => emr.bearer(), check, accepted: 0 };
}

async function takeTurn(
  { generator }: All,
  player: Player,
  run: number,
  time: { seconds: number; warmSeconds: number },
): Promise<Turn> {
  const { url, pid, postgres } = player;
  await postgres.flush();
  const [cpu, postgresCpu] = [cpuSecondsOf(pid), cpuSecondsOf(postgres.pid)];
  const syncs = await countSyncs(postgres);
  const token = await player.token();
  const job = { kind: 'submit' as const, url, token, consignee, connections, run };
  const result = await generator.run({ ...job, ...time });
  // what was accepted is paid for when the ledger has it
  await postgres.sequenced();
  const per = (before: number, after: number) => ((after - before) / result.accepted) * 1_000;
  const turn = {
    ...result,
    cpu: per(cpu, cpuSecondsOf(pid)),
    postgresCpu: per(postgresCpu, cpuSecondsOf(postgres.pid)),
    resident: residentMb(pid),
  };
  player.accepted += result.accepted;
  await player.check(player.accepted);
  if (token !== '' && (await countSyncs(postgres)) === syncs) {
    throw new Error('nothing reached the disk');
  }
  return turn;
}

function figuresOf(turns: ReadonlyMap<Name, readonly Turn[]>, seconds: number): Figures {
  const of = (name: Name, pick: (turn: Turn) => number) => spread(turns.get(name)!.map(pick));
  const ratio = (pick: (turn: Turn) => number, other: Name = 'baseline') =>
    spread(turns.get('gateway')!.map((turn, at) => pick(turn) / pick(turns.get(other)![at]!)));
  const told = [...turns.keys()].flatMap((name): [string, Figures[string]][] => [
    [`${name}, accepted/s`, of(name, ({ perSecond }) => perSecond)],
    [`${name}, p50 ms`, of(name, ({ p50Ms }) => p50Ms)],
    [`${name}, p99 ms`, of(name, ({ p99Ms }) => p99Ms)],
    [`${name}, its CPU s per 1,000`, of(name, ({ cpu }) => cpu)],
    [`${name}, PostgreSQL CPU s per 1,000`, of(name, ({ postgresCpu }) => postgresCpu)],
    [`${name}, resident MB`, of(name, ({ resident }) => resident)],
    [`${name}, load generator busy`, of(name, ({ busy }) => busy)],
  ]);
  const all = ({ cpu, postgresCpu }: Turn) => cpu + postgresCpu;
  return {
    ...{ connections, 'seconds in a round': seconds },
    'gateway / baseline, accepted/s': ratio(({ perSecond }) => perSecond),
    'gateway / baseline, p99': ratio(({ p99Ms }) => p99Ms),
    'gateway / baseline, all CPU': ratio(all),
    'gateway / ceiling, accepted/s': ratio(({ perSecond }) => perSecond, 'ceiling'),
    ...(turns.has('before') && {
      'gateway / before, accepted/s': ratio(({ perSecond }) => perSecond, 'before'),
      'gateway / before, its CPU': ratio(({ cpu }) => cpu, 'before'),
    }),
    ...Object.fromEntries(told),
  };
}
