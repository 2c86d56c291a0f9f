/** Old months and spans leave the database for files that prove themselves; nothing else does. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { generateClientKey } from '#src/access/keys.ts';
import { verifyArchives } from '#src/bin/archive.ts';
import { archivesOfEntries } from '#src/bin/mirror-archive.ts';
import { mirrorLedger } from '#src/bin/mirror.ts';
import { verifyMirror } from '#src/bin/verify-folder.ts';
import { makeEntry } from '#src/ledger/entry.ts';
import { submit } from '#src/ledger/submit.ts';
import { readEntryBundle, readHashTile } from '#src/ledger/tiles.ts';
import { archiveOldParts, dropDetached } from '#src/oversight/archive.ts';
import { verifyArchive } from '#src/oversight/archive-verify.ts';
import { reviewView } from '#src/oversight/review-view.ts';
import { openDatabase, type Database } from '#src/store/pool.ts';
import { missingTransfer } from '#src/transfers/archived.ts';
import { openTestLedger, vkey, type TestLedger } from '#test/ledger/fixture.ts';
import { released, sealing } from '#test/ledger/support.ts';

let ledger: TestLedger;
let owner: Database;
let home: string;
let dir: string;
const subject = '0196c4c5-0000-4000-8000-000000000001';
const told: string[] = [];

const idIn = (month: string, n: number) => `uuid_floor('${month}-10T00:00:00Z')::text,
  lpad('${n}', 4, '0')`;
const insertSql = (month: string, n: number, status: string, purged: boolean) => `
  INSERT INTO transfers (id, client, consignee, contract, subject, status, released, derived,
    withheld, commitment, reference, reference_hmac, entry, due_at, created_at, expires_at,
    settled_at, purge_at, purged_at)
  SELECT (left(a, 32) || b)::uuid, 'emr', 'samkwang', 'samkwang.v1', '${subject}', '${status}',
    '{name}', '{}', '[]', sha256(''), 'sealed', 'hmac', ${n}, now(), now(), now(), now(), now(),
    ${purged ? 'now()' : 'NULL'}
  FROM (VALUES (${idIn(month, n)})) AS id (a, b)`;

const idOf = async (month: string, n: number) => {
  const { rows } = await owner.query<{ id: string }>(
    `SELECT (left(a, 32) || b)::uuid AS id FROM (VALUES (${idIn(month, n)})) AS id (a, b)`,
  );
  return rows[0]?.id ?? '';
};

/** The release of the archived transfer of a month, under its person's key. */
async function releasedOf(month: string) {
  const { rows } = await owner.query<{ key: Buffer }>('SELECT key FROM subjects');
  const person = { id: subject, key: rows[0]?.key ?? Buffer.alloc(32) };
  return released(await idOf(month, 8), { person });
}

/** Three spans of 256, as if a span were that short, and three old months. */
async function grow(): Promise<void> {
  await owner.query('DROP TABLE entries_0, entries_1');
  for (const [from, to] of [
    [0, 256],
    [256, 512],
    [512, 4_194_304],
  ]) {
    await owner.query(`CREATE TABLE entries_${Number(from) / 256} PARTITION OF entries
      FOR VALUES FROM (${from}) TO (${to})`);
  }
  await owner.query(`INSERT INTO subjects (id, identifier_hmac) VALUES ($1, 'somebody')`, [
    subject,
  ]);
  for (const month of ['2023-05', '2023-06', '2023-07']) {
    for (const table of ['transfers', 'results', 'payloads']) {
      await owner.query(`CREATE TABLE ${table}_${month.replace('-', '_')} PARTITION OF ${table}
        FOR VALUES FROM (uuid_floor('${month}-01T00:00:00Z'))
        TO (uuid_floor('${month}-01T00:00:00Z'::timestamptz + interval '1 month'))`);
    }
  }
  for (let n = 0; n < 3; n += 1) await owner.query(insertSql('2023-05', n, 'delivered', true));
  await owner.query(insertSql('2023-06', 999, 'ready', false));
  await owner.query(insertSql('2023-07', 8, 'failed', true));
  await ledger.submitMany(299);
  await submit(ledger.db, [{ entry: await releasedOf('2023-07') }]);
  const granted = { client: 'one', role: 'emr', scopes: [] };
  const actor = { client: null, kind: 'system' } as const;
  await submit(ledger.db, [
    {
      entry: makeEntry(sealing, {
        ...{ kind: 'access-granted', at: new Date('2023-06-01T00:00:00Z') },
        detail: { actor, ...granted },
      }),
    },
  ]);
  await ledger.submitMany(250);
  await ledger.sequenceAll(100);
  // The first span is of long ago; the second is old enough, but for who was given access.
  await owner.query(`UPDATE checkpoints SET signed_at = now() - interval '3 years 2 months'
    WHERE size <= 300 AND size > 0`);
  await owner.query(`UPDATE checkpoints SET signed_at = now() - interval '2 years 2 months'
    WHERE size > 300`);
}

