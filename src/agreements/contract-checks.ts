/** What a contract of the right shape can still get wrong: items, pins, legal bases, dates. */
import { neverSharedTest } from '#src/base/never-shared.ts';
import { isRealDate } from '#src/base/seoul.ts';
import type { Dictionary, SubConsignee, SubjectKind, Words } from '#src/base/words.ts';
import type { DictionaryFile } from './dictionary-file.ts';
import { wrong, type Wrong } from './faults.ts';
import { nearest } from './nearest.ts';
import { isPlaceholder } from './placeholder.ts';
import type { Place } from './yaml-file.ts';

type Listed = { item: string; required: boolean }[];

/** What a contract's file says once it has the right shape. */
export interface ContractText {
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
  onTextMatch?: 'refuse' | 'mask';
  receipts?: 'required' | 'optional';
  reason?: Words;
  subConsignees?: SubConsignee[];
  retention: {
    text: Words;
    purgeAfterDays?: number;
    expireAfterDays?: number;
    destroyWithinDays?: number;
  };
  legalBasis?: { item: string; basis: Words; confirmed: boolean }[];
}

/** Items whose label says too little: which day, whose telephone, what else. */
const pinnedItems = ['date', 'contactInformation', 'otherData'];

/** Tells what is wrong at a place of the file. */
export type Report = (place: Place, said: Wrong) => void;

function listedFault(
  dictionary: Dictionary,
  list: 'items' | 'returns',
  code: string,
): Wrong | undefined {
  if (!dictionary.items.has(code) && neverSharedTest(dictionary.neverShared)(code)) {
    return wrong('item.never-shared', code);
  }
  const item = dictionary.items.get(code);
  if (!item) {
    const meant = nearest(code, dictionary.items.keys());
    return wrong('item.unknown', code, dictionary.version, meant);
  }
  if (list === 'items' && item.at === 'result') {
    return wrong('item.comes-back', code);
  }
  if (list === 'returns' && item.at !== 'result') {
    return wrong('item.leaves', code);
  }
  return undefined;
}

type Lists = Record<'items' | 'returns', { item: string }[]>;

/** Items that the dictionary lacks, that may never be shared, or that go the other way. */
export function reportLists(text: Lists, dictionary: Dictionary, report: Report): void {
  for (const list of ['items', 'returns'] as const) {
    const seen = new Set<string>();
    text[list].forEach(({ item }, index) => {
      const said = seen.has(item) ? wrong('item.twice', item) : listedFault(dictionary, list, item);
      if (said && !isPlaceholder(item)) report([list, index, 'item'], said);
      seen.add(item);
    });
  }
}

function reportSubConsignees(
  { subConsignees }: ContractText,
  contracted: ReadonlySet<string>,
  report: Report,
): void {
  subConsignees?.forEach(({ items, consentedOn }, index) => {
    items.forEach((item, at) => {
      if (contracted.has(item) && items.indexOf(item) === at) return;
      const rule = contracted.has(item) ? 'sub-consignee.twice' : 'sub-consignee.item';
      report(['subConsignees', index, 'items', at], wrong(rule, item));
    });
    if (isRealDate(consentedOn)) return;
    report(['subConsignees', index, 'consentedOn'], wrong('sub-consignee.consent'));
  });
}

/** Pins, legal bases and sub-consignees, each held against the contracted items. */
export function reportAboutItems(text: ContractText, dictionary: Dictionary, report: Report): void {
  const contracted = new Set(text.items.map(({ item }) => item));
  for (const code of Object.keys(text.pins ?? {})) {
    if (contracted.has(code)) continue;
    report(['pins', code], wrong('pin.without-item', code));
  }
  text.items.forEach(({ item }, index) => {
    if (!pinnedItems.includes(item) || Object.hasOwn(text.pins ?? {}, item)) return;
    report(['items', index, 'item'], wrong('item.not-pinned', item));
  });
  reportSubConsignees(text, contracted, report);
  const covered = new Set<string>();
  text.legalBasis?.forEach(({ item }, index) => {
    const place = ['legalBasis', index, 'item'];
    if (!contracted.has(item)) {
      report(place, wrong('legal-basis.without-item', item));
    } else if (dictionary.items.get(item)?.class !== 'uniqueIdentifier') {
      report(place, wrong('legal-basis.not-needed', item));
    } else if (covered.has(item)) {
      report(place, wrong('legal-basis.twice', item));
    }
    covered.add(item);
  });
}

/** Days that do not exist, and a last day before the first. */
export function reportDates(
  text: Pick<ContractText, 'validFrom' | 'validUntil'>,
  report: Report,
): void {
  const { validFrom, validUntil } = text;
  if (!isRealDate(validFrom)) {
    report(['validFrom'], wrong('date.valid-from'));
  }
  if (validUntil === null) return;
  if (!isRealDate(validUntil)) {
    report(['validUntil'], wrong('date.valid-until'));
  } else if (validUntil < validFrom) {
    report(['validUntil'], wrong('date.order'));
  }
}

/** What can still be judged of a contract of a wrong shape: its faults are told in one go, too. */
export function reportReadable(
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
