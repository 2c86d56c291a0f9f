/**
 * How many transfers a second a vendor's workers claim and acknowledge: a hand in one request, each
 * in one of its own, and encrypted.
 */
import { orderFor, canary } from '#test/support/orders.ts';
import { upload, withGateway } from './gateway.ts';
import { assertRecorded } from './guarantees.ts';
import { patients } from './load/orders.ts';
import { startGenerator } from './load/start.ts';
import { rounded, spread, type Benchmark, type Figures } from './measure.ts';
import { cpuSecondsOf } from './processes.ts';

/** Of one vendor at the same time. */
const workers = 8;
/** The contract of the one has no unique identifier, of the other one, which becomes a JWE. */
const ways = {
  plain: { vendor: 'infinite', together: true },
  single: { vendor: 'infinite', together: false },
  encrypted: { vendor: 'engitech', together: true },
} as const;

type Way = keyof typeof ways;

export const pull: Benchmark = {
  name: 'pull',
  async run({ quick, say }): Promise<Figures> {
    const [rounds, orders] = quick ? [2, 2_000] : [5, 15_000];
    const rates: Record<Way, number[]> = { plain: [], single: [], encrypted: [] };
    const cpu: number[] = [];
    const postgresCpu: number[] = [];
    await withGateway({ urls: new Map() }, async ({ url, pid, postgres, as }) => {
      const emr = await as('emr');
      const generator = startGenerator();
      let accepted = 0;
      // the first round only warms up
      for (let round = -1; round < rounds; round += 1) {
        for (const kind of Object.keys(ways) as Way[]) {
          const { vendor, together } = ways[kind];
          const lines = linesFor(vendor, { round: `${round}-${kind}`, orders });
          accepted += await upload(emr, url, lines);
          await postgres.sequenced();
          await postgres.flush();
          const used = [cpuSecondsOf(pid), cpuSecondsOf(postgres.pid)] as const;
          const token = await (await as(vendor)).bearer();
          const job = { kind: 'pull' as const, url, token, workers, limit: 50, together };
          const { acknowledged, perSecond } = await generator.run(job);
          await postgres.sequenced();
          if (acknowledged !== orders) throw new Error(`${acknowledged} of ${orders} were there`);
          if (round < 0) continue;
          rates[kind].push(perSecond);
          if (kind === 'plain') {
            const per = (1 / orders) * 1_000;
            cpu.push((cpuSecondsOf(pid) - used[0]) * per);
            postgresCpu.push((cpuSecondsOf(postgres.pid) - used[1]) * per);
          }
          say(`pull: round ${round + 1} of ${rounds}, ${kind}: ${rounded(perSecond)}/s`);
        }
      }
      await assertRecorded(postgres, accepted);
      generator.stop();
    });
    return {
      ...{ 'transfers in a round': orders, workers },
      'claimed and acknowledged/s': spread(rates.plain),
      'each acknowledged in a request of its own/s': spread(rates.single),
      'each with a JWE, claimed and acknowledged/s': spread(rates.encrypted),
      'gateway CPU s per 1,000': spread(cpu),
      'PostgreSQL CPU s per 1,000': spread(postgresCpu),
    };
  },
};

function* linesFor(vendor: string, of: { round: string; orders: number }): Generator<string> {
  const order = JSON.stringify(orderFor(vendor)).slice(1);
  for (let at = 0; at < of.orders; at += 1) {
    const patient = `C${String(at % patients).padStart(7, '0')}`;
    const about = order.replaceAll(canary.chartNumber, patient);
    yield `{"key":"${of.round}-${vendor}-${at}",${about}`;
  }
}
