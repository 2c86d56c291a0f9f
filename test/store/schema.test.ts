import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256 } from '#src/base/canonical.ts';
import { appendOnly, assertPowerless, tables } from '#src/store/grants.ts';
import { assertSchema, migrate } from '#src/store/migrate.ts';
import { openDatabase } from '#src/store/pool.ts';
import type { Database } from '#src/store/pool.ts';
import { freshDatabase } from '#test/support/database.ts';
import { describeSchema } from './catalog.ts';

const gatewayRole = 'waybill_gateway';
const migrationFolder = new URL('../../src/store/migrations/', import.meta.url);
const golden = new URL('../golden/schema.txt', import.meta.url);
let fresh: Awaited<ReturnType<typeof freshDatabase>>;
let gateway: Database;
let owner: Database;

beforeAll(async () => {
  fresh = await freshDatabase();
  gateway = openDatabase({ url: fresh.url });
  owner = openDatabase({ url: fresh.ownerUrl });
});

afterAll(async () => {
  await gateway.end();
  await owner.end();
  await fresh.drop();
});

test('the schema is the one in test/golden/schema.txt (UPDATE_GOLDEN=1 rewrites it)', async () => {
  const found = await describeSchema(owner);
  if (process.env['UPDATE_GOLDEN'] === '1') await writeFile(golden, found);
  expect(found).toBe(await readFile(golden, 'utf8'));
});

test('migrating again, and twice at the same time, changes nothing', async () => {
  const input = { ownerUrl: fresh.ownerUrl, gatewayRole };
  expect(await Promise.all([migrate(input), migrate(input)])).toEqual([[], []]);
  await assertSchema(gateway);
});

test('an applied migration whose text changed is refused by migrate and at start', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  await cp(migrationFolder, folder, { recursive: true });
  const file = join(folder, '001_waybill.sql');
  await writeFile(file, `${await readFile(file, 'utf8')}-- changed\n`);
  const migrations = pathToFileURL(`${folder}/`);
  await expect(migrate({ ownerUrl: fresh.ownerUrl, gatewayRole, migrations })).rejects.toThrow(
    /1_waybill is not the text that was applied/,
  );
  await rm(folder, { recursive: true });
  await owner.query('UPDATE schema_migrations SET digest = sha256(digest) WHERE version = 1');
  await expect(assertSchema(gateway)).rejects.toThrow(/is not the text that was applied/);
  await owner.query(`UPDATE schema_migrations SET digest = $1 WHERE version = 1`, [
    sha256(await readFile(new URL('001_waybill.sql', migrationFolder))),
  ]);
  await assertSchema(gateway);
});

test('a migration that fails leaves nothing of itself behind', async () => {
  const other = await freshDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  await cp(migrationFolder, folder, { recursive: true });
  const next = (await readdir(migrationFolder)).length + 1;
  const file = join(folder, `${String(next).padStart(3, '0')}_broken.sql`);
  await writeFile(file, 'CREATE TABLE halfway (id int); SELECT 1 / 0;');
  const migrations = pathToFileURL(`${folder}/`);
  const ownerUrl = other.ownerUrl;
  await expect(migrate({ ownerUrl, gatewayRole, migrations })).rejects.toThrow(/division by zero/);
  const db = openDatabase({ url: ownerUrl });
  const { rows } = await db.query(`SELECT to_regclass('halfway') AS found`);
  expect(rows).toEqual([{ found: null }]);
  await assertSchema(db);
  await db.end();
  await other.drop();
  await rm(folder, { recursive: true });
});

test('a database without schema, or a newer one, is refused with what to do', async () => {
  const other = await freshDatabase();
  const db = openDatabase({ url: other.url });
  const own = openDatabase({ url: other.ownerUrl });
  await own.query(`INSERT INTO schema_migrations (version, name, digest)
    VALUES (999, 'later', sha256(''))`);
  await expect(assertSchema(db)).rejects.toThrow(/newer than this Waybill.*npx waybill migrate/);
  await own.query('DELETE FROM schema_migrations');
  await expect(assertSchema(db)).rejects.toThrow(/older than this Waybill.*npx waybill migrate/);
  await own.query('DROP TABLE schema_migrations');
  await expect(assertSchema(db)).rejects.toThrow(/no Waybill schema.*npx waybill migrate/);
  await db.end();
  await own.end();
  await other.drop();
});

