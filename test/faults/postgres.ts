/** A PostgreSQL of the driver's own, that can be stopped, crashed, hung and run out of disk. */
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { ensureRoles, initialise, readPasswords, urlOf } from '#src/store/embedded/cluster.ts';
import { makePlace } from '#src/store/embedded/place.ts';
import { findPostmaster, startPostmaster, stopPostmaster } from '#src/store/embedded/postmaster.ts';
import { migrate } from '#src/store/migrate.ts';
import { came } from './pace.ts';

export interface Postgres {
  /** Where it listens; elsewhere after a restart if somebody has taken its port meanwhile. */
  port: () => number;
  /** The URL of a role, at a port that leads to it. */
  url(role: 'gateway' | 'owner' | 'superuser', port: number): string;
  /** Whether its data lie on a small disk that can be filled; if not, why. */
  disk: { isSmall: true } | { isSmall: false; why: string };
  /** At once, as by `pg_ctl stop -m immediate`, or in good order. */
  stop(how: 'immediate' | 'fast'): Promise<void>;
  start(): Promise<void>;
  /** kill -9 of one of its processes, after which it recovers by itself. False: none was found. */
  crash: () => Promise<boolean>;
  /** SIGSTOP of all its processes until the function that this answers is called. */
  hang(): Promise<() => void>;
  /** Fills the disk, until the function that this answers is called. */
  fillDisk(): Promise<() => Promise<void>>;
  logPath: string;
  close(): Promise<void>;
}

const diskMegabytes = 320;
const gatewayRole = 'waybill_gateway';

/** @param home an empty folder @param options.smallDisk try to put the data on a small tmpfs */
export async function startPostgres(
  home: string,
  options: { smallDisk: boolean },
): Promise<Postgres> {
  await mkdir(home, { recursive: true });
  const place = await makePlace(home);
  const disk = options.smallDisk
    ? mountSmall(place)
    : { isSmall: false as const, why: 'not asked' };
  const passwords = await readPasswords(home);
  await initialise(place, passwords);
  let { port } = await startPostmaster(place, undefined);
  await ensureRoles(urlOf('superuser', passwords, port, 'postgres'), passwords);
  await migrate({ ownerUrl: urlOf('owner', passwords, port), gatewayRole });
  const running = () => findPostmaster(place.data);

  async function start(): Promise<void> {
    if (await running()) return;
    // The disk may still be full, or a process of the one before may not be gone yet.
    const started = await came(async () => {
      const found = await startPostmaster(place, port).catch(() => null);
      port = found?.port ?? port;
      return found !== null;
    }, 60_000);
    if (!started) throw new Error(`PostgreSQL does not start: ${place.log}`);
  }

  async function stop(how: 'immediate' | 'fast'): Promise<void> {
    const found = await running();
    if (!found) return;
    process.kill(found.pid, how === 'immediate' ? 'SIGQUIT' : 'SIGINT');
    if (await came(async () => !(await running()), 20_000)) return;
    await stopPostmaster(found.pid, place.data);
  }

  const backends = () => pidsOf(urlOf('superuser', passwords, port, 'postgres'));
  return {
    ...{ port: () => port, disk, start, stop, logPath: place.log },
    url: (role, at) => urlOf(role, passwords, at),
    async crash() {
      const { gateways, all } = await backends();
      const pid = gateways[0] ?? all[0];
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      return pid !== undefined;
    },
    async hang() {
      const found = await running();
      const pids = [...(found ? [found.pid] : []), ...(await backends()).all];
      for (const pid of pids) signal(pid, 'SIGSTOP');
      return () => pids.forEach((pid) => signal(pid, 'SIGCONT'));
    },
    async fillDisk() {
      const filler = join(place.folder, 'filler');
      const { bavail, bsize } = await statfs(place.folder);
      await writeFile(filler, Buffer.alloc(bavail * bsize)).catch(() => undefined);
      return () => rm(filler, { force: true });
    },
    async close() {
      const found = await running();
      if (found) await stopPostmaster(found.pid, place.data);
      if (disk.isSmall) spawnSync('umount', [place.folder]);
      await rm(place.folder, { recursive: true, force: true });
    },
  };
}

/** Mounts a tmpfs where the engine is to keep its data. */
function mountSmall(place: { folder: string; user: { uid: number; gid: number } | undefined }) {
  const { uid, gid } = place.user ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const options = `size=${diskMegabytes}m,mode=0700,uid=${uid},gid=${gid}`;
  const args = ['-t', 'tmpfs', '-o', options, 'waybill-faults', place.folder];
  const { status, stderr, error } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status === 0) return { isSmall: true as const };
  return { isSmall: false as const, why: (error?.message ?? stderr).trim().split('\n')[0] ?? '' };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // That one has ended since.
  }
}

async function pidsOf(url: string): Promise<{ all: number[]; gateways: number[] }> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ pid: number; is_gateway: boolean }>(
      `SELECT pid, coalesce(usename = '${gatewayRole}', false) AS is_gateway FROM pg_stat_activity
       WHERE pid <> pg_backend_pid() ORDER BY pid`,
    );
    const gateways = rows.filter((row) => row.is_gateway).map(({ pid }) => pid);
    return { all: rows.map(({ pid }) => pid), gateways };
  } catch {
    return { all: [], gateways: [] };
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The last lines of its log, for whoever looks into a failure. */
export async function tailOf(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).split('\n').slice(-200).join('\n');
}
