import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { byteaArray } from '#src/store/binary-array.ts';
import { openDatabase } from '#src/store/pool.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import { freshDatabase } from '#test/support/database.ts';

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
let db: Database;

beforeAll(async () => {
  fresh = await freshDatabase();
  db = openDatabase({ url: fresh.ownerUrl, sizeMax: 4, lockTimeoutMs: 100 });
  await db.query('CREATE TABLE notes (id int PRIMARY KEY, body text)');
});

afterAll(async () => {
  await db.end();
  await fresh.drop();
});

const unavailable = { code: 'DATABASE_UNAVAILABLE', retryAfterSeconds: 1 };
const count = async (): Promise<unknown> =>
  (await db.query('SELECT count(*) AS n FROM notes')).rows[0]?.['n'];
const backend = async (on: Queryable): Promise<number> =>
  (await on.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? 0;

test('values arrive as what they mean: numbers, instants, dates, bytes, JSON', async () => {
  const { rows } =
    await db.query(`SELECT 9007199254740991::int8 AS big, ARRAY[1, NULL]::int8[] AS bigs,
    '2026-03-01'::date AS day, '2026-03-01T00:00:00.123+09'::timestamptz AS at,
    '\\x00ff'::bytea AS bytes, '{"a": [1]}'::jsonb AS json, 1.50::numeric AS exact`);
  expect(rows).toEqual([
    {
      big: 9007199254740991,
      bigs: [1, null],
      day: '2026-03-01',
      at: new Date('2026-02-28T15:00:00.123Z'),
      bytes: Buffer.from([0, 255]),
      json: { a: [1] },
      exact: '1.50',
    },
  ]);
  await expect(db.query('SELECT 9007199254740993::int8')).rejects.toThrow(/beyond 2\^53/);
});

test('arrays of bytes arrive as they are: empty, absent, none at all, and large', async () => {
  const large = Buffer.alloc(70_000, 0xe9);
  for (const values of [[], [null], [Buffer.alloc(0), null, Buffer.from([0, 255, 92])], [large]]) {
    const text = 'SELECT $1::bytea[] AS bytes';
    const { rows } = await db.query({ text, values: [byteaArray(values)] });
    expect(rows).toEqual([{ bytes: values }]);
  }
});

test('what every order passes is planned once, and reads no table as a whole', async () => {
  const once = openDatabase({ url: fresh.url, sizeMax: 1, plansOnce: true });
  try {
    for (let count = 1; count <= 3; count += 1) {
      const ids = Array.from({ length: count }, () => '01890000-0000-7000-8000-000000000000');
      const text = 'SELECT status FROM transfers JOIN unnest($1::uuid[]) AS own (id) USING (id)';
      await once.query({ name: 'own', text, values: [ids] });
    }
    const plans = await once.query(
      `SELECT generic_plans::integer AS once, custom_plans::integer AS anew
       FROM pg_prepared_statements WHERE name = 'own'`,
    );
    expect(plans.rows).toEqual([{ once: 3, anew: 0 }]);
    const { rows } = await once.query(`EXPLAIN SELECT * FROM transfers WHERE id = ANY
      (ARRAY['01890000-0000-7000-8000-000000000000'::uuid])`);
    expect(JSON.stringify(rows)).not.toContain('Seq Scan');
    // or PostgreSQL 18.4 crashes under claims side by side
    const pruning = await once.query('SHOW enable_partition_pruning');
    expect(pruning.rows).toEqual([{ enable_partition_pruning: 'off' }]);
  } finally {
    await once.end();
  }
});

test('commits wait for the disk and statements for a limited time', async () => {
  const { rows } = await db.query(`SELECT name, setting FROM pg_settings WHERE name IN
    ('synchronous_commit', 'statement_timeout', 'lock_timeout', 'TimeZone',
     'idle_in_transaction_session_timeout') ORDER BY name COLLATE "C"`);
  expect(rows.map(({ setting }) => setting)).toEqual(['UTC', '30000', '100', '10000', 'on']);
});

test('a named statement is prepared once and takes other values', async () => {
  const named = (value: number) => ({
    name: 'twice',
    text: 'SELECT $1::int * 2 AS n',
    values: [value],
  });
  await db.transaction(async (tx) => {
    expect((await tx.query(named(2))).rows).toEqual([{ n: 4 }]);
    expect((await tx.query(named(3))).rows).toEqual([{ n: 6 }]);
    const { rows } = await tx.query('SELECT count(*) AS n FROM pg_prepared_statements');
    expect(rows).toEqual([{ n: 1 }]);
  });
});

test('a transaction commits when its work returns and rolls back when it throws', async () => {
  expect(
    await db.transaction(
      async (tx) => (await tx.query(`INSERT INTO notes VALUES (1, 'a')`)).rowCount,
    ),
  ).toBe(1);
  expect(await count()).toBe(1);
  const failing = db.transaction(async (tx) => {
    await tx.query(`INSERT INTO notes VALUES (2, 'b')`);
    throw new RangeError('changed my mind');
  });
  await expect(failing).rejects.toThrow(RangeError);
  expect(await count()).toBe(1);
});

test('work that swallows the error of a statement is not told that it was committed', async () => {
  const swallowing = db.transaction(async (tx) => {
    await tx.query(`INSERT INTO notes VALUES (3, 'c')`);
    await tx.query('SELECT 1 / 0').catch(() => undefined);
  });
  await expect(swallowing).rejects.toThrow('a failed transaction was committed');
  expect(await count()).toBe(1);
});

test('a statement after the end of its transaction is refused, not run outside it', async () => {
  let leaked: Queryable | undefined;
  await db.transaction(async (tx) => {
    leaked = tx;
  });
  await expect(leaked?.query('SELECT 1')).rejects.toThrow(/after its transaction had ended/);
});

test('a broken constraint and a lock timeout pass through, and keep their connection', async () => {
  const single = openDatabase({ url: fresh.ownerUrl, sizeMax: 1, lockTimeoutMs: 50 });
  const pid = await backend(single);
  await expect(single.query(`INSERT INTO notes VALUES (1, 'again')`)).rejects.toMatchObject({
    code: '23505',
  });
  await db.transaction(async (tx) => {
    await tx.query('LOCK TABLE notes IN ACCESS EXCLUSIVE MODE');
    await expect(single.query('SELECT FROM notes')).rejects.toMatchObject({ code: '55P03' });
  });
  expect(await backend(single)).toBe(pid);
  await single.end();
});

test('a statement that runs too long is DATABASE_UNAVAILABLE, not a lost link', async () => {
  const hasty = openDatabase({ url: fresh.ownerUrl, sizeMax: 1, statementTimeoutMs: 50 });
  const pid = await backend(hasty);
  await expect(hasty.query('SELECT pg_sleep(5)')).rejects.toMatchObject(unavailable);
  expect(await backend(hasty)).toBe(pid);
  await hasty.end();
});

test('a connection ended by an administrator is DATABASE_UNAVAILABLE, and replaced', async () => {
  const lost = db.transaction(async (tx) => {
    await db.query('SELECT pg_terminate_backend($1)', [await backend(tx)]);
    await tx.query(`INSERT INTO notes VALUES (4, 'd')`);
  });
  await expect(lost).rejects.toMatchObject(unavailable);
  expect(await count()).toBe(1);
});

test('an idle connection that is lost is told to onError and ends nothing else', async () => {
  const told: Error[] = [];
  const idle = openDatabase({
    url: fresh.ownerUrl,
    sizeMax: 1,
    onError: (error) => told.push(error),
  });
  await db.query('SELECT pg_terminate_backend($1)', [await backend(idle)]);
  await expect.poll(() => told.length).toBeGreaterThan(0);
  expect((await idle.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await idle.end();
});

test('no server, a wrong password and an unknown database are DATABASE_UNAVAILABLE', async () => {
  for (const part of ['port', 'password', 'pathname'] as const) {
    const url = new URL(fresh.url);
    url[part] = '1';
    const elsewhere = openDatabase({ url: url.href });
    await expect(elsewhere.query('SELECT 1')).rejects.toMatchObject(unavailable);
    await expect(elsewhere.transaction(async () => 1)).rejects.toMatchObject(unavailable);
    await elsewhere.end();
  }
});

test('a server that falls silent on an open connection does not hang the caller', async () => {
  const { port } = new URL(fresh.url);
  const sockets: Socket[] = [];
  const wire = createServer((near) => {
    const far = connect(Number(port), '127.0.0.1');
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => wire.listen(0, '127.0.0.1', resolve));
  const url = new URL(fresh.url);
  url.port = String((wire.address() as AddressInfo).port);
  const far = openDatabase({ url: url.href, sizeMax: 1, statementTimeoutMs: 50 });
  await far.query('SELECT 1');
  for (const socket of sockets) socket.unpipe().pause();
  await expect(far.query('SELECT 1')).rejects.toMatchObject(unavailable);
  await far.end();
  for (const socket of sockets) socket.destroy();
  wire.close();
});

test('end can be called twice, and afterwards nothing runs', async () => {
  const ended = openDatabase({ url: fresh.url });
  await ended.query('SELECT 1');
  await Promise.all([ended.end(), ended.end()]);
  await expect(ended.query('SELECT 1')).rejects.toMatchObject(unavailable);
});
