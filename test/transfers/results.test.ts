/** Results: who may return what for which transfer, once, and what the EMR then has of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entriesOf } from '#test/flows/support.ts';
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
  world = await makeWorld({
    pushUrls: { samkwang: lab.url, eone: lab.url, 'korea-post': lab.url },
    editConsignee: (consignee) => {
      if (consignee['id'] === 'eone') consignee['quarantines'] = true;
    },
  });
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

/** A transfer that the consignee has, and no result yet. */
async function arrived(consignee = 'samkwang'): Promise<string> {
  const id = await order(gateway, consignee);
  await reached(gateway, id, 'delivered');
  return id;
}

let keys = 0;
const newKey = () => `result-${(keys += 1)}`;

async function give(
  consignee: string,
  body: { transfer?: string; result: object; hints?: object; attachments?: string[] },
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
      const id = await arrived();
      await asOwner(world, 'UPDATE transfers SET status = $2 WHERE id = $1', [id, status]);
      const reply = await give('samkwang', { transfer: id, result: { testResult } });
      expect(reply).toEqual(refused(409, 'RESULT_NOT_EXPECTED'));
    },
  );
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
    const body = { transfer: await arrived(), result: { testResult } };
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
    const body = { transfer: await arrived(), result: { testResult } };
    expect((await give('samkwang', body, key)).status).toBe(201);
    const other = { ...body, result: { testResult: { ...testResult, status: 'amended' } } };
    const reply = await give('samkwang', other, key);
    expect(reply).toEqual(refused(422, 'IDEMPOTENCY_KEY_REUSED'));
  });

  test('of another consignee is another key', async () => {
    const key = newKey();
    const [first, second] = [await arrived(), await arrived('eone')];
    const ours = await give('samkwang', { transfer: first, result: { testResult } }, key);
    const theirs = await give('eone', { transfer: second, result: { testResult } }, key);
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
    const id = await arrived();
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
    { transfer: '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60', result: {}, note: canary.name },
  ])('around which the envelope is %j is refused', async (body) => {
    const reply = await give('samkwang', body);
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
    const { status, body } = await give('samkwang', { transfer: await arrived(), result });
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

describe('versions of a result', () => {
  type View = Record<string, unknown> & { id: string };
  const versionsOf = async (client: string, transfer: string) => {
    const caller = await gateway.as(client);
    return (await caller.json<{ items: View[] }>(`/v1/results?transfer=${transfer}`)).items;
  };

  test('keep their history, at both ends and in the ledger', async () => {
    const transfer = await arrived();
    const ids: string[] = [];
    for (const status of ['preliminary', 'final', 'corrected']) {
      const { body } = await give('samkwang', {
        transfer,
        result: { testResult: { ...testResult, status } },
      });
      ids.push(String(body['id']));
      expect(body).toMatchObject({ version: ids.length, replaces: ids.at(-2) ?? null });
    }
    const views = await until('all to be covered', async () => {
      const found = await versionsOf('emr', transfer);
      return found.length === 3 ? found : null;
    });
    expect(views).toMatchObject([
      { id: ids[0], version: 1, replaces: null, supersededBy: ids[1], reported: 'preliminary' },
      { id: ids[1], version: 2, replaces: ids[0], supersededBy: ids[2], reported: 'final' },
      { id: ids[2], version: 3, replaces: ids[1], supersededBy: null, reported: 'corrected' },
    ]);
    expect(views[0]).toMatchObject({ reportedAt: '2026-03-02T15:00:00.000Z', retractedAt: null });
    expect(await versionsOf('samkwang', transfer)).toEqual(views);
    const { entries } = await trailWith(gateway, transfer, 'result-received');
    const told = entries.filter(({ kind }) => kind === 'result-received');
    expect(told.map(({ detail }) => [detail?.['version'], detail?.['replaces']])).toEqual([
      [1, undefined],
      [2, ids[0]],
      [3, ids[1]],
    ]);
  });

  test('are collected each for itself', async () => {
    const transfer = await arrived();
    const preliminary = { ...testResult, status: 'preliminary' };
    const first = await give('samkwang', { transfer, result: { testResult: preliminary } });
    await give('samkwang', { transfer, result: { testResult } });
    const emr = await gateway.as('emr');
    await until('both', async () => (await versionsOf('emr', transfer)).length === 2);
    await emr.json(`/v1/results/${String(first.body['id'])}/ack`, { method: 'POST' });
    const states = (await versionsOf('emr', transfer)).map(({ status }) => status);
    expect(states).toEqual(['collected', 'ready']);
  });

  test('out of order or said before are refused, with an entry and the last state', async () => {
    const transfer = await arrived();
    const say = (status: string) =>
      give('samkwang', { transfer, result: { testResult: { ...testResult, status } } });
    expect(await say('amended')).toEqual(refused(409, 'RESULT_OUT_OF_ORDER'));
    expect(await say('final')).toMatchObject({ status: 201 });
    expect(await say('final')).toEqual(refused(409, 'DUPLICATE_RESULT'));
    const late = await say('preliminary');
    expect(late).toEqual(refused(409, 'RESULT_OUT_OF_ORDER'));
    expect(late.body['detail']).toContain('Taken last: final.');
    const { entries } = await until('three refusals', async () => {
      const trail = await trailWith(gateway, transfer, 'result-refused');
      return trail.entries.filter(({ kind }) => kind === 'result-refused').length === 3
        ? trail
        : null;
    });
    const reasons = entries.flatMap(({ kind, detail }) =>
      kind === 'result-refused' ? [detail?.['reason']] : [],
    );
    expect(reasons).toEqual(['RESULT_OUT_OF_ORDER', 'DUPLICATE_RESULT', 'RESULT_OUT_OF_ORDER']);
  });

  test('at the same time are one after the other', async () => {
    const transfer = await arrived();
    const replies = await Promise.all(
      Array.from({ length: 6 }, () => give('samkwang', { transfer, result: { testResult } })),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    expect(await versionsOf('samkwang', transfer)).toHaveLength(1);
  });

  test('of a parcel go by its tracking number; it says what it holds, and no more', async () => {
    const transfer = await arrived('korea-post');
    const pushes = lab.received.map(({ body }) => body as object);
    expect(pushes.find((body) => 'transfer' in body && body.transfer === transfer)).toMatchObject({
      parcel: { contents: 'documents' },
    });
    expect(pushes.filter((body) => 'parcel' in body)).toHaveLength(1);
    const at = '2026-03-03T00:00:00Z';
    const say = (status: string, trackingNumber: string) =>
      give('korea-post', { transfer, result: { shipment: { trackingNumber, status, at } } });
    expect(await say('accepted', '0000000000001')).toMatchObject({ status: 201 });
    expect(await say('accepted', '0000000000001')).toEqual(refused(409, 'DUPLICATE_RESULT'));
    expect(await say('delivered', '0000000000002')).toEqual(refused(409, 'RESULT_OUT_OF_ORDER'));
    expect(await say(`${canary.name} out`, '0000000000001')).toMatchObject({ status: 201 });
    const views = await versionsOf('korea-post', transfer);
    expect(views.map(({ reported }) => reported)).toEqual(['accepted', 'other']);
    const { rows } = await world.db.query<{ row: string }>(
      'SELECT r::text AS row FROM results r WHERE transfer = $1',
      [transfer],
    );
    for (const { row } of rows) expect(row).not.toMatch(new RegExp(`${canary.name}|0000000000001`));
  });
});

describe('the quarantine', () => {
  const hints = { chartNumber: 'CHART-12345', tests: [{ prescriptionCode: 'C3825006' }] };
  const told = {
    testResult: { ...testResult, values: [{ value: '98', note: canary.name }] },
    name: canary.name,
  };
  const kept = { testResult: { ...testResult, values: [{ value: '98' }] } };

  async function quarantined(result: object = told): Promise<string> {
    const { status, body } = await give('eone', { result, hints });
    expect(status).toBe(201);
    const id = String(body['id']);
    const emr = await gateway.as('emr');
    await until('it to be covered', async () => (await emr.fetch(`/v1/quarantine/${id}`)).ok);
    return id;
  }

  type Held = { matched: { transfer: string; result: string } | null } & Record<string, unknown>;
  async function ask(path: string, body?: object, client = 'emr') {
    const caller = await gateway.as(client);
    const response = await caller.fetch(`/v1/quarantine/${path}`, body ? posting(body) : undefined);
    return { status: response.status, body: (await response.json()) as Held };
  }
  const match = (id: string, transfer: string, client = 'emr') =>
    ask(`${id}/match`, { transfer, reason: `It is ${canary.name}.` }, client);
  const unmatch = (id: string, client = 'emr') =>
    ask(`${id}/unmatch`, { reason: `It is not ${canary.name}.` }, client);

  test('is only for those who cannot echo an id', async () => {
    const reply = await give('samkwang', { result: { testResult } });
    expect(reply).toEqual(refused(422, 'TRANSFER_REQUIRED'));
  });

  test('holds what the contract lets come back, and hints of its items only', async () => {
    const { body } = await give('eone', { result: told, hints });
    expect(body).toMatchObject({ quarantined: true, accepted: ['testResult'] });
    expect(body['withheld']).toContainEqual({ item: 'name', reason: 'NOT_IN_CONTRACT' });
    expect(body['transfer']).toBeUndefined();
    const id = String(body['id']);
    const held = await until('it to be covered', async () => {
      const reply = await ask(id);
      return reply.status === 200 && reply.body;
    });
    expect(held).toMatchObject({ result: kept, hints, matched: null, salt: body['salt'] });
    const { rows } = await world.db.query<{ row: string }>(
      'SELECT q::text AS row FROM quarantined_results q WHERE id = $1',
      [id],
    );
    expect(rows[0]?.row).not.toContain('CHART-12345');
    for (const [wrong, pointer] of [
      [{ email: canary.email }, '/hints/email'],
      [{ [canary.name]: canary.name }, '/hints'],
      [{ birthDate: '1990-02-30' }, '/hints/birthDate'],
    ] as const) {
      const reply = await give('eone', { result: told, hints: wrong });
      expect(reply).toEqual(refused(422, 'INVALID_ITEM'));
      expect(reply.body['errors']).toMatchObject([{ pointer }]);
      expect(JSON.stringify(reply.body)).not.toContain(canary.name);
    }
    const both = await give('eone', { transfer: delivered, result: told, hints });
    expect(both).toEqual(refused(400, 'INVALID_REQUEST'));
  });

  test('is opened by nobody unseen', async () => {
    const id = await quarantined();
    const entry = await until('an entry of its being read', async () => {
      const all = await entriesOf(gateway);
      return (
        all.find(
          ({ kind, detail }) => kind === 'quarantine-read' && detail?.['quarantined'] === id,
        ) ?? null
      );
    });
    expect(entry).toMatchObject({ kind: 'quarantine-read', transfer: null, consignee: 'eone' });
    expect(entry.detail).toMatchObject({ actor: { client: 'emr' }, source: '127.0.0.1' });
  });

  test('becomes a version of the transfer that a person names, and takes it back', async () => {
    const [transfer, other] = [await arrived('eone'), await arrived('eone')];
    const id = await quarantined();
    const matched = await match(id, transfer);
    expect(matched).toMatchObject({ status: 200, body: { matched: { transfer } } });
    expect(await match(id, transfer)).toEqual(matched);
    expect(await match(id, other)).toMatchObject({
      status: 409,
      body: { code: 'ALREADY_MATCHED' },
    });
    const emr = await gateway.as('emr');
    const result = matched.body.matched?.result ?? '';
    const path = `/v1/results/${result}`;
    await until('the result', async () => (await emr.fetch(path)).ok);
    expect(await emr.json(path)).toMatchObject({ transfer, version: 1, result: kept });

    const back = await unmatch(id);
    expect(back).toMatchObject({ status: 200, body: { matched: null } });
    expect(await unmatch(id)).toEqual(back);
    expect(await answered(emr.fetch(path))).toEqual({ status: 410, code: 'PAYLOAD_PURGED' });
    const list = `/v1/results?transfer=${transfer}`;
    const seen = await emr.json<{ items: object[] }>(`${list}&status=retracted`);
    expect(seen.items).toMatchObject([{ id: result, status: 'retracted' }]);
    expect(await emr.json(`${list}&status=ready`)).toMatchObject({ items: [] });

    expect(await match(id, other)).toMatchObject({ status: 200 });
    const first = await trailWith(gateway, transfer, 'purged');
    const kinds = first.entries.map(({ kind }) => kind).filter((kind) => kind !== 'audit-read');
    expect(kinds.slice(-4)).toEqual([
      ...['result-received', 'result-matched', 'result-unmatched', 'purged'],
    ]);
    await trailWith(gateway, other, 'result-matched');
    const leaves = first.entries.map(({ leaf }) => Buffer.from(leaf, 'base64').toString());
    for (const leaf of leaves) expect(leaf).not.toContain(canary.name);
  });

  test('tells an EMR that had collected it, and can still be matched right', async () => {
    const [transfer, other] = [await arrived('eone'), await arrived('eone')];
    const id = await quarantined();
    const { body } = await match(id, transfer);
    const emr = await gateway.as('emr');
    const path = `/v1/results/${body.matched?.result}`;
    await until('the result', async () => (await emr.fetch(path)).ok);
    await emr.json(`${path}/ack`, { method: 'POST' });
    await unmatch(id);
    const { items } = await emr.json<{ items: object[] }>(`/v1/results?transfer=${transfer}`);
    expect(items).toMatchObject([
      { status: 'retracted', collectedAt: expect.any(String) as string },
    ]);
    expect(await match(id, other)).toMatchObject({ status: 200, body: { matched: {} } });
  });

  test('goes by the order of versions, and by what was handed out to whom', async () => {
    const id = await quarantined();
    expect(await match(id, delivered)).toMatchObject({ status: 404 });
    expect(await match(id, await arrived('eone'), 'emr-two')).toMatchObject({ status: 404 });
    const transfer = await arrived('eone');
    await give('eone', { transfer, result: { testResult } });
    const twice = await match(id, transfer);
    expect(twice).toMatchObject({ status: 409, body: { code: 'DUPLICATE_RESULT' } });
    await setPaused(gateway, 'eone', true);
    const waiting = await order(gateway, 'eone');
    const early = await match(id, waiting);
    expect(early).toMatchObject({ status: 409, body: { code: 'RESULT_NOT_EXPECTED' } });
    await setPaused(gateway, 'eone', false);
    const mine = await arrived('eone');
    await match(id, mine);
    expect(await ask(id, undefined, 'emr-two')).toMatchObject({ status: 404 });
    expect(await unmatch(id, 'emr-two')).toMatchObject({ status: 404 });
  });

  test('keeps what is matched until the EMR has it: the match may be taken back', async () => {
    const [id, other] = [await quarantined(), await quarantined()];
    await match(id, await arrived('eone'));
    await asOwner(world, 'UPDATE quarantined_results SET purge_at = now() WHERE id IN ($1, $2)', [
      ...[id, other],
    ]);
    await until('the purge', async () => (await ask(other)).body['code'] === 'PAYLOAD_PURGED');
    await unmatch(id);
    expect(await match(id, await arrived('eone'))).toMatchObject({ status: 200 });
  });

  test('is emptied when its time is over, with an entry', async () => {
    const id = await quarantined();
    await asOwner(world, 'UPDATE quarantined_results SET purge_at = now() WHERE id = $1', [id]);
    await until('the purge', async () => (await ask(id)).body['code'] === 'PAYLOAD_PURGED');
    expect(await match(id, delivered)).toMatchObject({ status: 410 });
    const { rows } = await world.db.query('SELECT FROM payloads WHERE id = $1', [id]);
    expect(rows).toHaveLength(0);
  });
});

describe('the EMR', () => {
  test('sees no result that no checkpoint covers yet', async () => {
    const transfer = await arrived();
    const release = await holdSequencer(world);
    const { body } = await give('samkwang', { transfer, result: { testResult } });
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
    const { body } = await give('samkwang', { transfer: await arrived(), result: { testResult } });
    const path = `/v1/results/${String(body['id'])}`;
    const emr = await gateway.as('emr');
    await until('the result', async () => (await emr.fetch(path)).status === 200);
    const sql =
      'UPDATE payloads SET sealed = set_byte(sealed, 90, get_byte(sealed, 90) # 1) WHERE id = $1';
    await asOwner(world, sql, [body['id']]);
    expect(await answered(emr.fetch(path))).toEqual({ status: 500, code: 'INTERNAL' });
  });

  test('finds a result also while its consignee is paused', async () => {
    const transfer = await arrived();
    await setPaused(gateway, 'samkwang', true);
    const { status } = await give('samkwang', { transfer, result: { testResult } });
    expect(status).toBe(201);
    await setPaused(gateway, 'samkwang', false);
  });
});
