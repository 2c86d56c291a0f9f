/** What the oracle makes of a record, once for all contracts: what is there, fits and follows. */
import { ageOn } from './people.ts';
import { withoutNamed } from './named.ts';
import type { JsonObject } from './realistic.ts';
import { isDay, type DictionaryRules, type Form, type ItemRules } from './rules.ts';

/** Why a key that no rule knows stays. */
export type UnknownReason = 'UNKNOWN_ITEM' | 'NEVER_SHARED';

export interface ReadItem {
  code: string;
  /** What its form knows of the value, in NFC, its keys sorted. */
  value: unknown;
  text: string;
  fits: boolean;
  /** An object of which nothing is known, and which does not fit so. */
  isEmptied: boolean;
  /** Unknown keys inside: the path of each, and why it stays. */
  unknown: ReadonlyMap<string, UnknownReason>;
}

export interface ReadTests {
  /** Each element that is an object, by dictionary code. */
  elements: ReadonlyMap<string, ReadItem>[];
  codes: ReadonlySet<string>;
  /** Not a list of at most 500 objects. */
  isMalformed: boolean;
}

/** What the record says of its person. */
export interface Facts {
  orderDate: string | undefined;
  birthDate: string | undefined;
  number: { birthDate: string; gender: 'M' | 'F' } | undefined;
}

export interface Reading {
  /** Top-level items that are there, by code. */
  items: ReadonlyMap<string, ReadItem>;
  tests: ReadTests | undefined;
  /** Unknown keys at the top and in `tests[]`. */
  unknown: ReadonlyMap<string, UnknownReason>;
  facts: Facts;
  /** What follows from other items, by code. */
  derived: ReadonlyMap<string, unknown>;
}

export const NUMBER = 'residentRegistrationNumber';
const TESTS_MAX = 500;
const DERIVED_OR_SOURCE = ['birthDate', 'gender', 'date', NUMBER];

/** Reads a record by the rules of a dictionary. `today` is `YYYY-MM-DD`. */
export function readRecord(rules: DictionaryRules, record: JsonObject, today: string): Reading {
  const items = new Map<string, ReadItem>();
  const unknown = new Map<string, UnknownReason>();
  let tests: ReadTests | undefined;
  for (const key of Object.keys(record)) {
    const value = record[key];
    if (value === null) continue;
    const item = rules.items.get(key);
    if (item && item.at !== 'tests') items.set(key, readItem(rules, item, value, key));
    else if (key === 'tests') tests = readTests(rules, value, unknown);
    else unknown.set(key, reasonOf(rules, key));
  }
  const facts = factsOf(items);
  const derived = derivedOf(items, facts, today, (code) => !items.has(code));
  return { items, tests, unknown, facts, derived };
}

/** A registration number, read apart from the product: its day exists. */
export function readNumber(text: unknown): Facts['number'] {
  const parts = typeof text === 'string' ? /^(\d\d)(\d\d)(\d\d)-?(\d)\d{6}$/.exec(text) : null;
  if (!parts) return undefined;
  const digit = Number(parts[4]);
  const century = digit === 9 || digit === 0 ? 18 : [1, 2, 5, 6].includes(digit) ? 19 : 20;
  const birthDate = `${century}${parts[1]}-${parts[2]}-${parts[3]}`;
  return isDay(birthDate) ? { birthDate, gender: digit % 2 === 0 ? 'F' : 'M' } : undefined;
}

/** A birth that can be: from 1800 on, not after the order, nor after today. */
export function isBirth(day: string, { orderDate }: Facts, today: string): boolean {
  return day >= '1800-01-01' && day <= today && (orderDate === undefined || day <= orderDate);
}

function reasonOf(rules: DictionaryRules, key: string): UnknownReason {
  return !rules.items.has(key) && rules.isNeverShared(key) ? 'NEVER_SHARED' : 'UNKNOWN_ITEM';
}

function readItem(rules: DictionaryRules, item: ItemRules, value: unknown, path: string): ReadItem {
  const unknown = new Map<string, UnknownReason>();
  const note = (place: string, key: string) =>
    void unknown.set(`${place}.${key}`, reasonOf(rules, key));
  const all = project(item.form, value, path, note);
  const known = withoutNamed(rules.neverShared, item.code, all, note);
  const fits = item.fits(known);
  const isObject = typeof known === 'object' && known !== null && !Array.isArray(known);
  const isEmptied = !fits && isObject && Object.keys(known).length === 0;
  return { code: item.code, value: known, text: JSON.stringify(known), fits, isEmptied, unknown };
}

