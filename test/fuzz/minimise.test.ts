/** The fuzzer in small: what it finds in some thousand records, and that it can stop and go on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fuzzRecord } from '#test/fuzz/hostile.ts';
import { findLeaks } from '#test/fuzz/leaks.ts';
import { FUZZ_TODAY } from '#test/fuzz/people.ts';
import { randomOf } from '#test/fuzz/random.ts';
import { readRecord } from '#test/fuzz/reading.ts';
import { realisticRecord } from '#test/fuzz/realistic.ts';
import { runRecords, type Found } from '#test/fuzz/run.ts';
import { loadShipped } from '#test/fuzz/shipped.ts';
import { readState, writeState, type RunState } from '#test/fuzz/state.ts';
import { newTally, type Tally } from '#test/fuzz/tally.ts';
import { runThreads } from '#test/fuzz/threads.ts';

const shipped = loadShipped();
const [first] = shipped.contracts;
const { dictionary } = first!.rules;

function leaksOf(record: Record<string, unknown>) {
  return findLeaks(dictionary, readRecord(dictionary, record, FUZZ_TODAY));
}

describe('records of a fixed seed', () => {
  test('lose nothing that a contract does not name, whatever is in them', () => {
    const found: Found[] = [];
    const heard = { onFinding: (one: Found) => found.push(one) };
    const tally = runRecords({ shipped, heard }, { seed: 20260310, from: 0, until: 250 });
    expect(found).toEqual([]);
    expect(tally).toMatchObject({ records: 250, findings: 0, uncontracted: 0 });
    expect(tally.released / tally.decisions).toBeGreaterThan(0.7);
    for (const reason of ['INVALID_ITEM', 'REQUIRED_ITEM_MISSING', 'SUBJECT_MISMATCH']) {
      expect(tally.refused[reason]).toBeGreaterThan(25);
    }
  });

  test('are the same records each time', () => {
    const made = (index: number) => JSON.stringify(fuzzRecord(randomOf(7, index)).record);
    expect(made(12)).toBe(made(12));
    expect(made(12)).not.toBe(made(13));
    expect(randomOf(7, 2 ** 32)()).not.toBe(randomOf(7, 0)());
  });
});

describe('the search of texts', () => {
  test('sees through every disguise that the generator knows', () => {
    const seen = new Set<string>();
    for (let index = 0; index < 2000; index += 1) {
      const { record, smuggled, isBenign } = fuzzRecord(randomOf(11, index));
      const [only] = smuggled;
      if (!only || smuggled.length > 1 || !isBenign) continue;
      const { items: there, tests } = readRecord(dictionary, record, FUZZ_TODAY);
      const isTaken = only.item !== 'anyone' && !there.has(only.item);
      if (isTaken || !(there.has(only.within) || tests?.codes.has(only.within))) continue;
      if (only.item === only.within) continue;
      const leaks = leaksOf(record).filter(({ within }) => within === only.within);
      const items = leaks.map(({ item }) => item ?? 'anyone');
      expect(items, `${only.disguise}, record ${index}`).toContain(only.item);
      seen.add(only.disguise);
    }
    expect(seen.size).toBe(10);
  });

  test('finds nothing in what doctors write', () => {
    for (let index = 0; index < 1000; index += 1) {
      expect(leaksOf(realisticRecord(randomOf(13, index)).record)).toEqual([]);
    }
  });
});

test('a run that was stopped ends as one that was not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-fuzz-'));
  const path = join(folder, 'state.json');
  const run = { seed: 5, records: 120, sources: 'as they are' };
  writeState(path, {
    ...{ ...run, done: 0, tally: newTally(), found: [], seconds: 0, contracts: 0 },
    isFinished: false,
  });
  const goOn = async (threads: number, doneMax: number): Promise<RunState> => {
    const stop = new AbortController();
    const state = readState(path, run)!;
    const onDone = () => {
      if (state.done >= doneMax) stop.abort();
    };
    await runThreads({ onDone, signal: stop.signal }, { state, threads });
    writeState(path, state);
    return state;
  };
  const stopped = await goOn(1, 30);
  expect(stopped.done).toBeGreaterThanOrEqual(30);
  expect(stopped.done).toBeLessThan(120);
  const { tally, done } = await goOn(2, Infinity);
  expect(done).toBe(120);
  const heard = { onFinding: () => undefined };
  const whole: Tally = runRecords({ shipped, heard }, { seed: 5, from: 0, until: 120 });
  expect(tally).toEqual(whole);
  writeState(path, { ...stopped, ...run, isFinished: true });
  expect(readState(path, run)).toBeUndefined();
  expect(readState(path, { ...run, seed: 6 })).toBeUndefined();
  rmSync(folder, { recursive: true });
}, 30_000);
