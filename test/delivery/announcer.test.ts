/** What subscribers are told: signed, in order, again until they take it, and never a payload. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from 'pg';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Subscriber } from '#src/agreements/subscriber-file.ts';
import { typesOf } from '#src/base/event-types.ts';
import { newId } from '#src/base/ids.ts';
import { createLog } from '#src/base/log.ts';
import { createAnnouncer } from '#src/delivery/announcer.ts';
import { openDatabase, type Database } from '#src/store/pool.ts';
import { listAlerts } from '#src/transfers/alerts.ts';
import type { Covered } from '#src/transfers/cover.ts';
import { forgetEvents, listEvents, recordEvents } from '#src/transfers/events.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/database.ts';
import { until } from '#test/support/wait.ts';

interface Told {
  id: string;
  type: string;
  data: Record<string, unknown>;
  headers: IncomingHttpHeaders;
  text: string;
  status: number;
}

const newSecret = Buffer.alloc(32, 1);
const oldSecret = Buffer.alloc(32, 2);

let fresh: FreshDatabase;
let owner: Client;
let db: Database;
let receiver: Awaited<ReturnType<typeof listen>>;
let steadyMs = 0;
const announcers: ReturnType<typeof createAnnouncer>[] = [];

/** A subscriber's server; `answer` says how each event is answered. */
async function listen(port = 0) {
  const told: Told[] = [];
  const own = { answer: (_one: Told): number => 204, retryAfter: '' };
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const body = JSON.parse(text) as { type: string; data: Record<string, unknown> };
      const { headers } = request;
      const one = { id: String(headers['webhook-id']), ...body, headers, text, status: 0 };
      one.status = own.answer(one);
      told.push(one);
      response.writeHead(one.status, own.retryAfter ? { 'retry-after': own.retryAfter } : {}).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return Object.assign(own, { told, close, port: (server.address() as AddressInfo).port });
}

/** Tried again 40 times, since every wait of its own is cut short here. */
function subscriber(port: number, events = ['transfer.*', 'result.*', 'alert.*']): Subscriber {
  return {
    ...{ client: 'emr', types: typesOf(events), isPushed: true },
    push: {
      url: `http://127.0.0.1:${port}/events`,
      signing: { scheme: 'hmac', secrets: [newSecret, oldSecret] },
    },
    retry: { scheduleSeconds: Array.from({ length: 40 }, () => 1), timeoutSeconds: 5 },
  };
}

/** A process that tells; it looks when it is asked to. */
function open(subscribers: readonly Subscriber[], now = () => steadyMs) {
  const log = createLog({ level: 'silent' });
  const clock = { now: () => new Date() };
  const deps = { db, log, clock, subscribers, random: () => 0, steadyNow: now };
  const announcer = createAnnouncer(deps, () => undefined);
  announcers.push(announcer);
  return announcer;
}

beforeAll(async () => {
  fresh = await freshDatabase();
  db = openDatabase({ url: fresh.url, sizeMax: 4 });
  owner = new Client({ connectionString: fresh.ownerUrl });
  await owner.connect();
});

beforeEach(async () => {
  await owner.query('TRUNCATE alerts, events, transfers, results');
  receiver = await listen();
});

afterEach(async () => {
  await Promise.all(announcers.splice(0).map((one) => one.drain()));
  await receiver.close();
});

afterAll(async () => {
  await Promise.all([db?.end(), owner?.end()]);
  await fresh?.drop();
});

/** A transfer as it stands after its entry; the reference is sealed, but must not travel either. */
async function transfer(outcome: string, client = 'emr'): Promise<string> {
  const id = newId(new Date());
  await owner.query(
    `INSERT INTO transfers (id, client, consignee, contract, subject, status, released, derived,
       withheld, commitment, reference, entry, due_at, last_outcome, created_at, expires_at)
     VALUES ($1, $2, 'samkwang', 'samkwang.v1', $3, 'delivered', '{name}', '{}', '[]', $4, $5, 1,
       now(), $6, now(), now())`,
    [id, client, randomUUID(), Buffer.alloc(32), Buffer.from('reference-4821'), outcome],
  );
  return id;
}

