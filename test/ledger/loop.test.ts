import { expect, test, vi } from 'vitest';
import { startSequencer } from '#src/ledger/loop.ts';

const now = (): Date => new Date(1_000);
const settings = { intervalMs: 1, pollMs: 60_000 };

test('a nudge wakes it at once', async () => {
  let rounds = 0;
  const sequenceOnce = async (): Promise<number> => (rounds++, 0);
  const loop = startSequencer({ sequenceOnce }, { onError: () => undefined, now }, settings);
  await vi.waitFor(() => expect(rounds).toBe(1));
  loop.nudge();
  await vi.waitFor(() => expect(rounds).toBeGreaterThan(1));
  await loop.stop();
});

test('a nudge during a round is not lost', async () => {
  let rounds = 0;
  const sequenceOnce = async (): Promise<number> => {
    if (rounds++ === 0) loop.nudge();
    return 0;
  };
  const loop = startSequencer({ sequenceOnce }, { onError: () => undefined, now }, settings);
  await vi.waitFor(() => expect(rounds).toBe(2));
  await loop.stop();
});

test('it goes on by itself while there is work', async () => {
  let left = 5;
  const sequenceOnce = async (): Promise<number> => (left > 0 ? left-- : 0);
  const loop = startSequencer({ sequenceOnce }, { onError: () => undefined, now }, settings);
  await vi.waitFor(() => expect(left).toBe(0));
  await loop.stop();
});

test('a failing round is reported, tried again, and not counted as an advance', async () => {
  const errors: unknown[] = [];
  let instant = 1_000;
  let rounds = 0;
  const sequenceOnce = async (): Promise<number> => {
    instant += 1;
    if (rounds++ < 2) throw new Error(`round ${rounds}`);
    return 0;
  };
  const deps = { onError: (error: unknown) => errors.push(error), now: () => new Date(instant) };
  const loop = startSequencer({ sequenceOnce }, deps, settings);
  expect(loop.lastAdvance).toBe(1_000);
  await vi.waitFor(() => expect(rounds).toBe(3));
  await loop.stop();
  expect(errors.map(String)).toEqual(['Error: round 1', 'Error: round 2']);
  expect(loop.lastAdvance).toBe(1_003);
});

test('stopping waits for the round at work and starts no other', async () => {
  let rounds = 0;
  let finish = (): void => undefined;
  const sequenceOnce = (): Promise<number> =>
    new Promise((resolve) => {
      rounds++;
      finish = () => resolve(1);
    });
  const loop = startSequencer({ sequenceOnce }, { onError: () => undefined, now }, settings);
  let stopped = false;
  const stopping = loop.stop().then(() => (stopped = true));
  await Promise.resolve();
  expect(stopped).toBe(false);
  finish();
  await stopping;
  expect(rounds).toBe(1);
});
