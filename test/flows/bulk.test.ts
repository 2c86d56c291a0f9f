/** Uploads of many orders: every line has its answer, and every accepted one is one transfer. */
import { request as openRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { uploadsAtOnceMax } from '#api/batch.ts';
import { tokenFor } from '#test/support/client.ts';
import {
  makeWorld,
  spawnGateway,
  startGateway,
  type TestGateway,
  type World,
} from '#test/support/gateway.ts';
import { canary, orderFor, posted } from '#test/support/orders.ts';
import { asOwner, trailWith, transferOf } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';
import { verifyAll } from './support.ts';

let world: World;
let gateway: TestGateway;

beforeAll(async () => {
  world = await makeWorld();
  gateway = await startGateway(world, { WAYBILL_UPLOAD_STALL_SECONDS: '1' });
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
});

interface Answer {
  line?: number;
  key?: string;
  status: number;
  id?: string;
  problem?: { code: string; status: number; errors?: object[] };
}

interface Upload {
  sent: ClientRequest;
  response: IncomingMessage;
  answers: Answer[];
  /** Settles when the answers have ended, however they did. */
  over: Promise<void>;
}

/** Opens an upload and reads its answers. */
async function open(to: TestGateway, client = 'emr'): Promise<Upload> {
  const privateJwk = world.keys.get(client) ?? {};
  const token = await tokenFor({ issuer: to.url, clientId: client, privateJwk });
  const sent = openRequest(`${to.url}/v1/transfers/batch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
  });
  sent.flushHeaders();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve).on('error', reject);
  });
  const answers: Answer[] = [];
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n');
    text = lines.pop() ?? '';
    answers.push(...lines.map((line) => JSON.parse(line) as Answer));
  });
  const over = new Promise<void>((resolve) => {
    response.on('close', resolve).on('error', () => undefined);
  });
  return { sent, response, answers, over };
}

/** One whole upload; its answers by their line. */
async function uploaded(lines: string | Buffer, client?: string): Promise<Answer[]> {
  const { sent, answers, over } = await open(gateway, client);
  sent.end(lines);
  await over;
  return answers.sort((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity));
}

const line = (key: string, order: object = orderFor('infinite')) =>
  `${JSON.stringify({ key, ...order })}\n`;
const codes = (answers: readonly Answer[]) =>
  answers.map(({ line: at, status, problem }) => `${at} ${problem?.code ?? status}`);

describe('an upload', () => {
  test('answers each line by number and key, and a bad one does not hold up the rest', async () => {
    const bad = Buffer.from('{"key":"k","consignee":"\xff"}\n', 'latin1');
    const lines = Buffer.concat([
      Buffer.from(`${line('good-1')}\n{"key":\n${line('good-2').replace('\n', '\r\n')}`),
      bad,
      Buffer.from('{"key":"a","key":"b"}\n{"key":"\\ud800"}\n[]\n\ufeff{}\n'),
      Buffer.from(`${'x'.repeat(1_048_577)}\n`),
      Buffer.from(line('extra', { ...orderFor('infinite'), more: 1 })),
      Buffer.from(line('refused', orderFor('infinite', { date: canary.name }))),
      Buffer.from(line('good-3').trimEnd()),
    ]);
    const answers = await uploaded(lines);
    expect(codes(answers)).toEqual([
      ...['1 202', '3 MALFORMED_JSON', '4 202', '5 MALFORMED_JSON', '6 MALFORMED_JSON'],
      ...['7 MALFORMED_JSON', '8 INVALID_REQUEST', '9 MALFORMED_JSON', '10 PAYLOAD_TOO_LARGE'],
      ...['11 INVALID_REQUEST', '12 INVALID_ITEM', '13 202'],
    ]);
    const keys = answers.map(({ key }) => key).filter((key) => key !== undefined);
    expect(keys).toEqual(['good-1', 'good-2', 'extra', 'refused', 'good-3']);
    expect(JSON.stringify(answers)).not.toContain(canary.name);
    for (const { id } of answers.filter(({ status }) => status === 202)) {
      expect(await transferOf(gateway, id ?? '')).toMatchObject({ id, consignee: 'infinite' });
    }
  });

  test('answers a line with what its order gets alone', async () => {
    const emr = await gateway.as('emr');
    const order = orderFor('infinite');
    const orders: object[] = [
      ...[{}, { ...order, consignee: 5 }, { ...order, consignee: 'Nobody' }],
      ...[
        { ...order, subject: { kind: 'pet', id: '1' } },
        { ...order, subject: { kind: 'patient' } },
      ],
      ...[
        { ...order, record: [] },
        { ...order, reference: '' },
        { ...order, replaces: 'x' },
      ],
      ...[{ ...order, subject: { ...order.subject, more: 1 } }, orderFor('nobody'), orderFor('s1')],
      ...[{ ...order, subject: { kind: 'patient', id: 'x' } }, orderFor('infinite', { name: 5 })],
      { ...order, replaces: '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60' },
    ];
    const lines = orders.map((one, at) => line(`alone-${at}`, one)).join('');
    const answers = await uploaded(lines);
    for (const [at, one] of orders.entries()) {
      const alone = await emr.fetch('/v1/transfers', posted(one, `alone-${at}`));
      const said = (await alone.json()) as Answer['problem'];
      const { status, problem, id } = answers[at] ?? { status: 0 };
      expect([status, problem ?? { id }]).toEqual([
        alone.status,
        status === 202 ? { id: (said as { id?: string }).id } : said,
      ]);
    }
  });

  test('is one with single releases: a key stands for its order, however it is sent', async () => {
    const emr = await gateway.as('emr');
    const alone = await emr.json<{ id: string }>(
      '/v1/transfers',
      posted(orderFor('infinite'), 'A'),
    );
    const lines = line('A') + line('B') + line('B') + line('C');
    const first = await uploaded(lines);
    expect(first.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    expect(first[0]?.id).toBe(alone.id);
    expect(first[1]?.id).toBe(first[2]?.id);
    expect((await uploaded(lines)).map(({ id }) => id)).toEqual(first.map(({ id }) => id));
    const { subject, consignee, record } = orderFor('infinite');
    const turned = {
      ...posted({}, 'C'),
      body: JSON.stringify({ record, subject, consignee }, null, 1),
    };
    const again = await emr.json<{ id: string }>('/v1/transfers', turned);
    expect(again.id).toBe(first[3]?.id);
    const other = await uploaded(line('A', orderFor('infinite', { name: '다른이' })));
    expect(codes(other)).toEqual(['1 IDEMPOTENCY_KEY_REUSED']);
    const theirs = await uploaded(line('A'), 'emr-two');
    expect(theirs[0]?.status).toBe(202);
    expect(theirs[0]?.id).not.toBe(alone.id);
  });

  test('has an id that the ledger tells of each of its transfers', async () => {
    const { sent, response, answers, over } = await open(gateway);
    sent.end(line('batched'));
    await over;
    const batch = response.headers['waybill-batch'];
    const id = answers[0]?.id ?? '';
    const trail = await trailWith(gateway, id, 'released');
    const released = trail.entries.find(({ kind }) => kind === 'released');
    expect(released?.detail).toMatchObject({ batch, actor: { client: 'emr' } });
    const { rows } = await world.db.query('SELECT batch FROM transfers WHERE id = $1', [id]);
    expect(rows).toEqual([{ batch }]);
  });

  test('of another type or without a body is refused whole', async () => {
    const emr = await gateway.as('emr');
    const statusOf = async (type: string, body: string) => {
      const headers = { 'content-type': type };
      const sent = { method: 'POST', headers, ...(body ? { body } : {}) };
      return (await emr.fetch('/v1/transfers/batch', sent)).status;
    };
    expect(await statusOf('application/json', '{}')).toBe(415);
    expect(await statusOf('application/x-ndjson; charset=latin1', '{}')).toBe(415);
    expect(await statusOf('application/x-ndjson', '')).toBe(400);
    expect(await statusOf('Application/X-NDJSON; charset=utf-8', '\n')).toBe(200);
  });
});

describe('uploads of one client', () => {
  test('are so many at a time, and one more when one has ended', async () => {
    const uploads = await Promise.all(
      Array.from({ length: uploadsAtOnceMax }, () => open(gateway)),
    );
    const emr = await gateway.as('emr');
    const headers = { 'content-type': 'application/x-ndjson' };
    const more = () =>
      emr.fetch('/v1/transfers/batch', { method: 'POST', headers, body: line('one more') });
    const refused = await more();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await refused.json()).toMatchObject({ code: 'TOO_MANY_UPLOADS' });
    expect(codes(await uploaded(line('of another client'), 'emr-two'))).toEqual(['1 202']);
    const [ended, broken, ...others] = uploads;
    ended?.sent.end();
    await ended?.over;
    await until('its place', async () => (await more()).status === 200);
    broken?.sent.on('error', () => undefined).destroy();
    for (const { sent } of others) sent.end();
    await Promise.all(others.map(({ over }) => over));
    const all = await Promise.all(Array.from({ length: uploadsAtOnceMax - 1 }, more));
    expect(all.map(({ status }) => status)).toEqual(all.map(() => 200));
  });
});

describe('an order that corrects another', () => {
  const linked = { replaces: null, replacedBy: null };

  test('is linked to it for the EMR and in the ledger, alone and in an upload', async () => {
    const emr = await gateway.as('emr');
    const [first] = await uploaded(line('wrong'));
    const replaces = first?.id ?? '';
    const corrected = { ...orderFor('infinite', { name: '고친이' }), replaces };
    const early = await uploaded(line('corrected', corrected));
    expect(codes(early)).toEqual(['1 NOT_REPLACEABLE']);
    const cancelled = await emr.json(`/v1/transfers/${replaces}/cancel`, { method: 'POST' });
    expect(cancelled).toMatchObject(linked);

    const preview = await emr.fetch('/v1/transfers/preview', posted(corrected, 'none'));
    expect(preview.status).toBe(200);
    const [second] = await uploaded(line('corrected', corrected));
    const id = second?.id ?? '';
    expect(await transferOf(gateway, id)).toMatchObject({ replaces, replacedBy: null });
    expect(await transferOf(gateway, replaces)).toMatchObject({ replaces: null, replacedBy: id });
    const auditor = await gateway.as('auditor');
    const { items } = await auditor.json<{ items: { id: string }[] }>(
      '/v1/audit/transfers?limit=200',
    );
    expect(items.find((one) => one.id === replaces)).toMatchObject({ replacedBy: id });
    expect(items.find((one) => one.id === id)).toMatchObject({ replaces, replacedBy: null });
    const trail = await trailWith(gateway, id, 'released');
    expect(trail).toMatchObject({ transfer: { replaces } });
    expect(trail.entries.map(({ detail }) => detail?.['replaces'])).toContain(replaces);

    await emr.json(`/v1/transfers/${id}/cancel`, { method: 'POST' });
    const third = { ...orderFor('infinite'), replaces: id };
    const alone = await emr.json<{ id: string }>('/v1/transfers', posted(third, 'third'));
    expect(await transferOf(gateway, alone.id)).toMatchObject({ replaces: id });
  });

  test('is not taken for what is not its own, of another person, or not there', async () => {
    const emr = await gateway.as('emr');
    const [mine] = await uploaded(line('ended'));
    await emr.json(`/v1/transfers/${mine?.id}/cancel`, { method: 'POST' });
    const order = { ...orderFor('infinite'), replaces: mine?.id };
    const person = { kind: 'patient', id: 'X1' };
    const others: [string, object, string?][] = [
      ['of nobody', { ...order, replaces: '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60' }],
      ['of another consignee', { ...orderFor('engitech'), replaces: mine?.id }],
      ['of another', order, 'emr-two'],
      [
        'of another person',
        { ...orderFor('infinite', { chartNumber: 'X1' }), subject: person, replaces: mine?.id },
      ],
    ];
    for (const [key, one, client] of others) {
      expect([key, ...codes(await uploaded(line(key, one), client))]).toEqual([
        key,
        '1 NOT_REPLACEABLE',
      ]);
    }
    // and none of them has used its key up, or is in the way of the rightful one
    expect((await uploaded(line('of another', order)))[0]?.status).toBe(202);
  });
});

describe('a client that does not read', () => {
  test('is taken no more from, and cut with a line that says so', async () => {
    const privateJwk = world.keys.get('emr') ?? {};
    const token = await tokenFor({ issuer: gateway.url, clientId: 'emr', privateJwk });
    const { port } = new URL(gateway.url);
    const socket = connect(Number(port), '127.0.0.1').pause();
    socket.on('error', () => undefined);
    socket.write(
      `POST /v1/transfers/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
        'Content-Type: application/x-ndjson\r\nContent-Length: 1000000000\r\n\r\n',
    );
    // Each of these few bytes costs an answer of some hundred.
    const block = '{}\n'.repeat(20_000);
    const fill = () => {
      while (socket.write(block));
    };
    socket.on('drain', fill);
    fill();
    let seen = { bytes: 0, looks: 0 };
    const look = () => {
      const bytes = socket.bytesWritten;
      seen = { bytes, looks: bytes === seen.bytes ? seen.looks + 1 : 0 };
      return seen;
    };
    const stuck = await until('no more to be taken', () => (look().looks > 5 ? seen : null));
    await until('the rest to be dropped', () => look().bytes > stuck.bytes);
    socket.off('drain', fill);

    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    await new Promise((resolve) => socket.on('close', resolve).resume());
    const answered = text.match(/\{"line":\d+/g)?.length ?? 0;
    // What the kernel and the process hold of answers: far less than what was on its way.
    expect(answered).toBeGreaterThan(512);
    expect(answered).toBeLessThan(100_000);
    expect(text).toMatch(/\n\{"status":408,"problem":\{[^\n]*"CLIENT_STALLED"\}\}\n/);
    expect(text.lastIndexOf('CLIENT_STALLED')).toBeGreaterThan(text.lastIndexOf('"line":'));
  });
});

