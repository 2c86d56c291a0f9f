/**
 * Fuzzes mutants of the minimiser, one after the other, for the process that started this one: what
 * a mutation may change is loaded anew for each, all the rest only once.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import type { Edit } from './mutations.ts';
import type { FindingKind } from './oracle.ts';
import { readAgreed } from './shipped.ts';

export interface MutantToFuzz {
  edits: readonly Edit[];
  /** The contracts of these, and no others. */
  consignees: readonly string[];
  seed: number;
  records: number;
  /** Once this was found it is enough. */
  noticed: FindingKind;
}

/** What a mutant made known, or why there was none. */
export type MutantFuzzed = { kinds: readonly FindingKind[] } | { failed: string };

const root = new URL('../../', import.meta.url).href;
/** What has something of the minimiser within it; the oracle only judges what it gives back. */
const anew = ['src/minimise/', 'test/fuzz/run.ts', 'test/fuzz/shipped.ts'];
const isAnew = (url: string) => anew.some((path) => url.startsWith(root + path));

let mutants = 0;
let edits: readonly Edit[] = [];
let applied = 0;

// The modules of a mutant have its number in their URLs.
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const [, mutant] = context.parentURL?.split('?mutant=') ?? [];
    const isOf = mutant !== undefined && isAnew(found.url);
    return isOf ? { ...found, url: `${found.url}?mutant=${mutant}` } : found;
  },
  load(url, context, next) {
    const loaded = next(url, context);
    const [path = '', mutant] = url.split('?mutant=');
    if (mutant === undefined) return loaded;
    let source = readFileSync(new URL(path), 'utf8');
    for (const { file, text, by } of edits.filter((one) => path === root + one.file)) {
      const parts = source.split(text);
      if (parts.length !== 2) throw new Error(`${file}: not there exactly once: ${text}`);
      source = parts.join(by);
      applied += 1;
    }
    return { ...loaded, source };
  },
});

const agreed = readAgreed();

/** The kinds of finding up to the first of the one that is awaited. */
async function kindsIn(input: MutantToFuzz): Promise<FindingKind[]> {
  ({ edits } = input);
  applied = 0;
  mutants += 1;
  const load = async (file: string): Promise<unknown> =>
    import(`${root}test/fuzz/${file}?mutant=${mutants}`);
  const { loadShipped } = (await load('shipped.ts')) as typeof import('./shipped.ts');
  const { runRecords } = (await load('run.ts')) as typeof import('./run.ts');
  if (applied !== edits.length) throw new Error('a mutation is in no module that was loaded');
  const { book, contracts } = agreed;
  const some = contracts.filter(({ consignee }) => input.consignees.includes(consignee));
  const shipped = loadShipped({ book, contracts: some });
  const kinds = new Set<FindingKind>();
  const heard = { onFinding: ({ kind }: { kind: FindingKind }) => void kinds.add(kind) };
  for (let from = 0; from < input.records && !kinds.has(input.noticed); from += 1) {
    runRecords({ shipped, heard }, { seed: input.seed, from, until: from + 1 });
  }
  return [...kinds];
}

process.on('message', (input: MutantToFuzz) => {
  const tell = (fuzzed: MutantFuzzed) => process.send?.(fuzzed);
  void kindsIn(input).then(
    (kinds) => tell({ kinds }),
    (error: unknown) => tell({ failed: String(error) }),
  );
});
