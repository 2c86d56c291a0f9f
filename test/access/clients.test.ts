import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClientRegistry } from '#src/access/clients.ts';
import type { ClientRegistry } from '#src/access/clients.ts';
import type { NewClient } from '#src/access/client-rules.ts';
import { generateClientKey } from '#src/access/keys.ts';
import { forgetExpired, rememberJti } from '#src/access/replays.ts';
import { createRowSeal } from '#src/access/row-seal.ts';
import { ALL_SCOPES, isRole, ROLES, scopesOf } from '#src/access/roles.ts';
import { createFingerprint } from '#src/sealing/fingerprint.ts';
import { hmacKeyId } from '#src/sealing/ring.ts';
import { openDatabase } from '#src/store/pool.ts';
import type { Database } from '#src/store/pool.ts';
import { freshDatabase } from '#test/support/database.ts';

const { privateJwk, publicJwk } = await generateClientKey();
const hmacKey = Buffer.alloc(32, 1);
const fingerprint = createFingerprint({ key: hmacKey });
const emr: NewClient = {
  id: 'emr',
  role: 'emr',
  consignee: null,
  scopes: scopesOf('emr'),
  jwks: { keys: [publicJwk] },
};
const lab: NewClient = {
  ...emr,
  id: 'samkwang',
  role: 'consignee',
  consignee: 'samkwang',
  scopes: scopesOf('consignee'),
};

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
let db: Database;
let otherDb: Database;
let nowMs = Date.now();
let registry: ClientRegistry;

beforeAll(async () => {
  fresh = await freshDatabase();
  db = openDatabase({ url: fresh.url });
  otherDb = openDatabase({ url: fresh.url });
  registry = createClientRegistry({ db, now: () => nowMs, fingerprint });
});
afterAll(async () => {
  await db.end();
  await otherDb.end();
  await fresh.drop();
});

describe('roles', () => {
  it('share scopes only where an officer may what an auditor, or the EMR, may', () => {
    expect(new Set(ALL_SCOPES).size).toBe(ALL_SCOPES.length);
    const others = ROLES.filter((role) => role !== 'privacy-officer').flatMap(scopesOf);
    expect(new Set(others).size).toBe(others.length);
    const own = scopesOf('privacy-officer').filter((scope) => !others.includes(scope));
    expect(own).toEqual(['subjects:erase']);
    expect(new Set([...others, ...own])).toEqual(new Set(ALL_SCOPES));
    expect(isRole('emr')).toBe(true);
    expect(isRole('constructor')).toBe(false);
  });
});

