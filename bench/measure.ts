/** What a benchmark is, and how a short piece of work is timed: in rounds, by their median. */

/** By what was measured, its unit last in the name. */
export type Figures = Record<string, number | string | Spread>;

/** What several rounds gave, each value to three figures. */
export interface Spread {
  median: number;
  min: number;
  max: number;
  rounds: number;
}

export interface Benchmark {
  name: string;
  run: (options: {
    quick: boolean;
    say: (line: string) => void;
    /** Another working copy to compare with, by those that can. */
    against?: string | undefined;
  }) => Promise<Figures> | Figures;
}

/**
 * The median processor time of one call of each piece of work, in microseconds: time of this
 * thread, so that a busy machine counts for little. Rounds are interleaved for what is left of it.
 */
export function medianUs<K extends string>(
  works: Readonly<Record<K, (call: number) => void>>,
  options: { rounds: number; calls: number },
): Record<K, number> {
  const names = Object.keys(works) as K[];
  const times = new Map<K, number[]>(names.map((name) => [name, []]));
  for (let round = -1; round < options.rounds; round += 1) {
    for (const name of names) {
      const work = works[name];
      const before = process.threadCpuUsage();
      for (let call = 0; call < options.calls; call += 1) work(call);
      const { user, system } = process.threadCpuUsage(before);
      const us = (user + system) / options.calls;
      // the first round only warms up
      if (round >= 0) times.get(name)!.push(us);
    }
  }
  const entries = names.map((name) => [name, rounded(median(times.get(name)!))] as const);
  return Object.fromEntries(entries) as Record<K, number>;
}

/** @throws Error where there is nothing to tell */
export function spread(values: readonly number[]): Spread {
  if (values.length === 0) throw new Error('no round was measured');
  return {
    median: rounded(median(values)),
    min: rounded(Math.min(...values)),
    max: rounded(Math.max(...values)),
    rounds: values.length,
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return middle.reduce<number>((sum, value) => sum + (value ?? Number.NaN), 0) / 2;
}

/** To three figures, as many as a measurement is worth. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
