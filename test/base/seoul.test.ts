/** Dates as the clinic means them: Seoul's midnight, real days, completed years. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { completedYears, isRealDate, seoulDate } from '#src/base/seoul.ts';

describe('the date in Seoul', () => {
  test.each([
    ['2026-03-02T14:59:59.999Z', '2026-03-02'],
    ['2026-03-02T15:00:00.000Z', '2026-03-03'],
    ['2025-12-31T14:59:59.999Z', '2025-12-31'],
    ['2025-12-31T15:00:00.000Z', '2026-01-01'],
    ['2024-02-28T15:00:00.000Z', '2024-02-29'],
    ['2026-02-28T15:00:00.000Z', '2026-03-01'],
    // No daylight saving: the same nine hours in July.
    ['2026-07-15T14:59:59.999Z', '2026-07-15'],
    ['2026-07-15T15:00:00.000Z', '2026-07-16'],
  ])('at %s is %s', (instant, date) => {
    expect(seoulDate(Date.parse(instant))).toBe(date);
  });

  test('is nine hours ahead of UTC, at any instant of our time', () => {
    const instants = { min: Date.parse('1990-01-01'), max: Date.parse('2100-01-01') };
    fc.assert(
      fc.property(fc.integer(instants), (instant) => {
        const ahead = new Date(instant + 9 * 3_600_000).toISOString().slice(0, 10);
        expect(seoulDate(instant)).toBe(ahead);
      }),
    );
  });
});

describe('a real date', () => {
  test.each(['2026-03-02', '2024-02-29', '2000-02-29', '1900-02-28', '2026-12-31', '1899-04-30'])(
    'is %s',
    (text) => expect(isRealDate(text)).toBe(true),
  );

  test.each([
    ...['2026-02-29', '1900-02-29', '2100-02-29', '2026-02-30', '2026-04-31', '2026-00-01'],
    ...['2026-13-01', '2026-01-00', '2026-01-32', '2026-1-1', '26-01-01', '2026/01/01', ''],
    ...['2026-03-02 ', ' 2026-03-02', '2026-03-02\n', '2026-03-02T00:00:00Z', '+02026-03-02'],
    ...['２０２６-03-02', '2026-03-0a', '-026-03-02'],
  ])('is not %j', (text) => expect(isRealDate(text)).toBe(false));

  test('is exactly what the calendar knows', () => {
    const part = (max: number, width: number) =>
      fc.nat({ max }).map((value) => String(value).padStart(width, '0'));
    fc.assert(
      fc.property(part(2200, 4), part(14, 2), part(33, 2), (year, month, day) => {
        const text = `${year}-${month}-${day}`;
        const parsed = new Date(`${text}T00:00:00Z`);
        const exists = !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(text);
        expect(isRealDate(text)).toBe(exists);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('completed years', () => {
  test.each([
    ['1984-03-02', '2026-03-01', 41],
    ['1984-03-02', '2026-03-02', 42],
    ['1984-03-02', '2026-03-03', 42],
    ['1984-12-31', '2026-01-01', 41],
    ['2026-03-02', '2026-03-02', 0],
    ['2025-03-03', '2026-03-02', 0],
    // Born on 29 February: on 1 March in common years, on the day in leap years.
    ['1984-02-29', '2026-02-28', 41],
    ['1984-02-29', '2026-03-01', 42],
    ['1984-02-29', '2028-02-28', 43],
    ['1984-02-29', '2028-02-29', 44],
    ['1999-12-31', '2000-01-01', 0],
  ])('of one born on %s are on %s: %i', (born, on, years) => {
    expect(completedYears(born, on)).toBe(years);
  });

  test('grow by one in a year, on one day of it', () => {
    const day = { noInvalidDate: true, min: new Date('1900-01-01'), max: new Date('2025-12-31') };
    const text = fc.date(day).map((date) => date.toISOString().slice(0, 10));
    fc.assert(
      fc.property(text, fc.nat({ max: 100 }), (born, age) => {
        const year = Number(born.slice(0, 4)) + age;
        const days = Array.from({ length: 366 }, (_, at) =>
          new Date(Date.UTC(year, 0, 1 + at)).toISOString().slice(0, 10),
        ).filter((one) => one.startsWith(String(year)) && one >= born);
        const ages = days.map((on) => completedYears(born, on));
        const grew = ages.filter((one, at) => at > 0 && one !== ages[at - 1]).length;
        expect(ages.at(-1)).toBe(age);
        expect(grew).toBeLessThanOrEqual(1);
        expect(Math.min(...ages)).toBeGreaterThanOrEqual(age === 0 ? 0 : age - 1);
      }),
      { numRuns: 50 },
    );
  });
});
