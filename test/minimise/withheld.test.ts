/**
 * What is told of keys that stay: names to the caller where they are
 * harmless, counts to the ledger.
 */
import { describe, expect, test } from 'vitest';
import { payload, release } from '#test/minimise/support.ts';

function stays(key: string) {
  const { released, withheld, ledgerWithheld } = release({ [key]: 'v' }, { items: [] });
  expect(payload(released)).toBe('{}');
  return { withheld, ledgerWithheld };
}

const COUNTED = { item: 'UNKNOWN_ITEM', reason: 'UNKNOWN_ITEM', count: 1 };

describe('an unknown key', () => {
  test.each([
    'nickname',
    'Name',
    'name ',
    ' name',
    'constructor',
    'toString',
    'hasOwnProperty',
    'valueOf',
    'prototype',
    'tests[]',
    'toJSON',
    '',
    'namе',
    'ｎａｍｅ',
    '12345',
  ])('is told by its name to the caller and counted for the ledger: %j', (key) => {
    const { withheld, ledgerWithheld } = stays(key);
    expect(withheld).toEqual([{ item: key, reason: 'UNKNOWN_ITEM' }]);
    expect(ledgerWithheld).toEqual([COUNTED]);
  });

  test.each([
    ['six digits', '홍길동 840312'],
    ['six digits apart', 'a8b4c0d3e1f2'],
    ['six digits of other scripts', '８４٠٣१२'],
    ['six circled digits', '①②③④⑤⑥'],
    ['more than 64 characters', 'k'.repeat(65)],
    ['a control character', 'a\u0000b'],
    ['a line break', 'a\nb'],
    ['a direction mark', 'a\u202eb'],
    ['a lone surrogate', 'a\ud800'],
    ['the name of a placeholder', 'NEVER_SHARED'],
  ])('with %s is counted for both', (_name, key) => {
    const { withheld, ledgerWithheld } = stays(key);
    expect(withheld).toEqual([COUNTED]);
    expect(ledgerWithheld).toEqual([COUNTED]);
  });

  test('named __proto__ is a key like any other', () => {
    const record: unknown = JSON.parse('{"__proto__":{"name":"홍길동"},"tests":[{"__proto__":1}]}');
    const { released, withheld } = release(record, { items: ['name?', 'testName?'] });
    expect(payload(released)).toBe('{}');
    expect(withheld.map(({ item }) => item)).toEqual([
      'name',
      'testName',
      '__proto__',
      'tests[].__proto__',
    ]);
  });

  test('is not searched for in a prototype', () => {
    const record: unknown = Object.create({ name: '홍길동', tests: [{ testName: 'x' }] });
    const { released } = release(record, { items: ['name?', 'testName?'] });
    expect(payload(released)).toBe('{}');
  });

  test('is told once, however often it occurs, and the ones beyond 200 are counted', () => {
    const tests = Array.from({ length: 300 }, (_, at) => ({ [`k${at}`]: 1, again: 1 }));
    const { withheld, ledgerWithheld } = release({ tests }, { items: [] });
    expect(withheld).toHaveLength(201);
    expect(withheld.at(-1)).toEqual({ ...COUNTED, count: 101 });
    expect(ledgerWithheld).toEqual([{ ...COUNTED, count: 301 }]);
  });
});

test('a record of a hundred thousand unknown keys is answered with a count', () => {
  const entries = Array.from({ length: 100_000 }, (_, at) => [`1234567-${at}`, 1]);
  const { withheld } = release(Object.fromEntries(entries), { items: [] });
  expect(withheld).toEqual([{ ...COUNTED, count: 100_000 }]);
});

describe('a key that may never be shared', () => {
  test.each([
    'password',
    'PassWord',
    'pass_word',
    'ＰＡＳＳＷＯＲＤ',
    'loginPassword2',
    'i-PIN',
    'pin',
    'cardNumber',
    'card number',
    '비밀번호',
    '회원비밀번호',
  ])('is told as such: %s', (key) => {
    const { withheld, ledgerWithheld } = stays(key);
    expect(withheld).toEqual([{ item: key, reason: 'NEVER_SHARED' }]);
    expect(ledgerWithheld).toEqual([{ item: 'NEVER_SHARED', reason: 'NEVER_SHARED', count: 1 }]);
  });

  test('has no name either when it has six digits', () => {
    expect(stays('password840312').withheld).toEqual([
      { item: 'NEVER_SHARED', reason: 'NEVER_SHARED', count: 1 },
    ]);
  });

  test('is not seen where a short one is only part of a word', () => {
    expect(stays('shipping').withheld).toEqual([{ item: 'shipping', reason: 'UNKNOWN_ITEM' }]);
  });
});
