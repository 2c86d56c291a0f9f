/** Ages, birth dates and registration numbers: what may be derived, and what must agree. */
import { describe, expect, test } from 'vitest';
import {
  looksLikeRegistrationNumber,
  readRegistrationNumber,
} from '#src/minimise/registration-number.ts';
import { labRecord } from '#test/minimise/dictionary.ts';
import { payload, refuse, release, sent } from '#test/minimise/support.ts';

/** Weights give 79, 79 mod 11 = 2, 11 - 2 = 9: the check digit holds. Nobody's number. */
const NUMBER = '840312-2000009';

describe('age', () => {
  test.each([
    ['the day before a birthday', '1984-03-12', '2026-03-11', 41],
    ['a birthday', '1984-03-12', '2026-03-12', 42],
    ['the day after a birthday', '1984-03-12', '2026-03-13', 42],
    ['the day of birth', '2026-03-09', '2026-03-09', 0],
    ['the last day before a first birthday', '2025-03-10', '2026-03-09', 0],
    ['29 February in a common year: not on 28 February', '2000-02-29', '2026-02-28', 25],
    ['29 February in a common year: on 1 March', '2000-02-29', '2026-03-01', 26],
    ['29 February in a leap year', '2000-02-29', '2024-02-29', 24],
    ['31 December and 1 January', '1999-12-31', '2026-01-01', 26],
  ])('counts completed years: %s', (_name, birthDate, date, age) => {
    const outcome = release(labRecord({ birthDate, date, tests: [] }), { today: '2026-12-31' });
    expect(JSON.parse(payload(outcome.released))).toMatchObject({ age });
    expect(outcome.released.derived).toEqual(['age']);
    expect(outcome.rules).toEqual(['age@1']);
  });

  test('is derived from a birth date that the contract does not list, which stays', () => {
    const outcome = release(labRecord(), { items: ['name', 'age'] });
    expect(payload(outcome.released)).toBe('{"age":41,"name":"홍길동"}');
    expect(outcome.withheld).toContainEqual({ item: 'birthDate', reason: 'NOT_IN_CONTRACT' });
    expect(outcome.withheld).toContainEqual({ item: 'date', reason: 'NOT_IN_CONTRACT' });
  });

  test('is derived from a registration number where there is no birth date', () => {
    const record = labRecord({ birthDate: null, residentRegistrationNumber: NUMBER });
    expect(sent(record, { items: ['age'] })).toEqual({ age: 41 });
  });

  test('prefers the birth date, and does not look at a number that it does not need', () => {
    const record = labRecord({ residentRegistrationNumber: 'scribble' });
    expect(sent(record, { items: ['age'] })).toEqual({ age: 41 });
  });

  test('that was submitted must agree with the derived one', () => {
    expect(refuse(labRecord({ age: 42 }))).toEqual({
      outcome: 'refused',
      reason: 'INVALID_ITEM',
      problems: [{ pointer: '/record/age', rule: 'disagrees' }],
      items: ['age'],
    });
    expect(release(labRecord({ age: 41 })).released.derived).toEqual(['age']);
  });

  test('that was submitted is released where nothing can show it wrong', () => {
    const outcome = release(labRecord({ age: 30, birthDate: null }));
    expect(outcome.released.released).toContain('age');
    expect(outcome.rules).toEqual([]);
    const undated = release({ age: 30, birthDate: 'unreadable' }, { items: ['age'] });
    expect(payload(undated.released)).toBe('{"age":30}');
  });

  test('of nobody living is told at the birth date, which the caller can mend', () => {
    const outcome = refuse(labRecord({ birthDate: '1850-01-01' }), { items: ['age'] });
    expect(outcome.problems).toEqual([{ pointer: '/record/birthDate', rule: 'range' }]);
  });

  test('as text is of the wrong type', () => {
    const outcome = refuse(labRecord({ age: '41' }));
    expect(outcome.problems).toContainEqual({ pointer: '/record/age', rule: 'type' });
  });

  test('is not taken from a source that is wrong', () => {
    const outcome = refuse(labRecord({ birthDate: '1984-02-30' }), { items: ['age'] });
    expect(outcome.reason).toBe('INVALID_ITEM');
    expect(outcome.problems).toEqual([{ pointer: '/record/birthDate', rule: 'notADate' }]);
  });
});

