/**
 * Fuzzes copies of the minimiser, one after the other, for the process that started this one: what
 * the packages take to load is paid once.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FindingKind } from './oracle.ts';

/** A folder that holds a copy of what decides and of what tests it. */
export interface CopyToFuzz {
  copy: string;
  seed: number;
  records: number;
  /** Once this was found it is enough. */
  noticed: FindingKind;
}

const stepRecords = 20;

/** The kinds of finding up to the first of the one that is awaited. */
async function kindsIn({ copy, seed, records, noticed }: CopyToFuzz): Promise<FindingKind[]> {
  const load = async (path: string): Promise<unknown> =>
    import(pathToFileURL(join(copy, path)).href);
  const { loadShipped } = (await load('test/fuzz/shipped.ts')) as typeof import('./shipped.ts');
  const { runRecords } = (await load('test/fuzz/run.ts')) as typeof import('./run.ts');
  const shipped = loadShipped();
  const kinds = new Set<FindingKind>();
  const heard = { onFinding: ({ kind }: { kind: FindingKind }) => void kinds.add(kind) };
  for (let from = 0; from < records && !kinds.has(noticed); from += stepRecords) {
    const until = Math.min(records, from + stepRecords);
    runRecords({ shipped, heard }, { seed, from, until });
  }
  return [...kinds];
}

process.on('message', (input: CopyToFuzz) => {
  void kindsIn(input).then((kinds) => process.send?.(kinds));
});
