/**
 * The command `npm run fuzz:minimise`: records by the million under every shipped contract, and a
 * status of 1 when one value left that no contract names, or anything else did not add up.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Found } from './run.ts';
import { digestOfSources, readState, writeState, type RunState } from './state.ts';
import { newTally, summaryOf } from './tally.ts';
import { runThreads } from './threads.ts';

const USAGE = `usage: npm run fuzz:minimise -- [--records N] [--seed N] [--workers N] [--state FILE]
           [--first]                                       stops at the first finding
       npm run fuzz:minimise -- --seed N --record INDEX    once more, one record only
`;
const STATE_EVERY_MS = 2000;
const root = join(import.meta.dirname, '../..');

interface Options {
  records: number;
  seed: number;
  workers: number;
  state: string;
  record: number | undefined;
  isFirstOnly: boolean;
}

function optionsOf(args: string[]): Options {
  const option = { type: 'string' } as const;
  const first = { type: 'boolean' } as const;
  const options = {
    first,
    records: option,
    seed: option,
    workers: option,
    state: option,
    record: option,
  };
  const { values } = parseArgs({ args, options });
  const whole = (name: 'records' | 'seed' | 'workers' | 'record', least: number) => {
    const value = values[name];
    if (value === undefined) return undefined;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : -1;
    if (number < least) throw new RangeError(`--${name} is a whole number from ${least}`);
    return number;
  };
  const records = whole('records', 1) ?? 100_000;
  const seed = whole('seed', 0) ?? 1;
  return {
    ...{ records, seed },
    workers: Math.min(whole('workers', 1) ?? 2, 64),
    state: values.state ?? join(root, '.waybill', `fuzz-minimise-${seed}-${records}.json`),
    record: whole('record', 0),
    isFirstOnly: values.first === true,
  };
}

function tell(text: string): void {
  process.stdout.write(`${text}\n`);
}

function tellFound({ kind, path, contract, seed, index }: Found): void {
  const again = `npm run fuzz:minimise -- --seed ${seed} --record ${index}`;
  tell(`found ${kind} at ${path || '/'}; ${contract}, seed ${seed}, record ${index}; ${again}`);
}

async function run(options: Options): Promise<number> {
  const { records, seed, workers, state: path } = options;
  const sources = digestOfSources();
  const state = readState(path, { records, seed, sources }) ?? {
    ...{ seed, records, sources, done: 0, tally: newTally(), found: [] as Found[] },
    ...{ seconds: 0, contracts: 0, isFinished: false },
  };
  if (state.done > 0) process.stderr.write(`goes on at record ${state.done} of ${records}\n`);
  const { seconds: before, done: first } = state;
  const start = performance.now();
  const stop = new AbortController();
  let written = start;
  let told = 0;
  const onDone = () => {
    state.seconds = before + (performance.now() - start) / 1000;
    for (; told < state.found.length; told += 1) tellFound(state.found[told]!);
    if (options.isFirstOnly && told > 0) stop.abort();
    if (performance.now() - written < STATE_EVERY_MS) return;
    written = performance.now();
    writeState(path, state);
  };

  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const isTerminal = process.stderr.isTTY;
  const progress = setInterval(
    () => process.stderr.write(progressOf(state, first, (performance.now() - start) / 1000)),
    isTerminal ? 1000 : 10_000,
  );
  try {
    await runThreads({ onDone, signal: stop.signal }, { state, threads: workers });
  } finally {
    clearInterval(progress);
    state.isFinished = state.done === records;
    writeState(path, state);
  }
  const isFound = state.tally.findings > 0;
  if (!state.isFinished && !(isFound && options.isFirstOnly)) {
    process.stderr.write(`stopped at record ${state.done}; the same command goes on there\n`);
    return 130;
  }
  tell(summaryOf(state.tally, state.contracts, state.seconds));
  return isFound ? 1 : 0;
}

async function again(seed: number, index: number): Promise<number> {
  // only here does this thread need what the others load
  const { replay } = await import('./replay.ts');
  return replay({ tell, tellFound }, { seed, index });
}

function progressOf(state: RunState, first: number, seconds: number): string {
  const rate = (state.done - first) / seconds;
  const left = rate > 0 ? `${Math.ceil((state.records - state.done) / rate)} s left` : 'starting';
  const share = ((state.done / state.records) * 100).toFixed(1);
  const { findings } = state.tally;
  return `${state.done} records (${share} %), ${Math.round(rate)}/s, ${left}, ${findings} findings\n`;
}

try {
  const options = optionsOf(process.argv.slice(2));
  const { record, seed } = options;
  process.exitCode = record === undefined ? await run(options) : await again(seed, record);
} catch (error) {
  const isUsage =
    error instanceof RangeError || (error as { code?: string }).code?.startsWith('ERR_PARSE');
  if (!isUsage) throw error;
  process.stderr.write(`${(error as Error).message}\n${USAGE}`);
  process.exitCode = 2;
}
