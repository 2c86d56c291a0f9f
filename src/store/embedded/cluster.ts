/** What is set up once per home: data directory, passwords, the two roles, the database. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, escapeLiteral } from 'pg';
import { StartupError } from '#src/base/errors.ts';
import { syncFolder } from '#src/base/sync-folder.ts';
import type { Place } from './place.ts';
import { engineEnvironment } from './postmaster.ts';

/** Superuser for set-up only; the owner of the schema; the gateway, which owns nothing. */
export const roles = {
  superuser: 'postgres',
  owner: 'waybill_owner',
  gateway: 'waybill_gateway',
} as const;

export const databaseName = 'waybill';

export type Passwords = Readonly<Record<keyof typeof roles, string>>;

/** The passwords of a home, made at random the first time, in files that only its owner reads. */
export async function readPasswords(home: string): Promise<Passwords> {
  const folder = join(home, 'secrets');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const read = async (role: keyof typeof roles): Promise<string> => {
    const file = join(folder, `database-${role}.password`);
    const found = await readFile(file, 'utf8').catch(() => undefined);
    if (found !== undefined) return found.trim();
    const password = randomBytes(24).toString('base64url');
    await replaceFile(file, `${password}\n`);
    return password;
  };
  return {
    superuser: await read('superuser'),
    owner: await read('owner'),
    gateway: await read('gateway'),
  };
}

/** The connection URL of a role. */
export function urlOf(
  role: keyof typeof roles,
  passwords: Passwords,
  port: number,
  database: string = databaseName,
): string {
  return `postgres://${roles[role]}:${passwords[role]}@127.0.0.1:${port}/${database}`;
}

/**
 * Makes the data directory when there is none: under another name, synced, then renamed, so
 * that one that is there is whole.
 *
 * @throws StartupError when there is one of another major version
 */
export async function initialise(place: Place, passwords: Passwords): Promise<void> {
  const version = await readFile(join(place.data, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (version !== undefined) {
    if (version.trim() === '18') return;
    throw new StartupError([
      `${place.data} is of PostgreSQL ${version.trim()}, the engine is 18: dump and restore it`,
    ]);
  }
  for (const name of await readdir(place.folder)) {
    if (name.startsWith('new-')) await rm(join(place.folder, name), { recursive: true });
  }
  const partial = join(place.folder, `new-${randomBytes(6).toString('hex')}`);
  const passwordFile = `${partial}.password`;
  await writeFile(passwordFile, passwords.superuser, { mode: 0o600 });
  if (place.user !== undefined) await chown(passwordFile, place.user.uid, place.user.gid);
  try {
    await runInitdb(place, partial, passwordFile);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(partial, place.data);
  await syncFolder(place.folder);
}

async function runInitdb(place: Place, data: string, passwordFile: string): Promise<void> {
  const options = ['-D', data, '-U', roles.superuser, `--pwfile=${passwordFile}`];
  options.push('--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-instructions');
  const child = spawn(join(place.programs, 'bin/initdb'), options, {
    ...place.user,
    cwd: place.folder,
    env: engineEnvironment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream
      .setEncoding('utf8')
      .on('data', (text: string) => (output = (output + text).slice(-2000)));
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) {
    throw new StartupError([`the embedded PostgreSQL could not be initialised:\n${output.trim()}`]);
  }
}

/** Makes the roles and the database where missing; idempotent, as a crash may part them. */
export async function ensureRoles(superuserUrl: string, passwords: Passwords): Promise<void> {
  const client = new Client({ connectionString: superuserUrl, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (const role of ['owner', 'gateway'] as const) {
      const found = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [roles[role]]);
      if (found.rowCount !== 0) continue;
      const password = escapeLiteral(passwords[role]);
      await client.query(`CREATE ROLE ${roles[role]} LOGIN PASSWORD ${password}`);
    }
    const sql = 'SELECT 1 FROM pg_database WHERE datname = $1';
    if ((await client.query(sql, [databaseName])).rowCount !== 0) return;
    await client.query('REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC');
    await client.query(`CREATE DATABASE ${databaseName} OWNER ${roles.owner}`);
    await client.query(`REVOKE ALL ON DATABASE ${databaseName} FROM PUBLIC`);
    await client.query(`GRANT CONNECT ON DATABASE ${databaseName} TO ${roles.gateway}`);
  } finally {
    await client.end();
  }
}

/** Writes a file that only its owner reads, whole or not at all. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const partial = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(partial, text, { mode: 0o600 });
  await chmod(partial, 0o600);
  await rename(partial, path);
}