const before = `${new Date().getUTCFullYear() - 2}-01`;

const run = () =>
  archiveOldParts(
    {
      ...{ owner, clock: { now: () => new Date() }, tell: (line: string) => void told.push(line) },
      makeEntry: (input) => makeEntry(sealing, input),
    },
    { before: '2030-01', dir, yearsMin: 2 },
  );

const tableNames = async () => {
  const { rows } = await owner.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relname ~ '_(2023_..|[0-9])$'`,
  );
  return rows.map(({ name }) => name).sort();
};

beforeAll(async () => {
  ledger = await openTestLedger();
  owner = openDatabase({ url: ledger.fresh.ownerUrl });
  home = mkdtempSync(join(tmpdir(), 'waybill-archive-'));
  dir = join(home, 'archives');
  mkdirSync(dir);
  await grow();
});

afterAll(async () => {
  await owner?.end();
  await ledger?.close();
  rmSync(home, { recursive: true, force: true });
});

test('what is whole and old goes; what is open, or too young, stays and is told why', async () => {
  expect(before < '2030-01').toBe(true);
  const outcomes = await run();
  const months = outcomes.filter(({ name }) => /^2023/.test(name));
  expect(months).toEqual([
    { name: '2023-05', doubts: [] },
    { name: '2023-06', doubts: ['transfers under way: 1'] },
    { name: '2023-07', doubts: [] },
  ]);
  const later = outcomes.filter(({ name }) => /^20(2[4-9]|[3-9])/.test(name));
  expect(later.length).toBeGreaterThan(0);
  for (const { doubts } of later) {
    expect(doubts[0]).toMatch(/^a month is kept 2 years: it may go from \d{4}-\d\d-01 on$/);
  }
  const [first, second, ...more] = outcomes.filter(({ name }) => name.startsWith('entries'));
  expect(first).toEqual({ name: 'entries 0 to 255', doubts: [] });
  expect(second?.name).toBe('entries 256 to 511');
  expect(second?.doubts[0]).toMatch(/^who was given access is kept 3 years: it may go from/);
  expect(more).toEqual([]);
  expect(readdirSync(dir).sort()).toEqual(['2023-05', '2023-07', 'entries-0']);
});

test('an archive is whole, holds the signed entries, and a byte of it cannot change unseen', async () => {
  for (const name of readdirSync(dir)) {
    expect((await verifyArchive({ folder: join(dir, name), vkeys: [vkey] })).faults).toEqual([]);
  }
  const folder = join(dir, 'entries-0');
  const { manifest } = await verifyArchive({ folder, vkeys: [] });
  expect(manifest.files.map(({ path }) => path)).toEqual([
    ...['checkpoint', 'sealed/000', 'tile/0/000', 'tile/entries/000'],
  ]);
  for (const { path } of [...manifest.files, { path: '../2023-05/transfers_2023_05.ndjson' }]) {
    const file = join(folder, path);
    const kept = readFileSync(file);
    const changed = Buffer.from(kept);
    changed[changed.length >> 1]! ^= 1;
    writeFileSync(file, changed);
    const at = path.startsWith('..') ? join(dir, '2023-05') : folder;
    expect((await verifyArchive({ folder: at, vkeys: [] })).faults).toHaveLength(1);
    writeFileSync(file, kept);
  }
  const other = vkey.replace(/^[^+]+/, 'another.log');
  const { faults } = await verifyArchive({ folder, vkeys: [other] });
  expect(faults).toEqual(['none of the keys has signed the checkpoint']);
});

/** The files of the ledger as a gateway serves them, by the same rooms. */
async function serveFiles(): Promise<{ url: string; close: () => void }> {
  const answer = async (path: string): Promise<string | Buffer> => {
    if (path === '/oauth2/token') return JSON.stringify({ access_token: 'one', expires_in: 300 });
    if (path === '/v1/ledger/checkpoint') return (await ledger.reader.latestCheckpoint()).note;
    const [, , , , level = '', ...segments] = path.split('/');
    if (level === 'entries') return readEntryBundle(ledger.db, { segments });
    return readHashTile(ledger.db, { level, segments });
  };
  const server = createServer((request, response) => {
    answer(request.url ?? '').then(
      (bytes) => response.end(bytes),
      (error: { code?: string }) => {
        response.statusCode = error.code === 'ARCHIVED' ? 410 : 404;
        response.end();
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

test('a copy that is begun only now takes what it lacks from the archive, and verifies whole', async () => {
  const site = await serveFiles();
  const copy = join(home, 'copy');
  const clientKey = (await generateClientKey()).privateJwk;
  const mirror = (archives: string[]) =>
    mirrorLedger({
      ...{ url: site.url, clientId: 'auditor', clientKey, vkeys: [vkey], dir: copy },
      ...{ entries: true, details: false, witnessesMin: 0, archives },
    });
  await expect(mirror([])).rejects.toThrow(/entries\/000: .* went to an archive; .* --archive/);
  expect(existsSync(join(copy, 'checkpoint'))).toBe(false);
  const bundle = join(dir, 'entries-0', 'tile/entries/000');
  const kept = readFileSync(bundle);
  for (const at of [1, 40, kept.length - 1]) {
    const changed = Buffer.from(kept);
    changed[at]! ^= 1;
    writeFileSync(bundle, changed);
    const why = new RegExp(`^${bundle}: entry \\d+ is (not what was signed|missing)$`);
    await expect(mirror(archivesOfEntries([dir]))).rejects.toThrow(why);
  }
  writeFileSync(bundle, kept);
  expect(existsSync(join(copy, 'tile/entries/000'))).toBe(false);
  for (const folders of [[dir], [join(dir, 'entries-0')]]) {
    expect(archivesOfEntries(folders)).toEqual([join(dir, 'entries-0')]);
  }
  expect(() => archivesOfEntries([join(dir, '2023-05')])).toThrow(/holds no entries/);
  expect(await mirror(archivesOfEntries([dir]))).toEqual({ size: 551, gained: 551 });
  expect(readFileSync(join(copy, 'tile/entries/000'))).toEqual(kept);
  const asked = { dir: copy, vkeys: [vkey], stateFile: null, entries: true };
  expect(await verifyMirror(asked)).toMatchObject({ size: 551, faults: [], details: false });
  expect(await mirror([])).toEqual({ size: 551, gained: 0 });
  site.close();
});

test('the command takes the keys of a ledger whose key was changed as one file', async () => {
  const keys = `${dir}.vkeys`;
  writeFileSync(keys, `${vkey.replace(/^[^+]+/, 'another.log')}\n${vkey}\n`);
  const said = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  expect(await verifyArchives([join(dir, 'entries-0'), '--vkey', keys])).toBe(0);
  expect(said).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^entries-0 .*\tis whole\n$/));
  said.mockRestore();
  rmSync(keys);
});

test('whoever makes all of it anew, files and manifest, does not reach the signed root', async () => {
  const folder = join(dir, 'entries-0');
  const manifestFile = join(folder, 'manifest.json');
  const keep = [manifestFile, join(folder, 'tile/0/000')].map((path) => {
    return { path, bytes: readFileSync(path) };
  });
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as {
    entries: { path: string[] };
  };
  manifest.entries.path.reverse();
  writeFileSync(manifestFile, JSON.stringify(manifest));
  const { faults, sha256 } = await verifyArchive({ folder, vkeys: [vkey] });
  expect(faults).toEqual(['the entries are not those of the checkpoint']);
  for (const { path, bytes } of keep) writeFileSync(path, bytes);
  expect((await verifyArchive({ folder, vkeys: [vkey] })).sha256).not.toBe(sha256);
});

test('the rows are in the files, without what ties them to a person; a link is kept instead', async () => {
  const lines = readFileSync(join(dir, '2023-05', 'transfers_2023_05.ndjson'), 'utf8');
  const rows = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(rows).toHaveLength(3);
  for (const row of rows) {
    expect(row).toMatchObject({ consignee: 'samkwang', status: 'delivered' });
    for (const left of ['subject', 'reference', 'reference_hmac'])
      expect(row).not.toHaveProperty(left);
  }
  const { rows: links } = await owner.query('SELECT subject FROM subject_links WHERE of_transfer');
  expect(links).toEqual(Array.from({ length: 4 }, () => ({ subject })));
  const { rows: columns } = await owner.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute
     WHERE attrelid = 'transfers_2023_05'::regclass AND NOT attisdropped`,
  );
  expect(columns.map(({ name }) => name)).not.toContain('subject');
});

