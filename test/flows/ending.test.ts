/** End means end: two gateways, a relation that ends under them, and what then still may happen. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seoulDate } from '#src/base/seoul.ts';
import { signCompact } from '#test/support/client.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import {
  makeWorld,
  spawnGateway,
  startGateway,
  type GatewayProcess,
  type TestGateway,
  type World,
} from '#test/support/gateway.ts';
import { orderFor, posted } from '#test/support/orders.ts';
import { signVersion } from '#test/support/signing.ts';
import {
  answered,
  asOwner,
  claim,
  order,
  posting,
  reached,
  setPaused,
  trailWith,
  transferOf,
  type Item,
} from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';
import { verifyAll } from './support.ts';

interface Order {
  id: string;
  consignee: string;
  endedOn: string;
  received: { transfers: object; items: { item: string; delivered: number }[] };
  certificate: object | null;
}

let world: World;
let gateway: TestGateway;
let other: GatewayProcess;
let lab: ConsigneeServer;

beforeAll(async () => {
  lab = await startConsigneeServer();
  world = await makeWorld({
    pushUrls: { samkwang: lab.url, eone: lab.url },
    editConsignee: (one) => {
      if (one['id'] === 'eone') one['retry'] = { scheduleSeconds: [1], timeoutSeconds: 15 };
    },
  });
  gateway = await startGateway(world);
  other = await spawnGateway(world);
  // Tokens beforehand: what follows an end is about fractions of a second.
  for (const through of [gateway, other]) {
    for (const client of ['emr', 'infinite']) await through.as(client);
  }
});

afterAll(async () => {
  await Promise.all([gateway?.stop(), other?.stop()]);
  await world?.close();
  await lab?.close();
});

async function waitingFor(consignee: string): Promise<string> {
  const id = await order(gateway, consignee);
  await reached(gateway, id, 'ready');
  return id;
}

const asks = async (who: string, path: string, body: object, through: TestGateway = gateway) =>
  answered((await through.as(who)).fetch(path, posting(body)));

async function end<Reply>(consignee: string): Promise<Reply> {
  const operator = await gateway.as('operator');
  return operator.json(`/v1/contracts/${consignee}/end`, posting({ reason: 'a test of the end' }));
}

const claiming = { limit: 100, leaseSeconds: 60 };
const locked = { status: 403, code: 'INBOX_LOCKED' };

const payloads = async () => {
  const { rows } = await world.db.query<{ id: string }>('SELECT id FROM payloads');
  return rows.map(({ id }) => id);
};

async function ordersOf(client: string, query = ''): Promise<Order[]> {
  const reader = await gateway.as(client);
  return (await reader.json<{ items: Order[] }>(`/v1/destruction-orders${query}`)).items;
}

describe('a consignee that pulls', () => {
  let held: Item[];
  let waiting: string;
  let rejected: string;

  test('gets nothing more from any process once its relation has ended', async () => {
    for (let count = 0; count < 4; count += 1) await waitingFor('infinite');
    held = await claim(gateway, 'infinite');
    const [delivered, declined] = held.splice(0, 2) as [Item, Item];
    rejected = declined.transfer;
    await asks('infinite', `/v1/inbox/${delivered.transfer}/ack`, { lease: delivered.lease.token });
    await asks('infinite', `/v1/inbox/${rejected}/reject`, {
      ...{ lease: declined.lease.token, code: 'OTHER' },
    });
    waiting = await waitingFor('infinite');
    const relation = await end<object>('infinite');
    // At once, from a process whose knowledge of contracts may be a second old.
    const reply = await (await other.as('infinite')).fetch('/v1/inbox/claim', posting(claiming));
    expect(reply.status === 403 || (await reply.text()) === '{"items":[]}').toBe(true);
    expect(await asks('infinite', '/v1/inbox/claim', claiming)).toEqual(locked);
    expect(relation).toMatchObject({
      ...{ consignee: 'infinite', contract: 'infinite.v1', waiting: 2 },
      endedOn: seoulDate(Date.now()),
      destructionOrder: { received: { transfers: { delivered: 1, mayHaveArrived: 3 } } },
    });
    await until('the other process to know it', async () => {
      const answer = await asks('infinite', '/v1/inbox/claim', claiming, other);
      return answer.code === 'INBOX_LOCKED';
    });
  });

  test('has what waited withdrawn and destroyed by the time of the answer', async () => {
    expect(await transferOf(gateway, waiting)).toMatchObject({
      ...{ status: 'withdrawn', lastOutcome: 'contract-ended', attempts: 0 },
      purgedAt: expect.any(String) as string,
    });
    expect(await payloads()).not.toContain(waiting);
    expect(await payloads()).not.toContain(rejected);
    const { entries } = await trailWith(gateway, waiting, 'purged');
    const steps = entries.filter(({ kind }) => kind !== 'audit-read');
    expect(steps.map(({ kind }) => kind)).toEqual(['released', 'withdrawn', 'purged']);
    expect(steps.slice(1).map(({ detail }) => detail?.['outcome'])).toEqual([
      ...['contract-ended', 'contract-ended'],
    ]);
    const emr = await gateway.as('emr');
    const list = await emr.json<{ items: object[] }>('/v1/transfers?status=withdrawn');
    const told = { id: waiting, lastOutcome: 'contract-ended' };
    expect(list.items).toContainEqual(expect.objectContaining(told));
  });

  test('is sent no order any more, through either process', async () => {
    const refused = { status: 422, code: 'NO_CONTRACT_IN_FORCE' };
    for (const through of [gateway, other]) {
      const emr = await through.as('emr');
      const sent = posted(orderFor('infinite'), `late-${through.url}`);
      expect(await answered(emr.fetch('/v1/transfers', sent))).toEqual(refused);
    }
  });

  test('still says what it holds, returns results, and has its payloads destroyed', async () => {
    const [taken, declined] = held as [Item, Item];
    const ack = { lease: taken.lease.token };
    expect(await asks('infinite', `/v1/inbox/${taken.transfer}/ack`, ack, other)).toEqual({
      status: 200,
    });
    const rejection = { lease: declined.lease.token, code: 'OTHER' };
    const path = `/v1/inbox/${declined.transfer}/reject`;
    expect(await asks('infinite', path, rejection)).toEqual({ status: 200 });
    const vendor = await gateway.as('infinite');
    const workReport = { at: '2026-03-03T00:00:00Z', summary: 'Done.' };
    const result = posted({ transfer: taken.transfer, result: { workReport } }, 'late result');
    expect((await vendor.fetch('/v1/results', result)).status).toBe(201);
    await until('the purge', async () => !(await payloads()).includes(declined.transfer));
    expect(await payloads()).toContain(taken.transfer);
    const [one, ...more] = await ordersOf('infinite');
    expect(one?.received.transfers).toEqual({ delivered: 2, mayHaveArrived: 2 });
    expect(more).toEqual([]);
  });

  test('is ended once, and certifies what it destroyed', async () => {
    const again = { reason: 'again' };
    expect(await asks('operator', '/v1/contracts/infinite/end', again)).toEqual({
      ...{ status: 409, code: 'ALREADY_ENDED' },
    });
    expect(await asks('operator', '/v1/contracts/nobody/end', again)).toEqual({
      ...{ status: 404, code: 'NOT_FOUND' },
    });
    const [open] = await ordersOf('auditor', '?status=open');
    if (!open) throw new Error('no order is open');
    const said = { sha256: 'ab'.repeat(32), method: 'several', destroyedOn: open.endedOn };
    const path = `/v1/destruction-orders/${open.id}/certificate`;
    const by = async (owner: string) => ({
      ...said,
      signature: await signCompact(
        { alg: 'EdDSA' },
        { order: open.id, ...said },
        world.signing.get(owner) ?? {},
      ),
    });
    const certificate = await by('infinite');
    expect(await asks('engitech', path, certificate)).toMatchObject({ status: 404 });
    expect(await asks('infinite', path, await by('engitech'))).toEqual({
      ...{ status: 422, code: 'INVALID_SIGNATURE' },
    });
    expect(await asks('infinite', path, certificate)).toEqual({ status: 200 });
    expect(await asks('operator', path, certificate)).toEqual({ status: 200 });
    const other = { ...certificate, method: 'burned' };
    expect((await asks('infinite', path, other)).code).toBe('INVALID_SIGNATURE');
    const [certified] = await ordersOf('operator', '?status=certified');
    expect(certified).toMatchObject({ id: open.id, certificate });
    expect(await ordersOf('engitech')).toEqual([]);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain('waybill_destruction_orders_overdue 0');
  });
});

test('a push under way ends as it does, and one that is to be tried again is not', async () => {
  let answer: ServerResponse | undefined;
  lab.answerWith((response) => (answer = response));
  const sent = await order(gateway, 'samkwang');
  await until('the push', () => answer);
  await end('samkwang');
  answer?.writeHead(204).end();
  expect(await reached(gateway, sent, 'delivered')).toMatchObject({ attempts: 1 });

  lab.answerWith((response) => response.writeHead(503).end());
  const retried = await order(gateway, 'eone');
  await until('the first attempt', async () => {
    return (await transferOf(gateway, retried)).lastOutcome === 'http-503';
  });
  const { destructionOrder } = await end<{ destructionOrder: Order }>('eone');
  lab.answerWith((response) => response.writeHead(204).end());
  expect(await reached(gateway, retried, 'withdrawn')).toMatchObject({ attempts: 1 });
  expect(lab.received.filter(({ body }) => body.transfer === retried)).toHaveLength(1);
  expect(destructionOrder.received.transfers).toEqual({ delivered: 0, mayHaveArrived: 1 });
});

/** Writes v2 of a contract, in force from today on, without an item. */
async function withoutItem(consignee: string, item: string): Promise<void> {
  const folder = join(world.contractsDir, consignee);
  const text = readFileSync(join(folder, 'v1.yaml'), 'utf8')
    .replace('version: 1', 'version: 2')
    .replace(/validFrom: .*/, `validFrom: ${seoulDate(Date.now())}`)
    .replace(new RegExp(`  - \\{ item: ${item},.*\\n`), '');
  writeFileSync(join(folder, 'v2.yaml'), text);
  await signVersion(world, consignee, 2);
}

