/** The arithmetic of docs/scale.md, by numbers that can be checked by hand. */
import { describe, expect, test } from 'vitest';
import {
  limitsOf,
  peakOf,
  simulate,
  stepsOf,
  storedBytes,
  type Units,
} from '../../bench/scale-model.ts';

const units: Units = {
  entries: 3,
  logBytes: 10_000,
  flushes: 0.5,
  postgresCpuSeconds: 0.001,
  gatewayPerSecond: 200,
  sequencedPerSecond: 3_000,
  commitsPerSecond: 500,
  sharedCommitsPerSecond: 2_000,
  payloadBytes: 1_000,
  replyBytes: 100,
  keptBytes: 2_000,
};

test('a clinic crosses a tenth of a time a second in its busiest minute', () => {
  // 300 × 2 a day, a fifth of them in one hour, three times its mean: 600 × 0.2 ÷ 3,600 × 3
  expect(peakOf(1)).toBeCloseTo(0.1);
  expect(peakOf(38_321)).toBeCloseTo(3_832.1);
});

test('what is kept is three years of rows with their room, a week of payloads and a month of replies', () => {
  // 168,000 a year × 3 × 2,000 B × 1.5, and 600 a day × (7 × 1,000 + 30 × 100) B
  expect(storedBytes(units, 1)).toBeCloseTo(1_512_000_000 + 6_000_000);
});

test('the tightest limit stands first, and half of it is used', () => {
  const limits = limitsOf(units);
  const clinics = limits.map((limit) => limit.clinics);
  expect(clinics).toEqual(clinics.toSorted((one, other) => one - other));
  const of = (word: string) => limits.find(({ what }) => what.includes(word));
  expect(of('sequencer')).toMatchObject({ perSecond: 1_000, clinics: 5_000 });
  expect(of('flushes')).toMatchObject({ perSecond: 1_000, clinics: 5_000 });
  expect(of('16 cores')).toMatchObject({ perSecond: 16_000, clinics: 80_000 });
  expect(of('1 Gbit/s')).toMatchObject({ perSecond: 12_500, clinics: 62_500 });
  expect(of('10 TB')).toMatchObject({ perSecond: null, clinics: 3_293 });
});

test('two gateways at least, and as many primaries as the tightest limit asks for', () => {
  const [one, , , thousand, , nation] = stepsOf(units);
  expect(one).toMatchObject({ gateways: 2, primaries: 1, perYear: 168_000 });
  // 100 a second at half of 200 each
  expect(thousand).toMatchObject({ gateways: 2, primaries: 1 });
  expect(nation).toMatchObject({ gateways: 39, primaries: 12 });
});

describe('the simulated minute of a ledger', () => {
  test('of one clinic is short: a round for each entry or two', () => {
    const wait = simulate(units, 1);
    expect(wait.fallsBehind).toBe(false);
    expect(wait.p50Ms).toBeGreaterThan(2);
    expect(wait.p99Ms).toBeLessThan(50);
  });

  test('falls behind where more comes than can be numbered, and not before', () => {
    // three entries of each crossing against 3,000 a second: 10,000 clinics at their peak
    expect(simulate(units, 8_000).fallsBehind).toBe(false);
    expect(simulate(units, 12_000).fallsBehind).toBe(true);
  });

  test('is the same each time', () => {
    expect(simulate(units, 100)).toEqual(simulate(units, 100));
  });
});
