/** The server process: found by its pid file, started on a free port, stopped without loss. */
import { execFile, spawn } from 'node:child_process';
import { chown, open, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { StartupError } from '#src/base/errors.ts';
import type { Place } from './place.ts';

/** A running server. */
export interface Postmaster {
  pid: number;
  port: number;
}

const pollMs = 20;
/** Recovery after a crash replays at most `max_wal_size`; this is far beyond it. */
const readyMsMax = 120_000;
const portTries = 5;
const logBytesMax = 10_000_000;

/**
 * Durable, quiet, reachable by nothing but loopback TCP with a password.
 *
 * Neither statements nor parameters nor error details reach the log: a failing statement can quote
 * the row that it failed on. What the gateway stores is sealed, but its log is not the place to
 * rely on that. `log` as the least level keeps start, stop and crash, and drops statements' errors.
 */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  password_encryption: 'scram-sha-256',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  shared_buffers: '128MB',
  huge_pages: 'off',
  max_connections: '100',
  max_wal_size: '1GB',
  wal_compression: 'on',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_destination: 'stderr',
  logging_collector: 'off',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_statement: 'none',
  log_min_duration_statement: '-1',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_lock_waits: 'off',
  log_checkpoints: 'off',
  log_autovacuum_min_duration: '-1',
};

/** The server that has this data directory open and takes connections, or is about to. */
export async function findPostmaster(data: string): Promise<Postmaster | undefined> {
  const file = await readPidFile(data);
  if (file === undefined || !(await isPostmaster(file.pid, data))) return undefined;
  return { pid: file.pid, port: file.port };
}

/**
 * Starts the server, on `port` if that is free, else on any; resolves once it takes connections. It
 * runs in a session of its own: neither Ctrl-C in the terminal nor the gateway's death reaches it.
 *
 * @param others settings beside ours, or in place of them
 * @throws StartupError with the last lines of its log
 */
export async function startPostmaster(
  place: Place,
  port: number | undefined,
  others: Readonly<Record<string, string>> = {},
): Promise<Postmaster> {
  await forgetReusedPid(place.data);
  let wanted = port;
  for (let tries = 0; tries < portTries; tries += 1) {
    const chosen = wanted !== undefined && (await isFree(wanted)) ? wanted : await freePort();
    const pid = await launch(place, { ...settings, ...others, port: String(chosen) });
    if (await becameReady(pid, place.data)) return { pid, port: chosen };
    // Somebody took the port between our look and the server's bind; anything else is a fault.
    if (await isFree(chosen)) break;
    wanted = undefined;
  }
  const lines = (await readFile(place.log, 'utf8').catch(() => '')).trim().split('\n').slice(-5);
  throw new StartupError([`the embedded PostgreSQL did not start:\n    ${lines.join('\n    ')}`]);
}

/** Waits until a server that was found takes connections; false when it ends before. */
export async function becameReady(pid: number, data: string): Promise<boolean> {
  const until = performance.now() + readyMsMax;
  while (performance.now() < until) {
    const file = await readPidFile(data);
    if (file?.pid === pid && file.ready) return true;
    if (!isAlive(pid)) return false;
    await pause(pollMs);
  }
  return false;
}

/** Fast shutdown; after ten seconds an immediate one, from which the next start recovers. */
export async function stopPostmaster(pid: number, data: string): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!(await isPostmaster(pid, data))) return;
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    const until = performance.now() + 10_000;
    while (performance.now() < until) {
      if (!(await isPostmaster(pid, data))) return;
      await pause(pollMs);
    }
  }
  throw new Error(`the embedded PostgreSQL (process ${pid}) does not stop`);
}

async function launch(place: Place, asked: Readonly<Record<string, string>>): Promise<number> {
  const size = (await stat(place.log).catch(() => undefined))?.size ?? 0;
  if (size > logBytesMax) await truncate(place.log);
  const log = await open(place.log, 'a', 0o600);
  try {
    if (place.user !== undefined) await chown(place.log, place.user.uid, place.user.gid);
    const options = Object.entries(asked).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(join(place.programs, 'bin/postgres'), ['-D', place.data, ...options], {
      ...place.user,
      cwd: place.folder,
      env: engineEnvironment,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return child.pid ?? 0;
  } finally {
    await log.close();
  }
}

/** Nothing of the caller's: PG* variables, LD_LIBRARY_PATH and LANG would all change the engine. */
export const engineEnvironment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

interface PidFile {
  pid: number;
  port: number;
  ready: boolean;
}

/** postmaster.pid: pid, data folder, start time, port, socket, address, memory, status. */
async function readPidFile(data: string): Promise<PidFile | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[3] ?? 0), ready: lines[7] === 'ready' };
}

/**
 * After a power cut the pid in the file may belong to some other program, and PostgreSQL would take
 * it for a running server. Our own pid in its place says "stale" (PostgreSQL ignores its parent's),
 * and leaves its check that no orphan still uses the shared memory named in the same file.
 */
async function forgetReusedPid(data: string): Promise<void> {
  const file = await readPidFile(data);
  if (file === undefined || !isAlive(file.pid) || (await isPostmaster(file.pid, data))) return;
  const path = join(data, 'postmaster.pid');
  const [, ...rest] = (await readFile(path, 'utf8')).split('\n');
  await writeFile(path, [String(process.pid), ...rest].join('\n'));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** True when the process lives (a zombie has no command line) and serves this data directory. */
async function isPostmaster(pid: number, data: string): Promise<boolean> {
  if (process.platform === 'linux') {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return line.split('\0').includes(data);
  }
  return new Promise((resolve) => {
    execFile('ps', ['-ww', '-o', 'command=', '-p', String(pid)], (_error, line) =>
      resolve(line.includes(` -D ${data} `)),
    );
  });
}

async function isFree(port: number): Promise<boolean> {
  return (await listenOn(port)) !== undefined;
}

async function freePort(): Promise<number> {
  const port = await listenOn(0);
  if (port === undefined) throw new StartupError(['no port on 127.0.0.1 is free']);
  return port;
}

function listenOn(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}
