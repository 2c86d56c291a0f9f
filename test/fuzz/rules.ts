/** The shipped contracts and dictionaries as the oracle reads them: from the files, by itself. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import type { SubjectKind } from '#src/base/words.ts';

type Schema = Readonly<Record<string, unknown>>;

/** What may stand at a place; keys of an object in the order of RFC 8785. */
export type Form =
  | { kind: 'leaf' }
  | { kind: 'list'; element: Form }
  | { kind: 'object'; keys: readonly string[]; members: ReadonlyMap<string, Form> };

export interface ItemRules {
  code: string;
  at: 'record' | 'tests' | 'result';
  isUniqueIdentifier: boolean;
  isFreeText: boolean;
  isGuarded: boolean;
  isDerivable: boolean;
  form: Form;
  fits: ValidateFunction;
}

export interface DictionaryRules {
  items: ReadonlyMap<string, ItemRules>;
  neverShared: readonly string[];
  isNeverShared: (key: string) => boolean;
}

export interface ContractRules {
  id: string;
  subject: SubjectKind;
  dictionary: DictionaryRules;
  /** Listed codes, and whether each is required. */
  listed: ReadonlyMap<string, boolean>;
  /** Listed and not held back for want of a legal basis. */
  releasable: ReadonlySet<string>;
  /** Releasable codes that stand in `tests[]`, sorted. */
  tests: readonly string[];
  /** Releasable top-level codes, and `tests` where there are any; sorted. */
  members: readonly string[];
  /** Texts are masked where they hold a withheld value, rather than refused. */
  isMasking: boolean;
}

/** Every segment that a pointer may have besides numbers. */
export interface RuleBook {
  contracts: ReadonlyMap<string, ContractRules>;
  segments: ReadonlySet<string>;
}

interface ContractFile {
  consignee: string;
  version: number;
  dictionary: number;
  subject: SubjectKind;
  items: { item: string; required: boolean }[];
  legalBasis?: { item: string }[];
  onTextMatch?: string;
}

interface DictionaryFile {
  version: number;
  neverShared: string[];
  items: {
    code: string;
    at: ItemRules['at'];
    class: string;
    schema: Schema;
    freeText?: boolean;
    guard?: boolean;
    derivedBy?: string[];
  }[];
}

/** Reads every version in the folder `contracts`. Throws where a dictionary is missing. */
export function readRules(folder: string): RuleBook {
  const dictionaries = new Map<number, DictionaryRules>();
  const segments = new Set(['record', 'subject', 'kind', 'id', 'tests']);
  for (const file of versionsIn<DictionaryFile>(join(folder, 'dictionary'))) {
    dictionaries.set(file.version, dictionaryOf(file, segments));
  }
  const contracts = new Map<string, ContractRules>();
  const folders = readdirSync(folder, { withFileTypes: true }).filter((one) => one.isDirectory());
  for (const { name } of folders) {
    if (name === 'dictionary') continue;
    for (const file of versionsIn<ContractFile>(join(folder, name))) {
      const dictionary = dictionaries.get(file.dictionary);
      if (!dictionary) throw new Error(`${name}: dictionary ${file.dictionary} is not there`);
      const rules = contractOf(file, dictionary);
      contracts.set(rules.id, rules);
    }
  }
  return { contracts, segments };
}

/** The same contract, had nobody named a legal basis for its unique identifiers. */
export function withoutBasis(contract: ContractRules): ContractRules {
  const isOpen = (code: string) => !contract.dictionary.items.get(code)?.isUniqueIdentifier;
  const releasable = new Set([...contract.releasable].filter(isOpen));
  return { ...contract, releasable, members: contract.members.filter(isOpen) };
}

function versionsIn<T>(folder: string): T[] {
  const names = readdirSync(folder).filter((name) => /^v\d+\.yaml$/.test(name));
  return names.map((name) => parse(readFileSync(join(folder, name), 'utf8')) as T);
}

function contractOf(file: ContractFile, dictionary: DictionaryRules): ContractRules {
  const listed = new Map(file.items.map(({ item, required }) => [item, required]));
  const basis = new Set(file.legalBasis?.map(({ item }) => item));
  const itemOf = (code: string) => dictionary.items.get(code);
  const releasable = [...listed.keys()].filter(
    (code) => !itemOf(code)?.isUniqueIdentifier || basis.has(code),
  );
  const tests = releasable.filter((code) => itemOf(code)?.at === 'tests').sort();
  const top = releasable.filter((code) => itemOf(code)?.at === 'record');
  return {
    id: `${file.consignee}.v${file.version}`,
    subject: file.subject,
    dictionary,
    listed,
    releasable: new Set(releasable),
    tests,
    isMasking: file.onTextMatch === 'mask',
    members: [...top, ...(tests.length > 0 ? ['tests'] : [])].sort(),
  };
}

function dictionaryOf(file: DictionaryFile, segments: Set<string>): DictionaryRules {
  const ajv = new Ajv2020({
    ...{ strict: false, logger: false, ownProperties: true },
    code: { optimize: false },
  });
  addFormats.default(ajv);
  ajv.addFormat('real-date', isDay);
  const items = new Map<string, ItemRules>();
  for (const item of file.items) {
    segments.add(item.code);
    items.set(item.code, {
      code: item.code,
      at: item.at,
      isUniqueIdentifier: item.class === 'uniqueIdentifier',
      isFreeText: item.freeText === true,
      isGuarded: item.guard === true,
      isDerivable: (item.derivedBy ?? []).length > 0,
      form: formOf(item.schema, segments),
      fits: ajv.compile(item.schema),
    });
  }
  const { neverShared: names } = file;
  return { items, neverShared: names, isNeverShared: neverShared(names) };
}

function formOf(schema: Schema, segments: Set<string>): Form {
  if (schema['type'] === 'array') {
    return { kind: 'list', element: formOf(schema['items'] as Schema, segments) };
  }
  if (schema['type'] !== 'object') return { kind: 'leaf' };
  const properties = schema['properties'] as Record<string, Schema>;
  const keys = Object.keys(properties).sort();
  for (const key of keys) segments.add(key);
  const members = new Map(keys.map((key) => [key, formOf(properties[key]!, segments)]));
  return { kind: 'object', keys, members };
}

/** A day that exists: one that the calendar of JavaScript gives back unchanged. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

const KEYS_KEPT_MAX = 5000;

/** Whether a key may never be shared: one of the names, or around one of six bytes or more. */
function neverShared(names: readonly string[]): (key: string) => boolean {
  const known = new Map<string, boolean>();
  const long = names.filter((name) => Buffer.byteLength(name, 'utf8') >= 6);
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    let letters = '';
    for (const letter of key.normalize('NFKC').toLowerCase()) {
      if (/^[\p{L}\p{N}]$/u.test(letter)) letters += letter;
    }
    const is = names.includes(letters) || long.some((name) => letters.includes(name));
    if (known.size >= KEYS_KEPT_MAX) known.clear();
    known.set(key, is);
    return is;
  };
}
