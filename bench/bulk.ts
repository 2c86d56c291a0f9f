/** How many orders a second one bulk upload makes durable, all guarantees on. */
import { orderFor } from '#test/support/orders.ts';
import { openBenchGateway, shippedConsignees, upload } from './gateway.ts';
import { median, rounded, type Benchmark, type Figures } from './measure.ts';

const consignee = 'samkwang';

export const bulk: Benchmark = {
  name: 'bulk',
  async run({ quick, say }): Promise<Figures> {
    const [rounds, orders] = quick ? [3, 5_000] : [5, 40_000];
    const nowhere = new Map(shippedConsignees.map((id) => [id, 'http://127.0.0.1:9/waybill']));
    const gateway = await openBenchGateway(nowhere);
    const rates: number[] = [];
    try {
      const [emr, operator] = await Promise.all([gateway.as('emr'), gateway.as('operator')]);
      await operator.json(`/v1/consignees/${consignee}/pause`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"reason":"a benchmark"}',
      });
      const order = JSON.stringify(orderFor(consignee)).slice(1);
      for (let round = -1; round < rounds; round += 1) {
        function* lines(): Generator<string> {
          for (let at = 0; at < orders; at += 1) yield `{"key":"${round}-${at}",${order}`;
        }
        const before = performance.now();
        const accepted = await upload(emr, gateway.url, lines());
        const rate = accepted / ((performance.now() - before) / 1000);
        // the first round only warms up
        if (round >= 0) rates.push(rate);
        say(`bulk: round ${round + 1} of ${rounds}: ${rounded(rate)}/s`);
      }
    } finally {
      await gateway.stop();
    }
    return { 'orders in each upload': orders, 'durable, orders/s': rounded(median(rates)) };
  },
};
