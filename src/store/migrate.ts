/** Brings a database to the schema of this version, once, whoever calls and however often. */
import { readdir, readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { sha256 } from '#src/base/canonical.ts';
import { StartupError } from '#src/base/errors.ts';
import { advisoryLocks } from './advisory-locks.ts';
import { grantGateway } from './grants.ts';
import type { Queryable } from './pool.ts';

/** A numbered SQL file; once applied anywhere its text never changes. */
interface Migration {
  version: number;
  name: string;
  sql: string;
  digest: Buffer;
}

interface Applied {
  version: number;
  name: string;
  digest: Buffer;
}

const folder = new URL('./migrations/', import.meta.url);

/**
 * Applies what is missing, each file in its own transaction, then grants the gateway's role what it
 * needs and no more.
 *
 * @param input.ownerUrl the role that owns the schema (MIGRATION_DATABASE_URL)
 * @param input.gatewayRole the role that the gateway connects with; it must exist
 * @returns the versions applied now
 * @throws StartupError when an applied file has another digest, or is unknown here
 */
export async function migrate(input: {
  ownerUrl: string;
  gatewayRole: string;
  migrations?: URL;
}): Promise<number[]> {
  const files = await readMigrations(input.migrations ?? folder);
  const client = new Client({
    connectionString: input.ownerUrl,
    application_name: `waybill migrate/${process.pid}`,
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [advisoryLocks.migrations]);
    await client.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
      version integer PRIMARY KEY,
      name text NOT NULL,
      digest bytea NOT NULL CHECK (octet_length(digest) = 32),
      applied_at timestamptz NOT NULL DEFAULT now()
    )`);
    const applied = await readApplied(client);
    const faults = differences(files, applied).filter(({ kind }) => kind !== 'missing');
    if (faults.length > 0) throw new StartupError(faults.map(({ text }) => text));
    const now: number[] = [];
    for (const file of files.slice(applied.length)) {
      await applyOne(client, file);
      now.push(file.version);
    }
    await inTransaction(client, () => grantGateway(client, input.gatewayRole));
    return now;
  } finally {
    await client.end();
  }
}

/**
 * Refuses a database whose schema is not exactly this version's.
 *
 * @throws StartupError naming `npx waybill migrate`
 */
export async function assertSchema(db: Queryable): Promise<void> {
  const { rows } = await db.query<{ readable: boolean | null }>(
    `SELECT has_table_privilege(to_regclass('schema_migrations'), 'SELECT') AS readable`,
  );
  const advice = 'run `npx waybill migrate` with MIGRATION_DATABASE_URL set to the owner';
  if (rows[0]?.readable !== true) {
    throw new StartupError([`the database has no Waybill schema for this role: ${advice}`]);
  }
  const faults = differences(await readMigrations(folder), await readApplied(db));
  if (faults.length > 0) {
    throw new StartupError(
      faults.map(({ kind, text }) => (kind === 'missing' ? `${text}: ${advice}` : text)),
    );
  }
}

interface Difference {
  kind: 'missing' | 'changed' | 'newer';
  text: string;
}

function differences(files: readonly Migration[], applied: readonly Applied[]): Difference[] {
  const found: Difference[] = [];
  for (const [place, file] of files.entries()) {
    const row = applied[place];
    const name = `migration ${nameOf(file)}`;
    if (row === undefined) {
      found.push({
        kind: 'missing',
        text: `the schema is older than this Waybill: ${name} missing`,
      });
    } else if (row.version !== file.version || !row.digest.equals(file.digest)) {
      const text = `${name} is not the text that was applied as ${nameOf(row)}: restore it`;
      found.push({ kind: 'changed', text });
    }
  }
  for (const row of applied.slice(files.length)) {
    const text =
      `the schema is newer than this Waybill (${nameOf(row)}): use the Waybill that made it,` +
      ' `npx waybill migrate` cannot go back';
    found.push({ kind: 'newer', text });
  }
  return found;
}

const nameOf = (of: Applied): string => `${of.version}_${of.name}`;

async function readMigrations(from: URL): Promise<Migration[]> {
  const names = (await readdir(from)).filter((name) => /^\d{3}_\w+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name, place) => {
      const version = Number(name.slice(0, 3));
      if (version !== place + 1) throw new StartupError([`migration ${place + 1} is not there`]);
      const sql = await readFile(new URL(name, from), 'utf8');
      return { version, name: name.slice(4, -4), sql, digest: sha256(Buffer.from(sql)) };
    }),
  );
}

async function readApplied(db: Queryable): Promise<Applied[]> {
  const { rows } = await db.query<Applied>(
    'SELECT version, name, digest FROM schema_migrations ORDER BY version',
  );
  return rows;
}

async function applyOne(client: Client, file: Migration): Promise<void> {
  await inTransaction(client, async () => {
    await client.query(file.sql);
    await client.query(
      'INSERT INTO schema_migrations (version, name, digest) VALUES ($1, $2, $3)',
      [file.version, file.name, file.digest],
    );
  });
}

async function inTransaction(client: Client, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN');
  try {
    await work();
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
