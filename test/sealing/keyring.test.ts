/** Which key counts: the database says it, the files say what is held, and a doubt stops all. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { appendKey, checkKeySources, findKeySources, keyNames } from '#src/base/key-sources.ts';
import { makeEntry, type EntryInput } from '#src/ledger/entry.ts';
import { announceKey, beginKey, retireKey } from '#src/lifecycle/key-change.ts';
import { tokenKeysOf } from '#src/bin/settings.ts';
import { openKeyring } from '#src/lifecycle/open-keyring.ts';
import { createFingerprint } from '#src/sealing/fingerprint.ts';
import { liveProcesses } from '#src/sealing/key-table.ts';
import { hmacKeyId, sealingKeyId, type Ring } from '#src/sealing/ring.ts';
import { createSealer } from '#src/sealing/seal.ts';
import { advisoryLocks } from '#src/store/advisory-locks.ts';
import { openDatabase, type Database } from '#src/store/pool.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/database.ts';
import { until } from '#test/support/wait.ts';

let database: FreshDatabase;
let db: Database;
let folder: string;

beforeAll(async () => {
  database = await freshDatabase();
  db = openDatabase({ url: database.url, sizeMax: 3 });
});
afterAll(async () => {
  await db?.end();
  await database?.drop();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-keyring-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  const owner = openDatabase({ url: database.ownerUrl, sizeMax: 1 });
  await owner.query('TRUNCATE keys, processes');
  await owner.end();
});

const sources = () => findKeySources({}, { home: folder, embedded: true });
const open = (isGateway = true) =>
  openKeyring({ db, sources: sources(), ledgerOrigin: 'ledger.test', isGateway });
const fileOf = (name: string) => join(folder, 'secrets', `${name}.key`);
const linesOf = (name: string) => readFileSync(fileOf(name), 'utf8').match(/\S+/g) ?? [];

const turn = async (name: string, id: string) => {
  await db.query('UPDATE keys SET ended_at = now() WHERE name = $1 AND ended_at IS NULL', [name]);
  await db.query(`INSERT INTO keys (name, id, began_at) VALUES ($1, $2, now())`, [name, id]);
};

describe('a keyring', () => {
  test('begins with the first key of each kind, and says what it holds and works with', async () => {
    const keys = open();
    await keys.register();
    for (const name of keyNames) {
      const [row] = keys.rows(name);
      expect(row).toMatchObject({ id: keys.of(name).current.id, endedAt: null, entry: null });
    }
    const [process] = await liveProcesses(db);
    const labels = keyNames.map((name) => `${name}:${keys.of(name).current.id}`);
    expect(process).toMatchObject({ held: labels, working: labels });
    await keys.leave();
    expect(await liveProcesses(db)).toEqual([]);
    await open(false).register();
    expect(await liveProcesses(db)).toEqual([]);
  });

  test('works with another key as soon as the database says so, and keeps the old one', async () => {
    const keys = open();
    await keys.register();
    const before = keys.of('hmac').current;
    const next = randomBytes(32);
    appendKey(fileOf('hmac'), next);
    await keys.refresh();
    // Held is not enough: what the database does not know counts for nothing.
    expect(keys.of('hmac')).toEqual({ current: before, others: [] });
    const [process] = await liveProcesses(db);
    expect(process?.held).not.toContain(`hmac:${hmacKeyId(next)}`);
    await turn('hmac', hmacKeyId(next));
    expect(await keys.refresh()).toBe(true);
    expect(keys.of('hmac').current.bytes).toEqual(next);
    expect(keys.of('hmac').others).toEqual([before]);
    const [then] = await liveProcesses(db);
    expect(then?.held).toContain(`hmac:${hmacKeyId(next)}`);
    expect(then?.working).toContain(`hmac:${hmacKeyId(next)}`);
    keys.assertWhole();
  });

  test('has the same rings, and the same pairs made of them, until one turns', async () => {
    const keys = open();
    await keys.register();
    const pairsOf = tokenKeysOf({ keys });
    const [ring, pairs] = [keys.of('token'), pairsOf()];
    expect(await keys.refresh()).toBe(false);
    keys.reread();
    expect(keys.of('token')).toBe(ring);
    expect(pairsOf()).toBe(pairs);
    appendKey(fileOf('token'), randomBytes(32));
    await keys.refresh();
    await turn('token', keys.held('token').at(-1)?.id ?? '');
    await keys.refresh();
    expect(pairsOf()).toEqual([expect.anything(), pairs[0]]);
  });

  test('is in doubt while it lacks a key in use, and a process that starts then is refused', async () => {
    const keys = open();
    await keys.register();
    const before = keys.of('sealing').current;
    const next = randomBytes(32);
    await turn('sealing', sealingKeyId(next));
    await keys.refresh();
    expect(() => keys.assertWhole()).toThrow('KEY_MISSING');
    // What it holds it goes on with: everybody can open that.
    expect(keys.of('sealing').current).toEqual(before);
    await expect(open().register()).rejects.toThrow(`give ${sealingKeyId(next)} back`);
    appendKey(fileOf('sealing'), next);
    await keys.refresh();
    keys.assertWhole();
  });

  test('a key that is retired counts for nothing, although the file still has it', async () => {
    const keys = open();
    await keys.register();
    const old = keys.of('token').current.id;
    const next = randomBytes(32);
    appendKey(fileOf('token'), next);
    await keys.refresh();
    const id = keys.held('token').at(-1)?.id ?? '';
    await turn('token', id);
    await db.query('UPDATE keys SET retired_at = now() WHERE id = $1', [old]);
    await keys.refresh();
    expect(keys.of('token')).toMatchObject({ current: { id }, others: [] });
  });

  test('two processes that start first with different keys: one of them is refused', async () => {
    const one = open();
    const elsewhere = mkdtempSync(join(tmpdir(), 'waybill-keyring-'));
    const two = openKeyring({
      ...{ db, ledgerOrigin: 'ledger.test', isGateway: true },
      sources: findKeySources({}, { home: elsewhere, embedded: true }),
    });
    const outcomes = await Promise.allSettled([one.register(), two.register()]);
    expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
    expect(await db.query('SELECT FROM keys')).toMatchObject({ rowCount: 4 });
    rmSync(elsewhere, { recursive: true, force: true });
  });
});

test('what is sealed under a key that came a moment ago opens before the next round', async () => {
  const keys = open();
  await keys.register();
  const next = randomBytes(32);
  const sealed = createSealer({ key: next }).seal(Buffer.from('plain'), Buffer.from('aad'));
  appendKey(fileOf('sealing'), next);
  const sealer = createSealer({ ring: () => keys.of('sealing'), reread: () => keys.reread() });
  expect(sealer.open(sealed, Buffer.from('aad')).toString()).toBe('plain');
});

describe('a file of keys', () => {
  test('gets its next key at the end, also where its last line has no end', () => {
    checkKeySources({}, { home: folder, embedded: true });
    const [first = ''] = linesOf('ledger');
    writeFileSync(fileOf('ledger'), first);
    const next = randomBytes(32);
    appendKey(fileOf('ledger'), next);
    expect(linesOf('ledger')).toEqual([first, next.toString('base64')]);
  });

  test('may be a variable with commas, whose keys must all be keys', () => {
    const key = () => randomBytes(32).toString('base64');
    const names = keyNames.map((name) => `WAYBILL_${name.toUpperCase()}_KEY`);
    const env = Object.fromEntries(names.map((name) => [name, key()]));
    const two = { ...env, WAYBILL_HMAC_KEY: `${env['WAYBILL_HMAC_KEY']}, ${key()}` };
    const options = { home: folder, embedded: false };
    expect(findKeySources(two, options).hmac.read()).toHaveLength(2);
    expect(checkKeySources(two, options)).toHaveProperty('sources');
    const wrong = { ...env, WAYBILL_HMAC_KEY: `${env['WAYBILL_HMAC_KEY']},dG9vIHNob3J0` };
    expect(checkKeySources(wrong, options)).toEqual({
      faults: ['WAYBILL_HMAC_KEY: must be 32 bytes in base64'],
    });
  });
});

const seeds = fc.uniqueArray(fc.uint8Array({ minLength: 32, maxLength: 32 }), {
  ...{
    minLength: 2,
    maxLength: 4,
    selector: (one: Uint8Array) => Buffer.from(one).toString('hex'),
  },
});
const ringFrom = (keys: readonly Uint8Array[], idOf: (key: Uint8Array) => string): Ring => {
  const [current, ...others] = keys.map((key) => ({ id: idOf(key), bytes: Buffer.from(key) }));
  if (!current) throw new Error('a ring has a key');
  return { current, others };
};

describe('after any number of turns', () => {
  test('what was sealed under any key of the ring opens, and what another sealed does not', () => {
    fc.assert(
      fc.property(seeds, fc.uint8Array({ maxLength: 40 }), (keys, plain) => {
        const aad = Buffer.from('aad');
        const sealed = keys.map((key) => createSealer({ key }).seal(plain, aad));
        const held = keys.slice(1);
        const sealer = createSealer({ ring: () => ringFrom(held, sealingKeyId) });
        for (const one of sealed.slice(1))
          expect(sealer.open(one, aad)).toEqual(Buffer.from(plain));
        expect(() => sealer.open(sealed[0] ?? Buffer.alloc(0), aad)).toThrow();
        const now = sealer.seal(plain, aad).subarray(1, 5).toString('hex');
        expect(now).toBe(sealingKeyId(held[0] ?? Buffer.alloc(0)));
      }),
      { numRuns: 30 },
    );
  });

  test('what was found under a key is found under it still', () => {
    fc.assert(
      fc.property(seeds, fc.string(), (keys, text) => {
        const made = keys.map((key) => createFingerprint({ key })('subject', 'patient', text));
        const turned = createFingerprint({ ring: () => ringFrom(keys, hmacKeyId) });
        expect(turned('subject', 'patient', text)).toEqual(made[0]);
        expect(turned.others('subject', 'patient', text)).toEqual(made.slice(1));
        expect(turned.keyId()).toBe(hmacKeyId(keys[0] ?? Buffer.alloc(0)));
      }),
      { numRuns: 30 },
    );
  });
});

describe('the HMAC key', () => {
  const sealer = createSealer({ key: randomBytes(32) });
  const changing = () => ({
    ...{ db, clock: { now: () => new Date() } },
    makeEntry: (input: EntryInput) => makeEntry({ sealDetail: sealer.seal, randomBytes }, input),
  });
  const [old, next] = [
    { name: 'hmac' as const, id: 'aaaaaaaa', reason: 'a sentence' },
    { name: 'hmac' as const, id: 'bbbbbbbb', reason: 'a sentence' },
  ];
  const held = async ({ id }: typeof old) =>
    (await db.query<{ held: boolean }>('SELECT hold_hmac_key($1) AS held', [id])).rows[0]?.held;
  const waits = async () =>
    (
      await db.query(
        `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = $1
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        [advisoryLocks.hmacKey],
      )
    ).rowCount === 1;
  const recorded = async () =>
    (await db.query("SELECT FROM submissions WHERE kind = 'key-changed'")).rowCount;

  test('does not change while something is stored under it', async () => {
    await turn('hmac', old.id);
    await announceKey(db, { ...next, public: null });
    const order: string[] = [];
    const begin = await db.transaction(async (tx) => {
      const { rows } = await tx.query<{ held: boolean }>('SELECT hold_hmac_key($1) AS held', [
        old.id,
      ]);
      expect(rows[0]?.held).toBe(true);
      const begun = beginKey(changing(), next).finally(() => order.push('begun'));
      await until('the change to wait', waits);
      order.push('stored');
      return { begun };
    });
    expect(await begin.begun).toBe(true);
    expect(order).toEqual(['stored', 'begun']);
    expect([await held(old), await held(next)]).toEqual([false, true]);
  });

  test('is retired once, not while it is the current one, and that is recorded', async () => {
    await turn('hmac', old.id);
    const before = (await recorded()) ?? 0;
    expect(await retireKey(changing(), old)).toBe(false);
    await turn('hmac', next.id);
    expect(await retireKey(changing(), old)).toBe(true);
    expect(await retireKey(changing(), old)).toBe(false);
    expect(await recorded()).toBe(before + 1);
  });
});
