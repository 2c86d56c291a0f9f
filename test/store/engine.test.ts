import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assertDurable } from '#src/store/durable.ts';
import { removeEngineData, startEngine } from '#src/store/engine.ts';
import { readPasswords, urlOf } from '#src/store/embedded/cluster.ts';
import { findFolders, makePlace } from '#src/store/embedded/place.ts';
import { startPostmaster, stopPostmaster } from '#src/store/embedded/postmaster.ts';
import { openDatabase } from '#src/store/pool.ts';

const holderScript = fileURLToPath(new URL('./holder.ts', import.meta.url));
const log = (): void => undefined;
const asRoot = process.getuid?.() === 0;
let home: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), `waybill-test-${process.pid}-`));
  await chmod(home, 0o700);
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await removeEngineData(home);
  await rm(home, { recursive: true });
});

interface Holder {
  child: ChildProcess;
  pid: number;
  gatewayUrl: string;
  stop: () => Promise<void>;
}

/** Another process that starts, or joins, the engine of a home. */
async function spawnHolder(of: string, user: { uid?: number; gid?: number } = {}): Promise<Holder> {
  const child = spawn(process.execPath, [holderScript, of], {
    ...user,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  for await (const line of createInterface({ input: child.stdout })) {
    const { pid, gatewayUrl } = JSON.parse(line) as { pid: number; gatewayUrl: string };
    const stop = async (): Promise<void> => {
      const exit = once(child, 'exit');
      child.stdin.end('stop\n');
      expect(await exit).toEqual([0, null]);
    };
    return { child, pid, gatewayUrl, stop };
  }
  throw new Error(`the holder did not start: ${complaints}`);
}

const isAlive = async (pid: number): Promise<boolean> =>
  (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')) !== '';

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ user: string }>('SELECT current_user AS user');
  await client.end();
  return rows[0]?.user === 'waybill_gateway';
}

test('two processes that start a new home share one engine; the last one stops it', async () => {
  const [one, other] = await Promise.all([spawnHolder(home), spawnHolder(home)]);
  expect(one.pid).toBe(other.pid);
  await one.stop();
  expect(await answers(other.gatewayUrl)).toBe(true);
  await other.stop();
  expect(await isAlive(one.pid)).toBe(false);
});

test('passwords and URLs lie in files that only their owner reads, and the URLs work', async () => {
  const engine = await startEngine({ home, log });
  const names = ['database.url', 'owner.url'];
  names.push(...(await readdir(join(home, 'secrets'))).map((name) => `secrets/${name}`));
  expect(names).toHaveLength(5);
  for (const name of names) {
    expect((await stat(join(home, name))).mode & 0o777).toBe(0o600);
  }
  const url = (await readFile(join(home, 'database.url'), 'utf8')).trim();
  expect(url).toBe(engine.gatewayUrl);
  expect(await answers(url)).toBe(true);
  const guess = new URL(url);
  guess.password = 'guess';
  await expect(answers(guess.href)).rejects.toThrow(/password authentication failed/);
  await engine.stop();
});

test.runIf(asRoot)('as root, nothing of the engine runs from or lies in the home', async () => {
  const engine = await startEngine({ home, log });
  const program = await readlink(`/proc/${engine.pid}/exe`);
  expect(program).toMatch(/^\/var\/lib\/waybill\/engine-18/);
  expect(await readlink(`/proc/${engine.pid}/cwd`)).toMatch(/^\/var\/lib\/waybill\//);
  expect((await stat(`/proc/${engine.pid}`)).uid).not.toBe(0);
  expect(await readdir(home)).not.toContain('engine');
  await engine.stop();
});

test('after kill -9 of the gateway the next start goes on with the same engine', async () => {
  const killed = await spawnHolder(home);
  killed.child.kill('SIGKILL');
  await once(killed.child, 'exit');
  expect(await isAlive(killed.pid)).toBe(true);
  const engine = await startEngine({ home, log });
  expect(engine.pid).toBe(killed.pid);
  expect(engine.gatewayUrl).toBe(killed.gatewayUrl);
  await engine.stop();
  expect(await isAlive(killed.pid)).toBe(false);
});

test('a pid file that names some other living program does not block the start', async () => {
  const engine = await startEngine({ home, log });
  const data = await dataFolder();
  const pidFile = await readFile(join(data, 'postmaster.pid'), 'utf8');
  await engine.stop();
  // As after a power cut: the file is still there, and its pid is another program's, of the same
  // user (PostgreSQL itself overlooks those of others).
  const { uid, gid } = await stat(data);
  const bystander = spawn('sleep', ['600'], asRoot ? { uid, gid } : {});
  children.push(bystander);
  const stale = pidFile.replace(/^\d+/, String(bystander.pid));
  await writeFile(join(data, 'postmaster.pid'), stale);
  const next = await startEngine({ home, log });
  expect(await answers(next.gatewayUrl)).toBe(true);
  expect(bystander.exitCode).toBeNull();
  await next.stop();
});

test('a server that dies is started again on its port, and the pool goes on with it', async () => {
  const engine = await startEngine({ home, log });
  const lost: Error[] = [];
  const db = openDatabase({ url: engine.gatewayUrl, onError: (error) => lost.push(error) });
  const before = engine.pid;
  const during = db.transaction(async (tx) => {
    await tx.query('SELECT 1');
    process.kill(before, 'SIGKILL');
    await tx.query('SELECT pg_sleep(5)');
  });
  await expect(during).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  const ask = async (): Promise<unknown> =>
    (await db.query('SELECT 7::int8 AS seven').catch(() => ({ rows: [] }))).rows;
  await expect.poll(ask, { timeout: 15_000 }).toEqual([{ seven: 7 }]);
  await expect.poll(() => engine.pid).not.toBe(before);
  await db.end();
  await engine.stop();
});

test('the pool says DATABASE_UNAVAILABLE while the engine is away, and recovers', async () => {
  const engine = await startEngine({ home, log });
  const db = openDatabase({ url: engine.gatewayUrl });
  await db.query('SELECT 1');
  await engine.stop();
  for (let tries = 0; tries < 3; tries += 1) {
    await expect(db.query('SELECT 1')).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      retryAfterSeconds: 1,
    });
  }
  const again = await startEngine({ home, log });
  expect((await db.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await db.end();
  await again.stop();
});

test('a server that does not wait for its disk is refused', async () => {
  const place = await makePlace(home);
  const passwords = await readPasswords(home);
  const server = await startPostmaster(place, undefined, { fsync: 'off' });
  const db = openDatabase({ url: urlOf('gateway', passwords, server.port) });
  try {
    await expect(assertDurable(db)).rejects.toThrow(/fsync = off/);
  } finally {
    await db.end();
    await stopPostmaster(server.pid, place.data);
  }
});

test('neither values nor statements reach the log of the engine', async () => {
  const engine = await startEngine({ home, log });
  const client = new Client({ connectionString: engine.ownerUrl });
  await client.connect();
  await client.query('CREATE TABLE IF NOT EXISTS canary (name text UNIQUE, born date)');
  const values = ['canary-name', '2000-01-01'];
  await client.query('INSERT INTO canary VALUES ($1, $2)', values);
  await expect(client.query('INSERT INTO canary VALUES ($1, $2)', values)).rejects.toThrow();
  await expect(client.query(`SELECT 'canary-name'::int`)).rejects.toThrow();
  await expect(client.query('SELECT $1::int', ['canary-name'])).rejects.toThrow();
  await client.end();
  await engine.stop();
  const text = await readFile(join(await dataFolder(), '../postgres.log'), 'utf8');
  expect(text).toContain('database system is shut down');
  expect(text).not.toContain('canary');
});

test.runIf(asRoot)('an ordinary user starts it in their own home', async ({ skip }) => {
  const nobody = { uid: 65534, gid: 65534 };
  const theirs = await mkdtemp(join(tmpdir(), `waybill-test-${process.pid}-`));
  try {
    await chown(theirs, nobody.uid, nobody.gid);
    // A clone under root's own 0700 home cannot be read by anybody else.
    if (!(await canRead(nobody, holderScript))) skip();
    const holder = await spawnHolder(theirs, nobody);
    expect((await stat(join(theirs, 'engine/data'))).uid).toBe(nobody.uid);
    expect(await answers(holder.gatewayUrl)).toBe(true);
    await holder.stop();
    expect(await isAlive(holder.pid)).toBe(false);
  } finally {
    await removeEngineData(theirs);
    await rm(theirs, { recursive: true });
  }
});

async function canRead(user: { uid: number; gid: number }, file: string): Promise<boolean> {
  const code = `require('node:fs').accessSync(${JSON.stringify(file)})`;
  const probe = spawn(process.execPath, ['-e', code], { ...user, stdio: 'ignore' });
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false));
    probe.once('exit', (status) => resolve(status === 0));
  });
}

async function dataFolder(): Promise<string> {
  for (const folder of await findFolders(home)) {
    const data = join(folder, 'data');
    if (await stat(data).catch(() => undefined)) return data;
  }
  throw new Error('the home has no engine');
}
