/** Key names that may never be shared are recognised however they are written. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { neverSharedTest } from '#src/base/never-shared.ts';

const isNeverShared = neverSharedTest(['password', 'pin', 'ipin', '비밀번호', 'cardnumber']);

describe('a key is recognised', () => {
  test.each([
    ...[
      'password',
      'Password',
      'PASS_WORD',
      'pass word',
      'pass-word',
      'ｐａｓｓｗｏｒｄ',
      'pass.word',
    ],
    ...[
      'loginPassword2',
      'password_hash',
      'oldpassword',
      '비밀번호',
      '비밀 번호',
      '회원비밀번호확인',
    ],
    ...['pin', 'PIN', 'p-i-n', 'i-PIN', 'cardNumber', 'myCardNumber', '비밀번호'.normalize('NFD')],
  ])('as %j', (key) => expect(isNeverShared(key)).toBe(true));

  test('within any other letters, where its name is long', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        expect(isNeverShared(`${before}Pass-Word${after}`)).toBe(true);
      }),
    );
  });
});

test.each(['shipping', 'pinned', 'name', '', '번호', 'pass', 'word', 'card', 'spinal', '비밀'])(
  'a key is not taken for one as %j',
  (key) => expect(isNeverShared(key)).toBe(false),
);

test('without names nothing is recognised', () => {
  fc.assert(fc.property(fc.string(), (key) => !neverSharedTest([])(key)));
});
