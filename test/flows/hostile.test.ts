/**
 * Bad input, byte for byte: a clear problem in a stable form,
 * no value of the request, nothing stored.
 */
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { tokenFor } from '#test/support/client.ts';
import { canary, orderFor, posted } from '#test/support/orders.ts';
import { until } from '#test/support/wait.ts';

/** Stands in every place of a request that its sender can fill. */
const mark = 'Zc4nary';
/** Part of every value that must not come back, whatever form it was sent in. */
const secrets = [mark.toLowerCase(), canary.name, canary.chartNumber.toLowerCase(), '840229'];

let world: World;
let gateway: TestGateway;
let port: number;
/** Tokens by client. */
const tokens = new Map<string, string>();
let transfer: string;
let lease: string;

beforeAll(async () => {
  world = await makeWorld();
  gateway = await startGateway(world);
  port = Number(new URL(gateway.url).port);
  for (const clientId of ['emr', 'emr-two', 'auditor', 'operator', 'engitech']) {
    const privateJwk = world.keys.get(clientId) ?? {};
    tokens.set(clientId, await tokenFor({ issuer: gateway.url, clientId, privateJwk }));
  }
  const emr = await gateway.as('emr');
  const order = orderFor('engitech');
  transfer = (await emr.json<{ id: string }>('/v1/transfers', posted(order, 'first'))).id;
  for (const key of ['second', 'third']) await emr.json('/v1/transfers', posted(order, key));
  const other = await gateway.as('emr-two');
  for (const key of ['one', 'two']) await other.json('/v1/transfers', posted(order, key));
  const vendor = await gateway.as('engitech');
  lease = await until('the transfer in the inbox', async () => {
    const claim = json({ limit: 1, leaseSeconds: 3600 });
    const { items } = await vendor.json<{ items: { lease: { token: string } }[] }>(
      '/v1/inbox/claim',
      claim,
    );
    return items[0]?.lease.token;
  });
  await until('the ledger to rest', async () => (await count('submissions')) === 0);
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
});

// Nothing that this file sends in its tests may leave a row behind.
let before: object | undefined;
beforeEach(async () => (before = await stored()));
afterEach(async () => expect(await stored()).toEqual(before));

function json(body: object): RequestInit {
  const headers = { 'content-type': 'application/json' };
  return { method: 'POST', headers, body: JSON.stringify(body) };
}

async function count(table: string): Promise<number> {
  const { rows } = await world.db.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
  return rows[0]?.n ?? -1;
}

/** How many rows there are that a request could have left; entries wherever they stand. */
async function stored(): Promise<object | undefined> {
  const { rows } = await world.db.query<object>(
    `SELECT (SELECT count(*) FROM transfers) AS transfers, (SELECT count(*) FROM results) AS results,
       (SELECT count(*) FROM payloads) AS payloads, (SELECT count(*) FROM subjects) AS subjects,
       (SELECT count(*) FROM idempotency_keys) AS keys,
       (SELECT count(*) FROM submissions) + (SELECT count(*) FROM entries) AS entries,
       (SELECT string_agg(id || status || attempts, ',' ORDER BY id) FROM transfers) AS states`,
  );
  return rows[0];
}

interface Reply {
  status: number;
  headers: Map<string, string>;
  /** The body as sent, without the chunks around it. */
  body: string;
  /** Everything that came over the socket. */
  text: string;
}

/** Writes bytes to the gateway's socket, and reads until it closes. `end`: then sends a FIN. */
function speak(bytes: Buffer | string, { end = false } = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1' });
    const late = setTimeout(() => socket.destroy(new Error('no answer')), 10_000);
    const done = (error?: Error) => {
      clearTimeout(late);
      socket.destroy();
      // a server that has answered may close while we still write: that is no failure
      if (chunks.length > 0) resolve(parseReply(Buffer.concat(chunks).toString('utf8')));
      else reject(error ?? new Error('the connection was closed without an answer'));
    };
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', done);
    socket.on('close', () => done());
    socket.write(bytes);
    if (end) socket.end();
  });
}

function parseReply(text: string): Reply {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [line = '', ...lines] = head.split('\r\n');
  const pairs = lines.map((one): [string, string] => {
    const colon = one.indexOf(':');
    return [one.slice(0, colon).toLowerCase(), one.slice(colon + 1).trim()];
  });
  return {
    ...{ status: Number(line.split(' ')[1]), headers: new Map(pairs) },
    ...{ body: rest.join('\r\n\r\n'), text },
  };
}

interface Sent {
  method?: string;
  path: string;
  client?: string;
  headers?: readonly string[];
  body?: Buffer | string;
  /** Announce no length: the body goes in chunks. */
  chunked?: boolean;
}

