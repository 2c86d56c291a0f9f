/** Alerts are raised once and cleared once, however many processes look. */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Versions } from '#src/agreements/force.ts';
import { typesOf, type Subscription } from '#src/base/event-types.ts';
import { newId } from '#src/base/ids.ts';
import type { Log, LogFields } from '#src/base/log.ts';
import type { Channel, Consignee } from '#src/base/words.ts';
import { checkConditions, createConditionWatch } from '#src/oversight/alert-conditions.ts';
import { openDatabase, type Database } from '#src/store/pool.ts';
import { listAlerts, raiseAlerts } from '#src/transfers/alerts.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/database.ts';

let fresh: FreshDatabase;
let owner: Client;
let first: Process;
let second: Process;

type Process = ReturnType<typeof openProcess>;
type Line = { level: string; message: string } & LogFields;

const subscriptions: Subscription[] = [
  { client: 'operator', types: typesOf(['alert.*']), isPushed: true },
  { client: 'emr', types: typesOf(['transfer.*']), isPushed: true },
];

const consignee = (id: string, channel: Channel, backlogMax: number): [string, Consignee] => {
  const one: Partial<Consignee> = { id, channel, backlogMax, checkInHours: null };
  return [id, one as Consignee];
};
const consignees = new Map([consignee('samkwang', 'push', 10), consignee('lctech', 'pull', 1000)]);
const versions: Versions = {
  contracts: [],
  standing: { activated: new Set(), noticedOn: new Map(), endedThrough: new Map() },
};

/** What one process of a gateway looks with, and what it has said. */
function openProcess(db: Database) {
  const lines: Line[] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ level, message, ...fields });
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const agreements = { consignees, contracts: [], dictionaries: new Map(), clinic: null };
  const clock = { today: () => '2026-06-01' };
  return { db, log, lines, subscriptions, agreements, versions, clock };
}

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = new Client({ connectionString: fresh.ownerUrl });
  await owner.connect();
  first = openProcess(openDatabase({ url: fresh.url, sizeMax: 2 }));
  second = openProcess(openDatabase({ url: fresh.url, sizeMax: 2 }));
});

afterAll(async () => {
  await Promise.all([first?.db.end(), second?.db.end(), owner?.end()]);
  await fresh?.drop();
});

beforeEach(async () => {
  await owner.query('TRUNCATE alerts, events, endpoints, submissions, transfers');
  first.lines.length = 0;
  second.lines.length = 0;
});

/** Both look at the same time, as two processes may. */
const look = () => Promise.all([first, second].map(checkConditions));
const said = () => [...first.lines, ...second.lines];
const held = async () => (await listAlerts(first)).map(({ name, about }) => [name, about]);

async function told() {
  const { rows } = await owner.query<{ client: string; type: string; data: unknown }>(
    'SELECT client, type, data FROM events ORDER BY id',
  );
  return rows;
}

async function addWaiting(id: string, count: number, attempts = 0): Promise<void> {
  const ids = Array.from({ length: count }, () => newId(new Date()));
  await owner.query(
    `INSERT INTO transfers (id, client, consignee, contract, subject, status, released, derived,
       withheld, commitment, entry, attempts, due_at, created_at, expires_at)
     SELECT id, 'emr', $2, $2 || '.v1', $3, 'ready', '{name}', '{}', '[]', $4, 1, $5, now(), now(),
       now() + interval '1 day' FROM unnest($1::uuid[]) AS id`,
    [ids, id, randomUUID(), Buffer.alloc(32), attempts],
  );
}

const takeAway = (count: number) =>
  owner.query('DELETE FROM transfers WHERE id IN (SELECT id FROM transfers LIMIT $1)', [count]);

test('a consignee that cannot be reached is one alert each way, in log, list and event', async () => {
  await look();
  expect(await held()).toEqual([]);
  await owner.query(
    `INSERT INTO endpoints (consignee, failures, opened_at, probe_at)
     VALUES ('samkwang', 10, now(), now()), ('stranger', 10, now(), now())`,
  );
  for (let round = 0; round < 3; round += 1) await look();
  expect(await held()).toEqual([['consignee-unreachable', 'samkwang']]);
  const data = { alert: 'consignee-unreachable', about: 'samkwang' };
  expect(await told()).toEqual([{ client: 'operator', type: 'alert.raised', data }]);
  const raised = { level: 'warn', message: 'alert raised' };
  const line = { code: 'consignee-unreachable', consignee: 'samkwang' };
  expect(said()).toEqual([{ ...raised, ...line }]);

  await owner.query('UPDATE endpoints SET failures = 0, opened_at = NULL, probe_at = NULL');
  for (let round = 0; round < 3; round += 1) await look();
  expect(await held()).toEqual([]);
  expect((await told()).map(({ type }) => type)).toEqual(['alert.raised', 'alert.cleared']);
  expect(
    said()
      .map(({ level, message }) => `${level}: ${message}`)
      .sort(),
  ).toEqual(['info: alert cleared', 'warn: alert raised']);
});

