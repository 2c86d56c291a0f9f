/** The clock: PostgreSQL's time, and no work while this machine's does not agree (law 8). */
import { describe, expect, test } from 'vitest';
import { clockSkewMsMax, createClock } from '#src/base/clock.ts';

const noon = Date.parse('2026-03-02T03:00:00Z');
const skewed = expect.objectContaining({ code: 'CLOCK_SKEWED', retryAfterSeconds: 5 }) as Error;

function clockOff(byMs: number) {
  return createClock({ databaseNow: async () => noon + byMs, localNow: () => noon });
}

describe('a clock', () => {
  test('that was never measured does not agree', () => {
    const clock = clockOff(0);
    expect(clock.offsetMs()).toBeNull();
    expect(() => clock.assertAgrees()).toThrow(skewed);
  });

  test.each([0, 1, -1, clockSkewMsMax, -clockSkewMsMax])('agrees when %i ms off', async (off) => {
    const clock = clockOff(off);
    await clock.measure();
    expect(clock.offsetMs()).toBe(off);
    expect(() => clock.assertAgrees()).not.toThrow();
    expect(clock.now().getTime()).toBe(noon + off);
  });

  test.each([clockSkewMsMax + 1, -clockSkewMsMax - 1, 86_400_000, NaN, Infinity, -Infinity])(
    'does not agree when %d ms off',
    async (off) => {
      const clock = clockOff(off);
      await clock.measure();
      expect(() => clock.assertAgrees()).toThrow(skewed);
    },
  );

  test('agrees again once it was set right', async () => {
    let off = 60_000;
    const clock = createClock({ databaseNow: async () => noon + off, localNow: () => noon });
    await clock.measure();
    expect(() => clock.assertAgrees()).toThrow(skewed);
    off = 0;
    await clock.measure();
    expect(() => clock.assertAgrees()).not.toThrow();
  });

  test('is not moved by a slow answer, only by one that refutes it, and no further', async () => {
    // asked, answered and told, in milliseconds after noon
    const measures = [
      { asked: 0, answered: 0, told: 900, offset: 0 },
      { asked: 0, answered: 900, told: 900, offset: 0 },
      { asked: 0, answered: 950, told: 900, offset: 50 },
      { asked: 0, answered: 30, told: 900, offset: 30 },
      { asked: 0, answered: 0, told: 900, offset: 0 },
      { asked: 0, answered: NaN, told: 0, offset: NaN },
      { asked: 0, answered: -7, told: 0, offset: -7 },
    ];
    let at = { asked: 0, answered: 0, told: 0 };
    let asked = false;
    const clock = createClock({
      databaseNow: async () => noon + at.answered,
      localNow: () => noon + ((asked = !asked) ? at.asked : at.told),
    });
    for (const { offset, ...measure } of measures) {
      at = measure;
      await clock.measure();
      expect(clock.offsetMs()).toBe(offset);
    }
  });

  test('keeps its last measure when PostgreSQL cannot be asked', async () => {
    const answers = [async () => noon + 7, () => Promise.reject(new Error('gone'))];
    const clock = createClock({
      databaseNow: () => (answers.shift() ?? (async () => noon))(),
      localNow: () => noon,
    });
    await clock.measure();
    await expect(clock.measure()).rejects.toThrow('gone');
    expect(clock.offsetMs()).toBe(7);
  });

  test('tells the date in Seoul by the time of PostgreSQL', async () => {
    const local = Date.parse('2026-03-02T14:59:58Z');
    const clock = createClock({ databaseNow: async () => local + 3_000, localNow: () => local });
    expect(clock.today()).toBe('2026-03-02');
    await clock.measure();
    expect(clock.today()).toBe('2026-03-03');
  });
});
