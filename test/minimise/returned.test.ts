/** Results on their way back: only what the contract says may come back. */
import { describe, expect, test } from 'vitest';
import { compileContract } from '#src/minimise/compile.ts';
import { commitmentOf } from '#src/minimise/released.ts';
import { minimiseReturned } from '#src/minimise/returned.ts';
import { contract, SALT, TODAY } from '#test/minimise/dictionary.ts';

const testResult = {
  reportedOn: '2026-03-09',
  status: 'final',
  values: [{ testName: 'TSH', value: '2.1' }],
};

function back(result: unknown, returns: readonly string[] = ['testResult', 'workReport?']) {
  const compiled = compileContract(contract({ items: ['name'], returns }));
  return minimiseReturned(compiled, { result, today: TODAY, salt: SALT });
}

function taken(...args: Parameters<typeof back>) {
  const outcome = back(...args);
  if (outcome.outcome === 'accepted') return outcome;
  throw new Error(`refused: ${JSON.stringify(outcome)}`);
}

describe('a returned result', () => {
  test('is taken item by item, under a commitment of its own', () => {
    const result = {
      testResult: { ...testResult, residentRegistrationNumber: '840312-2000009' },
      residentRegistrationNumber: '840312-2000009',
      name: '홍길동',
      tests: [{ testName: 'TSH' }],
      testName: 'TSH',
      invoice: 1,
      password: 'x',
    };
    const outcome = taken(result);
    expect(JSON.parse(outcome.canonical.toString('utf8'))).toEqual({ testResult });
    expect(outcome.accepted).toEqual(['testResult']);
    expect(outcome.commitment).toEqual(commitmentOf(SALT, outcome.canonical));
    expect(outcome.salt).toEqual(SALT);
    const items = [
      { item: 'workReport', reason: 'ABSENT' },
      { item: 'residentRegistrationNumber', reason: 'NOT_IN_CONTRACT' },
      { item: 'name', reason: 'NOT_IN_CONTRACT' },
    ];
    expect(outcome.withheld).toEqual([
      ...items,
      { item: 'password', reason: 'NEVER_SHARED' },
      { item: 'testResult.residentRegistrationNumber', reason: 'UNKNOWN_ITEM' },
      { item: 'tests', reason: 'UNKNOWN_ITEM' },
      { item: 'testName', reason: 'UNKNOWN_ITEM' },
      { item: 'invoice', reason: 'UNKNOWN_ITEM' },
    ]);
    expect(outcome.ledgerWithheld).toEqual([
      ...items,
      { item: 'NEVER_SHARED', reason: 'NEVER_SHARED', count: 1 },
      { item: 'UNKNOWN_ITEM', reason: 'UNKNOWN_ITEM', count: 4 },
    ]);
  });

  test('is refused where an item is invalid, with its places', () => {
    const values = [{ testName: 'TSH' }];
    expect(back({ testResult: { ...testResult, reportedOn: '2026-02-30', values } })).toEqual({
      outcome: 'refused',
      reason: 'INVALID_ITEM',
      problems: [
        { pointer: '/result/testResult/reportedOn', rule: 'notADate' },
        { pointer: '/result/testResult/values/0/value', rule: 'required' },
      ],
      items: ['testResult'],
    });
  });

  test('is refused where a required item is missing', () => {
    expect(back({ workReport: { summary: 'done' } })).toMatchObject({
      reason: 'REQUIRED_ITEM_MISSING',
      problems: [{ pointer: '/result/testResult', rule: 'required' }],
      items: ['testResult'],
    });
  });

  test.each([[{}], [{ name: 'a' }], [{ workReport: null }]])(
    'of nothing is refused: %j',
    (result) => {
      expect(back(result, ['workReport?'])).toEqual({
        outcome: 'refused',
        reason: 'REQUIRED_ITEM_MISSING',
        problems: [{ pointer: '/result', rule: 'required' }],
        items: [],
      });
    },
  );

  test('never brings a registration number back without a legal basis', () => {
    const number = 'residentRegistrationNumber';
    const outcome = taken({ [number]: '840312-2000009', name: 'a' }, [number, 'name']);
    expect(outcome.accepted).toEqual(['name']);
    expect(outcome.withheld).toEqual([{ item: number, reason: 'NO_LEGAL_BASIS' }]);
  });

  test('derives nothing', () => {
    const outcome = taken({ date: '2026-03-09', birthDate: '1984-03-12', name: 'a' }, [
      'age?',
      'name',
    ]);
    expect(outcome.canonical.toString('utf8')).toBe('{"name":"a"}');
  });

  test.each([[null], [[]], ['text']])('that is no object but %j is refused', (result) => {
    expect(back(result)).toMatchObject({ problems: [{ pointer: '/result', rule: 'type' }] });
  });

  test('of an item that a record brings is not released in a record', () => {
    expect(() => compileContract(contract({ items: ['testResult'] }))).toThrow(TypeError);
  });
});