test('what a new version lets leave still goes under the old one; the rest is withdrawn', async () => {
  const dated = async (consignee: string, item: string, key: string) => {
    const emr = await gateway.as('emr');
    const sent = orderFor(consignee, { [item]: undefined });
    return (await emr.json<{ id: string }>('/v1/transfers', posted(sent, key))).id;
  };
  await setPaused(gateway, 'greencross', true);
  const pushed = {
    lacking: await waitingFor('greencross'),
    allowed: await dated('greencross', 'institutionName', 'without institution'),
  };
  const pulled = {
    lacking: await waitingFor('lctech'),
    allowed: await dated('lctech', 'companyName', 'without company'),
    held: '',
  };
  for (const id of [pushed.allowed, pulled.allowed]) await reached(gateway, id, 'ready');
  [pulled.held = ''] = (await claim(gateway, 'lctech', 1)).map(({ transfer }) => transfer);
  await Promise.all([gateway.stop(), other.stop()]);
  await withoutItem('greencross', 'institutionName');
  await withoutItem('lctech', 'companyName');
  gateway = await startGateway(world);
  // Its lease ends under v2: it is looked at when it is claimed, if nobody came first.
  await asOwner(world, 'UPDATE transfers SET due_at = now() WHERE id = $1', [pulled.held]);
  const claimed = await claim(gateway, 'lctech');
  expect(claimed.map(({ transfer }) => transfer)).toEqual([pulled.allowed]);
  expect(claimed[0]).toMatchObject({ contract: 'lctech.v1' });
  for (const id of [pushed.lacking, pulled.lacking]) {
    const gone = await reached(gateway, id, 'withdrawn');
    expect(gone).toMatchObject({ lastOutcome: 'contract-superseded' });
  }
  const greencross = await transferOf(gateway, pushed.allowed);
  expect(greencross).toMatchObject({ status: 'ready', contract: 'greencross.v1' });
  expect(await ordersOf('operator', '?status=open')).not.toContainEqual(
    expect.objectContaining({ consignee: 'lctech' }),
  );
});

test('and the whole ledger can be verified', async () => {
  expect(await verifyAll(world, gateway)).toMatchObject({ faults: [] });
});
