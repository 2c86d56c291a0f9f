/**
 * What follows from the units of one transfer for many clinics: arithmetic, and a simulation of the
 * one thing that cannot be shared out, the sequencer of a ledger. Pure: the same figures, the same
 * page.
 */
import { randomOf, type Random } from '#test/fuzz/random.ts';

/** One transfer, measured; all that has a time is in seconds. */
export interface Units {
  entries: number;
  logBytes: number;
  flushes: number;
  postgresCpuSeconds: number;
  /** Whole lives a second of one gateway process on the machine of the measurement. */
  gatewayPerSecond: number;
  sequencedPerSecond: number;
  /** By one connection, each waiting for a standby, too. */
  commitsPerSecond: number;
  /** The same by many connections at once. */
  sharedCommitsPerSecond: number;
  payloadBytes: number;
  replyBytes: number;
  /** Packed. */
  keptBytes: number;
}

/** What nobody can measure here. Each stands on the page, and can be changed in this one place. */
export const assumptions = {
  transfersPerDay: 300,
  /** What comes back costs as much as what went out. */
  crossingsPerTransfer: 2,
  daysPerYear: 280,
  /** Of a day's transfers, those of its busiest hour; its busiest minute to its mean. */
  busiestHourShare: 0.2,
  busiestMinute: 3,
  /** Of any limit, as much is used. */
  usedShare: 0.5,
  primaryCores: 16,
  streamBytesPerSecond: 125e6,
  volumeBytes: 10e12,
  yearsKept: 3,
  /** Rows are replaced until their transfer has ended: pages of a month to packed ones. */
  roomForReplaced: 1.5,
  payloadDays: 7,
  replyDays: 30,
  /** Clinics and hospitals of a country: HIRA, 2022; no dentists, pharmacies, Korean medicine. */
  nation: 38_321,
} as const;

const secondsPerHour = 3_600;

/** Crossings a second in the busiest minute. */
export function peakOf(clinics: number): number {
  const { transfersPerDay, crossingsPerTransfer, busiestHourShare, busiestMinute } = assumptions;
  const daily = clinics * transfersPerDay * crossingsPerTransfer;
  return ((daily * busiestHourShare) / secondsPerHour) * busiestMinute;
}

export const crossingsPerYear = (clinics: number): number =>
  clinics *
  assumptions.transfersPerDay *
  assumptions.crossingsPerTransfer *
  assumptions.daysPerYear;

/** Bytes on the primary once it has run for as many years as it keeps. */
export function storedBytes(units: Units, clinics: number): number {
  const { yearsKept, roomForReplaced, payloadDays, replyDays, daysPerYear } = assumptions;
  const perYear = crossingsPerYear(clinics);
  const perDay = perYear / daysPerYear;
  const passing = perDay * (payloadDays * units.payloadBytes + replyDays * units.replyBytes);
  return perYear * yearsKept * units.keptBytes * roomForReplaced + passing;
}

export interface Limit {
  what: string;
  /** How it is made of the units, for the reader. */
  formula: string;
  /** Crossings a second at the most; null where it is not a rate. */
  perSecond: number | null;
  /** Clinics, with as much of it used as is assumed. */
  clinics: number;
}

/** What ends first on one primary, the tightest first. */
export function limitsOf(units: Units): Limit[] {
  const { primaryCores, streamBytesPerSecond, volumeBytes, usedShare } = assumptions;
  const rate = (what: string, formula: string, perSecond: number): Limit => ({
    ...{ what, formula, perSecond },
    clinics: Math.floor((perSecond * usedShare) / peakOf(1)),
  });
  return [
    rate(
      'one sequencer at a time',
      'entries sequenced a second ÷ entries per transfer',
      units.sequencedPerSecond / units.entries,
    ),
    rate(
      `processor time of PostgreSQL, ${primaryCores} cores like this one`,
      `${primaryCores} ÷ CPU seconds per transfer`,
      primaryCores / units.postgresCpuSeconds,
    ),
    rate(
      'flushes of the log, where each waits for the standby',
      'commits a second of one connection ÷ flushes per transfer',
      units.commitsPerSecond / units.flushes,
    ),
    rate(
      'the log on its way to the standby, 1 Gbit/s',
      '125 MB/s ÷ log per transfer',
      streamBytesPerSecond / units.logBytes,
    ),
    {
      what: `a volume of ${volumeBytes / 1e12} TB after ${assumptions.yearsKept} years`,
      formula: 'volume × share used ÷ bytes of one clinic',
      perSecond: null,
      clinics: Math.floor((volumeBytes * usedShare) / storedBytes(units, 1)),
    },
  ].sort((one, other) => one.clinics - other.clinics);
}