test('one that asks to be left alone for long is told, and over when it answers', async () => {
  const holdFor = (minutes: number) =>
    owner.query(
      `INSERT INTO endpoints (consignee, last_outcome, held_until)
       VALUES ('samkwang', 'http-503', now() + make_interval(mins => $1))
       ON CONFLICT (consignee) DO UPDATE SET held_until = excluded.held_until`,
      [minutes],
    );
  await holdFor(10);
  await look();
  expect(await held()).toEqual([]);
  await holdFor(60);
  await look();
  await holdFor(-1);
  await look();
  expect(await held()).toEqual([['consignee-unreachable', 'samkwang']]);
  await owner.query(`UPDATE endpoints SET last_outcome = 'http-204'`);
  await look();
  expect(await held()).toEqual([]);
  expect(await told()).toHaveLength(2);
});

test('an endpoint that is disabled is told as such', async () => {
  await owner.query(`INSERT INTO endpoints (consignee, disabled_at) VALUES ('samkwang', now())`);
  await look();
  expect(await held()).toEqual([['endpoint-disabled', 'samkwang']]);
});

test('a backlog is told past its threshold, and over only well below it', async () => {
  await addWaiting('samkwang', 10);
  await look();
  expect(await held()).toEqual([]);
  await addWaiting('samkwang', 1);
  await look();
  expect(await held()).toEqual([['backlog-over-threshold', 'samkwang']]);
  await takeAway(3);
  await look();
  expect(await held()).toEqual([['backlog-over-threshold', 'samkwang']]);
  await takeAway(1);
  await look();
  expect(await held()).toEqual([]);
  expect(await told()).toHaveLength(2);
});

test('claims that nobody answers are told of who pulls, not of who is pushed to', async () => {
  await addWaiting('samkwang', 5, 9);
  await addWaiting('lctech', 19, 6);
  await look();
  expect(await held()).toEqual([]);
  await addWaiting('lctech', 1, 6);
  await look();
  expect(await held()).toEqual([['lease-storm', 'lctech']]);
  await owner.query(`DELETE FROM transfers WHERE consignee = 'lctech'`);
  await look();
  expect(await held()).toEqual([]);
});

test('an entry that waits too long for its number is told, and over when none waits', async () => {
  const submit = (seconds: number) => {
    const leaf = { at: new Date(Date.now() - seconds * 1000).toISOString(), kind: 'refused' };
    const values = [Buffer.from(JSON.stringify(leaf)), Buffer.alloc(0)];
    return owner.query(
      `INSERT INTO submissions (kind, leaf, detail) VALUES ('refused', $1, $2)`,
      values,
    );
  };
  await submit(8);
  await look();
  expect(await held()).toEqual([]);
  await owner.query('TRUNCATE submissions');
  await submit(11);
  await look();
  expect(await held()).toEqual([['ledger-stalled', null]]);
  expect((await told()).map(({ data }) => data)).toEqual([{ alert: 'ledger-stalled' }]);
  await owner.query('TRUNCATE submissions');
  await look();
  expect(await held()).toEqual([]);
});

test('what is said of a subscriber stands until it is reached, or is one no more', async () => {
  const gone = { name: 'subscriber-unreachable', about: 'emr-two' } as const;
  await raiseAlerts(first, [{ ...gone, about: 'emr' }, gone]);
  await look();
  expect(await held()).toEqual([['subscriber-unreachable', 'emr']]);
});

test('a look that takes long is taken less often', async () => {
  let at = 0;
  let looks = 0;
  const slow: Database = {
    ...first.db,
    query: (...asked) => {
      if (asked[0] === 'SELECT name, about FROM alerts') looks += 1;
      at += 1_000;
      return first.db.query(...asked);
    },
  };
  const watch = createConditionWatch({ ...first, db: slow, steadyNow: () => at });
  await watch();
  const tookMs = at;
  await watch();
  expect(looks).toBe(1);
  at = 5 * tookMs;
  await watch();
  expect(looks).toBe(2);
});
