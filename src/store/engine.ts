/**
 * The embedded default: a real PostgreSQL for whoever sets no DATABASE_URL, started on the first
 * gateway of a home, shared by the others, stopped by the last, and found again after `kill -9`.
 */
import { mkdir, readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { StartupError } from '#src/base/errors.ts';
import { ensureRoles, initialise, readPasswords } from './embedded/cluster.ts';
import { replaceFile, roles, urlOf } from './embedded/cluster.ts';
import type { Passwords } from './embedded/cluster.ts';
import { withLock } from './embedded/lock.ts';
import { findFolders, makePlace } from './embedded/place.ts';
import type { Place } from './embedded/place.ts';
import { becameReady, findPostmaster, startPostmaster } from './embedded/postmaster.ts';
import { stopPostmaster } from './embedded/postmaster.ts';
import type { Postmaster } from './embedded/postmaster.ts';

/** A started, or joined, engine. */
export interface Engine {
  /** For migrations: owns the schema. */
  readonly ownerUrl: string;
  /** For the gateway: owns nothing. */
  readonly gatewayUrl: string;
  /** For set-up and tests alone. */
  readonly superuserUrl: string;
  /** The server's process; another one after it was restarted. */
  readonly pid: number;
  /**
   * Leaves the engine, and stops it unless another Waybill process uses it. Close your own pools
   * first. `force` stops it whoever uses it. Safe to call twice.
   */
  stop(options?: { force?: boolean }): Promise<void>;
}

export interface EngineSettings {
  /** The folder of everything that this gateway keeps (`.waybill`); made when missing. */
  home: string;
  /** Told, a line at a time, what takes long or went wrong. Never a secret. */
  log: (line: string) => void;
}

/** Somebody else's start, with a recovery after a crash, may be waited for. */
const lockMsMax = 150_000;
const restartPauseMs = 1_000;

/**
 * Starts the engine of a home, or joins the one that runs: of another gateway, or left by one that
 * was killed. While the engine is held, a server that dies is started again on the same port.
 *
 * @throws StartupError when it cannot be started, saying what to do
 */
export async function startEngine({ home: wanted, log }: EngineSettings): Promise<Engine> {
  await mkdir(wanted, { recursive: true, mode: 0o700 });
  const home = await realpath(wanted);
  const lock = join(home, 'engine.lock');
  let leaving: Promise<void> | undefined;
  let now = await withLock(lock, lockMsMax, () => ensureRunning(home, log, restart));

  /** The server went away under us. */
  function restart(): void {
    if (leaving !== undefined) return;
    log('the embedded PostgreSQL went away; starting it again');
    void withLock(lock, lockMsMax, async () => {
      if (leaving === undefined) now = await ensureRunning(home, log, restart);
    }).catch(async (error: unknown) => {
      log(error instanceof Error ? error.message : String(error));
      await pause(restartPauseMs, undefined, { ref: false });
      restart();
    });
  }

  const url = (role: keyof typeof roles, database?: string): string =>
    urlOf(role, now.passwords, now.postmaster.port, database);
  return {
    get ownerUrl() {
      return url('owner');
    },
    get gatewayUrl() {
      return url('gateway');
    },
    get superuserUrl() {
      return url('superuser', 'postgres');
    },
    get pid() {
      return now.postmaster.pid;
    },
    stop: (options) =>
      (leaving ??= withLock(lock, lockMsMax, () => leave(now, options?.force ?? false))),
  };
}

/** Stops what runs of a home and removes its data for good: for temporary homes. */
export async function removeEngineData(home: string): Promise<void> {
  const folders = await findFolders(await realpath(home));
  for (const folder of folders) {
    const data = join(folder, 'data');
    const running = await findPostmaster(data);
    if (running !== undefined) await stopPostmaster(running.pid, data);
    await rm(folder, { recursive: true, force: true });
  }
}

/** One gateway's hold on a running engine. */
interface Held {
  place: Place;
  postmaster: Postmaster;
  passwords: Passwords;
  /** An idle connection: it tells others that we are here, and us that the server went away. */
  holder: Holder;
}

/** Its types lack what node-postgres has had since 2012. */
type Holder = Client & { ref(): void; unref(): void };

async function ensureRunning(
  home: string,
  log: (line: string) => void,
  onLost: () => void,
): Promise<Held> {
  const place = await makePlace(home);
  const passwords = await readPasswords(home);
  let postmaster = await adopt(place, passwords, log);
  if (postmaster === undefined) {
    const last = await readFile(join(home, 'database.url'), 'utf8').catch(() => '');
    if (last === '') log('preparing the embedded PostgreSQL (first start, about two seconds)');
    await initialise(place, passwords);
    const port = URL.canParse(last.trim()) ? Number(new URL(last.trim()).port) : undefined;
    postmaster = await startPostmaster(place, port);
    log(`embedded PostgreSQL ready on 127.0.0.1:${postmaster.port}`);
  }
  await ensureRoles(urlOf('superuser', passwords, postmaster.port, 'postgres'), passwords);
  await replaceFile(
    join(home, 'database.url'),
    `${urlOf('gateway', passwords, postmaster.port)}\n`,
  );
  await replaceFile(join(home, 'owner.url'), `${urlOf('owner', passwords, postmaster.port)}\n`);
  const holder = await hold(urlOf('gateway', passwords, postmaster.port), onLost);
  return { place, postmaster, passwords, holder };
}

/** The server that already runs on our data; one that does not answer is stopped. */
async function adopt(
  place: Place,
  passwords: Passwords,
  log: (line: string) => void,
): Promise<Postmaster | undefined> {
  const running = await findPostmaster(place.data);
  if (running === undefined) return undefined;
  log(`joining the embedded PostgreSQL that runs (process ${running.pid})`);
  if (await becameReady(running.pid, place.data)) {
    const ready = (await findPostmaster(place.data)) ?? running;
    const url = urlOf('superuser', passwords, ready.port, 'postgres');
    if ((await ask(url, 'SELECT true AS answer')) === true) return ready;
  }
  log('it does not answer; stopping it');
  await stopPostmaster(running.pid, place.data);
  return undefined;
}

async function hold(url: string, onLost: () => void): Promise<Holder> {
  const holder = new Client({
    connectionString: url,
    application_name: holderName,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  }) as Holder;
  holder.on('error', () => undefined);
  await holder.connect();
  holder.once('end', onLost);
  // A gateway that forgets to stop its engine still ends.
  holder.unref();
  return holder;
}

const holderName = `waybill engine/${process.pid}`;

async function leave({ place, passwords, holder }: Held, force: boolean): Promise<void> {
  const running = await findPostmaster(place.data);
  if (running === undefined) return;
  holder.ref();
  const url = urlOf('superuser', passwords, running.port, 'postgres');
  const shared = !force && (await ask(url, countOthers, [holderName, await backendOf(holder)]));
  await holder.end().catch(() => undefined);
  if (shared === true) return;
  await stopPostmaster(running.pid, place.data);
}

/**
 * Connections of other Waybill processes, whose names end in another process id, and holders
 * of this process other than our own. One that was just killed may show for a moment more.
 */
const countOthers = `SELECT count(*) > 0 AS answer FROM pg_stat_activity
  WHERE application_name LIKE 'waybill%' AND pid <> $2::int
    AND (application_name = $1 OR application_name NOT LIKE '%/${process.pid}')`;

async function backendOf(client: Holder): Promise<number> {
  const answer = client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return answer.then(({ rows }) => rows[0]?.pid ?? 0).catch(() => 0);
}

/** One question to a server that may be on its last legs; undefined when it does not answer. */
async function ask(url: string, sql: string, values: unknown[] = []): Promise<unknown> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ answer: unknown }>(sql, values);
    return rows[0]?.answer;
  } catch (error) {
    const wrongPassword = '28P01';
    if (error instanceof DatabaseError && error.code === wrongPassword) {
      throw new StartupError([
        'the passwords under secrets/ are not those of the database: restore that folder',
      ]);
    }
    return undefined;
  } finally {
    void client.end().catch(() => undefined);
  }
}