export interface Step {
  clinics: number;
  perYear: number;
  peakPerSecond: number;
  gateways: number;
  primaries: number;
  logBytesPerDay: number;
  storedBytes: number;
  /** In the busiest minute, with one ledger for all of them. */
  wait: Wait;
}

export function stepsOf(units: Units): Step[] {
  const served = limitsOf(units)[0]?.clinics ?? 1;
  return [1, 10, 100, 1_000, 10_000, assumptions.nation].map((clinics) => {
    const peakPerSecond = peakOf(clinics);
    const perGateway = units.gatewayPerSecond * assumptions.usedShare;
    return {
      ...{ clinics, peakPerSecond, perYear: crossingsPerYear(clinics) },
      // two, so that one may die
      gateways: Math.max(2, Math.ceil(peakPerSecond / perGateway)),
      primaries: Math.ceil(clinics / served),
      logBytesPerDay: (crossingsPerYear(clinics) / assumptions.daysPerYear) * units.logBytes,
      storedBytes: storedBytes(units, clinics),
      wait: simulate(units, clinics),
    };
  });
}

/** From submission to a signed checkpoint. */
export interface Wait {
  p50Ms: number;
  p99Ms: number;
  /** Still waiting when the minute is over: more than one round's, and it only grows. */
  left: number;
  fallsBehind: boolean;
}

const roundMsMin = 25;
const batchMax = 2_000;
const simulatedMs = 60_000;

/**
 * The busiest minute of one ledger, a millisecond after the other: arrivals by chance (Poisson),
 * and rounds as the sequencer makes them: 25 ms apart or as long as they take, of 2,000 entries
 * at most.
 */
export function simulate(units: Units, clinics: number, seed = 20_261_127): Wait {
  const random = randomOf(seed, clinics);
  const perMs = (peakOf(clinics) * units.entries) / 1_000;
  const [fixedMs, entryMs] = [1_000 / units.commitsPerSecond, 1_000 / units.sequencedPerSecond];
  const queue: { at: number; count: number }[] = [];
  const waits: { ms: number; count: number }[] = [];
  let [waiting, freeAt] = [0, 0];
  for (let now = 0; now < simulatedMs; now += 1) {
    const count = poisson(random, perMs);
    if (count > 0) queue.push({ at: now, count });
    waiting += count;
    if (now < freeAt || waiting === 0) continue;
    const taken = Math.min(waiting, batchMax);
    const lastsMs = fixedMs + taken * entryMs;
    waiting -= taken;
    freeAt = now + Math.max(roundMsMin, lastsMs);
    for (let left = taken; left > 0;) {
      const first = queue[0]!;
      const some = Math.min(left, first.count);
      waits.push({ ms: now - first.at + lastsMs, count: some });
      left -= some;
      first.count -= some;
      if (first.count === 0) queue.shift();
    }
  }
  // What one round takes is on its way; more than two is a queue that grows.
  const fallsBehind = waiting > 2 * batchMax;
  return { p50Ms: share(waits, 0.5), p99Ms: share(waits, 0.99), left: waiting, fallsBehind };
}

/** Knuth's for what is rare; the normal distribution for what is not. */
function poisson(random: Random, mean: number): number {
  if (mean > 30) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  const least = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > least; product *= random()) count += 1;
  return count;
}

function share(waits: { ms: number; count: number }[], part: number): number {
  const sorted = waits.toSorted((one, other) => one.ms - other.ms);
  let left = sorted.reduce((sum, { count }) => sum + count, 0) * part;
  return sorted.find(({ count }) => (left -= count) <= 0)?.ms ?? 0;
}
