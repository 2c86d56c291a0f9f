/** Turns one `<consignee>/v<N>.yaml` into a contract, or says everything that is wrong with it. */
import { canonicalBytes, sha256 } from '#src/base/canonical.ts';
import { neverSharedTest } from '#src/base/never-shared.ts';
import { isRealDate } from '#src/base/seoul.ts';
import type { Contract, Dictionary, SubjectKind, Words } from '#src/base/words.ts';
import type { DictionaryFile } from './dictionary-file.ts';
import type { Faults } from './faults.ts';
import { nearest } from './nearest.ts';
import { fitsSchema } from './schemas.ts';
import type { Place, YamlFile } from './yaml-file.ts';

type Listed = { item: string; required: boolean }[];

interface ContractText {
  consignee: string;
  version: number;
  dictionary: number;
  work: Words;
  purpose: Words;
  subject: SubjectKind;
  items: Listed;
  pins?: Record<string, Words>;
  returns: Listed;
  validFrom: string;
  validUntil: string | null;
  retention: { text: Words; purgeAfterDays?: number; expireAfterDays?: number };
  legalBasis?: { item: string; basis: Words; confirmed: boolean }[];
}

/** Days that hold where a contract does not say otherwise. They never change. */
const purgeAfterDaysDefault = 7;
const expireAfterDaysDefault = 30;

type Report = (place: Place, text: string) => void;

function listedFault(
  dictionary: Dictionary,
  list: 'items' | 'returns',
  code: string,
): string | undefined {
  if (!dictionary.items.has(code) && neverSharedTest(dictionary.neverShared)(code)) {
    return `"${code}" may never be shared; remove it`;
  }
  const item = dictionary.items.get(code);
  if (!item) {
    const meant = nearest(code, dictionary.items.keys());
    const right = meant ? `did you mean "${meant}"?` : 'use a code of the dictionary';
    return `"${code}" is not in dictionary v${dictionary.version}; ${right}`;
  }
  if (list === 'items' && item.at === 'result') {
    return `"${code}" comes back and never leaves; list it under returns`;
  }
  if (list === 'returns' && item.at !== 'result') {
    return `"${code}" leaves and never comes back; list it under items`;
  }
  return undefined;
}

type Lists = Record<'items' | 'returns', { item: string }[]>;

function reportLists(text: Lists, dictionary: Dictionary, report: Report): void {
  for (const list of ['items', 'returns'] as const) {
    const seen = new Set<string>();
    text[list].forEach(({ item }, index) => {
      const wrong = seen.has(item)
        ? `"${item}" is listed twice; keep one`
        : listedFault(dictionary, list, item);
      if (wrong !== undefined) report([list, index, 'item'], wrong);
      seen.add(item);
    });
  }
}

function reportAboutItems(text: ContractText, dictionary: Dictionary, report: Report): void {
  const contracted = new Set(text.items.map(({ item }) => item));
  for (const code of Object.keys(text.pins ?? {})) {
    if (contracted.has(code)) continue;
    report(['pins', code], `"${code}" is pinned but not contracted; remove it or list the item`);
  }
  const covered = new Set<string>();
  text.legalBasis?.forEach(({ item }, index) => {
    const place = ['legalBasis', index, 'item'];
    if (!contracted.has(item)) {
      report(place, `"${item}" has a legal basis but is not contracted; remove it`);
    } else if (dictionary.items.get(item)?.class !== 'uniqueIdentifier') {
      report(place, `"${item}" is no unique identifier and needs no legal basis; remove it`);
    } else if (covered.has(item)) {
      report(place, `"${item}" has two legal bases; join them in one`);
    }
    covered.add(item);
  });
}

function reportDates(text: Pick<ContractText, 'validFrom' | 'validUntil'>, report: Report): void {
  const { validFrom, validUntil } = text;
  if (!isRealDate(validFrom)) {
    report(['validFrom'], 'validFrom is no day that exists; give a real date, YYYY-MM-DD');
  }
  if (validUntil === null) return;
  if (!isRealDate(validUntil)) {
    report(['validUntil'], 'validUntil is no day that exists; give a real date, or null');
  } else if (validUntil < validFrom) {
    report(['validUntil'], 'validUntil lies before validFrom; give a later day, or null');
  }
}

