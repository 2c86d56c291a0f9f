/**
 * Each step fails in two ways: it failed, and it failed though it persisted. Whoever asks again
 * gets the one answer, everything arrives, and the ledger says it once.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failpointNames, type FailpointName } from '#src/base/failpoint.ts';
import { startServer, type RunningServer } from '#src/bin/server.ts';
import { createApiClient, type ApiClient } from '#src/bin/api-client.ts';
import { entriesOf, verifyAll, type SeenEntry } from '#test/flows/support.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, type World } from '#test/support/gateway.ts';
import { orderFor, posted } from '#test/support/orders.ts';
import { posting, type Item } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';
import { createArms, type Harm } from './arms.ts';

const arms = createArms();
let lab: ConsigneeServer;
let world: World;
let server: RunningServer;
const clients = new Map<string, ApiClient>();
const promised: { id: string; consignee: string }[] = [];

beforeAll(async () => {
  lab = await startConsigneeServer();
  world = await makeWorld({ pushUrls: { samkwang: lab.url } });
  server = await startServer(world.env, { failpoint: arms.failpoint });
  for (const clientId of ['emr', 'samkwang', 'infinite', 'auditor']) {
    const clientKey = world.keys.get(clientId) ?? {};
    clients.set(clientId, await createApiClient({ url: server.url, clientId, clientKey }));
  }
});

afterAll(async () => {
  arms.disarm();
  await server?.close();
  await world?.close();
  await lab?.close();
});

/** Asks until it succeeds, as a careful client does; its other answers are those that may pass. */
async function persist<Body>(client: string, path: string, init: RequestInit): Promise<Body> {
  return until(`${client} to succeed with ${path.replace(/[\w-]{36}/, '…')}`, async () => {
    const reply = await clients.get(client)!.fetch(path, init);
    if (reply.ok) return (await reply.json()) as Body;
    const { code } = (await reply.json()) as { code: string };
    expect(['INTERNAL', 'DATABASE_UNAVAILABLE']).toContain(code);
    return null;
  });
}

/** Ends every lease now, instead of waiting for its time. */
const endLeases = () =>
  world.db.query("UPDATE transfers SET due_at = now() WHERE status IN ('sending', 'leased')");

const statusOf = async (id: string) => {
  const { rows } = await world.db.query<{ status: string }>(
    'SELECT status FROM transfers WHERE id = $1',
    [id],
  );
  return rows[0]?.status;
};

async function ordered(consignee: string, key: string): Promise<string> {
  const order = posted(orderFor(consignee), key);
  const { id } = await persist<{ id: string }>('emr', '/v1/transfers', order);
  promised.push({ id, consignee });
  // Whatever the first attempts came to: the answer is the same for ever.
  expect((await persist<{ id: string }>('emr', '/v1/transfers', order)).id).toBe(id);
  return id;
}

async function pushed(id: string): Promise<void> {
  await until('the push to be settled', async () => {
    if ((await statusOf(id)) === 'delivered') return true;
    await endLeases();
    return false;
  });
}

async function pulled(id: string): Promise<void> {
  const item = await until('the item to be claimed', async () => {
    const claim = posting({ limit: 10, leaseSeconds: 60 });
    const { items } = await persist<{ items: Item[] }>('infinite', '/v1/inbox/claim', claim);
    if (items[0]) return items[0];
    await endLeases();
    return null;
  });
  expect(item.transfer).toBe(id);
  const ack = posting({ lease: item.lease.token });
  await persist('infinite', `/v1/inbox/${id}/ack`, ack);
  expect(await statusOf(id)).toBe('delivered');
}

async function returned(transfer: string, key: string): Promise<void> {
  const testResult = { reportedOn: '2026-03-03', status: 'final', values: [{ value: 'negative' }] };
  const result = posted({ transfer, result: { testResult } }, key);
  const { id } = await persist<{ id: string }>('samkwang', '/v1/results', result);
  expect((await persist<{ id: string }>('samkwang', '/v1/results', result)).id).toBe(id);
}

/** Where a connection that is lost leaves nobody knowing: the same error, and it persisted. */
const inDoubt: readonly FailpointName[] = [
  ...(['accept:after-commit', 'sequence:committed', 'claim:after-commit'] as const),
  ...(['pulled:after', 'settle:after-commit', 'result:after'] as const),
];
const cases: [FailpointName, Harm][] = [
  ...failpointNames.map((at): [FailpointName, Harm] => [at, 'error']),
  ...inDoubt.map((at): [FailpointName, Harm] => [at, 'unavailable']),
];

test.each(cases)('a failure at %s, by %s, loses nothing and doubles nothing', async (at, harm) => {
  const reached = arms.arm(at, harm);
  const key = `${harm}-${at}`;
  const [push, pull] = await Promise.all([
    ordered('samkwang', `${key}-push`),
    ordered('infinite', `${key}-pull`),
  ]);
  await pushed(push);
  await pulled(pull);
  await returned(push, `${key}-result`);
  expect(await Promise.race([reached, Promise.resolve('no such step')])).not.toBe('no such step');
});

test('after all of them the ledger is whole, and says everything that was promised once', async () => {
  const gateway = {
    url: server.url,
    as: async (id: string) => clients.get(id)!,
    stop: async () => {},
  };
  const times = (entries: SeenEntry[], kind: string, id: string) =>
    entries.filter((entry) => entry.kind === kind && entry.transfer === id).length;
  const entries = await until('the ledger to have everything', async () => {
    const { rows } = await world.db.query('SELECT FROM submissions');
    return rows.length === 0 ? entriesOf(gateway) : null;
  });
  expect(promised).toHaveLength(2 * cases.length);
  for (const { id, consignee } of promised) {
    expect(times(entries, 'released', id)).toBe(1);
    expect(times(entries, 'delivered', id)).toBe(1);
    expect(times(entries, 'result-received', id)).toBe(consignee === 'samkwang' ? 1 : 0);
    if (consignee === 'infinite') expect(times(entries, 'pulled', id)).toBeGreaterThanOrEqual(1);
  }
  const { rows } = await world.db.query<{ id: string }>('SELECT id FROM transfers');
  expect(rows.map(({ id }) => id).sort()).toEqual(promised.map(({ id }) => id).sort());
  const arrived = new Set(lab.received.map(({ body }) => body.transfer));
  const pushes = promised.filter(({ consignee }) => consignee === 'samkwang');
  expect([...arrived].sort()).toEqual(pushes.map(({ id }) => id).sort());
  expect((await verifyAll(world, gateway)).faults).toEqual([]);
});
