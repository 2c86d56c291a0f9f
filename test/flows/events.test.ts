/** An EMR is told what its own orders came to, by a gateway as it is started. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { canary } from '#test/support/orders.ts';
import {
  asOwner,
  claim,
  order,
  posting,
  reached,
  trailWith,
  transferOf,
} from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';

interface Told {
  type: string;
  data: Record<string, unknown>;
}

interface Listed {
  items: ({ id: string; state: string } & Told)[];
  next: string | null;
}

const secret = Buffer.alloc(32, 9);
const folder = mkdtempSync(join(tmpdir(), 'waybill-webhooks-'));

let world: World;
let gateway: TestGateway;
let lab: ConsigneeServer;
let emr: ConsigneeServer;

beforeAll(async () => {
  [lab, emr] = [await startConsigneeServer(), await startConsigneeServer()];
  const path = join(folder, 'webhooks.yaml');
  writeFileSync(
    path,
    `subscribers:
  - client: emr
    events: ['transfer.*', 'result.*']
    push: { url: '${emr.url}', webhookSecret: '\${env:EMR_SECRET}' }
  - client: emr-two
    events: ['transfer.*']
  - client: operator
    events: ['alert.*']
    push: { url: '${emr.url}', webhookSecret: '\${env:EMR_SECRET}' }
`,
  );
  world = await makeWorld({
    pushUrls: { samkwang: lab.url },
    env: { WAYBILL_WEBHOOKS: path, EMR_SECRET: `whsec_${secret.toString('base64')}` },
  });
  gateway = await startGateway(world);
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
  await Promise.all([lab?.close(), emr?.close()]);
  rmSync(folder, { recursive: true });
});

const toldOf = (id: string): Told[] =>
  emr.received
    .map(({ text }) => JSON.parse(text) as Told)
    .filter((one) => one.data['transfer'] === id);

const events = async (client: string, after?: string): Promise<Listed> =>
  (await gateway.as(client)).json(`/v1/events?limit=1${after ? `&after=${after}` : ''}`);

test('a delivery is told once, signed, with the index of its entry', async () => {
  const id = await order(gateway, 'samkwang');
  const [told] = await until('the event', () => (toldOf(id).length > 0 ? toldOf(id) : null));
  const { settledAt, lastOutcome } = await transferOf(gateway, id);
  expect(settledAt).not.toBeNull();
  await trailWith(gateway, id, 'delivered');
  const { rows } = await world.db.query<{ index: number }>(
    `SELECT index FROM entries WHERE leaf_transfer(leaf) = $1
       AND convert_from(leaf, 'UTF8') LIKE '%"kind":"delivered"%'`,
    [id],
  );
  expect(told).toMatchObject({
    type: 'transfer.delivered',
    data: {
      ...{ transfer: id, consignee: 'samkwang', contract: 'samkwang.v1', status: 'delivered' },
      ...{ outcome: lastOutcome, entry: Number(rows[0]?.index) },
    },
  });
  const webhook = new Webhook(secret, { format: 'raw' });
  for (const { text, headers } of emr.received) {
    expect(webhook.verify(text, headers as Record<string, string>)).toEqual(JSON.parse(text));
  }
});

test('a rejection is told by its code: what the vendor wrote is in no event', async () => {
  const id = await order(gateway, 'lctech');
  await reached(gateway, id, 'ready');
  const item = (await claim(gateway, 'lctech')).find(({ transfer }) => transfer === id);
  const message = '가나다라 님의 검체가 없습니다';
  const body = posting({ lease: item?.lease.token, code: 'SPECIMEN_MISSING', message });
  await (await gateway.as('lctech')).json(`/v1/inbox/${id}/reject`, body);
  const [told] = await until('the event', () => (toldOf(id).length > 0 ? toldOf(id) : null));
  const outcome = { status: 'rejected', outcome: 'SPECIMEN_MISSING' };
  expect(told).toMatchObject({ type: 'transfer.rejected', data: outcome });
  const { rows } = await world.db.query<{ all: string }>(
    'SELECT string_agg(events::text, $1) AS all FROM events',
    ['\n'],
  );
  const everything = [rows[0]?.all, ...emr.received.map(({ text }) => text)].join('\n');
  for (const value of [message, ...Object.values(canary)]) expect(everything).not.toContain(value);
});

test('what was told can be read, by the client that it was told and by no other', async () => {
  const first = await events('emr');
  expect(first.items).toMatchObject([{ type: 'transfer.delivered', state: 'told' }]);
  expect(first.next).toBe(first.items[0]?.id);
  const second = await events('emr', first.next ?? '');
  expect(second.items.map(({ type }) => type)).toEqual(['transfer.rejected']);
  expect(second.next).toBeNull();
  expect(await events('emr-two')).toEqual({ items: [], next: null });
});

test('an alert is told to those who want alerts, and listed', async () => {
  const operator = await gateway.as('operator');
  const alerts = async () => (await operator.json<{ items: object[] }>('/v1/alerts')).items;
  const ofAlerts = () =>
    emr.received
      .map(({ text }) => JSON.parse(text) as Told)
      .filter(({ data }) => data['about'] === 'medigene');
  await asOwner(world, `INSERT INTO endpoints (consignee, disabled_at) VALUES ('medigene', now())`);
  await until('the alert', () => ofAlerts().length === 1);
  expect(await alerts()).toMatchObject([{ name: 'endpoint-disabled', about: 'medigene' }]);
  const data = { alert: 'endpoint-disabled', about: 'medigene' };
  expect(ofAlerts()).toMatchObject([{ type: 'alert.raised', data }]);
});

test('a consignee cannot be told of events', async () => {
  const path = join(folder, 'wrong.yaml');
  writeFileSync(path, `subscribers: [{ client: samkwang, events: ['alert.*'] }]\n`);
  await expect(startGateway(world, { WAYBILL_WEBHOOKS: path })).rejects.toThrow(
    /"samkwang" is neither an EMR nor an operator/,
  );
});
