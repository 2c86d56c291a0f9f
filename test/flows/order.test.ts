/** One order from the EMR to the consignee, the ledger and back, by push and by pull. */
import { createHash } from 'node:crypto';
import { compactDecrypt } from 'jose';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { canonicalText } from '#src/base/canonical.ts';
import type { ApiClient } from '#src/bin/api-client.ts';
import { verifyGateway } from '#src/bin/verify.ts';
import { nodeCrypto } from '#src/ledger/node-crypto.ts';
import { verifyProof } from '#src/ledger/verify.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import {
  makeWorld,
  startGateway,
  webhookSecret,
  type TestGateway,
  type World,
} from '#test/support/gateway.ts';
import { canary, orderFor, posted } from '#test/support/orders.ts';
import { until } from '#test/support/wait.ts';

let lab: ConsigneeServer;
let world: World;
let gateway: TestGateway;
let emr: ApiClient;

interface Receipt {
  id: string;
  status: string;
  consignee: string;
  contract: string;
  released: string[];
  derived: string[];
  withheld: { item: string; reason: string; count?: number }[];
  commitment: string;
  salt: string;
}

beforeAll(async () => {
  lab = await startConsigneeServer();
  world = await makeWorld({ pushUrls: { samkwang: lab.url } });
  gateway = await startGateway(world);
  emr = await gateway.as('emr');
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
  await lab?.close();
});

const submit = (consignee: string, key: string) =>
  emr.json<Receipt>('/v1/transfers', posted(orderFor(consignee), key));

const vkeyOf = async () => {
  const auditor = await gateway.as('auditor');
  return (await auditor.json<{ vkey: string }>('/v1/ledger/key')).vkey;
};

const settled = (id: string) =>
  until(`transfer ${id} to settle`, async () => {
    const transfer = await emr.json<{ status: string; settledAt: string | null }>(
      `/v1/transfers/${id}`,
    );
    return transfer.settledAt ? transfer : null;
  });

test('a push carries the contracted items, the salt and a proof that holds', async () => {
  const receipt = await submit('samkwang', 'push-1');
  expect(receipt).toMatchObject({ status: 'accepted', contract: 'samkwang.v1', derived: ['age'] });
  expect(await settled(receipt.id)).toMatchObject({ status: 'delivered', lastOutcome: 'http-204' });

  const push = lab.received.find(({ body }) => body.transfer === receipt.id);
  if (!push) throw new Error('nothing was pushed');
  expect(push.headers['webhook-id']).toBe(receipt.id);
  new Webhook(webhookSecret).verify(push.text, push.headers as Record<string, string>);
  const { record, salt, proof, contract } = push.body;
  expect({ salt, contract }).toEqual({ salt: receipt.salt, contract: 'samkwang.v1' });
  const codes = Object.keys(record).filter((key) => key !== 'tests');
  const inTests = (record['tests'] as object[]).flatMap((one) => Object.keys(one));
  expect([...codes, ...inTests].sort()).toEqual([...receipt.released, 'age'].sort());
  for (const hidden of [canary.residentRegistrationNumber, canary.phoneNumber, canary.street]) {
    expect(push.text).not.toContain(hidden);
  }
  const bytes = Buffer.concat([Buffer.from(salt, 'base64'), Buffer.from(canonicalText(record))]);
  const commitment = createHash('sha256').update(bytes).digest('base64');
  expect(commitment).toBe(receipt.commitment);
  const { leaf } = await verifyProof(nodeCrypto, await vkeyOf(), proof);
  expect(JSON.parse(Buffer.from(leaf).toString())).toMatchObject({
    kind: 'released',
    transfer: receipt.id,
    consignee: 'samkwang',
    commitment,
  });
});

