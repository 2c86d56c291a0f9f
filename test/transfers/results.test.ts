/** Results: who may return what for which transfer, once, and what the EMR then has of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { canary, posted } from '#test/support/orders.ts';
import {
  answered,
  asOwner,
  claim,
  holdSequencer,
  order,
  posting,
  reached,
  setPaused,
  trailWith,
  transferOf,
} from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';

let world: World;
let gateway: TestGateway;
let lab: ConsigneeServer;
/** A transfer that Samkwang has. */
let delivered: string;

beforeAll(async () => {
  lab = await startConsigneeServer();
  world = await makeWorld({ pushUrls: { samkwang: lab.url, eone: lab.url } });
  gateway = await startGateway(world);
  delivered = await order(gateway, 'samkwang');
  await reached(gateway, delivered, 'delivered');
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
  await lab?.close();
});

const testResult = {
  reportedOn: '2026-03-03',
  status: 'final',
  values: [{ prescriptionCode: 'C3825006', value: '98', unit: 'mg/dL' }],
};

let keys = 0;
const newKey = () => `result-${(keys += 1)}`;

async function give(
  consignee: string,
  body: { transfer: string; result: object },
  key = newKey(),
): Promise<{ status: number; body: Record<string, unknown> }> {
  const client = await gateway.as(consignee);
  const reply = await client.fetch('/v1/results', posted(body, key));
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
}

const refused = (status: number, code: string) => ({
  status,
  body: expect.objectContaining({ code }) as object,
});

describe('when a result may come', () => {
  test('not before its transfer was handed out', async () => {
    const id = await order(gateway, 'engitech');
    await reached(gateway, id, 'ready');
    const body = {
      transfer: id,
      result: { workReport: { at: '2026-03-03T00:00:00Z', summary: 'x' } },
    };
    expect(await give('engitech', body)).toEqual(refused(409, 'RESULT_NOT_EXPECTED'));
    await claim(gateway, 'engitech');
    expect(await give('engitech', body)).toMatchObject({ status: 201 });
  });

  test('also where the reply to a push was lost, so that it will be pushed again', async () => {
    lab.answerWith((response) => {
      response.socket?.destroy();
      lab.answerWith((next) => next.writeHead(204).end());
    });
    const id = await order(gateway, 'samkwang');
    await until('the attempt to end', async () => {
      return (await transferOf(gateway, id)).lastOutcome === 'connection-reset';
    });
    const early = await give('samkwang', { transfer: id, result: { testResult } });
    expect(early.status).toBe(201);
  });

  test.each(['rejected', 'cancelled', 'expired', 'withdrawn'])(
    'not for a %s one',
    async (status) => {
      const id = await order(gateway, 'samkwang');
      await reached(gateway, id, 'delivered');
      await asOwner(world, 'UPDATE transfers SET status = $2 WHERE id = $1', [id, status]);
      const reply = await give('samkwang', { transfer: id, result: { testResult } });
      expect(reply).toEqual(refused(409, 'RESULT_NOT_EXPECTED'));
    },
  );

  test('more than once: a preliminary one, and then the final one', async () => {
    const preliminary = { ...testResult, status: 'preliminary' };
    const one = await give('samkwang', {
      transfer: delivered,
      result: { testResult: preliminary },
    });
    const two = await give('samkwang', { transfer: delivered, result: { testResult } });
    expect([one.status, two.status]).toEqual([201, 201]);
    expect(one.body['id']).not.toBe(two.body['id']);
  });
});

describe('a result for a transfer', () => {
  test('of another consignee is for one that does not exist', async () => {
    const reply = await give('eone', { transfer: delivered, result: { testResult } });
    expect(reply).toEqual(refused(404, 'NOT_FOUND'));
  });

  test('that does not exist is refused in the same words', async () => {
    const transfer = '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60';
    const missing = await give('eone', { transfer, result: { testResult } });
    const foreign = await give('eone', { transfer: delivered, result: { testResult } });
    expect(missing).toEqual(foreign);
  });
});

describe('one key', () => {
  test('is one result, however often it comes at the same time', async () => {
    const body = { transfer: delivered, result: { testResult } };
    const key = newKey();
    const replies = await Promise.all(Array.from({ length: 8 }, () => give('samkwang', body, key)));
    for (const reply of replies) expect(reply).toEqual(replies[0]);
    expect(replies[0]?.status).toBe(201);
    const { rows } = await world.db.query('SELECT id FROM results WHERE id = $1', [
      replies[0]?.body['id'],
    ]);
    expect(rows).toHaveLength(1);
  });

  test('with other bytes is refused', async () => {
    const key = newKey();
    const body = { transfer: delivered, result: { testResult } };
    expect((await give('samkwang', body, key)).status).toBe(201);
    const other = { ...body, result: { testResult: { ...testResult, status: 'amended' } } };
    const reply = await give('samkwang', other, key);
    expect(reply).toEqual(refused(422, 'IDEMPOTENCY_KEY_REUSED'));
  });

  test('of another consignee is another key', async () => {
    const key = newKey();
    const id = await order(gateway, 'eone');
    await reached(gateway, id, 'delivered');
    const ours = await give('samkwang', { transfer: delivered, result: { testResult } }, key);
    const theirs = await give('eone', { transfer: id, result: { testResult } }, key);
    expect([ours.status, theirs.status]).toEqual([201, 201]);
  });

  test('is needed', async () => {
    const client = await gateway.as('samkwang');
    const body = posting({ transfer: delivered, result: { testResult } });
    expect(await answered(client.fetch('/v1/results', body))).toEqual({
      status: 400,
      code: 'IDEMPOTENCY_KEY_REQUIRED',
    });
  });
});

