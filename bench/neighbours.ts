/** What five dead consignees of seventeen cost the other twelve: pushes a second, side by side. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiClient } from '#src/bin/api-client.ts';
import { orderFor } from '#test/support/orders.ts';
import { openBenchGateway, shippedConsignees, upload, type BenchGateway } from './gateway.ts';
import { median, rounded, type Benchmark, type Figures } from './measure.ts';

const deadCount = 5;
const dead = shippedConsignees.slice(0, deadCount);
const healthy = shippedConsignees.slice(deadCount);

/** How each of the dead is dead: two never answer, one drips, one fails, one is not there. */
const deaths: readonly (RequestListener | null)[] = [
  () => undefined,
  () => undefined,
  (_request, response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write('.'), 100);
    response.on('close', () => clearInterval(drip));
  },
  (_request, response) => response.writeHead(500).end(),
  null,
];

export const neighbours: Benchmark = {
  name: 'neighbours',
  async run({ quick, say }): Promise<Figures> {
    const [rounds, orders] = quick ? [3, 100] : [5, 400];
    let heard = 0;
    let target = Infinity;
    let reached: () => void = () => undefined;
    const alive: RequestListener = (request, response) => {
      request.resume().on('end', () => {
        response.writeHead(204).end();
        heard += 1;
        if (heard === target) reached();
      });
    };
    const servers = await Promise.all(
      shippedConsignees.map(async (id) => {
        const death = dead.indexOf(id);
        return [id, await listen(death < 0 ? alive : (deaths[death] ?? null))] as const;
      }),
    );
    const gateway = await openBenchGateway({
      urls: new Map(servers.map(([id, { url }]) => [id, url])),
    });
    const figures = new Map<string, number[]>([
      ['alone', []],
      ['beside', []],
    ]);
    try {
      const [emr, operator] = await Promise.all([gateway.as('emr'), gateway.as('operator')]);
      for (let round = 0; round < rounds * 2; round += 1) {
        const name = round % 2 === 0 ? 'alone' : 'beside';
        const going = name === 'alone' ? healthy : shippedConsignees;
        await setAll(operator, shippedConsignees, 'pause');
        await send(gateway, emr, { consignees: going, orders, round });
        const ended = new Promise<void>((resolve) => (reached = resolve));
        heard = 0;
        target = healthy.length * orders;
        const before = performance.now();
        await setAll(operator, going, 'resume');
        await ended;
        const perSecond = target / ((performance.now() - before) / 1000);
        figures.get(name)?.push(perSecond);
        say(`neighbours: round ${round + 1} of ${rounds * 2}, ${name}: ${rounded(perSecond)}/s`);
      }
    } finally {
      await gateway.stop();
      for (const [, { close }] of servers) close();
    }
    const [alone = [], beside = []] = [...figures.values()];
    return {
      'dead consignees': deadCount,
      'orders to each': orders,
      'the other 12 alone, pushes/s': rounded(median(alone)),
      'the other 12 beside the dead, pushes/s': rounded(median(beside)),
      'beside / alone': rounded(median(beside) / median(alone)),
    };
  },
};

async function listen(
  handler: RequestListener | null,
): Promise<{ url: string; close: () => void }> {
  const server = createServer(handler ?? (() => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  if (handler === null) close();
  return { url: `http://127.0.0.1:${port}/waybill`, close };
}

async function setAll(operator: ApiClient, ids: readonly string[], what: 'pause' | 'resume') {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"reason":"a benchmark"}',
  };
  await Promise.all(ids.map((id) => operator.json(`/v1/consignees/${id}/${what}`, init)));
}

async function send(
  { url }: BenchGateway,
  emr: ApiClient,
  batch: { consignees: readonly string[]; orders: number; round: number },
): Promise<void> {
  const { consignees, orders, round } = batch;
  function* lines(): Generator<string> {
    for (let at = 0; at < orders; at += 1) {
      for (const id of consignees) {
        yield JSON.stringify({ key: `${round}-${id}-${at}`, ...orderFor(id) });
      }
    }
  }
  await upload(emr, url, lines());
}
