/** Turns one `dictionary/v<N>.yaml` into a dictionary, or says everything that is wrong with it. */
import { neverSharedTest } from '#src/base/never-shared.ts';
import type { Dictionary, DictionaryItem } from '#src/base/words.ts';
import type { Faults } from './faults.ts';
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

function itemFaults(item: ItemText, isNeverShared: (key: string) => boolean): string[] {
  const wrong: string[] = [];
  if (isNeverShared(item.code)) {
    wrong.push(`item "${item.code}" may never be shared; remove it`);
  }
  if ((item.class === 'returned') !== (item.at === 'result')) {
    wrong.push(`item "${item.code}" mixes up directions; class: returned goes with at: result`);
  }
  if (item.class === 'uniqueIdentifier' && item.encrypted !== true) {
    wrong.push(`item "${item.code}" is a unique identifier in clear; add encrypted: true`);
  }
  if (item.encrypted === true && item.at !== 'record') {
    wrong.push(`item "${item.code}" cannot travel encrypted there; encrypted needs at: record`);
  }
  return wrong;
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
    faults.add(file.path, file.lineOf(['version']), `version is not ${version}; as in its name`);
  }
  const isNeverShared = neverSharedTest(text.neverShared);
  const items = new Map<string, DictionaryItem>();
  text.items.forEach((item, index) => {
    const line = file.lineOf(['items', index, 'code']);
    for (const wrong of itemFaults(item, isNeverShared)) faults.add(file.path, line, wrong);
    if (items.has(item.code)) {
      faults.add(file.path, line, `item "${item.code}" is defined twice; keep one`);
    }
    const schemaLine = file.lineOf(['items', index, 'schema']);
    for (const wrong of itemSchemaFaults(item.schema, isNeverShared)) {
      faults.add(file.path, schemaLine, `the schema of "${item.code}" has ${wrong}`);
    }
    items.set(item.code, { encrypted: false, freeText: false, guard: false, ...item });
  });
  if (faults.count > before) return undefined;
  return { dictionary: { version, items, neverShared: text.neverShared }, text };
}