function project(
  form: Form,
  value: unknown,
  path: string,
  onUnknown: (path: string, key: string) => void,
): unknown {
  if (typeof value === 'string') return value.normalize('NFC');
  if (typeof value !== 'object' || value === null || form.kind === 'leaf') return value;
  if (Array.isArray(value)) {
    if (form.kind !== 'list') return value;
    return value.map((one) => project(form.element, one, `${path}[]`, onUnknown));
  }
  if (form.kind !== 'object') return value;
  const given = value as JsonObject;
  const known: JsonObject = {};
  let count = 0;
  for (const key of form.keys) {
    if (!Object.hasOwn(given, key)) continue;
    count += 1;
    if (given[key] === null) continue;
    known[key] = project(form.members.get(key)!, given[key], `${path}.${key}`, onUnknown);
  }
  const keys = Object.keys(given);
  if (keys.length === count) return known;
  for (const key of keys) {
    if (!form.members.has(key) && given[key] !== null) onUnknown(path, key);
  }
  return known;
}

function readTests(
  rules: DictionaryRules,
  value: unknown,
  unknown: Map<string, UnknownReason>,
): ReadTests {
  const codes = new Set<string>();
  const elements: ReadonlyMap<string, ReadItem>[] = [];
  if (!Array.isArray(value) || value.length > TESTS_MAX) {
    return { elements, codes, isMalformed: true };
  }
  let isMalformed = false;
  for (const given of value as unknown[]) {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      isMalformed = true;
      continue;
    }
    const element = new Map<string, ReadItem>();
    for (const key of Object.keys(given)) {
      const member = (given as JsonObject)[key];
      if (member === null) continue;
      const item = rules.items.get(key);
      if (item?.at === 'tests') {
        codes.add(key);
        element.set(key, readItem(rules, item, member, `tests[].${key}`));
      } else unknown.set(`tests[].${key}`, reasonOf(rules, key));
    }
    elements.push(element);
  }
  return { elements, codes, isMalformed };
}

function factsOf(items: ReadonlyMap<string, ReadItem>): Facts {
  const dayOf = (code: string) => {
    const value = items.get(code)?.value;
    return typeof value === 'string' && isDay(value) ? value : undefined;
  };
  return {
    orderDate: dayOf('date'),
    birthDate: dayOf('birthDate'),
    number: readNumber(items.get(NUMBER)?.value),
  };
}

/**
 * The reading as a contract has it that counts an emptied value of an optional item as absent:
 * what is absent may follow from something else.
 */
export function readingFor(
  reading: Reading,
  listed: ReadonlyMap<string, boolean>,
  today: string,
): Reading {
  const { items, facts } = reading;
  if (!DERIVED_OR_SOURCE.some((code) => items.get(code)?.isEmptied)) return reading;
  const isAbsent = (code: string) => {
    const item = items.get(code);
    return item === undefined || (item.isEmptied && listed.get(code) === false);
  };
  return { ...reading, derived: derivedOf(items, facts, today, isAbsent) };
}

function derivedOf(
  items: ReadonlyMap<string, ReadItem>,
  facts: Facts,
  today: string,
  isAbsent: (code: string) => boolean,
): Map<string, unknown> {
  const derived = new Map<string, unknown>();
  const fits = (code: string) => items.get(code)?.fits === true;
  const { orderDate, number } = facts;
  const isNumberSound =
    fits(NUMBER) && number !== undefined && isBirth(number.birthDate, facts, today);
  if (isNumberSound && isAbsent('birthDate')) derived.set('birthDate', number.birthDate);
  if (isNumberSound && isAbsent('gender')) derived.set('gender', number.gender);
  if (!fits('date') || orderDate === undefined || orderDate > today) return derived;
  let born: string | undefined;
  if (!isAbsent('birthDate')) {
    const given = fits('birthDate') ? facts.birthDate : undefined;
    if (given !== undefined && isBirth(given, facts, today)) born = given;
  } else if (isNumberSound) born = number.birthDate;
  const age = born === undefined ? Infinity : ageOn(born, orderDate);
  if (age <= 130) derived.set('age', age);
  return derived;
}
