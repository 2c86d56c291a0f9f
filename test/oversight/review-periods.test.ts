/** The periods of reviews: no day is in none, none in two, and every name leads back. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readReviewing, reviewCycles } from '#src/base/reviewing.ts';
import { daysAfter } from '#src/base/seoul.ts';
import { periodAt, periodNamed, periodsBetween } from '#src/oversight/period.ts';

const day = fc.integer({ min: 0, max: 40_000 }).map((days) => daysAfter('1970-01-01', days));
const cycle = fc.constantFrom(...reviewCycles);

test('the settings say how often and when the clinic works, and every fault is told', () => {
  const faults: string[] = [];
  expect(readReviewing({}, 10, faults)).toEqual({
    ...{ cycle: 'monthly', overdueDays: 10, open: { from: 420, to: 1_260 } },
  });
  const hours = { WAYBILL_REVIEW_CYCLE: 'weekly', WAYBILL_CLINIC_HOURS: '08:30-24:00' };
  const read = readReviewing(hours, 3, faults);
  expect(read).toEqual({ cycle: 'weekly', overdueDays: 3, open: { from: 510, to: 1_440 } });
  expect(faults).toEqual([]);
  for (const hour of ['21:00-07:00', '07:00', '7:00-21:00', '07:60-21:00', '07:00-25:00']) {
    const wrong: string[] = [];
    readReviewing({ WAYBILL_REVIEW_CYCLE: 'daily', WAYBILL_CLINIC_HOURS: hour }, 10, wrong);
    expect(wrong, hour).toHaveLength(2);
  }
});

describe('a period', () => {
  test('holds the day that it was asked for, and its name leads back to it', () => {
    fc.assert(
      fc.property(cycle, day, (kind, on) => {
        const period = periodAt(kind, on);
        expect(period.from <= on && on <= period.to).toBe(true);
        if (period.from >= '1970-01-01') expect(periodNamed(period.name)).toEqual(period);
      }),
    );
  });

  test('is followed by the next on the day after, without a gap', () => {
    fc.assert(
      fc.property(cycle, day, fc.integer({ min: 0, max: 800 }), (kind, from, days) => {
        const periods = periodsBetween(kind, from, daysAfter(from, days));
        expect(periods.length).toBeGreaterThan(0);
        for (const [at, { to }] of periods.slice(0, -1).entries()) {
          expect(periods[at + 1]?.from).toBe(daysAfter(to, 1));
        }
        expect(new Set(periods.map(({ name }) => name)).size).toBe(periods.length);
      }),
      { numRuns: 30 },
    );
  });

  test.each([
    ['monthly', '2028-02-29', { name: '2028-02', from: '2028-02-01', to: '2028-02-29' }],
    ['monthly', '2026-12-31', { name: '2026-12', from: '2026-12-01', to: '2026-12-31' }],
    ['quarterly', '2026-11-23', { name: '2026-Q4', from: '2026-10-01', to: '2026-12-31' }],
    ['weekly', '2026-10-07', { name: '2026-W41', from: '2026-10-05', to: '2026-10-11' }],
    // The first days of 2027 belong to the last week of 2026 (ISO 8601).
    ['weekly', '2027-01-03', { name: '2026-W53', from: '2026-12-28', to: '2027-01-03' }],
    ['weekly', '2024-12-30', { name: '2025-W01', from: '2024-12-30', to: '2025-01-05' }],
  ] as const)('%s of %s is known by its ISO name', (kind, on, expected) => {
    expect(periodAt(kind, on)).toEqual(expected);
  });

  test.each(['2026-13', '2026-00', '2026-W54', '2025-W53', '2026-W00', '2026-Q5', '2026', '', 'x'])(
    'called %j does not exist',
    (name) => expect(periodNamed(name)).toBeUndefined(),
  );
});
