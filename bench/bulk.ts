/** How many orders a second one bulk upload makes durable, and whether its memory stays flat. */
import { canary, orderFor } from '#test/support/orders.ts';
import { pause, upload, withGateway } from './gateway.ts';
import { assertRecorded } from './guarantees.ts';
import { patients } from './load/orders.ts';
import { rounded, spread, type Benchmark, type Figures } from './measure.ts';
import { cpuSecondsOf, residentMb } from './processes.ts';

const consignee = 'samkwang';
const windows = 10;

export const bulk: Benchmark = {
  name: 'bulk',
  async run({ quick, say }): Promise<Figures> {
    const [orders, warm] = quick ? [20_000, 5_000] : [1_000_000, 20_000];
    return withGateway({ urls: new Map() }, async ({ url, pid, postgres, as }) => {
      const [emr, operator] = await Promise.all([as('emr'), as('operator')]);
      await pause(operator, consignee);
      const warmed = await upload(emr, url, linesOf('warm', warm));
      await postgres.sequenced();
      const rates: number[] = [];
      const resident = [residentMb(pid)];
      const used = [cpuSecondsOf(pid), cpuSecondsOf(postgres.pid)] as const;
      let before = performance.now();
      const onAccepted = (count: number) => {
        if (count % (orders / windows) !== 0) return;
        const rate = orders / windows / ((performance.now() - before) / 1_000);
        before = performance.now();
        rates.push(rate);
        resident.push(residentMb(pid));
        say(`bulk: ${count} of ${orders}: ${rounded(rate)}/s, ${rounded(resident.at(-1)!)} MB`);
      };
      const accepted = await upload(emr, url, linesOf('run', orders), onAccepted);
      await postgres.sequenced();
      const per = (then: number, pid: number) =>
        rounded(((cpuSecondsOf(pid) - then) / accepted) * 1_000);
      const cpu = { own: per(used[0], pid), postgres: per(used[1], postgres.pid) };
      await assertRecorded(postgres, warmed + accepted);
      return {
        'orders in the upload': orders,
        'durable, orders/s': spread(rates),
        'gateway CPU s per 1,000': cpu.own,
        'PostgreSQL CPU s per 1,000': cpu.postgres,
        'resident, MB': spread(resident),
        'resident, last / first': rounded(resident.at(-1)! / resident[0]!),
      };
    });
  },
};

function* linesOf(name: string, count: number): Generator<string> {
  const order = JSON.stringify(orderFor(consignee)).slice(1);
  for (let at = 0; at < count; at += 1) {
    const patient = `C${String(at % patients).padStart(7, '0')}`;
    yield `{"key":"${name}-${at}",${order.replaceAll(canary.chartNumber, patient)}`;
  }
}
