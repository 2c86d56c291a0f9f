import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GatewayError } from '#src/base/errors.ts';
import { createBatcher } from '#src/store/batcher.ts';

const limits = { sizeMax: 100, inFlightMax: 1, queueMax: 1000 };

/** A run that waits until it is let go, and remembers what it was given. */
function gatedRun() {
  const seen: number[][] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  const run = async (items: number[]): Promise<number[]> => {
    const gate = Promise.withResolvers<void>();
    seen.push(items);
    gates.push(gate);
    await gate.promise;
    return items.map((item) => item * 10);
  };
  return { seen, run, letGo: (place: number) => gates[place]?.resolve() };
}

test('a lone item runs at once, and those who come meanwhile share the next run', async () => {
  const { seen, run, letGo } = gatedRun();
  const batcher = createBatcher({ ...limits, run });
  const first = batcher.submit(1);
  await Promise.resolve();
  expect(seen).toEqual([[1]]);
  const others = [2, 3, 4].map((item) => batcher.submit(item));
  await Promise.resolve();
  expect(seen).toHaveLength(1);
  letGo(0);
  expect(await first).toBe(10);
  await expect.poll(() => seen).toEqual([[1], [2, 3, 4]]);
  letGo(1);
  expect(await Promise.all(others)).toEqual([20, 30, 40]);
});

test('no run is larger than sizeMax and no more than inFlightMax are under way', async () => {
  const { seen, run, letGo } = gatedRun();
  const batcher = createBatcher({ sizeMax: 2, inFlightMax: 2, queueMax: 10, run });
  const answers = Promise.all([1, 2, 3, 4, 5].map((item) => batcher.submit(item)));
  await Promise.resolve();
  expect(seen).toEqual([
    [1, 2],
    [3, 4],
  ]);
  letGo(0);
  await expect.poll(() => seen.length).toBe(3);
  letGo(1);
  letGo(2);
  expect(await answers).toEqual([10, 20, 30, 40, 50]);
});

test('beside a run few wait together, many begin another at once', async () => {
  const { seen, run, letGo } = gatedRun();
  const batcher = createBatcher({ ...limits, inFlightMax: 2, besideMin: 3, run });
  const answers = [batcher.submit(1)];
  await Promise.resolve();
  answers.push(batcher.submit(2), batcher.submit(3));
  await Promise.resolve();
  expect(seen).toEqual([[1]]);
  answers.push(batcher.submit(4));
  expect(seen).toEqual([[1], [2, 3, 4]]);
  letGo(0);
  letGo(1);
  expect(await Promise.all(answers)).toEqual([10, 20, 30, 40]);
});

test('a run that is held up holds up nobody else for long', async () => {
  const { seen, run, letGo } = gatedRun();
  const batcher = createBatcher({ ...limits, inFlightMax: 2, besideMin: 100, run });
  const held = batcher.submit(1);
  await Promise.resolve();
  const other = batcher.submit(2);
  await expect.poll(() => seen).toEqual([[1], [2]]);
  letGo(1);
  expect(await other).toBe(20);
  letGo(0);
  expect(await held).toBe(10);
});

test('whatever the batches and the bad rows, each item has its own answer', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(), { maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 3 }),
      async (items, sizeMax, inFlightMax) => {
        const bad = (item: number): boolean => item % 7 === 3;
        const run = async (batch: number[]): Promise<number[]> => {
          if (batch.some(bad)) throw new Error('bad row');
          return batch.map((item) => item + 1);
        };
        const batcher = createBatcher({ sizeMax, inFlightMax, queueMax: 100, run });
        const settled = await Promise.allSettled(items.map((item) => batcher.submit(item)));
        for (const [place, item] of items.entries()) {
          const answer = settled[place];
          if (bad(item)) expect(answer?.status).toBe('rejected');
          else expect(answer).toEqual({ status: 'fulfilled', value: item + 1 });
        }
      },
    ),
    { numRuns: 50 },
  );
});

test('a database that is away fails the batch once, not row by row', async () => {
  let runs = 0;
  const run = async (): Promise<number[]> => {
    runs += 1;
    throw new GatewayError('DATABASE_UNAVAILABLE');
  };
  const batcher = createBatcher({ ...limits, run });
  const settled = await Promise.allSettled([1, 2, 3].map((item) => batcher.submit(item)));
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(runs).toBe(1);
});

test('a database that goes away amid the row by row retry is not asked for each row', async () => {
  let tries = 0;
  const run = async (): Promise<number[]> => {
    throw new Error('bad row');
  };
  const runOne = async (): Promise<number> => {
    tries += 1;
    throw new GatewayError('DATABASE_UNAVAILABLE');
  };
  const batcher = createBatcher({ ...limits, run, runOne });
  const items = Array.from({ length: 50 }, (_, item) => batcher.submit(item));
  for (const settled of await Promise.allSettled(items)) {
    expect(settled).toMatchObject({ reason: { code: 'DATABASE_UNAVAILABLE' } });
  }
  expect(tries).toBeLessThan(10);
});

test('a run that loses an answer fails instead of giving somebody another one', async () => {
  const batcher = createBatcher({ ...limits, run: async (items: number[]) => items.slice(1) });
  const settled = await Promise.allSettled([1, 2].map((item) => batcher.submit(item)));
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('a full queue turns the next one away with a time to try again', async () => {
  const { run, letGo } = gatedRun();
  const batcher = createBatcher({ sizeMax: 1, inFlightMax: 1, queueMax: 1, run });
  const first = batcher.submit(1);
  await Promise.resolve();
  void batcher.submit(2);
  await expect(batcher.submit(3)).rejects.toMatchObject({
    code: 'DATABASE_UNAVAILABLE',
    retryAfterSeconds: 1,
  });
  letGo(0);
  expect(await first).toBe(10);
});

test('close waits for what was taken and takes no more', async () => {
  const { seen, run, letGo } = gatedRun();
  const batcher = createBatcher({ ...limits, run });
  const taken = batcher.submit(1);
  const closed = batcher.close();
  await expect(batcher.submit(2)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  await expect.poll(() => seen).toEqual([[1]]);
  letGo(0);
  expect(await taken).toBe(10);
  await closed;
});
