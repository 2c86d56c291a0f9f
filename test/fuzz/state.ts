/** Where a fuzz run stands: in a file that always holds one whole state, and says of what. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Found } from './run.ts';
import type { Tally } from './tally.ts';

export interface RunState {
  seed: number;
  records: number;
  /** SHA-256 over what is tested and what tests it: counts of other code do not add up. */
  sources: string;
  /** Every record below this index is done and counted. */
  done: number;
  tally: Tally;
  /** The first findings. */
  found: Found[];
  seconds: number;
  contracts: number;
  isFinished: boolean;
}

const root = join(import.meta.dirname, '../..');
const FOLDERS = ['src/base', 'src/minimise', 'contracts', 'test/fuzz'];

/** The state to go on from; undefined where there is none, or it is another run's or finished. */
export function readState(
  path: string,
  run: Pick<RunState, 'seed' | 'records' | 'sources'>,
): RunState | undefined {
  let state: RunState;
  try {
    state = JSON.parse(readFileSync(path, 'utf8')) as RunState;
  } catch {
    return undefined;
  }
  const isSame =
    state.seed === run.seed && state.records === run.records && state.sources === run.sources;
  return isSame && !state.isFinished ? state : undefined;
}

export function writeState(path: string, state: RunState): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(state));
  renameSync(draft, path);
}

/** One digest over the sources that decide what a run finds. */
export function digestOfSources(): string {
  const hash = createHash('sha256');
  for (const folder of FOLDERS) {
    const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile() && !file.name.endsWith('.test.ts'))
      .map((file) => join(file.parentPath, file.name))
      .sort();
    for (const file of files) hash.update(file.slice(root.length)).update(readFileSync(file));
  }
  return hash.digest('hex');
}