test('what is archived is said to be so; proofs of it, and all that stays, are served', async () => {
  await expect(
    ledger.reader.entries({ start: 5, limit: 10, withDetail: false }),
  ).rejects.toMatchObject({ code: 'ARCHIVED', facts: { from: 256 } });
  await expect(readEntryBundle(ledger.db, { segments: ['000'] })).rejects.toMatchObject({
    code: 'ARCHIVED',
  });
  expect(await ledger.reader.entries({ start: 256, limit: 10, withDetail: false })).toHaveLength(
    10,
  );
  const proof = await ledger.reader.inclusion({ index: 5 });
  expect(proof.hashes.length).toBeGreaterThan(8);
  for (const [month, code] of [
    ['2023-05', 'ARCHIVED'],
    ['2023-06', 'NOT_FOUND'],
  ] as const) {
    expect(await missingTransfer(ledger.db, await idOf(month, 1))).toMatchObject({ code });
  }
});

test('the review of a time that is archived opens, without the reasons of its exports', async () => {
  const period = { period: '2023-07', from: '2023-07-01', to: '2023-07-31' };
  const none = { counts: [], newItems: [], anomalies: [] };
  const made = { who: 'auditor', format: 'csv', found: 7 };
  const view = await reviewView(
    { ledger: ledger.reader },
    {
      standing: { ...period, dueOn: '2023-08-10', state: 'overdue', signed: null },
      shown: { ...{ v: 1, ...period, ...none }, exports: [{ entry: 5, ...made }] },
      ...{ summary: null, signed: null },
    },
  );
  const { who: client, ...rest } = made;
  expect(view.exports).toEqual([{ entry: 5, client, person: null, ...rest, reason: null }]);
});