describe('the registry of clients', () => {
  it('registers a client once and finds it as it was registered', async () => {
    expect(await registry.find('emr')).toBeUndefined();
    expect(await registry.add(emr)).toBe(true);
    expect(await registry.add({ ...emr, scopes: ['transfers:read'] })).toBe(false);
    expect(await registry.find('emr')).toMatchObject({
      id: 'emr',
      role: 'emr',
      consignee: null,
      scopes: scopesOf('emr'),
      keys: [publicJwk],
      revokedAt: null,
    });
    await registry.add(lab);
    expect((await registry.list()).map(({ id }) => id)).toEqual(['emr', 'samkwang']);
    expect(await registry.lookup('samkwang')).toEqual({
      id: 'samkwang',
      role: 'consignee',
      consignee: 'samkwang',
      scopes: new Set(scopesOf('consignee')),
    });
  });

  it.each<[string, NewClient, string]>([
    ['an id in capitals', { ...emr, id: 'EMR' }, '/id'],
    ['an id of one letter', { ...emr, id: 'e' }, '/id'],
    ['an id that is too long', { ...emr, id: 'e'.repeat(41) }, '/id'],
    ['an id with a line feed', { ...emr, id: 'emr\n' }, '/id'],
    ['a role that is none', { ...emr, role: 'root' as 'emr' }, '/role'],
    ['a consignee without one', { ...lab, id: 'eone', consignee: null }, '/consignee'],
    ['an auditor with a consignee', { ...emr, id: 'aud', consignee: 'eone' }, '/consignee'],
    ['a scope of another role', { ...emr, scopes: ['transfers:read', 'audit:read'] }, '/scopes'],
    ['no scope', { ...emr, scopes: [] }, '/scopes'],
    ['a private key', { ...emr, jwks: { keys: [privateJwk] } }, '/jwks/keys/0'],
    ['no key', { ...emr, jwks: { keys: [] } }, '/jwks/keys'],
    ['one kid twice', { ...emr, jwks: { keys: [publicJwk, publicJwk] } }, '/jwks/keys'],
    ['nine keys', { ...emr, jwks: { keys: Array(9).fill(publicJwk) } }, '/jwks/keys'],
  ])('refuses %s, and quotes no key', async (_what, client, pointer) => {
    const error: unknown = await registry.add(client).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', cause: expect.any(Error) as Error });
    const { problems, cause } = error as { problems: { pointer: string }[]; cause: Error };
    expect(problems.map((problem) => problem.pointer)).toContain(pointer);
    expect(cause.message).not.toContain(String(privateJwk.d));
    expect(await registry.list()).toHaveLength(2);
  });

  it('asks the database nothing about text that is no id', async () => {
    expect(await registry.find('emr\u0000')).toBeUndefined();
    expect(await registry.find('x'.repeat(100_000))).toBeUndefined();
  });

  it('lets a revocation hold here at once, and in another process within 4 seconds', async () => {
    const elsewhere = createClientRegistry({ db: otherDb, now: () => nowMs, fingerprint });
    await registry.add({ ...emr, id: 'leaver' });
    expect(await registry.lookup('leaver')).toBeDefined();
    expect(await elsewhere.lookup('leaver')).toBeDefined();
    expect(await registry.revoke('leaver')).toBe(true);
    expect(await registry.revoke('leaver')).toBe(false);
    expect(await registry.revoke('nobody')).toBe(false);
    expect(await registry.lookup('leaver')).toBeUndefined();
    nowMs += 3_999;
    expect(await elsewhere.lookup('leaver')).toBeDefined();
    nowMs += 1;
    expect(await elsewhere.lookup('leaver')).toBeUndefined();
    expect((await elsewhere.find('leaver'))?.revokedAt).toBeInstanceOf(Date);
    expect(await registry.add({ ...emr, id: 'leaver' })).toBe(false);
  });

  it('registers and revokes within the transaction of its caller', async () => {
    await db
      .transaction(async (tx) => {
        await registry.add({ ...emr, id: 'undone' }, tx);
        await registry.revoke('emr', tx);
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    expect(await registry.find('undone')).toBeUndefined();
    expect((await registry.find('emr'))?.revokedAt).toBeNull();
  });
});

describe('the number of a change', () => {
  it('is there from the first change on in a row from before there were any', async () => {
    await registry.add({ ...emr, id: 'veteran' });
    const { id, role, consignee } = emr;
    const content = { ...{ role, consignee, scopes: [...emr.scopes] }, ...{ id: 'veteran' } };
    const jwks = { keys: [publicJwk] };
    const seal = createRowSeal<object>({ fingerprint }, 'client-row');
    const mac = seal.make({ ...content, jwks, revokedAt: null });
    const put = 'UPDATE clients SET change = NULL, mac = $2 WHERE id = $1';
    await db.query(put, ['veteran', mac]);
    expect(await registry.find('veteran')).toMatchObject({ change: null, sealed: 'current' });
    await db.query(put, [id, mac]);
    expect(await registry.find(id)).toBeUndefined();
    const changed = await registry.setScopes('veteran', ['transfers:read']);
    expect(changed?.change).toBeGreaterThan(0);
    expect(await registry.find('veteran')).toEqual(changed);
  });

  it('is the same when a row is sealed anew, and later with each change', async () => {
    await registry.add({ ...emr, id: 'turned' });
    const before = await registry.find('turned');
    const held = (bytes: Buffer) => ({ id: hmacKeyId(bytes), bytes });
    const ring = () => ({ current: held(Buffer.alloc(32, 9)), others: [held(hmacKey)] });
    const turned = createClientRegistry({
      ...{ db, now: () => nowMs, fingerprint: createFingerprint({ ring }) },
    });
    expect((await turned.reseal()).resealed).toBeGreaterThan(0);
    expect(await registry.find('turned')).toBeUndefined();
    expect(await turned.find('turned')).toEqual({ ...before, sealed: 'current' });
    await turned.revoke('turned');
    expect((await turned.find('turned'))?.change).toBeGreaterThan(before?.change ?? NaN);
  });
});

describe('a row that a hand in the database wrote', () => {
  it('takes no id where a person gives it anew, and leaves no number of its own', async () => {
    const forge = "UPDATE clients SET change = 9e15, scopes = '{results:collect}' WHERE id = $1";
    await registry.add({ ...emr, id: 'forged' });
    expect(await registry.add({ ...emr, id: 'forged' }, db, true)).toBe(false);
    const { change } = (await registry.find('forged')) ?? {};
    await db.query(forge, ['forged']);
    expect(await registry.find('forged')).toBeUndefined();
    expect(await registry.add({ ...emr, id: 'forged' })).toBe(false);
    expect(await registry.add({ ...lab, id: 'forged' }, db, true)).toBe(false);
    nowMs += 1;
    expect(await registry.add({ ...emr, id: 'forged' }, db, true)).toBe(true);
    const found = await registry.find('forged');
    expect(found).toMatchObject({ change: nowMs, scopes: emr.scopes });
    expect(found?.change).toBeGreaterThan(change ?? NaN);
  });
});

describe('the memory for assertions', () => {
  const use = { issuer: 'emr', jti: 'a', expiresAt: new Date(Date.now() + 60_000) };

  it('takes one jti of one issuer once, in any process', async () => {
    expect(await rememberJti({ db }, use)).toBe(true);
    expect(await rememberJti({ db }, use)).toBe(false);
    expect(await rememberJti({ db: otherDb }, use)).toBe(false);
    expect(await rememberJti({ db }, { ...use, issuer: 'samkwang' })).toBe(true);
    expect(await rememberJti({ db }, { ...use, jti: 'b' })).toBe(true);
  });

  it('gives 50 callers at once exactly one yes', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        rememberJti({ db: index % 2 ? db : otherDb }, { ...use, jti: 'race' }),
      ),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  it('holds no jti in clear, and forgets what has expired and nothing else', async () => {
    await rememberJti({ db }, { ...use, jti: 'canary', expiresAt: new Date(Date.now() - 1_000) });
    const { rows } = await db.query<{ row: string }>(
      "SELECT issuer || encode(jti_hash, 'escape') AS row FROM assertion_replays",
    );
    expect(rows.map(({ row }) => row).join()).not.toContain('canary');
    expect(await forgetExpired({ db })).toBe(1);
    expect(await rememberJti({ db }, use)).toBe(false);
  });
});