/** What can still be judged of a contract of a wrong shape: its faults are told in one go, too. */
function reportReadable(
  value: unknown,
  dictionaries: ReadonlyMap<number, DictionaryFile | undefined>,
  report: Report,
): void {
  const parts = (typeof value === 'object' ? (value ?? {}) : {}) as Record<string, unknown>;
  const { items, returns, validFrom, validUntil, dictionary } = parts;
  const formed = (text: unknown): text is string => /^\d{4}-\d{2}-\d{2}$/.test(String(text));
  if (formed(validFrom) && (validUntil === null || formed(validUntil))) {
    reportDates({ validFrom, validUntil }, report);
  }
  const known = dictionaries.get(dictionary as number)?.dictionary;
  if (known && isListing(items) && isListing(returns)) {
    reportLists({ items, returns }, known, report);
  }
}

function isListing(value: unknown): value is { item: string }[] {
  const named = (one: unknown) => typeof (one as { item?: unknown } | null)?.item === 'string';
  return Array.isArray(value) && value.every(named);
}

function build(text: ContractText, { dictionary, text: dictionaryText }: DictionaryFile): Contract {
  const { retention } = text;
  return {
    id: `${text.consignee}.v${text.version}`,
    consignee: text.consignee,
    version: text.version,
    dictionary,
    digest: sha256(canonicalBytes({ contract: text, dictionary: dictionaryText })),
    work: text.work,
    purpose: text.purpose,
    subject: text.subject,
    items: text.items,
    returns: text.returns,
    validFrom: text.validFrom,
    validUntil: text.validUntil,
    retention: {
      text: retention.text,
      purgeAfterDays: retention.purgeAfterDays ?? purgeAfterDaysDefault,
      expireAfterDays: retention.expireAfterDays ?? expireAfterDaysDefault,
    },
    legalBasis: new Map(
      (text.legalBasis ?? []).map(({ item, basis, confirmed }) => [item, { basis, confirmed }]),
    ),
    text: text as unknown as Readonly<Record<string, unknown>>,
  };
}

/**
 * Reads a contract from a parsed file that stands in folder `consignee` and is named `v<version>`.
 *
 * The digest is SHA-256 of the RFC 8785 form of `{contract, dictionary}`, both parsed texts: a
 * dictionary edited under a registered contract would change what the contract means, so it
 * changes the digest too and start-up refuses (law 6). Comments and layout are not digested.
 */
export function readContract(
  deps: { faults: Faults; dictionaries: ReadonlyMap<number, DictionaryFile | undefined> },
  input: { file: YamlFile; consignee: string; version: number },
): Contract | undefined {
  const { faults, dictionaries } = deps;
  const { file, consignee, version } = input;
  const before = faults.count;
  const report: Report = (place, wrong) => faults.add(file.path, file.lineOf(place), wrong);
  if (!fitsSchema('contract', file, faults)) {
    reportReadable(file.value, dictionaries, report);
    return undefined;
  }
  const text = file.value as ContractText;
  if (text.consignee !== consignee) {
    report(['consignee'], `consignee is not "${consignee}"; it must be named as its folder`);
  }
  if (text.version !== version) {
    report(['version'], `version is not ${version}; it must be the number in the file's name`);
  }
  reportDates(text, report);
  const dictionary = dictionaries.get(text.dictionary);
  if (!dictionaries.has(text.dictionary)) {
    const known = [...dictionaries.keys()].join(', ') || 'none';
    report(['dictionary'], `dictionary v${text.dictionary} does not exist; there is ${known}`);
  }
  // a faulty dictionary has told its own faults: its contracts are not judged by it
  if (!dictionary) return undefined;
  reportLists(text, dictionary.dictionary, report);
  reportAboutItems(text, dictionary.dictionary, report);
  return faults.count > before ? undefined : build(text, dictionary);
}
