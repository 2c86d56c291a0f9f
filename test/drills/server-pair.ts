/**
 * Two PostgreSQL servers on one machine, the second a synchronous standby of the first: what stands
 * on two machines in an installation, and what Patroni or a managed service would look after.
 */
import { appendFileSync, chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import {
  ensureRoles,
  initialise,
  readPasswords,
  urlOf,
  type Passwords,
} from '#src/store/embedded/cluster.ts';
import { makePlace, type Place } from '#src/store/embedded/place.ts';
import { startPostmaster, stopPostmaster } from '#src/store/embedded/postmaster.ts';
import { migrate } from '#src/store/migrate.ts';
import { until } from '#test/support/wait.ts';
import { copyFolder, takeBase } from './base-backup.ts';

export interface PairedServer {
  port: number;
  /** The URL of a role, at this server unless another port leads there. */
  url(role: 'gateway' | 'owner' | 'superuser', port?: number): string;
  /** One value, asked as superuser of the gateway's database. */
  value<T>(sql: string, msMax?: number): Promise<T | undefined>;
  /** kill -9 of the first process and of all that it has started; when, by `performance.now()`. */
  kill(): Promise<number>;
  /** Starts what was killed, on its data as they lie there. */
  startAgain(): Promise<void>;
}

export interface ServerPair {
  primary: PairedServer;
  standby: PairedServer;
  close(): Promise<void>;
}

const standbyName = 'standby';

/**
 * Why no standby can be made of the programs that `npm ci` brought; null: one can.
 */
export async function whyNoStandby(home: string): Promise<string | null> {
  const { programs } = await makePlace(await made(home));
  const folders = ['lib/postgresql', 'lib'].map((name) => join(programs, name));
  const files = folders.flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []));
  if (files.some((name) => /^libpqwalreceiver\.(so|dylib|dll)$/.test(name))) return null;
  return `the PostgreSQL in ${programs} has no libpqwalreceiver: it cannot follow another server`;
}

/** Starts both, the schema in place, every commit waiting for the standby's disk. */
export async function startServerPair(folder: string): Promise<ServerPair> {
  const [one, two] = [join(folder, 'one'), join(folder, 'two')];
  const passwords = await readPasswords(await made(one));
  const places = { one: await makePlace(one), two: await makePlace(await made(two)) };
  await initialise(places.one, passwords);
  const primary = await startServer(places.one, passwords);
  await ensureRoles(urlOf('superuser', passwords, primary.port, 'postgres'), passwords);
  await migrate({ ownerUrl: primary.url('owner'), gatewayRole: 'waybill_gateway' });
  await primary.value(`SELECT pg_create_physical_replication_slot('${standbyName}', true)`);
  const base = join(folder, 'base');
  await takeBase(primary.url('superuser'), places.one.data, base);
  await copyFolder(base, places.two.data, places.two.user);
  // A slot is the first server's alone; of its own the copy has an empty folder.
  await rm(join(places.two.data, 'pg_replslot', standbyName), { recursive: true });
  follow(places.two, { port: primary.port, password: passwords.superuser });
  const standby = await startServer(places.two, passwords);
  await primary.value(`ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (${standbyName})'`);
  await primary.value('SELECT pg_reload_conf()');
  await until('the standby to be synchronous', () =>
    primary.value<boolean>(`SELECT sync_state = 'sync' FROM pg_stat_replication`),
  );
  return {
    ...{ primary, standby },
    async close() {
      for (const server of [primary, standby]) await server.kill();
      for (const place of Object.values(places)) await rm(place.folder, { recursive: true });
      await rm(base, { recursive: true, force: true });
    },
  };
}

async function made(home: string): Promise<string> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  return realpath(home);
}

/** The same passwords stand in both: what is replicated is all of the first. */
function follow(place: Place, from: { port: number; password: string }): void {
  const line =
    `host=127.0.0.1 port=${from.port} user=postgres password=${from.password}` +
    ` application_name=${standbyName}`;
  appendFileSync(
    join(place.data, 'postgresql.auto.conf'),
    `primary_conninfo = '${line}'\nprimary_slot_name = '${standbyName}'\n`,
  );
  const signal = join(place.data, 'standby.signal');
  writeFileSync(signal, '');
  if (place.user) chownSync(signal, place.user.uid, place.user.gid);
}

async function startServer(place: Place, passwords: Passwords): Promise<PairedServer> {
  let { pid, port } = await startPostmaster(place, undefined);
  const url: PairedServer['url'] = (role, at = port) => urlOf(role, passwords, at);
  return {
    get port() {
      return port;
    },
    url,
    value: (sql, msMax = 30_000) => askOnce(url('superuser'), sql, msMax),
    async kill() {
      const sql = 'SELECT array_agg(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()';
      const others = await askOnce<number[]>(url('superuser'), sql, 2_000).catch(() => undefined);
      // The first process first: it would start again what ends under it.
      for (const each of [pid, ...(others ?? [])]) killQuietly(each);
      const killedAt = performance.now();
      await stopPostmaster(pid, place.data);
      return killedAt;
    },
    async startAgain() {
      ({ pid, port } = await startPostmaster(place, port));
    },
  };
}

/** @throws Error also where no answer has come in time */
async function askOnce<T>(url: string, sql: string, msMax: number): Promise<T | undefined> {
  const client = new Client({
    ...{ connectionString: url, connectionTimeoutMillis: msMax, query_timeout: msMax },
    application_name: 'drill',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<Record<string, T>>(sql);
    return Object.values(rows[0] ?? {})[0];
  } finally {
    // Who waits for an answer that does not come would be waited for, too.
    void client.end().catch(() => undefined);
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // That one has ended since.
  }
}
