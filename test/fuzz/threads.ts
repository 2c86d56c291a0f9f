/** Shares the records of a run among threads, and folds what they counted in order. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { RunState } from './state.ts';
import { addTally } from './tally.ts';
import type { Range, RangeDone } from './worker.ts';

const RANGE_RECORDS_MAX = 200;
const FOUND_MAX = 20;

/**
 * Runs from where the state stands to its end, or until it is aborted. The state is always whole:
 * it counts every record below `done` and no other. Rejects when a thread fails.
 *
 * @param deps.onDone called after each range, when the state may have moved on
 */
export async function runThreads(
  deps: { onDone: () => void; signal: AbortSignal },
  input: { state: RunState; threads: number },
): Promise<void> {
  const { state, threads } = input;
  const waiting = new Map<number, RangeDone>();
  const left = Math.ceil((state.records - state.done) / (threads * 16));
  const size = Math.max(1, Math.min(RANGE_RECORDS_MAX, left));
  let next = state.done;
  const takeRange = (): Range | undefined => {
    if (next >= state.records || deps.signal.aborted) return undefined;
    const from = next;
    next = Math.min(state.records, from + size);
    return { seed: state.seed, from, until: next };
  };
  const fold = (done: RangeDone) => {
    waiting.set(done.from, done);
    for (let one = waiting.get(state.done); one; one = waiting.get(state.done)) {
      waiting.delete(one.from);
      addTally(state.tally, one.tally);
      state.found.push(...one.found.slice(0, FOUND_MAX - state.found.length));
      state.contracts = one.contracts;
      state.done = one.until;
    }
    deps.onDone();
  };
  await Promise.all(Array.from({ length: threads }, () => runThread(deps, takeRange, fold)));
}

async function runThread(
  { signal }: { signal: AbortSignal },
  takeRange: () => Range | undefined,
  fold: (done: RangeDone) => void,
): Promise<void> {
  let range = takeRange();
  if (!range) return;
  const worker = new Worker(new URL('./worker.ts', import.meta.url));
  try {
    while (range) {
      worker.postMessage(range);
      const [done] = (await once(worker, 'message', { signal })) as [RangeDone];
      fold(done);
      range = takeRange();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await worker.terminate();
  }
}