describe('the content of a result', () => {
  test('without anything that the contract lets come back is refused, with an entry', async () => {
    const id = await order(gateway, 'samkwang');
    await reached(gateway, id, 'delivered');
    const result = { shipment: { trackingNumber: '1', status: 'x', at: '2026-03-03T00:00:00Z' } };
    const reply = await give('samkwang', { transfer: id, result });
    expect(reply).toEqual(refused(422, 'REQUIRED_ITEM_MISSING'));
    const { entries } = await trailWith(gateway, id, 'result-refused');
    expect(entries.find(({ kind }) => kind === 'result-refused')?.detail).toMatchObject({
      ...{ reason: 'REQUIRED_ITEM_MISSING', actor: { client: 'samkwang', kind: 'consignee' } },
    });
  });

  test.each<[string, unknown]>([
    ['text', 'negative'],
    ['without its date', { status: 'final', values: [] }],
    ['of a day that does not exist', { ...testResult, reportedOn: '2026-02-30' }],
    ['of an unknown status', { ...testResult, status: canary.name }],
    ['with values that are none', { ...testResult, values: 'none' }],
    ['a list', [testResult]],
  ])('that is %s is refused by its place, not by its value', async (_, value) => {
    const reply = await give('samkwang', { transfer: delivered, result: { testResult: value } });
    expect(reply).toEqual(refused(422, 'INVALID_ITEM'));
    const problems = reply.body['errors'] as { pointer: string }[];
    for (const { pointer } of problems) expect(pointer).toMatch(/^\/result\/testResult/);
    expect(JSON.stringify(reply.body)).not.toContain(canary.name);
  });

  test.each([
    { transfer: 'not-an-id', result: {} },
    { transfer: '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60', result: [] },
    { result: {} },
    { transfer: '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60', result: {}, note: canary.name },
  ])('around which the envelope is %j is refused', async (body) => {
    const reply = await give('samkwang', body as { transfer: string; result: object });
    expect(reply).toEqual(refused(400, 'INVALID_REQUEST'));
    expect(JSON.stringify(reply.body)).not.toContain(canary.name);
  });

  test('holds only what comes back by contract, at every depth', async () => {
    const values = [{ prescriptionCode: 'C3825006', value: '98', patientName: canary.name }];
    const result = {
      testResult: { ...testResult, values, [canary.residentRegistrationNumber]: 'x' },
      residentRegistrationNumber: canary.residentRegistrationNumber,
      [canary.name]: 'x',
    };
    const { status, body } = await give('samkwang', { transfer: delivered, result });
    expect(status).toBe(201);
    const id = String(body['id']);
    const emr = await gateway.as('emr');
    const fetched = await until('the result', async () => {
      const reply = await emr.fetch(`/v1/results/${id}`);
      return reply.status === 200 ? ((await reply.json()) as { result: object }) : null;
    });
    const kept = { ...testResult, values: [{ prescriptionCode: 'C3825006', value: '98' }] };
    expect(fetched.result).toEqual({ testResult: kept });
    const { rows } = await world.db.query<{ row: string }>(
      'SELECT r::text AS row FROM results r WHERE id = $1',
      [id],
    );
    for (const value of [canary.name, canary.residentRegistrationNumber]) {
      expect(rows[0]?.row).not.toContain(value);
    }
  });
});

describe('the EMR', () => {
  test('sees no result that no checkpoint covers yet', async () => {
    const release = await holdSequencer(world);
    const { body } = await give('samkwang', { transfer: delivered, result: { testResult } });
    const path = `/v1/results/${String(body['id'])}`;
    const emr = await gateway.as('emr');
    expect((await emr.fetch(path)).status).toBe(404);
    expect((await emr.fetch(`${path}/ack`, { method: 'POST' })).status).toBe(404);
    const listed = await emr.json<{ items: { id: string }[] }>('/v1/results?limit=200');
    expect(listed.items.map(({ id }) => id)).not.toContain(body['id']);
    await release();
    await until('the result', async () => (await emr.fetch(path)).status === 200);
  });

  test('gets nothing of a result that was changed in the database', async () => {
    const { body } = await give('samkwang', { transfer: delivered, result: { testResult } });
    const path = `/v1/results/${String(body['id'])}`;
    const emr = await gateway.as('emr');
    await until('the result', async () => (await emr.fetch(path)).status === 200);
    const sql =
      'UPDATE payloads SET sealed = set_byte(sealed, 90, get_byte(sealed, 90) # 1) WHERE id = $1';
    await asOwner(world, sql, [body['id']]);
    expect(await answered(emr.fetch(path))).toEqual({ status: 500, code: 'INTERNAL' });
  });

  test('finds a result also while its consignee is paused', async () => {
    await setPaused(gateway, 'samkwang', true);
    const { status } = await give('samkwang', { transfer: delivered, result: { testResult } });
    expect(status).toBe(201);
    await setPaused(gateway, 'samkwang', false);
  });
});
