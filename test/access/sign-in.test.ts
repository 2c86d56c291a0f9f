/** What an attempt to sign in leaves behind: locks that grow, codes that are used up. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createAccountWatch } from '#src/access/account-watch.ts';
import { createClientRegistry } from '#src/access/clients.ts';
import { codeAt } from '#src/access/one-time-code.ts';
import { enrol, signIn } from '#src/access/sign-in.ts';
import { makeEnrolment } from '#src/access/staff-rules.ts';
import { createStaffRegistry } from '#src/access/staff.ts';
import { sealedUnder } from '#src/lifecycle/key-uses.ts';
import { createFingerprint } from '#src/sealing/fingerprint.ts';
import { hmacKeyId, sealingKeyId } from '#src/sealing/ring.ts';
import { createSealer } from '#src/sealing/seal.ts';
import { openDatabase, type Database } from '#src/store/pool.ts';
import { freshDatabase } from '#test/support/database.ts';
import { whileBusy } from '#test/support/people.ts';

const password = 'a long enough sentence';
const secret = randomBytes(20);
const sealer = createSealer({ key: Buffer.alloc(32, 2) });
const fingerprint = createFingerprint({ key: Buffer.alloc(32, 1) });

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
let db: Database;
let nowMs: number;
let id: string;
const deps = () => ({ db, sealer, fingerprint, now: () => nowMs });

beforeAll(async () => {
  fresh = await freshDatabase();
  db = openDatabase({ url: fresh.url });
});
afterAll(async () => {
  await db.end();
  await fresh.drop();
});

const begin = () => makeEnrolment(randomBytes, new Date(nowMs));
const codeNow = () => codeAt(secret, nowMs);
const begun = (given: Parameters<typeof enrol>[1]) => enrol(deps(), given, async () => undefined);

beforeEach(async () => {
  nowMs = Date.now();
  id = `staff-${randomBytes(3).toString('hex').replaceAll(/\d/g, 'x')}`;
  const { token, hash, until } = begin();
  const roles = ['auditor'];
  await createStaffRegistry(deps()).add({ id, roles, displayName: null }, { hash, until });
  expect(await begun({ token, secret, password, code: codeNow() })).toMatchObject({ staff: id });
  nowMs += 30_000;
});

const attempt = (given: string, code = codeNow()) =>
  signIn(deps(), { account: id, password: given, code });
const minutesLocked = async () => {
  const { rows } = await db.query<{ minutes: number | null }>(
    'SELECT (extract(epoch FROM locked_until - now()) / 60)::integer AS minutes FROM staff WHERE id = $1',
    [id],
  );
  return rows[0]?.minutes ?? null;
};
const lockIsOver = () =>
  db.query("UPDATE staff SET locked_until = now() - interval '1 second' WHERE id = $1", [id]);

async function fiveWrong(): Promise<void> {
  for (let count = 1; count < 5; count += 1) {
    expect(await attempt('wrong')).toEqual({ ok: false });
  }
  expect(await attempt('wrong')).toEqual({ ok: false, locked: { staff: id, attempts: 5 } });
}

test('each lock is twice as long as the one before, until somebody gets in', async () => {
  await fiveWrong();
  expect(await minutesLocked()).toBe(15);
  expect(await attempt(password)).toEqual({ ok: false });
  expect(await minutesLocked()).toBe(15);
  await lockIsOver();
  await fiveWrong();
  expect(await minutesLocked()).toBe(30);
  await db.query('UPDATE staff SET locks = 400 WHERE id = $1', [id]);
  await lockIsOver();
  await fiveWrong();
  expect(await minutesLocked()).toBe(24 * 60);
  await lockIsOver();
  expect(await attempt(password)).toMatchObject({ ok: true, staff: id });
  expect(await minutesLocked()).toBeNull();
  await fiveWrong();
  expect(await minutesLocked()).toBe(15);
});

test('a code is used up by the sign-in, and by the first one of the account', async () => {
  const code = codeNow();
  expect(await attempt(password, codeAt(secret, nowMs - 30_000))).toEqual({ ok: false });
  const both = await Promise.all([attempt(password, code), attempt(password, code)]);
  expect(both.map(({ ok }) => ok).sort()).toEqual([false, true]);
  expect(await attempt(password, code)).toEqual({ ok: false });
  nowMs += 30_000;
  expect(await attempt(password)).toMatchObject({ ok: true });
});

test('a revoked account, and one that begins anew, are refused like any other', async () => {
  const staff = createStaffRegistry(deps());
  const { token, hash, until } = begin();
  await staff.reset(id, { hash, until });
  expect(await attempt(password)).toEqual({ ok: false });
  nowMs = until.getTime() + 1;
  const given = { token, secret, password, code: codeNow() };
  expect(await begun(given)).toBe('TOKEN');
  nowMs = until.getTime() - 1_000;
  const weak = { ...given, code: codeNow(), password: 'passwordpassword' };
  expect(await begun(weak)).toBe('COMMON');
  expect(await begun({ ...given, code: '000000' })).toBe('CODE');
  expect(await begun({ ...given, code: codeNow() })).toMatchObject({ staff: id });
  expect(await begun({ ...given, code: codeNow() })).toBe('TOKEN');
  await staff.revoke(id);
  nowMs += 30_000;
  expect(await attempt(password)).toEqual({ ok: false });
  expect(await staff.reset(id, begin())).toBeUndefined();
});

test('a password that somebody wrote into the row lets nobody in', async () => {
  const stored = async () => {
    const text = 'SELECT password FROM staff WHERE id = $1';
    return (await db.query<{ password: string }>(text, [id])).rows[0]?.password ?? '';
  };
  const before = await stored();
  await db.query('UPDATE staff SET password = $2 WHERE id = $1', [id, before.replace(/.$/, 'A')]);
  expect(await attempt(password)).toEqual({ ok: false });
  await db.query('UPDATE staff SET password = $2 WHERE id = $1', [id, before]);
  expect(await attempt(password)).toMatchObject({ ok: true });
});

test('an attempt that locks the account is told of although nothing could be checked', async () => {
  for (let count = 1; count < 5; count += 1) await attempt('wrong');
  expect(await whileBusy(() => attempt(password))).toEqual({
    ...{ ok: false, isBusy: true, locked: { staff: id, attempts: 5 } },
  });
  expect(await minutesLocked()).toBe(15);
});

test('who waits to begin holds no connection, and what cannot be recorded did not happen', async () => {
  const staff = createStaffRegistry(deps());
  const { token, hash, until } = begin();
  await staff.reset(id, { hash, until });
  const given = { token, secret, password, code: codeNow() };
  const none = { ...db, transaction: () => expect.unreachable('a transaction was begun') };
  const record = () => Promise.reject(new Error('no entry'));
  expect(await whileBusy(() => enrol({ ...deps(), db: none }, given, record))).toBe('BUSY');
  await expect(enrol(deps(), given, record)).rejects.toThrow('no entry');
  expect((await staff.find(id))?.isEnrolled).toBe(false);
  const narrow = openDatabase({ url: fresh.url, sizeMax: 1 });
  const alone = { ...deps(), db: narrow };
  const both = [given, given].map((one) => enrol(alone, one, async () => undefined));
  expect(await Promise.all(both)).toContain('TOKEN');
  expect((await staff.find(id))?.isEnrolled).toBe(true);
  await narrow.end();
});

test('what an older key sealed is sealed anew by whoever looks, and the person gets in', async () => {
  const held = [1, 2, 3, 4].map((byte) => Buffer.alloc(32, byte));
  const [oldHmac, oldSealing, newHmac, newSealing] = held as [Buffer, Buffer, Buffer, Buffer];
  const staff = createStaffRegistry(deps());
  const other = `${id}-two`;
  await staff.add({ id: other, roles: ['auditor'], displayName: '야간 창구' }, begin());
  const ring = (now: Buffer, old: Buffer, idOf: (key: Buffer) => string) => () => ({
    ...{ current: { id: idOf(now), bytes: now }, others: [{ id: idOf(old), bytes: old }] },
  });
  const turned = {
    ...{ db, now: () => nowMs },
    sealer: createSealer({ ring: ring(newSealing, oldSealing, sealingKeyId) }),
    fingerprint: createFingerprint({ ring: ring(newHmac, oldHmac, hmacKeyId) }),
  };
  const registries = { clients: createClientRegistry(turned), staff: createStaffRegistry(turned) };
  const watch = createAccountWatch(registries);
  const under = () => sealedUnder(db, sealingKeyId(oldSealing));
  expect(await under()).toEqual(['staff.display_name', 'staff.totp']);
  expect(await watch.look()).toBeGreaterThanOrEqual(2);
  expect(await under()).toEqual([]);
  expect([await watch.look(), watch.unknown()]).toEqual([0, 0]);
  const alone = {
    sealer: createSealer({ key: newSealing }),
    fingerprint: createFingerprint({ key: newHmac }),
  };
  const found = await createStaffRegistry({ ...turned, ...alone }).find(other);
  expect(found).toMatchObject({ displayName: '야간 창구', sealed: 'current' });
  const given = { account: id, password, code: codeNow() };
  expect(await signIn({ ...turned, ...alone }, given)).toMatchObject({ ok: true });
  await db.query("UPDATE staff SET roles = '{operator}' WHERE id = $1", [other]);
  expect([await watch.look(), watch.unknown()]).toEqual([0, 1]);
});
