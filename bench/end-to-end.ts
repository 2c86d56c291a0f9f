/**
 * How many orders a second go the whole way, and how long one takes when nothing else is to do:
 * accepted, in the ledger, pushed to consignees on loopback, receipt, settled.
 */
import { until } from '#test/support/wait.ts';
import { shippedConsignees, withGateway } from './gateway.ts';
import { assertRecorded } from './guarantees.ts';
import type { Flowed } from './load/flow.ts';
import { startGenerator } from './load/start.ts';
import { median, rounded, spread, type Benchmark, type Figures } from './measure.ts';
import { cpuSecondsOf, residentMb } from './processes.ts';

const lanes = 256;
/** A token lives for five minutes at most: so long is gone on with one. */
const tokenSeconds = 150;
const unsettled = `SELECT count(*) FROM transfers WHERE status <> 'delivered'`;

export const endToEnd: Benchmark = {
  name: 'end-to-end',
  async run({ quick, say }): Promise<Figures> {
    const [seconds, warmSeconds, idleSeconds, windows] = quick ? [6, 8, 3, 3] : [300, 20, 30, 10];
    const generator = startGenerator();
    const { url: consignee } = await generator.run({ kind: 'listen' });
    const urls = new Map(shippedConsignees.map((id) => [id, `${consignee}/${id}`]));
    return withGateway({ urls }, async ({ url, pid, postgres, as }) => {
      let accepted = 0;
      let run = 0;
      const go = async (of: {
        lanes: number;
        seconds: number;
        windows: number;
        restMs: number;
      }) => {
        // a client of its own for each part: one keeps its token for as long as that lives
        const token = await (await as('emr')).bearer();
        const job = { url, token, consignees: shippedConsignees, run: (run += 1), ...of };
        const flowed = await generator.run({ kind: 'flow', ...job });
        accepted += flowed.accepted;
        return flowed;
      };
      await go({ lanes, seconds: warmSeconds, windows: 1, restMs: 0 });
      const used = () => [cpuSecondsOf(pid), cpuSecondsOf(postgres.pid)] as const;
      const before = used();
      const backlog: number[] = [];
      const look = async () => void backlog.push(await postgres.value(unsettled));
      const looking = setInterval(() => void look(), (seconds * 1_000) / windows);
      const parts: Flowed[] = [];
      for (const part of partsOf(seconds, windows))
        parts.push(await go({ ...part, lanes, restMs: 0 }));
      clearInterval(looking);
      const perSecond = parts.flatMap((part) => part.perSecond);
      const deliveredMs = parts.flatMap((part) => part.deliveredMs);
      const settled = async () => (await postgres.value(unsettled)) === 0;
      await until('every transfer to be settled', settled, 60_000);
      await postgres.sequenced();
      const after = used();
      const resident = residentMb(pid);
      say(`end-to-end: ${rounded(median(perSecond))}/s; waiting for it to be idle`);
      const idle = await go({ lanes: 1, seconds: idleSeconds, windows: 1, restMs: 40 });
      await until('every transfer to be settled', settled, 60_000);
      await postgres.sequenced();
      await assertRecorded(postgres, accepted);
      generator.stop();
      const per = (at: 0 | 1) => rounded(((after[at] - before[at]) / deliveredMs.length) * 1_000);
      return {
        ...{ seconds, 'on their way at most': lanes, consignees: shippedConsignees.length },
        'delivered and settled/s': spread(perSecond),
        'not yet settled, at each look': backlog.join(' '),
        'accepted to delivered under load, p50 ms': rounded(median(deliveredMs)),
        'idle: accepted to delivered, p50 ms': rounded(median(idle.deliveredMs)),
        'idle: orders': idle.accepted,
        'gateway CPU s per 1,000': per(0),
        'PostgreSQL CPU s per 1,000': per(1),
        'gateway, resident MB': rounded(resident),
        'load generator and consignees busy': rounded(median(parts.map(({ busy }) => busy))),
      };
    });
  },
};

/** The time in pieces that one token lives for. */
function partsOf(seconds: number, windows: number): { seconds: number; windows: number }[] {
  const count = Math.ceil(seconds / tokenSeconds);
  return Array.from({ length: count }, () => {
    return { seconds: seconds / count, windows: Math.round(windows / count) };
  });
}
