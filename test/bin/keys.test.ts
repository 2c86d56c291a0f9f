/** `waybill keys`: what it refuses changes nothing; what was broken off goes on where it was. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manageKeys } from '#src/bin/keys.ts';
import { openDatabase, type Database } from '#src/store/pool.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/database.ts';

let database: FreshDatabase;
let db: Database;
let folder: string;
let env: Record<string, string>;

const key = () => randomBytes(32).toString('base64');

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-keys-'));
  database = await freshDatabase();
  db = openDatabase({ url: database.url, sizeMax: 2 });
  env = { DATABASE_URL: database.url, WAYBILL_HOME: folder };
  for (const name of ['SEALING', 'HMAC', 'LEDGER']) {
    env[`WAYBILL_${name}_KEY_FILE`] = join(folder, `${name}.key`);
    writeFileSync(join(folder, `${name}.key`), `${key()}\n`);
  }
  env['WAYBILL_TOKEN_KEY'] = key();
});
afterEach(async () => {
  await db.end();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const keys = (...args: string[]) => manageKeys(env, [...args, '--reason', 'a reason']);
const linesOf = (name: string) => readFileSync(join(folder, `${name}.key`), 'utf8').match(/\S+/g);

interface Row {
  id: string;
  state: string;
}
async function rowsOf(name: string): Promise<Row[]> {
  const { rows } = await db.query<Row>(
    `SELECT id, CASE WHEN retired_at IS NOT NULL THEN 'retired' WHEN began_at IS NULL THEN 'next'
       WHEN ended_at IS NULL THEN 'current' ELSE 'older' END AS state
     FROM keys WHERE name = $1 ORDER BY added_at`,
    [name],
  );
  return rows;
}
const statesOf = async (name: string) => (await rowsOf(name)).map(({ state }) => state);
const changes = async () =>
  (await db.query("SELECT FROM submissions WHERE kind = 'key-changed'")).rowCount;

test('a process that does not get the new key keeps it from being changed, until it has it', async () => {
  const process = randomUUID();
  await db.query('INSERT INTO processes (id, held, working) VALUES ($1, $2, $2)', [process, []]);
  await expect(keys('rotate', 'hmac', '--wait', '1')).rejects.toThrow(
    '1 of 1 processes do not have the new hmac key',
  );
  expect(await statesOf('hmac')).toEqual(['current', 'next']);
  expect(await changes()).toBe(0);
  await db.query('DELETE FROM processes');
  const [, next] = await rowsOf('hmac');
  expect(await keys('rotate', 'hmac')).toBe(0);
  // No third one was made.
  expect(await rowsOf('hmac')).toMatchObject([{ state: 'older' }, { ...next, state: 'current' }]);
  expect(linesOf('HMAC')).toHaveLength(2);
  expect(await changes()).toBe(1);
});

test('a key that was announced can be dropped, the current one cannot', async () => {
  const process = randomUUID();
  await db.query('INSERT INTO processes (id, held, working) VALUES ($1, $2, $2)', [process, []]);
  await expect(keys('rotate', 'sealing', '--wait', '1')).rejects.toThrow('sealing');
  const [current, next] = await rowsOf('sealing');
  await expect(keys('retire', 'sealing', current?.id ?? '')).rejects.toThrow('change it first');
  expect(await keys('retire', 'sealing', next?.id ?? '')).toBe(0);
  expect(await statesOf('sealing')).toEqual(['current', 'retired']);
  await db.query('DELETE FROM processes');
  expect(await keys('rotate', 'sealing')).toBe(0);
  expect(await statesOf('sealing')).toEqual(['older', 'retired', 'current']);
});

test('a key in a variable is changed for one that stands behind it, and never for one of ours', async () => {
  await expect(keys('rotate', 'token')).rejects.toThrow('WAYBILL_TOKEN_KEY is a variable');
  expect(await statesOf('token')).toEqual(['current']);
  env['WAYBILL_TOKEN_KEY'] += `,${key()}`;
  expect(await keys('rotate', 'token')).toBe(0);
  expect(await statesOf('token')).toEqual(['older', 'current']);
});

test('the next key that nobody has any more is named, and nothing else takes its place', async () => {
  expect(await keys('rotate', 'ledger')).toBe(0);
  await db.query("INSERT INTO keys (name, id) VALUES ('ledger', 'ffffffff')");
  await expect(keys('rotate', 'ledger')).rejects.toThrow('the next key was to be ffffffff');
  expect(linesOf('LEDGER')).toHaveLength(2);
});

test('what is not said in full is refused', async () => {
  const wrong = [['turn'], ['rotate'], ['rotate', 'everything'], ['retire', 'hmac', 'ffffffff']];
  for (const args of wrong) await expect(keys(...args)).rejects.toThrow(/keys/);
  await expect(manageKeys(env, ['rotate', 'hmac'])).rejects.toThrow('say why');
});