test('a detail of an archived transfer opens until its person is destroyed', async () => {
  const transfer = await idOf('2023-07', 8);
  const [entry] = await ledger.reader.trail(transfer);
  expect(entry).toMatchObject({ index: 299 });
  expect(entry?.detail).not.toBeNull();
  await ledger.db.query('DELETE FROM subjects WHERE id = $1', [subject]);
  expect(await ledger.reader.trail(transfer)).toMatchObject([{ detail: null, erased: true }]);
  expect((await owner.query('SELECT FROM subject_links')).rowCount).toBe(0);
});

test('the ledger goes on, and says what was archived under which hash', async () => {
  await ledger.sequenceAll();
  const entries = await ledger.reader.entries({ start: 551, limit: 10, withDetail: true });
  const details = entries.map(({ detail }) => {
    return JSON.parse(detail?.content.toString('utf8') ?? '{}') as Record<string, unknown>;
  });
  const hashOf = async (name: string) =>
    (await verifyArchive({ folder: join(dir, name), vkeys: [] })).sha256;
  expect(details).toMatchObject([
    { what: 'transfers', from: '2023-05', count: 3, sha256: await hashOf('2023-05') },
    { what: 'transfers', from: '2023-07', count: 1, sha256: await hashOf('2023-07') },
    { what: 'entries', from: '0', to: '255', count: 256, sha256: await hashOf('entries-0') },
  ]);
  await submit(ledger.db, [{ entry: released() }]);
  await ledger.sequenceAll();
  expect((await ledger.reader.latestCheckpoint()).size).toBe(555);
});

test('once more, nothing that went is touched again', async () => {
  const before = await tableNames();
  const outcomes = await run();
  expect(outcomes.filter(({ doubts }) => doubts.length === 0)).toEqual([]);
  expect(await tableNames()).toEqual(before);
});

test('what a broken run left is never replaced, and half a folder is no archive', async () => {
  await owner.query(`UPDATE transfers SET status = 'failed', purged_at = now()
    WHERE status = 'ready'`);
  mkdirSync(join(dir, '2023-06'));
  mkdirSync(join(dir, '2023-06.partial'));
  await expect(run()).rejects.toThrow(/2023-06 is there already/);
  expect(await tableNames()).toContain('transfers_2023_06');
  rmSync(join(dir, '2023-06'), { recursive: true });
  expect((await run())[0]).toEqual({ name: '2023-06', doubts: [] });
  expect(readdirSync(dir).sort()).toEqual(['2023-05', '2023-06', '2023-07', 'entries-0']);
  const { rows } = await owner.query(`SELECT name FROM archives WHERE month = '2023-06-01'`);
  expect(rows).toHaveLength(3);
});

test('a detached table is dropped only when its archive is whole', async () => {
  const folders = readdirSync(dir).map((name) => join(dir, name));
  const file = join(dir, '2023-05', 'transfers_2023_05.ndjson');
  const kept = readFileSync(file);
  writeFileSync(file, kept.subarray(1));
  const drop = () => dropDetached({ owner, tell: () => undefined }, { folders });
  const [may, ...rest] = await drop();
  expect(may?.doubts).toEqual(['transfers_2023_05.ndjson was changed']);
  expect(rest.map(({ doubts }) => doubts)).toEqual([[], [], []]);
  expect(await tableNames()).toEqual([
    ...['entries_1', 'entries_2', 'payloads_2023_05', 'results_2023_05', 'transfers_2023_05'],
  ]);
  writeFileSync(file, kept);
  expect((await drop()).map(({ doubts }) => doubts)).toEqual([[]]);
  expect(await tableNames()).not.toContain('transfers_2023_05');
});