async function transfers(count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) ids.push(await transfer('http-200'));
  return ids;
}

async function result(of: string, version: number, reported: string | null): Promise<string> {
  const id = newId(new Date());
  await owner.query(
    `INSERT INTO results (id, transfer, consignee, contract, client, status, accepted, withheld,
       commitment, created_at, version, reported)
     VALUES ($1, $2, 'samkwang', 'samkwang.v1', 'emr', 'ready', '{report}', '[]', $3, now(), $4, $5)`,
    [id, of, Buffer.alloc(32), version, reported],
  );
  return id;
}

let index = 100;
/** Covers entries of these kinds, one batch, as the sequencer does. */
async function cover(
  subscribers: readonly Subscriber[],
  ...entries: readonly [kind: string, owner: string][]
): Promise<void> {
  const covered = entries.map(([kind, of]): Covered => ({ kind, owner: of, index: (index += 1) }));
  await db.transaction((tx) => recordEvents(tx, subscribers, covered));
}

const state = async () =>
  (await listEvents({ db }, { client: 'emr', after: null, limit: 200 })).items.map((one) => [
    one.type,
    one.state,
  ]);

/** Does not wait for the schedule, nor for the pause of a subscriber that fails. */
async function hurry(): Promise<void> {
  steadyMs += 120_000;
  await owner.query(`UPDATE events SET due_at = now() WHERE due_at > now() AND lease IS NULL`);
}

/** Lets it look until this is so; every wait of the gateway's own is cut short. */
const announceUntil = (
  announcer: ReturnType<typeof createAnnouncer>,
  what: string,
  so: () => boolean | Promise<boolean>,
) =>
  until(what, async () => {
    await announcer.announce();
    await hurry();
    return so();
  });

/** Nothing is under way. */
const atRest = () =>
  until('every attempt to end', async () => {
    const { rows } = await owner.query('SELECT FROM events WHERE lease IS NOT NULL');
    return rows.length === 0;
  });

const taken = () => receiver.told.filter(({ status }) => status < 300);

test('a subscriber is told of its own transfers, signed with both secrets, ids and codes only', async () => {
  const own = [subscriber(receiver.port)];
  const delivered = await transfer('http-200');
  const rejected = await transfer('SPECIMEN_MISSING');
  const anothers = await transfer('http-200', 'emr-two');
  await cover(own, ['delivered', delivered], ['delivered', anothers], ['rejected', rejected]);
  const entry = index;
  const answer = await result(delivered, 2, 'corrected');
  await cover(own, ['purged', delivered], ['result-received', answer], ['result-matched', answer]);
  await announceUntil(open(own), 'three events', () => taken().length === 3);
  const whose = { consignee: 'samkwang', contract: 'samkwang.v1' };
  const told = Object.fromEntries(receiver.told.map((one) => [one.type, one]));
  expect(told['transfer.delivered']?.data).toEqual({
    ...{ transfer: delivered, ...whose, status: 'delivered', outcome: 'http-200' },
    entry: entry - 2,
  });
  expect(told['transfer.rejected']?.data).toEqual({
    ...{ transfer: rejected, ...whose, status: 'rejected', outcome: 'SPECIMEN_MISSING', entry },
  });
  expect(told['result.received']?.data).toEqual({
    ...{ result: answer, transfer: delivered, ...whose, version: 2, reported: 'corrected' },
    entry: entry + 2,
  });
  for (const { text, headers } of receiver.told) {
    const body = JSON.parse(text) as Record<string, unknown>;
    expect(Object.keys(body).sort()).toEqual(['data', 'timestamp', 'type']);
    expect(text).not.toContain('reference-4821');
    for (const secret of [newSecret, oldSecret]) {
      const webhook = new Webhook(secret, { format: 'raw' });
      expect(webhook.verify(text, headers as Record<string, string>)).toEqual(body);
    }
  }
  await atRest();
  expect(new Set(await state())).toEqual(
    new Set(Object.keys(told).map((type): [string, string] => [type, 'told'])),
  );
});