/** The bytes of a request, exactly as asked for: lines of headers may be whatever they like. */
function wire({ method = 'POST', path, client, headers = [], body, chunked }: Sent): Buffer {
  const token = client === undefined ? undefined : tokens.get(client);
  const bytes = Buffer.from(body ?? '');
  const size = `${bytes.length.toString(16)}\r\n`;
  const framed = bytes.length > 0 ? Buffer.concat([Buffer.from(size), bytes, crlf]) : bytes;
  const head = [
    `${method} ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: close',
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...headers,
    ...(chunked ? ['Transfer-Encoding: chunked'] : []),
    ...(body !== undefined && !chunked ? [`Content-Length: ${bytes.length}`] : []),
  ];
  const text = Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'utf8');
  return Buffer.concat([text, ...(chunked ? [framed, Buffer.from('0\r\n\r\n')] : [bytes])]);
}

const crlf = Buffer.from('\r\n');
const asJson = 'Content-Type: application/json';
const withKey = `Idempotency-Key: "${mark}"`;

interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  errors?: { pointer: string; rule: string; detail: string }[];
}

/** A sound problem with nothing of the request in it, neither in its body nor in a header. */
function problemOf(reply: Reply, status: number, code: string, asked = ''): Problem {
  const text = reply.text.toLowerCase();
  for (const secret of secrets) expect(text).not.toContain(secret);
  const said = `${reply.status} ${/"code":"(\w+)"/.exec(reply.body)?.[1] ?? reply.body}`;
  expect(said, asked).toBe(`${status} ${code}`);
  expect(reply.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(reply.headers.get('cache-control')).toBe('no-store');
  expect(reply.headers.get('x-powered-by')).toBeUndefined();
  const problem = JSON.parse(reply.body) as Problem;
  expect(problem).toMatchObject({ status, code, type: `/docs/problems#${code}` });
  expect(problem.title).toMatch(/\S/);
  expect(problem.detail).toMatch(/^[A-Za-z가-힣/].*[.가-힣"]$/s);
  return problem;
}

async function refused(sent: Sent, status: number, code: string, name?: string): Promise<Problem> {
  const { method = 'POST', path, headers = [] } = sent;
  const asked = name ?? [`${method} ${path}`, ...headers].join(' · ').slice(0, 300);
  return problemOf(await speak(wire(sent)), status, code, asked);
}

/** A problem whose first place and rule are these; pointer '' is the whole body. */
async function refusedAt(sent: Sent, pointer: string, rule: string): Promise<void> {
  const { errors } = await refused(sent, 400, 'INVALID_REQUEST');
  expect(errors?.map((one) => `${one.rule} ${one.pointer}`)).toContain(`${rule} ${pointer}`);
}

/** Every operation that reads a body, with a body that is good but for what a test does to it. */
const bodies: readonly { name: string; client: string; path: () => string; good: () => object }[] =
  [
    {
      name: 'release',
      client: 'emr',
      path: () => '/v1/transfers',
      good: () => orderFor('samkwang'),
    },
    {
      name: 'preview',
      client: 'emr',
      path: () => '/v1/transfers/preview',
      good: () => orderFor('samkwang'),
    },
    {
      name: 'cancel',
      client: 'emr',
      path: () => `/v1/transfers/${transfer}/cancel`,
      good: () => ({ reason: mark }),
    },
    {
      name: 'result',
      client: 'engitech',
      path: () => '/v1/results',
      good: () => ({ transfer, result: { workReport: { at: '2026-03-03T00:00:00Z' } } }),
    },
    {
      name: 'claim',
      client: 'engitech',
      path: () => '/v1/inbox/claim',
      good: () => ({ limit: 1, leaseSeconds: 60 }),
    },
    {
      name: 'ack',
      client: 'engitech',
      path: () => `/v1/inbox/${transfer}/ack`,
      good: () => ({ lease }),
    },
    {
      name: 'reject',
      client: 'engitech',
      path: () => `/v1/inbox/${transfer}/reject`,
      good: () => ({ lease, code: 'OTHER', message: mark }),
    },
    {
      name: 'pause',
      client: 'operator',
      path: () => '/v1/consignees/samkwang/pause',
      good: () => ({ reason: mark }),
    },
  ];

const sendTo = (to: (typeof bodies)[number], sent: Omit<Sent, 'path'>): Sent => ({
  ...{ client: to.client, path: to.path(), ...sent },
  headers: [withKey, ...(sent.headers ?? [asJson])],
});

const deep = (open: string, close: string, times: number) =>
  `{"${mark}":${open.repeat(times)}1${close.repeat(times)}}`;

/** Texts that are not JSON, or not JSON that can be taken as it stands, and why. */
const malformedTexts: readonly [string, string, Buffer | string][] = [
  ['two equal keys', 'DUPLICATE_KEY', `{"${mark}":1,"${mark}":2}`],
  ['two equal keys, one escaped', 'DUPLICATE_KEY', `{"${mark}":1,"\\u005ac4nary":2}`],
  ['equal keys in the record', 'DUPLICATE_KEY', `{"record":{"${mark}":[{"a":1,"\\u0061":2}]}}`],
  ['__proto__', 'FORBIDDEN_KEY', `{"__proto__":{"${mark}":1}}`],
  ['__proto__, escaped', 'FORBIDDEN_KEY', `{"__pr\\u006fto__":{"${mark}":1}}`],
  ['__proto__ in the record', 'FORBIDDEN_KEY', `{"record":{"tests":[{"__proto__":"${mark}"}]}}`],
  ['objects inside one another', 'TOO_DEEP', deep('{"a":', '}', 40)],
  ['arrays inside one another', 'TOO_DEEP', deep('[', ']', 200_000)],
  ['too many members', 'TOO_MANY_MEMBERS', `{"${mark}":[${'1,'.repeat(30_000)}1]}`],
  ['1e400', 'NUMBER_OUT_OF_RANGE', `{"${mark}":1e400}`],
  ['-1e400', 'NUMBER_OUT_OF_RANGE', `{"${mark}":-1e400}`],
  ['1e-400', 'NUMBER_OUT_OF_RANGE', `{"${mark}":1e-400}`],
  ['2^53 + 1', 'NUMBER_LOSES_PRECISION', `{"${mark}":9007199254740993}`],
  ['a high surrogate alone', 'LONE_SURROGATE', `{"${mark}":"\\ud800"}`],
  ['a low surrogate first', 'LONE_SURROGATE', `{"${mark}":"\\udc00\\ud800"}`],
  ['a lone surrogate as a key', 'LONE_SURROGATE', `{"${mark}\\ud83d":1}`],
  [
    'a surrogate as bytes',
    'NOT_UTF8',
    Buffer.from(`7b2261223a22eda08022 7d`.replace(' ', ''), 'hex'),
  ],
  ['NUL, escaped', 'NUL', `{"${mark}":"\\u0000"}`],
  ['NUL in a key', 'NUL', `{"${mark}\\u0000":1}`],
  ['NUL as a byte in a string', 'NUL', `{"${mark}":"\0"}`],
  ['NUL as a byte after the text', 'TRAILING_TEXT', `{"${mark}":1}\0`],
  ['a byte order mark', 'BYTE_ORDER_MARK', `\ufeff{"${mark}":1}`],
  ['UTF-16', 'NOT_UTF8', Buffer.from(`\ufeff{"${mark}":"가"}`, 'utf16le')],
  ['a byte that is never UTF-8', 'NOT_UTF8', Buffer.from(`{"${mark}":"\xff"}`, 'latin1')],
  ['an overlong encoding', 'NOT_UTF8', Buffer.from(`{"${mark}":"\xc0\x80"}`, 'latin1')],
  ['a truncated character', 'NOT_UTF8', Buffer.from(`{"${mark}":"\xea\xb0"}`, 'latin1')],
  ['a truncated text', 'SYNTAX', `{"${mark}":{"a":`],
  ['text after the end', 'TRAILING_TEXT', `{"${mark}":1} {"${mark}":1}`],
  ['NaN', 'SYNTAX', `{"${mark}":NaN}`],
  ['single quotes', 'SYNTAX', `{'${mark}':1}`],
  ['a comment', 'SYNTAX', `{"${mark}":1 /* ${mark} */}`],
  ['a trailing comma', 'SYNTAX', `{"${mark}":1,}`],
  ['a leading zero', 'SYNTAX', `{"${mark}":01}`],
  ['a line feed in a string', 'SYNTAX', `{"${mark}":"\n"}`],
  ['nothing but white space', 'EMPTY', ' \n'],
];

describe.each(bodies)('the body of $name', (to) => {
  test('is JSON that can be taken as it stands', async () => {
    for (const [name, reason, body] of malformedTexts) {
      const { detail } = await refused(sendTo(to, { body }), 400, 'MALFORMED_JSON', name);
      expect(detail, name).toContain(`Found: ${reason}.`);
    }
  });

  test('is an object and nothing else', async () => {
    for (const body of [
      '[]',
      `["${mark}"]`,
      `"${mark}"`,
      'null',
      'true',
      'false',
      '0',
      '42',
      '""',
    ]) {
      await refusedAt(sendTo(to, { body }), '', 'type');
    }
  });

  test('may not be empty where it is required', async () => {
    if (to.name === 'cancel') return;
    for (const sent of [{ body: '' }, {}]) {
      await refusedAt(sendTo(to, sent), '', 'required');
      await refusedAt(sendTo(to, { ...sent, headers: [`Content-Type: ${mark}`] }), '', 'required');
    }
    await refusedAt(sendTo(to, { body: '', chunked: true }), '', 'required');
  });

  test('has no members beside those of the contract', async () => {
    const body = JSON.stringify({ ...to.good(), [mark]: mark });
    await refusedAt(sendTo(to, { body }), '', 'unknown');
    const inherited = JSON.stringify({ ...to.good(), constructor: { prototype: mark } });
    await refusedAt(sendTo(to, { body: inherited }), '', 'unknown');
  });

  test('is JSON in UTF-8 by its content type, whatever the case', async () => {
    const body = JSON.stringify(to.good());
    const types = [
      ...['text/plain', 'application/x-www-form-urlencoded', 'application/x-ndjson', '*/*', mark],
      ...['application/jsonp', 'application/problem+json', 'application/json, text/plain'],
      ...['application/json; charset=latin1', 'application/json; charset=utf-16', ''],
      ...[`application/json; ${mark}=1`, `application/json; charset=utf-8; ${mark}=1`],
      `multipart/form-data; boundary=${mark}`,
    ];
    for (const type of types) {
      const headers = [`Content-Type: ${type}`];
      await refused(sendTo(to, { body, headers }), 415, 'UNSUPPORTED_MEDIA_TYPE');
    }
    await refused(sendTo(to, { body, headers: [] }), 415, 'UNSUPPORTED_MEDIA_TYPE');
    for (const type of ['APPLICATION/JSON', 'application/json;charset="UTF-8"']) {
      const headers = [`Content-Type: ${type}`];
      await refused(sendTo(to, { body: '{', headers }), 400, 'MALFORMED_JSON');
    }
  });

  test('comes as it is, not compressed', async () => {
    const body = JSON.stringify(to.good());
    for (const coding of ['gzip', 'deflate', 'br', 'gzip, gzip', mark]) {
      const headers = [asJson, `Content-Encoding: ${coding}`];
      await refused(sendTo(to, { body, headers }), 415, 'UNSUPPORTED_MEDIA_TYPE');
    }
    const headers = [asJson, 'Content-Encoding: identity'];
    await refused(sendTo(to, { body: '{', headers }), 400, 'MALFORMED_JSON');
  });

  test('has an end: two megabytes are too much, announced or in chunks', async () => {
    const body = Buffer.alloc(2_000_000, `{"${mark}":"${mark}"} `);
    for (const chunked of [false, true]) {
      const { detail } = await refused(sendTo(to, { body, chunked }), 413, 'PAYLOAD_TOO_LARGE');
      expect(detail).toContain('1048576 bytes');
    }
    const exact = Buffer.alloc(1_048_577, ' ');
    await refused(sendTo(to, { body: exact }), 413, 'PAYLOAD_TOO_LARGE');
    const { detail } = await refused(
      sendTo(to, { body: exact.subarray(1) }),
      400,
      'MALFORMED_JSON',
    );
    expect(detail).toContain('EMPTY');
  });

  test('is not read before the caller is known', async () => {
    for (const sent of [{ body: `{"${mark}":` }, { body: Buffer.alloc(2_000_000, mark) }]) {
      const whole = sendTo(to, sent);
      await refused({ ...whole, client: 'nobody' }, 401, 'UNAUTHENTICATED');
      await refused({ ...whole, client: 'auditor' }, 403, 'INSUFFICIENT_SCOPE');
    }
  });

  test('has no query beside it', async () => {
    const sent = sendTo(to, { body: JSON.stringify(to.good()) });
    for (const query of [`${mark}=${mark}`, 'limit=1', '__proto__=1', 'constructor=1', mark]) {
      await refusedAt({ ...sent, path: `${sent.path}?${query}` }, '/query', 'unknown');
    }
  });
});

describe('the envelope of an order', () => {
  const order = () => orderFor('samkwang');
  test.each<[string, string, string, () => object]>([
    ['no consignee', '/consignee', 'required', () => ({ ...order(), consignee: undefined })],
    ['a number as consignee', '/consignee', 'type', () => ({ ...order(), consignee: 5 })],
    ['a consignee in capitals', '/consignee', 'format', () => ({ ...order(), consignee: mark })],
    ['no subject', '/subject', 'required', () => ({ ...order(), subject: undefined })],
    ['a text as subject', '/subject', 'type', () => ({ ...order(), subject: mark })],
    ['no kind', '/subject/kind', 'required', () => ({ ...order(), subject: { id: mark } })],
    ['a kind of its own', '/subject/kind', 'range', () => inSubject({ kind: mark })],
    ['a long id', '/subject/id', 'length', () => inSubject({ id: mark.repeat(10) })],
    ['an empty id', '/subject/id', 'length', () => inSubject({ id: '' })],
    ['a number as id', '/subject/id', 'type', () => inSubject({ id: 8402291234567 })],
    ['another member in subject', '/subject', 'unknown', () => inSubject({ [mark]: mark })],
    ['no record', '/record', 'required', () => ({ ...order(), record: undefined })],
    ['a list as record', '/record', 'type', () => ({ ...order(), record: [{ [mark]: mark }] })],
    ['null as record', '/record', 'type', () => ({ ...order(), record: null })],
    ['too many keys', '/record', 'length', () => ({ ...order(), record: manyKeys(501) })],
    ['an empty reference', '/reference', 'length', () => ({ ...order(), reference: '' })],
    [
      'a long reference',
      '/reference',
      'length',
      () => ({ ...order(), reference: mark.repeat(30) }),
    ],
  ])('with %s is refused at %s', async (_name, pointer, rule, make) => {
    const body = JSON.stringify(make());
    const headers = [asJson, withKey];
    for (const path of ['/v1/transfers', '/v1/transfers/preview']) {
      await refusedAt({ path, client: 'emr', headers, body }, pointer, rule);
    }
  });

  const inSubject = (change: object) => ({
    ...order(),
    subject: { ...order().subject, ...change },
  });
  const manyKeys = (many: number) =>
    Object.fromEntries(Array.from({ length: many }, (_, at) => [`${mark}${at}`, mark]));
});

test('a key of the record that objects inherit is an unknown item and nothing more', async () => {
  const emr = await gateway.as('emr');
  const keys = ['constructor', 'toString', 'hasOwnProperty', 'prototype', '__defineGetter__'];
  const order = orderFor('samkwang');
  const record = { ...order.record, ...Object.fromEntries(keys.map((key) => [key, { a: mark }])) };
  const { withheld, payload } = await emr.json<{ withheld: object[]; payload: string }>(
    '/v1/transfers/preview',
    json({ ...order, record }),
  );
  for (const item of keys) expect(withheld).toContainEqual({ item, reason: 'UNKNOWN_ITEM' });
  expect(payload).not.toContain(mark);
  const inTests = { ...order.record, tests: [{ constructor: mark, prescriptionCode: 'C3825006' }] };
  const nested = await emr.json<{ payload: string }>(
    '/v1/transfers/preview',
    json({ ...order, record: inTests }),
  );
  expect(JSON.parse(nested.payload)).toMatchObject({ tests: [{ prescriptionCode: 'C3825006' }] });
  expect(nested.payload).not.toContain(mark);
});

describe('a query', () => {
  const get = (path: string, client = 'emr'): Sent => ({ method: 'GET', path, client });
  const lists: [string, string][] = [
    ['/v1/transfers', 'emr'],
    ['/v1/results', 'emr'],
    ['/v1/results', 'engitech'],
    ['/v1/audit/transfers', 'auditor'],
  ];

  test.each(lists)('of %s by %s has known parameters only', async (path, client) => {
    const unknown = [`${mark}=${mark}`, '__proto__=1', 'constructor=1', `a[${mark}]=1`, mark];
    for (const query of [...unknown, `${mark}%00=1`, `%zz${mark}=1`, `id=${transfer}&${mark}`]) {
      await refusedAt(get(`${path}?${query}`, client), '/query', 'unknown');
    }
  });

  test.each(lists)('of %s by %s has a limit within its limits', async (path, client) => {
    const odd = [mark, '-1', '0', '201', '1.5', '1e99', '9'.repeat(400), 'NaN', '', '%20', '%00'];
    for (const limit of [...odd, '1&limit=2', 'null', '[1]', '%7B%7D']) {
      const { errors } = await refused(
        get(`${path}?limit=${limit}`, client),
        400,
        'INVALID_REQUEST',
      );
      expect(errors?.[0]?.pointer).toBe('/query/limit');
    }
  });

  test.each(lists)('of %s by %s has filters in their form', async (path, client) => {
    const filters = path === '/v1/results' ? ['status', 'transfer'] : ['status', 'consignee'];
    for (const filter of filters) {
      for (const value of [mark, '', '%00', '%EA%B0%80', `a&${filter}=${mark}`, "'--", '%ff']) {
        const query = `${path}?${filter}=${value}`;
        const { errors } = await refused(get(query, client), 400, 'INVALID_REQUEST');
        expect(errors?.[0]?.pointer).toBe(`/query/${filter}`);
      }
    }
  });

  test.each(lists)('of %s by %s continues with a cursor of its own only', async (path, client) => {
    const odd = [mark, 'a'.repeat(43), 'A'.repeat(500), transfer, '%00', '%EA%B0%80', '-', '%20'];
    for (const cursor of odd) {
      await refused(get(`${path}?cursor=${cursor}`, client), 400, 'INVALID_CURSOR');
    }
    await refusedAt(get(`${path}?cursor=${'A'.repeat(501)}`, client), '/query/cursor', 'length');
  });

  test('takes no cursor of another client, another list, other filters, or a changed one', async () => {
    const page = async (client: string, path: string) =>
      (await (await gateway.as(client)).json<{ next: string }>(path)).next;
    const own = await page('emr', '/v1/transfers?limit=1');
    const others = await page('emr-two', '/v1/transfers?limit=1');
    const filtered = await page('emr', '/v1/transfers?limit=1&consignee=engitech');
    const audit = await page('auditor', '/v1/audit/transfers?limit=1');
    expect(own).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const emr = await gateway.as('emr');
    expect(await emr.json(`/v1/transfers?limit=1&cursor=${own}`)).toHaveProperty('items.length', 1);
    before = await stored();
    for (const cursor of [others, filtered, audit]) {
      await refused(get(`/v1/transfers?cursor=${cursor}`), 400, 'INVALID_CURSOR');
    }
    await refused(get(`/v1/transfers?status=ready&cursor=${own}`), 400, 'INVALID_CURSOR');
    await refused(get(`/v1/results?cursor=${own}`), 400, 'INVALID_CURSOR');
    await refused(get(`/v1/audit/transfers?cursor=${own}`, 'auditor'), 400, 'INVALID_CURSOR');
    for (let at = 0; at < own.length; at += 1) {
      // the very next character: of the last one only bits change that mean nothing
      const flipped = String.fromCharCode(own.charCodeAt(at) ^ 1).replace(/[^A-Za-z0-9_-]/, 'A');
      const changed = own.slice(0, at) + flipped + own.slice(at + 1);
      if (changed === own) continue;
      const reply = await speak(wire(get(`/v1/transfers?cursor=${changed}`)));
      problemOf(reply, 400, 'INVALID_CURSOR');
    }
    for (const changed of [`${own}A`, `${own}==`, own.slice(0, -1), ` ${own}`, `${own}%0A`]) {
      const path = `/v1/transfers?cursor=${changed.replace(' ', '%20').replaceAll('=', '%3D')}`;
      await refused(get(path), 400, 'INVALID_CURSOR');
    }
  });

  test('asks for proofs and entries of a range that exists', async () => {
    const inclusion = '/v1/ledger/proof/inclusion';
    const consistency = '/v1/ledger/proof/consistency';
    const huge = '9007199254740991';
    for (const query of [
      ...[`${inclusion}?index=${huge}`, `${inclusion}?index=0&size=${huge}`],
      ...[`${inclusion}?index=0&size=0`, `${inclusion}?index=5&size=5`],
      ...[`${consistency}?from=0&to=${huge}`, `${consistency}?from=2&to=1`],
      ...[`${consistency}?from=${huge}&to=${huge}`],
    ]) {
      await refused(get(query, 'auditor'), 400, 'INVALID_PROOF_RANGE');
    }
    for (const [query, pointer] of [
      [`${inclusion}?index=-1`, '/query/index'],
      [`${inclusion}?index=9007199254740993`, '/query/index'],
      [`${inclusion}`, '/query/index'],
      [`${inclusion}?index=${mark}`, '/query/index'],
      [`${consistency}?from=1`, '/query/to'],
      ['/v1/ledger/entries?limit=1001', '/query/limit'],
      ['/v1/ledger/entries?start=-1', '/query/start'],
      ['/v1/ledger/entries?start=1e400', '/query/start'],
    ]) {
      const { errors } = await refused(get(query ?? '', 'auditor'), 400, 'INVALID_REQUEST');
      expect(errors?.[0]?.pointer).toBe(pointer);
    }
    const auditor = await gateway.as('auditor');
    const beyond = await auditor.json(`/v1/ledger/entries?start=${huge}`);
    expect(beyond).toMatchObject({ items: [], next: null });
  });

  test('asks for a period of times that exist', async () => {
    const times = [
      ...[
        '2026-13-01T00:00:00Z',
        '2026-02-30T00:00:00Z',
        '2026-01-01T25:00:00Z',
        '0000-00-00T00:00:00Z',
      ],
      ...['2026-01-01', '2026-01-01T00:00:00', mark, '', '1e3', '%00'],
      ...['2026-01-01T00:00:00%2B99:99', '2026-01-01T00:00:60.5Z', '2026-01-01T24:00:01Z'],
    ];
    for (const name of ['from', 'to']) {
      for (const time of times) {
        const path = `/v1/audit/transfers?${name}=${time}`;
        const { errors } = await refused(get(path, 'auditor'), 400, 'INVALID_REQUEST');
        expect(errors?.[0]?.pointer).toBe(`/query/${name}`);
      }
    }
    for (const name of ['from', 'to']) {
      const early = `/v1/audit/transfers?${name}=0001-01-01T00:00:00Z`;
      expect((await speak(wire(get(early, 'auditor')))).status).toBe(200);
      const late = `/v1/audit/transfers?${name}=9999-12-31T23:59:59.999Z`;
      expect((await speak(wire(get(late, 'auditor')))).status).toBe(200);
      before = await stored();
    }
  });
});

describe('a path', () => {
  test('names something by its id or names nothing', async () => {
    const ids = [mark, '1', `${transfer}0`, transfer.toUpperCase(), '%00', '%EA%B0%80', '..%2F..'];
    const odd = [...ids, `${transfer}%0A`, `${transfer};${mark}`, mark.repeat(1000), "'", '%20'];
    const places: [string, string, string][] = [
      ['GET', '/v1/transfers/*', 'emr'],
      ['POST', '/v1/transfers/*/cancel', 'emr'],
      ['GET', '/v1/results/*', 'emr'],
      ['GET', '/v1/results/*', 'engitech'],
      ['POST', '/v1/results/*/ack', 'emr'],
      ['GET', '/v1/audit/transfers/*', 'auditor'],
      ['GET', '/v1/consignees/*', 'operator'],
      ['GET', '/v1/contracts/*/versions/1', 'operator'],
      ['GET', '/v1/contracts/samkwang/versions/*', 'operator'],
    ];
    for (const [method, path, client] of places) {
      for (const id of odd) {
        if (id === '1' && path.endsWith('versions/*')) continue;
        await refused({ method, path: path.replace('*', id), client }, 404, 'NOT_FOUND');
      }
    }
    const body = JSON.stringify({ lease });
    for (const id of odd) {
      const path = `/v1/inbox/${id}/ack`;
      await refused({ path, client: 'engitech', headers: [asJson], body }, 404, 'NOT_FOUND');
    }
  });

  test('has one spelling, and where there is nothing nothing of it comes back', async () => {
    const paths = [
      ...[
        '/',
        `/${mark}`,
        `/v1/${mark}`,
        '/v1/',
        '/v1',
        '//',
        `//${mark}/v1/transfers`,
        '/v2/notice',
      ],
      ...['/V1/transfers', '/v1//transfers', '/v1/%74ransfers', '/v1/./transfers'],
      ...['/v1/transfers%2Fpreview', `/v1/notice/${mark}`, '/v1/notice%00', '/v1/notice;a=1'],
      ...[`/docs/${mark}`, `/docs/../${mark}`, '/__proto__', '/constructor', '/HEALTHZ'],
      ...['/OAuth2/jwks', '/OAUTH2/token', '/.well-known/oauth-authorization-server/'],
      ...[`/.well-known/${mark}`, `/${mark.repeat(1000)}`, `http://${mark}/v1/notice`],
    ];
    for (const path of paths) {
      await refused({ method: 'GET', path, client: 'emr' }, 404, 'NOT_FOUND');
      await refused({ method: 'POST', path, client: 'emr', body: mark }, 404, 'NOT_FOUND');
    }
    for (const path of [`/v1/transfers/%zz${mark}`, `/v1/%${mark}`, '/v1/transfers/%ff', '/%']) {
      const reply = await speak(wire({ method: 'GET', path, client: 'emr' }));
      if (reply.status === 400) problemOf(reply, 400, 'INVALID_REQUEST', path);
      else problemOf(reply, 404, 'NOT_FOUND', path);
    }
  });

  test.each(['/healthz', '/readyz'])('%s answers HEAD, by which balancers probe', async (path) => {
    const reply = await speak(wire({ method: 'HEAD', path }));
    expect(reply).toMatchObject({ status: 200, body: '' });
  });

  test('takes its own methods and says which they are', async () => {
    const methods = ['HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY'];
    for (const [path, allow] of [
      ['/v1/transfers', 'GET, POST'],
      [`/v1/transfers/${transfer}`, 'GET'],
      ['/v1/transfers/preview', 'POST'],
      ['/v1/inbox/claim', 'POST'],
      ['/v1/results', 'GET, POST'],
      ['/v1/notice', 'GET'],
    ] as const) {
      for (const method of methods) {
        const sent = { method, path, client: 'emr', headers: [`X-${mark}: ${mark}`] };
        const reply = await speak(wire(sent));
        expect(`${method} ${path} ${reply.status}`).toBe(`${method} ${path} 405`);
        expect(reply.headers.get('allow')?.split(', ').sort().join(', ')).toBe(allow);
        if (method === 'HEAD') expect(reply.body).toBe('');
        else problemOf(reply, 405, 'METHOD_NOT_ALLOWED');
      }
    }
    for (const method of methods.slice(1)) {
      await refused({ method, path: `/v1/${mark}` }, 404, 'NOT_FOUND');
    }
  });
});

describe('a header', () => {
  const release = (headers: readonly string[]): Sent => {
    const body = JSON.stringify(orderFor('samkwang'));
    return { path: '/v1/transfers', client: 'emr', headers: [asJson, ...headers], body };
  };

  test('names the request by one string in double quotes, or the answer shows how', async () => {
    const odd = [
      ...[
        mark,
        '42',
        '4.5',
        ':WmM0bmFyeQ==:',
        '?1',
        '@1659578233',
        `%"${mark}"`,
        `("${mark}" "b")`,
      ],
      ...[`"${mark}", "b"`, `'${mark}'`, `"${mark}`, `${mark}"`, `"${mark}" b`, `"${mark}";`, '""'],
      ...['', `“${mark}”`, '"가나다라"', `"${mark}\\n"`, `"${mark}\t"`, 'a="b"'],
      ...[`"${mark.repeat(150)}"`, `"${mark}";A=1`, `"${mark}",`, '"é"'],
    ];
    for (const value of odd) {
      const sent = release([`Idempotency-Key: ${value}`]);
      const { detail } = await refused(sent, 400, 'INVALID_IDEMPOTENCY_KEY');
      expect(detail).toContain('Idempotency-Key: "order-20260105-0001"');
    }
    const { detail } = await refused(release([]), 400, 'IDEMPOTENCY_KEY_REQUIRED');
    expect(detail).toContain('Idempotency-Key: "order-20260105-0001"');
    const result = {
      ...{ path: '/v1/results', client: 'engitech', headers: [asJson] },
      body: JSON.stringify({ transfer, result: { [mark]: mark } }),
    };
    await refused(result, 400, 'IDEMPOTENCY_KEY_REQUIRED');
    const unquoted = [asJson, `Idempotency-Key: ${mark}`];
    await refused({ ...result, headers: unquoted }, 400, 'INVALID_IDEMPOTENCY_KEY');
  });

  test('names the request once: two lines are refused, also where they join to one string', async () => {
    for (const [first, second] of [
      ['"a"', '"b"'],
      ['"a"', '"a"'],
      [`"${mark}`, `${mark}"`],
    ]) {
      const lines = [`Idempotency-Key: ${first}`, `idempotency-key: ${second}`];
      await refused(release(lines), 400, 'INVALID_IDEMPOTENCY_KEY');
    }
  });

  test('asks for Korean and gets it, whatever went wrong', async () => {
    const ko = 'Accept-Language: ko-KR, en;q=0.5';
    const korean = async (sent: Sent, status: number, code: string) => {
      const reply = await speak(wire({ ...sent, headers: [...(sent.headers ?? []), ko] }));
      const { title, detail, errors = [] } = problemOf(reply, status, code);
      expect(reply.headers.get('content-language')).toBe('ko');
      for (const text of [title, detail, ...errors.map((one) => one.detail)]) {
        expect(text).toMatch(/[가-힣]/);
      }
    };
    await korean({ ...release([withKey]), body: `{"${mark}"` }, 400, 'MALFORMED_JSON');
    await korean({ ...release([withKey]), body: '{}' }, 400, 'INVALID_REQUEST');
    await korean(release([]), 400, 'IDEMPOTENCY_KEY_REQUIRED');
    await korean({ ...release([]), headers: [] }, 415, 'UNSUPPORTED_MEDIA_TYPE');
    await korean({ ...release([]), body: Buffer.alloc(2_000_000) }, 413, 'PAYLOAD_TOO_LARGE');
    await korean({ path: '/v1/notice' }, 405, 'METHOD_NOT_ALLOWED');
    await korean({ path: `/${mark}` }, 404, 'NOT_FOUND');
    await korean({ path: '/v1/transfers' }, 401, 'UNAUTHENTICATED');
    await korean({ path: '/v1/transfers', client: 'auditor' }, 403, 'INSUFFICIENT_SCOPE');
    const list = { method: 'GET', path: '/v1/transfers?cursor=a', client: 'emr' };
    await korean(list, 400, 'INVALID_CURSOR');
  });

  test('has an end', async () => {
    const long = `Accept-Language: ${mark.repeat(150)}`;
    const { errors } = await refused(release([withKey, long]), 400, 'INVALID_REQUEST');
    expect(errors?.[0]).toMatchObject({ pointer: '/header/accept-language', rule: 'length' });
    for (const sent of [
      release([`X-Long: ${mark.repeat(4000)}`]),
      release([`Idempotency-Key: "${mark.repeat(4000)}"`]),
      { method: 'GET', path: `/v1/${mark.repeat(4000)}` },
      { method: 'GET', path: `/v1/transfers?cursor=${mark.repeat(4000)}` },
    ]) {
      plainRefusal(await speak(wire(sent)), [431]);
    }
  });

  test('of a token that is none is answered without it', async () => {
    const odd = [
      mark,
      `Bearer ${mark}`,
      `Bearer ${mark}.${mark}.${mark}`,
      `Basic ${mark}`,
      'Bearer',
    ];
    const long = `Bearer ${mark.repeat(1000)}`;
    const doubled = `Bearer ${tokens.get('emr')}, Bearer ${tokens.get('emr')}`;
    for (const value of [...odd, long, doubled, `Bearer  ${tokens.get('emr')}`]) {
      const sent = release([withKey, `Authorization: ${value}`]);
      await refused({ ...sent, client: 'nobody' }, 401, 'UNAUTHENTICATED');
    }
    const inQuery = { method: 'GET', path: `/v1/transfers?access_token=${tokens.get('emr')}` };
    await refused(inQuery, 401, 'UNAUTHENTICATED');
  });
});

/** A refusal of Node's own parser: a status, no body to speak of, and nothing of the request. */
function plainRefusal(reply: Reply, statuses: readonly number[]): void {
  expect(statuses).toContain(reply.status);
  for (const secret of secrets) expect(reply.text.toLowerCase()).not.toContain(secret);
  expect(reply.text.length).toBeLessThan(300);
}

describe('bytes that are not HTTP', () => {
  const release = (headers: readonly string[], body = '{}') =>
    wire({ path: '/v1/transfers', client: 'emr', headers: [asJson, withKey, ...headers], body });

  test.each<[string, () => Buffer | string]>([
    ['a word', () => `${mark}\r\n\r\n`],
    ['a TLS hello', () => Buffer.from(`160301006301000000${mark.length}`, 'hex')],
    ['no host', () => `GET /v1/notice HTTP/1.1\r\n\r\n`],
    ['a version of the future', () => `GET /v1/notice HTTP/9.9\r\nHost: ${mark}\r\n\r\n`],
    ['a space in the path', () => `GET /v1/ ${mark} HTTP/1.1\r\nHost: ${mark}\r\n\r\n`],
    ['a method of its own', () => `${mark} /v1/notice HTTP/1.1\r\nHost: ${mark}\r\n\r\n`],
    ['a header without a colon', () => release([mark])],
    ['a space before the colon', () => release([`X-Odd : ${mark}`])],
    ['NUL in a header', () => release([`X-Odd: ${mark}\0`])],
    ['a lone carriage return', () => release([`X-Odd: ${mark}\rX-Other: ${mark}`])],
    ['a header of Korean letters', () => release([`가나다라: ${mark}`])],
    ['two lengths', () => release(['Content-Length: 5'])],
    [
      'a length that is no number',
      () =>
        release([])
          .toString()
          .replace(/(Length: )2/, `$1${mark}`),
    ],
    [
      'a length below nothing',
      () =>
        release([])
          .toString()
          .replace(/(Length: )2/, '$1-2'),
    ],
    ['a length and chunks', () => release(['Transfer-Encoding: chunked'])],
    ['an unknown transfer coding', () => release([`Transfer-Encoding: ${mark}`])],
    ['chunks in chunks', () => release(['Transfer-Encoding: chunked, chunked'])],
    ['a size of a chunk that is none', () => chunked(`${mark}\r\n`)],
    ['a chunk beyond its size', () => chunked(`3\r\n{"${mark}":1}\r\n0\r\n\r\n`)],
  ])('%s are answered with a plain 400', async (_name, bytes) => {
    plainRefusal(await speak(bytes()), [400]);
  });

  const chunked = (body: string) => {
    const headers = [asJson, withKey];
    const head = wire({ path: '/v1/transfers', client: 'emr', headers, chunked: true });
    return head.toString('latin1').replace('0\r\n\r\n', body);
  };

  test('half a body is answered with a plain 400 when no more will come', async () => {
    const whole = release([], JSON.stringify(orderFor('samkwang')));
    plainRefusal(await speak(whole.subarray(0, -10), { end: true }), [400]);
    const started = chunked(`ff\r\n{"${mark}":`);
    plainRefusal(await speak(started, { end: true }), [400]);
  });

  test('an expectation that is not known is 417', async () => {
    plainRefusal(await speak(release([`Expect: ${mark}`])), [417]);
  });

  test('a refused body is not taken for the next request', async () => {
    const inner = `GET /metrics HTTP/1.1\r\nHost: ${mark}\r\n\r\n`;
    const next = wire({ method: 'GET', path: '/healthz' });
    for (const type of ['text/plain', 'application/json']) {
      const sent = { path: '/v1/transfers', client: 'emr', headers: [`Content-Type: ${type}`] };
      const first = wire({ ...sent, body: inner })
        .toString()
        .replace('Connection: close\r\n', '');
      const { text } = await speak(Buffer.concat([Buffer.from(first), next]));
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
      expect(statuses).toEqual([type === 'text/plain' ? '415' : '400', '200']);
    }
  });
});
