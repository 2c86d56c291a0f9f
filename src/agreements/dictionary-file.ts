/** Turns one `dictionary/v<N>.yaml` into a dictionary, or says everything that is wrong with it. */
import { neverSharedTest } from '#src/base/never-shared.ts';
import type { Dictionary, DictionaryItem } from '#src/base/words.ts';
import { wrong, type Faults, type Wrong } from './faults.ts';
import { itemSchemaFaults } from './item-schema.ts';
import { fitsSchema } from './schemas.ts';
import type { YamlFile } from './yaml-file.ts';

type ItemText = Omit<DictionaryItem, 'encrypted' | 'freeText' | 'guard'> &
  Partial<Pick<DictionaryItem, 'encrypted' | 'freeText' | 'guard'>>;

interface DictionaryText {
  version: number;
  neverShared: string[];
  items: ItemText[];
}

/** A dictionary and the parsed text that contract digests cover. */
export interface DictionaryFile {
  dictionary: Dictionary;
  text: unknown;
}

function itemFaults(item: ItemText, isNeverShared: (key: string) => boolean): Wrong[] {
  const found: Wrong[] = [];
  if (isNeverShared(item.code)) {
    found.push(wrong('dictionary.never-shared', item.code));
  }
  if ((item.class === 'returned') !== (item.at === 'result')) {
    found.push(wrong('dictionary.direction', item.code));
  }
  if (item.class === 'uniqueIdentifier' && item.encrypted !== true) {
    found.push(wrong('dictionary.in-clear', item.code));
  }
  if (item.encrypted === true && item.at !== 'record') {
    found.push(wrong('dictionary.encrypted-place', item.code));
  }
  return found;
}

/** Reads a dictionary from a parsed file whose name says `version`. Faults go to `faults`. */
export function readDictionary(
  faults: Faults,
  input: { file: YamlFile; version: number },
): DictionaryFile | undefined {
  const { file, version } = input;
  const before = faults.count;
  if (!fitsSchema('dictionary', file, faults)) return undefined;
  const text = file.value as DictionaryText;
  if (text.version !== version) {
    faults.add(file.path, file.lineOf(['version']), wrong('dictionary.version', version));
  }
  const isNeverShared = neverSharedTest(text.neverShared);
  const items = new Map<string, DictionaryItem>();
  text.items.forEach((item, index) => {
    const line = file.lineOf(['items', index, 'code']);
    for (const said of itemFaults(item, isNeverShared)) faults.add(file.path, line, said);
    if (items.has(item.code)) {
      faults.add(file.path, line, wrong('dictionary.twice', item.code));
    }
    const schemaLine = file.lineOf(['items', index, 'schema']);
    for (const said of itemSchemaFaults(item.schema, isNeverShared)) {
      faults.add(file.path, schemaLine, wrong('dictionary.schema', item.code, said));
    }
    items.set(item.code, { encrypted: false, freeText: false, guard: false, ...item });
  });
  if (faults.count > before) return undefined;
  return { dictionary: { version, items, neverShared: text.neverShared }, text };
}