test('nothing is asked of the database where nobody wants to hear', async () => {
  const silent = { query: () => Promise.reject(new Error('asked')) };
  const covered = [{ kind: 'delivered', owner: randomUUID(), index: 1 }];
  expect(await recordEvents(silent, [], covered)).toBe(false);
  const alerts = [subscriber(receiver.port, ['alert.*'])];
  expect(await recordEvents(silent, alerts, covered)).toBe(false);
  const all = [subscriber(receiver.port)];
  expect(await recordEvents(silent, all, [{ ...covered[0]!, kind: 'released' }])).toBe(false);
});

test('a receiver that is away misses nothing, and knows each event by its id', async () => {
  const own = [subscriber(receiver.port, ['transfer.*'])];
  const announcer = open(own);
  const ids = await transfers(3);
  receiver.answer = () => 500;
  await cover(own, ...ids.map((id): [string, string] => ['delivered', id]));
  await announceUntil(announcer, 'an attempt at each', () => {
    return new Set(receiver.told.map(({ id }) => id)).size === 3;
  });
  const before = receiver.told;
  await receiver.close();
  await announcer.announce();
  receiver = await listen(receiver.port);
  await announceUntil(announcer, 'all to be told', () => taken().length === 3);
  expect(new Set(taken().map(({ id }) => id))).toEqual(new Set(before.map(({ id }) => id)));
  expect(new Set(taken().map(({ data }) => data['transfer']))).toEqual(new Set(ids));
  const texts = new Map([...before, ...receiver.told].map(({ id, text }) => [id, text]));
  for (const { id, text } of taken()) expect(text).toBe(texts.get(id));
});

test('what happened to one transfer is told in its order, and holds up no other', async () => {
  const own = [subscriber(receiver.port)];
  const [slow = '', other = ''] = await transfers(2);
  const announcer = open(own);
  receiver.answer = ({ data, type }) => {
    const fails = data['transfer'] === slow && type === 'transfer.failed';
    return fails && receiver.told.filter((one) => one.type === type).length < 2 ? 503 : 204;
  };
  await cover(own, ['failed', slow], ['redelivered', slow]);
  await cover(own, ['delivered', slow], ['delivered', other]);
  await announceUntil(announcer, 'all to be told', () => taken().length === 4);
  const ofSlow = taken().filter(({ data }) => data['transfer'] === slow);
  const order = ['transfer.failed', 'transfer.redelivered', 'transfer.delivered'];
  expect(ofSlow.map(({ type }) => type)).toEqual(order);
  expect(receiver.told.filter(({ type }) => type === 'transfer.failed')).toHaveLength(3);
  const first = taken()[0];
  expect(first?.data['transfer']).toBe(other);
});

test('two processes tell each event once', async () => {
  const own = [subscriber(receiver.port)];
  const ids = await transfers(30);
  await cover(own, ...ids.map((id): [string, string] => ['delivered', id]));
  const pair = [open(own), open(own)];
  await until('all to be told', async () => {
    await Promise.all(pair.map((one) => one.announce()));
    return taken().length >= 30;
  });
  await Promise.all(announcers.splice(0).map((one) => one.drain()));
  expect(receiver.told).toHaveLength(30);
  expect(new Set(receiver.told.map(({ data }) => data['transfer'])).size).toBe(30);
});

test('an event is given up when its schedule is used up, and can still be asked for', async () => {
  const own = [{ ...subscriber(receiver.port) }].map((one) => ({
    ...one,
    retry: { scheduleSeconds: [1], timeoutSeconds: 5 },
  }));
  receiver.answer = () => 400;
  await cover(own, ['delivered', await transfer('http-200')]);
  await announceUntil(open(own), 'the event to be given up', async () => {
    return (await state()).some(([, one]) => one === 'given-up');
  });
  expect(receiver.told).toHaveLength(2);
});

test('Retry-After is honoured', async () => {
  const own = [subscriber(receiver.port)];
  receiver.answer = () => 503;
  receiver.retryAfter = '1800';
  await cover(own, ['delivered', await transfer('http-200')]);
  await open(own).announce();
  await until('the attempt to end', async () => {
    const { rows } = await owner.query<{ seconds: number; outcome: string | null }>(
      `SELECT extract(epoch FROM due_at - now())::float8 AS seconds, last_outcome AS outcome
       FROM events`,
    );
    return rows[0]?.outcome === 'http-503' && rows[0].seconds > 1_700;
  });
});

