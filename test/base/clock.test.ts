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

  test('takes the answer as made half the way of asking', async () => {
    const local = [noon, noon + 400];
    const clock = createClock({
      databaseNow: async () => noon + 200,
      localNow: () => local.shift() ?? noon,
    });
    await clock.measure();
    expect(clock.offsetMs()).toBe(0);
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
