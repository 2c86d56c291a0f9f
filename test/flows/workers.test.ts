/** `serve --workers N` is one gateway: one port, one set of counters, and no worker is missed. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, spawnGateway, type GatewayProcess, type World } from '#test/support/gateway.ts';
import { orderFor, posted } from '#test/support/orders.ts';
import { until } from '#test/support/wait.ts';

let lab: ConsigneeServer;
let world: World;
let gateway: GatewayProcess;

beforeAll(async () => {
  lab = await startConsigneeServer();
  world = await makeWorld({ pushUrls: { samkwang: lab.url } });
  gateway = await spawnGateway(world, {}, ['--workers', '2']);
});

afterAll(async () => {
  await gateway?.kill('SIGKILL');
  await world?.close();
  await lab?.close();
});

/** Processes that are children of the one that was started. */
function workers(): number[] {
  const list = execFileSync('ps', ['--ppid', String(gateway.child.pid), '-o', 'pid=,stat=']);
  return list
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.includes('Z'))
    .map((line) => Number.parseInt(line, 10));
}

/** Orders over connections of their own, so that both workers get some. */
async function send(name: string, count: number): Promise<string[]> {
  const emr = await gateway.as('emr');
  const one = async (at: number) => {
    const order = posted(orderFor('samkwang'), `${name}-${at}`);
    const headers = { ...order.headers, connection: 'close' };
    return (await emr.json<{ id: string }>('/v1/transfers', { ...order, headers })).id;
  };
  return Promise.all(Array.from({ length: count }, (_, at) => one(at)));
}

const delivered = (ids: readonly string[]) =>
  until('the deliveries', async () => {
    const { rows } = await world.db.query(
      "SELECT id FROM transfers WHERE id = ANY($1) AND status = 'delivered'",
      [ids],
    );
    return rows.length === ids.length;
  });

test('two workers answer on one port, and their counters are one', async () => {
  expect(workers()).toHaveLength(2);
  await delivered(await send('shared', 20));
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(text).toContain('waybill_transfers_accepted_total{consignee="samkwang"} 20');
});

test('a worker that is killed is replaced, and what it took is delivered', async () => {
  const [victim = 0, other] = workers();
  const ids = await send('before', 10);
  process.kill(victim, 'SIGKILL');
  // What it was sending waits for the end of its lease, of a minute: it ends now.
  await world.db.query("UPDATE transfers SET due_at = now() WHERE status = 'sending'");
  await delivered(ids);
  await until('the successor', () => workers().length === 2 && !workers().includes(victim));
  expect(workers()).toContain(other);
  await delivered(await send('after', 10));
});

test('SIGTERM ends all of them in good order', async () => {
  const pids = workers();
  expect(await gateway.kill('SIGTERM')).toBe(0);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
});