test('an inbox hands out only its own, encrypted where it must be, and takes an answer', async () => {
  const receipt = await submit('engitech', 'pull-1');
  const vendor = await gateway.as('engitech');
  const item = await until('the transfer in the inbox', async () => {
    const claim = { method: 'POST', ...json({ limit: 10, leaseSeconds: 60 }) };
    const { items } = await vendor.json<{ items: Item[] }>('/v1/inbox/claim', claim);
    return items.find((one) => one.transfer === receipt.id);
  });
  const jwe = item.record['residentRegistrationNumber'] as string;
  const key = world.decryption.get('engitech');
  if (!key) throw new Error('no key');
  const { plaintext } = await compactDecrypt(jwe, key);
  const number = Buffer.from(plaintext).toString();
  expect(number).toBe(canary.residentRegistrationNumber);
  const clear = { ...item.record, residentRegistrationNumber: number };
  const bytes = [Buffer.from(item.salt, 'base64'), Buffer.from(canonicalText(clear))];
  const hash = createHash('sha256').update(Buffer.concat(bytes)).digest('base64');
  expect(hash).toBe(receipt.commitment);

  const other = await gateway.as('areumnuri');
  const lease = { lease: item.lease.token };
  const path = `/v1/inbox/${receipt.id}/ack`;
  expect((await other.fetch(path, { method: 'POST', ...json(lease) })).status).toBe(404);
  const wrong = { lease: Buffer.alloc(16).toString('base64url') };
  expect((await vendor.fetch(path, { method: 'POST', ...json(wrong) })).status).toBe(409);
  const first = await vendor.json(path, { method: 'POST', ...json(lease) });
  expect(first).toEqual({ transfer: receipt.id, status: 'delivered' });
  expect(await vendor.json(path, { method: 'POST', ...json(lease) })).toEqual(first);
});

test('a result comes back minimised, is collected once, and is then gone', async () => {
  const receipt = await submit('samkwang', 'result-1');
  await settled(receipt.id);
  const consignee = await gateway.as('samkwang');
  const result = {
    testResult: {
      reportedOn: '2026-03-03',
      status: 'final',
      values: [{ prescriptionCode: 'C3825006', value: '98', unit: 'mg/dL' }],
    },
    residentRegistrationNumber: canary.residentRegistrationNumber,
  };
  const body = { transfer: receipt.id, result };
  const returned = await consignee.json<{ id: string; accepted: string[]; withheld: object[] }>(
    '/v1/results',
    posted(body, 'r-1'),
  );
  expect(returned.accepted).toEqual(['testResult']);
  expect(returned.withheld).toContainEqual({
    item: 'residentRegistrationNumber',
    reason: 'NOT_IN_CONTRACT',
  });
  expect(await consignee.json('/v1/results', posted(body, 'r-1'))).toEqual(returned);

  await until('the result to be visible', async () => {
    const { items } = await emr.json<{ items: { id: string }[] }>('/v1/results?status=ready');
    return items.some(({ id }) => id === returned.id);
  });
  const fetched = await emr.json<{ result: object }>(`/v1/results/${returned.id}`);
  expect(fetched.result).toEqual({ testResult: result.testResult });
  const other = await gateway.as('emr-two');
  expect((await other.fetch(`/v1/results/${returned.id}`)).status).toBe(404);
  const ack = { method: 'POST' };
  const collected = await emr.json(`/v1/results/${returned.id}/ack`, ack);
  expect(collected).toMatchObject({ status: 'collected' });
  expect(await emr.json(`/v1/results/${returned.id}/ack`, ack)).toEqual(collected);
  expect((await emr.fetch(`/v1/results/${returned.id}`)).status).toBe(410);
  const seen = await consignee.json(`/v1/results/${returned.id}`);
  expect(seen).toMatchObject({ status: 'collected', accepted: ['testResult'] });
});

test('an auditor finds the transfer, opens its trail, and leaves entries by both', async () => {
  const auditor = await gateway.as('auditor');
  const found = await auditor.json<{ items: { id: string }[] }>(
    '/v1/audit/transfers?consignee=samkwang&status=delivered&limit=1',
  );
  const id = found.items[0]?.id;
  const trail = await until('the trail to hold its reading', async () => {
    const opened = await auditor.json<{ entries: { kind: string; detail: object }[] }>(
      `/v1/audit/transfers/${id}`,
    );
    return opened.entries.some(({ kind }) => kind === 'audit-read') ? opened : null;
  });
  expect(trail.entries.slice(0, 2).map(({ kind }) => kind)).toEqual(['released', 'delivered']);
  expect(trail.entries[0]?.detail).toMatchObject({ actor: { client: 'emr', kind: 'emr' } });
});

test('the whole ledger verifies from outside', async () => {
  const verdict = await verifyGateway({
    url: gateway.url,
    clientId: 'auditor',
    clientKey: world.keys.get('auditor') ?? {},
    vkey: await vkeyOf(),
    stateFile: null,
  });
  expect(verdict.faults).toEqual([]);
  expect(verdict.size).toBeGreaterThan(10);
});

interface Item {
  transfer: string;
  record: Record<string, unknown>;
  salt: string;
  lease: { token: string; until: string };
}

function json(body: object): RequestInit {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