describe('a birth date and a gender', () => {
  const record = { residentRegistrationNumber: NUMBER };

  test('are derived from a registration number only where the contract lists them', () => {
    const outcome = release(record, { items: ['birthDate', 'gender?'] });
    expect(payload(outcome.released)).toBe('{"birthDate":"1984-03-12","gender":"F"}');
    expect(outcome.released.derived).toEqual(['birthDate', 'gender']);
    expect(outcome.rules).toEqual(['birthDate@1', 'gender@1']);
    expect(release(record, { items: ['name?'] }).released.derived).toEqual([]);
  });

  test('go as submitted where they were', () => {
    const both = { ...record, birthDate: '1984-03-12', gender: 'O' };
    const outcome = release(both, { items: ['birthDate', 'gender'] });
    expect(outcome.released.released).toEqual(['birthDate', 'gender']);
    expect(outcome.rules).toEqual([]);
  });

  test.each([
    [{ birthDate: '1984-03-13' }, ['birthDate'], '/record/birthDate'],
    [
      { birthDate: '1984-03-13' },
      ['residentRegistrationNumber'],
      '/record/residentRegistrationNumber',
    ],
    [{ gender: 'M' }, ['gender'], '/record/gender'],
    [{ gender: 'M' }, ['residentRegistrationNumber'], '/record/residentRegistrationNumber'],
    [{ birthDate: '1984-03-13', date: '2026-01-01' }, ['age'], '/record/birthDate'],
  ])('must agree with the number: %j for %j', (more, items, pointer) => {
    const input = { items, legalBasis: ['residentRegistrationNumber'] };
    const outcome = refuse({ ...record, ...more }, input);
    expect(outcome.problems).toEqual([{ pointer, rule: 'disagrees' }]);
  });

  test('that disagree do not matter to a contract that lists neither', () => {
    expect(sent({ ...record, gender: 'M', name: '홍길동' }, { items: ['name'] })).toEqual({
      name: '홍길동',
    });
  });
});

describe('a registration number', () => {
  const listing = {
    items: ['residentRegistrationNumber'],
    legalBasis: ['residentRegistrationNumber'],
  };

  test.each([
    ['840312-1000000', '1984-03-12', 'M'],
    ['8403122000000', '1984-03-12', 'F'],
    ['010312-3000000', '2001-03-12', 'M'],
    ['010312-4000000', '2001-03-12', 'F'],
    ['840312-5000000', '1984-03-12', 'M'],
    ['840312-6000000', '1984-03-12', 'F'],
    ['010312-7000000', '2001-03-12', 'M'],
    ['010312-8000000', '2001-03-12', 'F'],
    ['990312-9000000', '1899-03-12', 'M'],
    ['990312-0000000', '1899-03-12', 'F'],
    ['000229-3000000', '2000-02-29', 'M'],
  ])('%s says %s, %s', (text, birthDate, gender) => {
    expect(readRegistrationNumber(text)).toMatchObject({ birthDate, gender });
  });

  test.each([
    '000229-1000000',
    '841332-1000000',
    '840312 1000000',
    '84031-21000000',
    8403121000000,
  ])('%s says nothing', (text) => expect(readRegistrationNumber(text)).toBeUndefined());

  test('whose check digit does not hold is a warning, not a fault', () => {
    expect(readRegistrationNumber(NUMBER)?.checksumHolds).toBe(true);
    // foreigners': weights give 111, 111 mod 11 = 1, 11 - 1 + 2 = 12, so 2
    expect(readRegistrationNumber('840312-6000002')?.checksumHolds).toBe(true);
    expect(readRegistrationNumber('840312-6000000')?.checksumHolds).toBe(false);
    const odd = release({ residentRegistrationNumber: '840312-2000005' }, listing);
    expect(odd.warnings).toEqual([{ item: 'residentRegistrationNumber', code: 'CHECKSUM' }]);
    expect(release({ residentRegistrationNumber: NUMBER }, listing).warnings).toEqual([]);
  });

  test.each([
    ['84031-22000000', 'format'],
    ['841312-2000000', 'notADate'],
    ['260311-3000000', 'inTheFuture'],
    [8403122000000, 'type'],
  ])('%s is refused where it is listed: %s', (residentRegistrationNumber, rule) => {
    expect(refuse({ residentRegistrationNumber }, listing).problems).toEqual([
      { pointer: '/record/residentRegistrationNumber', rule },
    ]);
  });

  test('without a legal basis is withheld, listed and required or not', () => {
    const items = ['residentRegistrationNumber', 'name'];
    const given = release({ name: '홍길동', residentRegistrationNumber: 'unread' }, { items });
    expect(payload(given.released)).toBe('{"name":"홍길동"}');
    const reason = 'NO_LEGAL_BASIS';
    expect(given.withheld).toEqual([{ item: 'residentRegistrationNumber', reason }]);
    const absent = release({ name: '홍길동' }, { items });
    expect(absent.withheld).toEqual([{ item: 'residentRegistrationNumber', reason: 'ABSENT' }]);
  });

  test.each([
    '840312-2000000',
    '8403122000000',
    'A840312-2000000',
    '999999-9999999',
    '84-0312-2000000',
    '18403122000000',
    '8-4-0-3-1-2-2000000',
    '00840312200000000',
  ])('hides in a chart number: %s', (chartNumber) => {
    expect(looksLikeRegistrationNumber(chartNumber)).toBe(true);
    const outcome = refuse({ chartNumber }, { items: ['chartNumber'], subjectId: chartNumber });
    expect(outcome.problems).toEqual([
      { pointer: '/record/chartNumber', rule: 'looksLikeRegistrationNumber' },
    ]);
  });

  test.each(['00012345', '2026-000123', '20240101000123', '99999999999999', '123456-789012'])(
    'is not seen in the chart number %s',
    (chartNumber) => expect(looksLikeRegistrationNumber(chartNumber)).toBe(false),
  );
});
