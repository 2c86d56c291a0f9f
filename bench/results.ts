/** What was measured last, of each benchmark, in a file: README's table is made from it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import type { Machine } from './machine.ts';
import type { Figures } from './measure.ts';

export interface Result {
  /** RFC 3339. */
  at: string;
  /** A short run, whose figures are worth less. */
  quick: boolean;
  machine: Machine;
  /** What else ran, in cores' worth, when it began. */
  loadBefore: number;
  figures: Figures;
}

/** By the name of the benchmark. */
export type Results = Readonly<Record<string, Result>>;

const path = fileURLToPath(new URL('./results/latest.json', import.meta.url));

export function readResults(): Results {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Results;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** Keeps one result in place of the one before; those of other benchmarks stay. */
export async function keepResult(name: string, result: Result): Promise<void> {
  const all = { ...readResults(), [name]: result };
  const sorted = Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(path, await format(JSON.stringify(sorted), { parser: 'json', printWidth: 100 }));
}
