/** A loop: works while there is work, rests without, outlives errors, and stops when told. */
import { expect, test } from 'vitest';
import { startLoop } from '#src/base/loop.ts';
import { until } from '#test/support/wait.ts';

/** Longer than any test runs: a rest that only a nudge or `stop` ends. */
const forever = 600_000;

/** Something that is waited for and then let go. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

test('it works again at once while there is work, and then rests', async () => {
  let rounds = 0;
  const loop = startLoop({
    work: async () => (rounds += 1) % 5 !== 0,
    restMs: forever,
    onError: () => undefined,
  });
  await until('the first rest', () => rounds === 5);
  loop.nudge();
  await until('the next rest', () => rounds === 10);
  await loop.stop();
  expect(rounds).toBe(10);
});

test('it works again after its rest without a nudge', async () => {
  let rounds = 0;
  const work = async () => {
    rounds += 1;
    return false;
  };
  const loop = startLoop({ work, restMs: 1, onError: () => undefined });
  await until('some rounds', () => rounds > 3);
  await loop.stop();
});

test('a nudge while it works makes another round: work that came late is not left', async () => {
  const { opened, open } = gate();
  let rounds = 0;
  const work = async () => {
    rounds += 1;
    await opened;
    return false;
  };
  const loop = startLoop({ work, restMs: forever, onError: () => undefined });
  loop.nudge();
  open();
  await until('the round of the nudge', () => rounds === 2);
  await loop.stop();
});

test('an error is told and outlived, and the next round comes by itself', async () => {
  const errors: unknown[] = [];
  let rounds = 0;
  const failure = new Error('gone');
  const work = async () => {
    rounds += 1;
    if (rounds < 3) throw failure;
    return false;
  };
  const loop = startLoop({ work, restMs: forever, onError: (error) => errors.push(error) });
  await until('the third round', () => rounds === 3);
  await loop.stop();
  expect(errors).toEqual([failure, failure]);
});

test('nudges do not make a hot loop of an outage', async () => {
  let rounds = 0;
  const work = async (): Promise<boolean> => {
    rounds += 1;
    throw new Error('gone');
  };
  const loop = startLoop({ work, restMs: 1, onError: () => undefined });
  const startedMs = performance.now();
  await until('the third round', () => {
    loop.nudge();
    return rounds === 3;
  });
  expect(performance.now() - startedMs).toBeGreaterThan(200 + 400 - 50);
  await loop.stop();
});

test('stop waits for the round under way and starts no other', async () => {
  const { opened, open } = gate();
  let rounds = 0;
  let ended = false;
  const work = async () => {
    rounds += 1;
    await opened;
    ended = true;
    return true;
  };
  const loop = startLoop({ work, restMs: 1, onError: () => undefined });
  const stopping = loop.stop().then(() => ended);
  open();
  expect(await stopping).toBe(true);
  expect(rounds).toBe(1);
});

test('stop ends a rest, also the pause after an error, and may be called again', async () => {
  const resting = startLoop({
    work: async () => false,
    restMs: forever,
    onError: () => undefined,
  });
  await resting.stop();
  await resting.stop();
  let failed = false;
  const failing = startLoop({
    work: () => Promise.reject(new Error('gone')),
    restMs: forever,
    onError: () => (failed = true),
  });
  await until('the error', () => failed);
  await failing.stop();
});
