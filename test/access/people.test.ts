/** What people prove themselves with: passwords, one-time codes, rows that only we can write. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeAt, enrolmentOf, stepOfCode } from '#src/access/one-time-code.ts';
import { checkPassword, hashPassword, isOutdated, passwordFault } from '#src/access/password.ts';
import { changeSealed, createRowSeal } from '#src/access/row-seal.ts';
import { hashEnrolment, makeEnrolment, makeStaffId, STAFF_ID } from '#src/access/staff-rules.ts';
import { createFingerprint } from '#src/sealing/fingerprint.ts';
import { hmacKeyId } from '#src/sealing/ring.ts';

describe('a password', () => {
  test('is checked against its hash, whichever form of the same letters was typed', async () => {
    const hash = await hashPassword('비밀번호는 길게 짓는다');
    expect(hash).toMatch(/^argon2id\$m=47104,t=1,p=1\$/);
    expect(await checkPassword('비밀번호는 길게 짓는다'.normalize('NFD'), hash)).toBe(true);
    expect(await checkPassword('비밀번호는 길게 짓는다 ', hash)).toBe(false);
    expect(await checkPassword('비밀번호는 길게 짓는다', null)).toBe(false);
    expect(await checkPassword('비밀번호는 길게 짓는다', 'plain')).toBe(false);
    expect(isOutdated(hash)).toBe(false);
    expect(isOutdated(hash.replace('m=47104', 'm=19456'))).toBe(true);
  });

  test.each([
    ['elevenchars', 'TOO_SHORT'],
    ['가나다라마바사아자차카', 'TOO_SHORT'],
    ['x1'.repeat(70), 'TOO_LONG'],
    ['aaaaaaaaaaaab', 'COMMON'],
    ['Password1234', 'COMMON'],
    ['qwertyuiopas', 'COMMON'],
    ['890123456789012', 'COMMON'],
    ['fedcbazyxwvut', 'COMMON'],
    ['my STAFF-7F3K sentence', 'HOLDS_ACCOUNT'],
    ['a long enough sentence', null],
  ])('%s: %s', (password, fault) => {
    expect(passwordFault(password, 'staff-7f3k')).toBe(fault);
  });
});

describe('a one-time code', () => {
  // RFC 6238 appendix B, SHA-1, its last six digits
  const secret = Buffer.from('12345678901234567890');
  test.each([
    [59, '287082'],
    [1111111109, '081804'],
    [1111111111, '050471'],
    [1234567890, '005924'],
    [2000000000, '279037'],
    [20000000000, '353130'],
  ])('is that of RFC 6238 at %d', (seconds, code) => {
    expect(codeAt(secret, seconds * 1000)).toBe(code);
    expect(stepOfCode(secret, code, seconds * 1000)).toBe(Math.floor(seconds / 30));
  });

  test('counts one step early or late, and says which step it was', () => {
    const now = 1_700_000_010_000;
    const step = Math.floor(now / 30_000);
    const seen = [-2, -1, 0, 1, 2].map((off) =>
      stepOfCode(secret, codeAt(secret, now + off * 30_000), now),
    );
    expect(seen).toEqual([null, step - 1, step, step + 1, null]);
    for (const text of ['', '28708', '2870822', 'abcdef', '２８７０８２']) {
      expect(stepOfCode(secret, text, 59_000)).toBeNull();
    }
  });

  test('comes from a key that an authenticator takes', () => {
    const { base32, link } = enrolmentOf(secret, { account: 'staff-7f3k', issuer: 'Waybill' });
    expect(base32).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
    expect(link).toMatch(/^otpauth:\/\/totp\/Waybill:staff-7f3k\?.*secret=GEZDGNBVGY3TQOJQ/);
  });
});

describe('the seal of a row', () => {
  const old = Buffer.alloc(32, 1);
  const current = Buffer.alloc(32, 2);
  const held = (bytes: Buffer) => ({ id: hmacKeyId(bytes), bytes });
  const before = createRowSeal<object>(
    { fingerprint: createFingerprint({ key: old }) },
    'client-row',
  );
  const ring = () => ({ current: held(current), others: [held(old)] });
  const after = createRowSeal<object>({ fingerprint: createFingerprint({ ring }) }, 'client-row');

  test('holds for what was sealed and nothing else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const [sealed, shown] = [{ one }, { one: other }];
        const isSame = JSON.stringify(sealed) === JSON.stringify(shown);
        fc.pre(isSame || before.make(sealed).compare(before.make(shown)) !== 0);
        expect(before.check(shown, before.make(sealed))).toBe(isSame ? 'current' : 'none');
      }),
      { numRuns: 60 },
    );
    expect(before.check({}, null)).toBe('none');
    expect(before.check({}, Buffer.alloc(0))).toBe('none');
  });

  test('is known by an older key until the row is sealed anew, and is of one use', () => {
    const row = { id: 'emr' };
    expect(after.check(row, before.make(row))).toBe('older');
    expect(after.check(row, after.make(row))).toBe('current');
    expect(before.check(row, after.make(row))).toBe('none');
    const other = createRowSeal<object>(
      { fingerprint: createFingerprint({ key: old }) },
      'staff-row',
    );
    expect(other.check(row, before.make(row))).toBe('none');
  });
});

describe('the change of a row', () => {
  const lost = (times: number) => {
    let left = times;
    return {
      read: () => Promise.resolve(1),
      write: (row: number) => Promise.resolve(left-- > 0 ? undefined : row + 1),
    };
  };

  test('is tried again where somebody else was first, and not for ever', async () => {
    expect(await changeSealed(lost(0), () => 'change')).toBe(2);
    expect(await changeSealed(lost(9), () => 'change')).toBe(2);
    expect(await changeSealed(lost(9), () => undefined)).toBeUndefined();
    const never = changeSealed(lost(Infinity), () => 'change');
    await expect(never).rejects.toThrow('DATABASE_UNAVAILABLE');
  });
});

test('an account gets a handle and a secret that tell nothing and are typed easily', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (random) => {
      const bytes = (size: number) => Buffer.from(random.subarray(0, size));
      expect(makeStaffId(bytes)).toMatch(STAFF_ID);
      const { token, hash, until } = makeEnrolment(bytes, new Date(0));
      expect(until.getTime()).toBe(72 * 3_600_000);
      expect(hashEnrolment(token.toUpperCase().replaceAll('-', ' '))).toEqual(hash);
    }),
  );
});