const digest = `decode(repeat('00', 32), 'hex')`;
const forbidden = [
  `UPDATE entries SET leaf = ''`,
  'DELETE FROM entries',
  'TRUNCATE entries',
  'DROP TABLE entries',
  'ALTER TABLE entries DISABLE TRIGGER ALL',
  'ALTER TABLE entries DETACH PARTITION entries_0',
  'SELECT FROM entries_0',
  `INSERT INTO entries_0 VALUES (0, '', '')`,
  'DELETE FROM entries_0',
  'SELECT * FROM entries FOR UPDATE',
  `INSERT INTO checkpoints (size, root, note) VALUES (0, ${digest}, '')
     ON CONFLICT (size) DO UPDATE SET note = ''`,
  'DELETE FROM checkpoints',
  'UPDATE tiles SET level = 1',
  `UPDATE contract_versions SET digest = ${digest}`,
  'DELETE FROM contract_versions',
  'DELETE FROM tree_head',
  "INSERT INTO tree_head (one, size, frontier) VALUES (true, 0, '')",
  `UPDATE transfers SET commitment = ${digest}`,
  `UPDATE transfers SET released = '{}'`,
  'DELETE FROM transfers',
  'CREATE TABLE mine (id int)',
  'CREATE TEMP TABLE mine (id int)',
  'CREATE SCHEMA mine',
  'CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  `CREATE TRIGGER mine BEFORE INSERT ON entries
     EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
  'CREATE RULE mine AS ON INSERT TO entries DO INSTEAD NOTHING',
  'SET ROLE waybill_owner',
  `SET session_replication_role = 'replica'`,
  `COPY entries TO PROGRAM 'true'`,
  'DELETE FROM schema_migrations',
];

test.for(forbidden)('the gateway cannot: %s', async (statement) => {
  const refusal = /permission denied|must be owner/;
  await expect(gateway.query(statement)).rejects.toThrow(refusal);
});

test('the gateway can lock and take submissions, and make partitions ahead of time', async () => {
  await gateway.query(`INSERT INTO submissions (kind, leaf, detail) VALUES ('released', '{}', '')`);
  const { rows } = await gateway.query(`DELETE FROM submissions WHERE id IN
    (SELECT id FROM submissions FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING kind`);
  expect(rows).toEqual([{ kind: 'released' }]);
  await gateway.query('SELECT ensure_partitions(6)');
  const made = await owner.query<{ open: string[] | null }>(
    `SELECT array_agg(relname::text) FILTER (WHERE has_table_privilege(
       'waybill_gateway', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')) AS open
       FROM pg_class WHERE relispartition AND relkind = 'r'`,
  );
  expect(made.rows).toEqual([{ open: null }]);
  await gateway.query(`INSERT INTO payloads VALUES
    (uuid_floor(now() + make_interval(months => 5)), '')`);
  expect((await gateway.query('DELETE FROM payloads')).rowCount).toBe(1);
});

test('a role that can do more, or less, than what is written down is refused by name', async () => {
  const refusal = () => assertPowerless(gateway).catch((error: unknown) => String(error));
  await assertPowerless(gateway);
  await expect(assertPowerless(owner)).rejects.toThrow(/ownership of/);
  const superuser = openDatabase({ url: fresh.superuserUrl });
  await expect(assertPowerless(superuser)).rejects.toThrow(/SUPERUSER|more than it may have/);
  const tries = [
    ['DELETE ON entries_0', 'more than it may have: DELETE on entries_0:'],
    ['UPDATE (note) ON checkpoints', 'more than it may have: UPDATE (note) on checkpoints:'],
    ['REFERENCES ON clients', 'more than it may have: REFERENCES on clients:'],
    ['USAGE ON SEQUENCE submissions_id_seq', 'USAGE on sequence submissions_id_seq'],
    ['CREATE ON SCHEMA public', 'CREATE on schema public'],
  ] as const;
  for (const [privilege, said] of tries) {
    await superuser.query(`GRANT ${privilege} TO ${gatewayRole}`);
    expect(await refusal()).toContain(said);
    await superuser.query(`REVOKE ${privilege} FROM ${gatewayRole}`);
  }
  await owner.query(`CREATE FUNCTION helps() RETURNS integer LANGUAGE sql AS 'SELECT 1'`);
  expect(await refusal()).toContain('EXECUTE on helps()');
  await owner.query('DROP FUNCTION helps()');
  await owner.query(`REVOKE INSERT ON entries FROM ${gatewayRole}`);
  expect(await refusal()).toContain('lacks what it needs: INSERT on entries:');
  await migrate({ ownerUrl: fresh.ownerUrl, gatewayRole });
  await assertPowerless(gateway);
  await superuser.end();
});

test('nothing that is only ever added to can be changed or deleted', () => {
  for (const table of appendOnly) expect(`${table}: ${tables[table]}`).not.toMatch(/UPDATE|DELETE/);
});