test('one that fails again and again is told of once, tried seldom, and told of when it is back', async () => {
  const own = [subscriber(receiver.port)];
  const announcer = open(own);
  receiver.answer = () => 500;
  const ids = await transfers(8);
  await cover(own, ...ids.map((id): [string, string] => ['delivered', id]));
  await announceUntil(announcer, 'the alert', async () => (await listAlerts({ db })).length === 1);
  expect(await listAlerts({ db })).toMatchObject([
    { name: 'subscriber-unreachable', about: 'emr' },
  ]);
  await atRest();
  const tries = receiver.told.length;
  expect(await announcer.announce()).toBe(1);
  await atRest();
  await owner.query('UPDATE events SET due_at = now() WHERE due_at IS NOT NULL');
  expect(await announcer.announce()).toBe(0);
  expect(receiver.told).toHaveLength(tries + 1);
  receiver.answer = () => 204;
  const again = open(own);
  await announceUntil(again, 'all to be told', () => taken().length >= 8 + 2);
  expect(await listAlerts({ db })).toEqual([]);
  const alerts = receiver.told.filter(({ type }) => type.startsWith('alert.'));
  expect(alerts.map(({ type }) => type)).toEqual(['alert.raised', 'alert.cleared']);
});

test('410 ends it for this process, and what it was not told waits', async () => {
  const own = [subscriber(receiver.port, ['transfer.*'])];
  const announcer = open(own);
  receiver.answer = () => 410;
  await cover(own, ['delivered', await transfer('http-200')]);
  await announceUntil(announcer, 'the alert', async () => (await listAlerts({ db })).length === 1);
  receiver.answer = () => 204;
  await hurry();
  expect(await announcer.announce()).toBe(0);
  expect(await state()).toEqual([['transfer.delivered', 'waiting']]);
  await announceUntil(open(own), 'the event to be told', () => taken().length === 1);
});

test('a client without a URL asks for its events, a page at a time', async () => {
  const own: Subscriber[] = [
    {
      ...{ client: 'emr', types: typesOf(['transfer.*']), isPushed: false },
      retry: { scheduleSeconds: [], timeoutSeconds: 5 },
    },
  ];
  const ids = await transfers(3);
  await cover(own, ...ids.map((id): [string, string] => ['delivered', id]));
  expect(await open(own).announce()).toBe(0);
  const first = await listEvents({ db }, { client: 'emr', after: null, limit: 2 });
  expect(first.items.map(({ data }) => data['transfer'])).toEqual(ids.slice(0, 2));
  expect(first.items[0]).toMatchObject({ type: 'transfer.delivered', state: 'kept' });
  expect(first.next).toBe(first.items[1]?.id);
  const rest = await listEvents({ db }, { client: 'emr', after: first.next, limit: 2 });
  expect(rest.items.map(({ data }) => data['transfer'])).toEqual(ids.slice(2));
  expect(rest.next).toBeNull();
  const foreign = await listEvents({ db }, { client: 'emr-two', after: null, limit: 2 });
  expect(foreign.items).toEqual([]);
});

test('told events are kept for a week, given up ones for a month', async () => {
  const at = (days: number) => new Date(Date.now() - days * 86_400_000);
  const add = (days: number, outcome: string | null, isDue = false) =>
    owner.query(
      `INSERT INTO events (id, client, type, about, data, due_at, ended_at, last_outcome)
       VALUES ($1, 'emr', 'transfer.failed', $2, '{}', $3, $4, $2)`,
      [newId(at(days)), outcome ?? 'never', isDue ? at(days) : null, isDue ? null : at(days)],
    );
  await add(6, 'http-204');
  await add(8, 'http-204');
  await add(8, 'http-500');
  await add(29, null, true);
  await add(31, null, true);
  await add(31, 'timeout');
  expect(await forgetEvents({ db })).toBe(3);
  const { rows } = await owner.query<{ about: string }>(
    'SELECT about FROM events ORDER BY id DESC',
  );
  expect(rows.map(({ about }) => about)).toEqual(['http-204', 'http-500', 'never']);
});
