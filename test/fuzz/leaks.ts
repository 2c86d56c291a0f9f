/** Guarded values that stand in a record's own texts, in any of the disguises that are promised. */
import type { JsonObject } from './realistic.ts';
import { readNumber, type ReadItem, type Reading } from './reading.ts';
import type { DictionaryRules } from './rules.ts';

/** A value of a guarded item inside a text of another item, or a registration number of anyone. */
export interface Leak {
  /** The item whose value it is; undefined for a number that is nobody's in this record. */
  item: string | undefined;
  /** The value as it is compared: lower case, without separators. */
  needle: string;
  /** The item in whose text it stands. */
  within: string;
  /** Place of the text, by known keys only. */
  path: string;
}

interface Needle {
  item: string;
  text: string;
  /** `part` of a run of letters and digits; `run`, where shorter ones would meet by chance. */
  match: 'part' | 'run';
}

const NEEDLE_LENGTH_MIN = 5;
const LENGTH_OF_PART_MIN = 8;

/**
 * Members that are a day or an instant by their schema. That something happened on the day of a
 * birth says nothing of a birth: a newborn's first visit would never pass.
 */
const WHEN = /\.(?:at|from|to|checkedOn|judgedOn|joinedAt|lastLoginAt)$/;
const INSTANT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:\d\d))?$/;

/** Every leak of a record, whatever the contract: whether one matters, the contract decides. */
export function findLeaks(rules: DictionaryRules, reading: Reading): Leak[] {
  const needles = needlesOf(rules, reading);
  const leaks: Leak[] = [];
  const search = (within: string, item: ReadItem, path: string) =>
    eachText(item.value, path, (text, place) => {
      const isWhen = WHEN.test(place) && INSTANT.test(text);
      const sought = isWhen ? needles.filter((one) => one.item !== 'birthDate') : needles;
      for (const view of viewsOf(text)) searchView(view, sought, within, place, leaks);
    });
  for (const [code, item] of reading.items) {
    if (rules.items.get(code)?.isFreeText) search(code, item, code);
  }
  for (const element of reading.tests?.elements ?? []) {
    for (const [code, item] of element) {
      if (rules.items.get(code)?.isFreeText) search(code, item, `tests[].${code}`);
    }
  }
  return leaks;
}

/** A text as leaks are compared with: NFKC, lower case, letters and digits only; +82 is 0. */
export function comparable(text: string): string {
  const plain = compact(folded(text));
  return /^820?1?\d{8,10}$/.test(plain) && text.includes('+') ? national(plain) : plain;
}

function needlesOf(rules: DictionaryRules, reading: Reading): Needle[] {
  const needles: Needle[] = [];
  for (const [code, { value, fits }] of reading.items) {
    const item = rules.items.get(code);
    if (!item?.isGuarded || !fits) continue;
    eachText(value, code, (text) => {
      const plain = comparable(text);
      if (plain.length < NEEDLE_LENGTH_MIN) return;
      const isChosen = code === 'chartNumber' || plain.length < LENGTH_OF_PART_MIN;
      needles.push({ item: code, text: plain, match: isChosen ? 'run' : 'part' });
    });
  }
  return needles;
}

function searchView(
  view: string,
  needles: readonly Needle[],
  within: string,
  path: string,
  leaks: Leak[],
): void {
  const runs = runsOf(view, isLoose);
  if (runs.length === 0) return;
  let tight: string[] | undefined;
  for (const { item, text, match } of needles) {
    if (item === within) continue;
    const isShort = text.length < LENGTH_OF_PART_MIN;
    if (isShort) tight ??= runsOf(view, isTight);
    const isThere =
      match === 'part'
        ? runs.some((run) => run.includes(text))
        : ((isShort && tight) || runs).includes(text);
    if (isThere) leaks.push({ item, needle: text, within, path });
  }
  for (const [found] of view.matchAll(/(?<![\da-z])\d{6}-?\d{7}(?![\da-z])/g)) {
    if (readNumber(found) === undefined) continue;
    leaks.push({ item: undefined, needle: compact(found), within, path });
  }
}

/** The text itself, and what stands in it encoded. */
function viewsOf(text: string): string[] {
  if (text.length < NEEDLE_LENGTH_MIN) return [];
  const views = [folded(text)];
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{16,}/g)) {
    views.push(folded(Buffer.from(run, 'base64').toString('utf8')));
  }
  if (/(?:%[0-9A-Fa-f]{2}){3}/.test(text)) {
    const decoded = text.replaceAll(/%[0-9A-Fa-f]{2}/g, (code) =>
      String.fromCharCode(Number.parseInt(code.slice(1), 16)),
    );
    views.push(folded(decoded));
  }
  return views;
}

function folded(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/\p{Cf}/gu, '');
}

function compact(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}]/gu, '');
}

function national(digits: string): string {
  return digits.replace(/^820?/, '0');
}

/** What long values are joined across: all of ASCII and its neighbours that is no letter. */
const isLoose = (code: number) => code <= 0x2bff;
/** What short ones are: spaces, hyphens and underscores. 127/99 is two numbers. */
const isTight = (code: number) => code === 32 || code === 45 || code === 95;

/** Letters and digits of ASCII, joined across some of what separates them. */
function runsOf(view: string, isJoined: (code: number) => boolean): string[] {
  const runs: string[] = [];
  let run = '';
  for (let at = 0; at <= view.length; at += 1) {
    const code = view.charCodeAt(at);
    const isPart = (code >= 48 && code <= 57) || (code >= 97 && code <= 122);
    if (isPart) run += view[at];
    else if (Number.isNaN(code) || !isJoined(code)) {
      if (run.length >= NEEDLE_LENGTH_MIN) {
        runs.push(run);
        if (run.includes('8210')) runs.push(run.replaceAll(/820?(?=10\d{8})/g, '0'));
      }
      run = '';
    }
  }
  return runs;
}

function eachText(value: unknown, path: string, hear: (text: string, path: string) => void): void {
  if (typeof value === 'string') hear(value, path);
  else if (Array.isArray(value)) {
    for (const one of value) eachText(one, `${path}[]`, hear);
  } else if (typeof value === 'object' && value !== null) {
    for (const key of Object.keys(value)) {
      eachText((value as JsonObject)[key], `${path}.${key}`, hear);
    }
  }
}

/** True where a released value is the very thing: it leaves anyway. */
export function isReleasedAnyway(
  leak: Leak,
  reading: Reading,
  travels: ReadonlySet<string>,
): boolean {
  let is = false;
  const compare = (text: string) => {
    is ||= comparable(text) === leak.needle;
  };
  for (const code of travels) {
    const derived = reading.derived.get(code);
    if (typeof derived === 'string') compare(derived);
    else eachText(reading.items.get(code)?.value, code, compare);
    for (const element of reading.tests?.elements ?? []) {
      eachText(element.get(code)?.value, code, compare);
    }
  }
  return is;
}