describe('an upload that may not go on', () => {
  test('ends within seconds, with a line that says so, when its client is revoked', async () => {
    const upload = await open(gateway, 'emr-two');
    upload.sent.write(line('before'));
    await until('the first answer', () => upload.answers.length === 1);
    await asOwner(world, "UPDATE clients SET revoked_at = now() WHERE id = 'emr-two'");
    const started = performance.now();
    await upload.over;
    expect(performance.now() - started).toBeLessThan(6_000);
    expect(upload.answers.at(-1)).toMatchObject({
      status: 401,
      problem: { code: 'UNAUTHENTICATED' },
    });
    expect(upload.answers.at(-1)).not.toHaveProperty('line');
  });

  test('is told at SIGTERM, and goes on where it was: one transfer a key', async () => {
    const keys = Array.from({ length: 400 }, (_, at) => `broken-${at}`);
    const all = keys.map((key) => line(key, orderFor('lctech'))).join('');
    const byKey = new Map<string, string>();
    const resent = new Set(['REQUEST_IN_PROGRESS', 'DATABASE_UNAVAILABLE', 'LEDGER_STALLED']);
    const remember = (answers: readonly Answer[]) => {
      for (const { key = '', id } of answers) {
        if (id === undefined) continue;
        expect(byKey.get(key) ?? id).toBe(id);
        byKey.set(key, id);
      }
    };
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const child = await spawnGateway(world);
      const upload = await open(child);
      upload.sent.on('error', () => undefined);
      upload.sent.write(all.slice(0, all.length / 2));
      await until('answers', () => upload.answers.length > 0);
      const exit = child.kill(signal);
      await upload.over;
      if (signal === 'SIGTERM') {
        expect(upload.answers.at(-1)?.problem?.code).toBe('SHUTTING_DOWN');
        upload.sent.destroy();
        expect(await exit).toBe(0);
      }
      await exit;
      remember(upload.answers);
    }
    expect(byKey.size).toBeLessThan(keys.length);
    await until('every line to be accepted', async () => {
      const answers = await uploaded(all);
      remember(answers);
      const others = answers.filter(({ status }) => status !== 202);
      // what the killed process had begun is under way for as long as PostgreSQL believes in it
      expect(others.filter(({ problem }) => !resent.has(problem?.code ?? ''))).toEqual([]);
      return others.length === 0;
    });
    expect([...byKey.keys()].sort()).toEqual([...keys].sort());
    expect(new Set(byKey.values()).size).toBe(keys.length);
    const { rows } = await world.db.query<{ id: string }>(
      "SELECT id FROM transfers WHERE consignee = 'lctech'",
    );
    expect(rows.map(({ id }) => id).sort()).toEqual([...byKey.values()].sort());
    expect((await verifyAll(world, gateway)).faults).toEqual([]);
  });
});
