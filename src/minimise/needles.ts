/** What may not stand in a text that travels: the withheld values of one record, in every form. */
import { isRealDate } from '#src/base/seoul.ts';
import { plain } from './plain-text.ts';
import { readRegistrationNumber } from './registration-number.ts';
import type { Leaf, Saying } from './text-places.ts';

/** One form of a withheld value: letters and digits, in lower case. */
export interface Needle {
  text: string;
  /**
   * `anywhere`: too long to be there by chance, so it is found across any separators and inside
   * codes. The others are found in free text only, as a number of its own: `id` across spaces and
   * hyphens, `date` across what people write between day and month, `email` around its at sign.
   */
  match: 'anywhere' | 'text' | 'id' | 'date' | 'email';
}

/** A withheld birth, for the ways of writing a day that are no one text. */
export interface Birth {
  year: string;
  month: number;
  day: number;
  /** Whether the year alone says too much, too. */
  isYearWithheld: boolean;
}

export interface Needles {
  needles: readonly Needle[];
  births: readonly Birth[];
}

/** Which withheld values are looked for under a contract. */
export interface Withholding {
  /** Codes of guarded items that the contract does not let out. */
  codes: readonly string[];
  isYearWithheld: boolean;
}

const number = 'residentRegistrationNumber';
const readers: ReadonlyMap<string, Reader> = new Map([
  [number, readNumber],
  ['birthDate', readBirth],
  ['phoneNumber', readPhone],
  ['contactInformation', readPhone],
  ['email', readEmail],
]);

type Reader = (text: string, gathered: Gathered) => void;

interface Gathered {
  needles: Map<string, Needle['match']>;
  births: Map<string, Birth>;
  /** What the record says where it may: `phone 1000000000`. */
  said: ReadonlySet<string>;
  /** Whether a birth is withheld, so that what a number says of it is, too. */
  isBirthWithheld: boolean;
  isYearWithheld: boolean;
}

/** Shorter codes are in every text by chance: room numbers, doses, values. */
const idLengthMin = 5;
/** From here on a form is found anywhere, however it is torn apart. */
const longLengthMin = 8;
const isOnePhone = /^[\d ()+.-]*$/;
const valueLengthMax = 300;
const valuesMax = 20;

/**
 * The needles of one record.
 * @param found values of the record's items as they came, by code: nothing has checked them
 * @param leaves what would travel: a value that it says in its own place is looked for nowhere
 */
export function needlesOf(
  { codes, isYearWithheld }: Withholding,
  found: ReadonlyMap<string, unknown>,
  leaves: readonly Leaf[],
): Needles {
  const gathered: Gathered = {
    needles: new Map(),
    births: new Map(),
    said: saidBy(leaves),
    isBirthWithheld: codes.includes('birthDate'),
    isYearWithheld,
  };
  for (const code of codes) {
    const value = found.get(code);
    if (value === undefined) continue;
    const read = readers.get(code) ?? readId;
    for (const text of textsIn(value)) read(text, gathered);
  }
  const needles = [...gathered.needles].map(([text, match]) => ({ text, match }));
  return { needles, births: [...gathered.births.values()] };
}

function saidBy(leaves: readonly Leaf[]): Set<string> {
  const said = new Set<string>();
  for (const { says, text } of leaves) {
    if (says !== undefined) said.add(`${says} ${sayingForm(says, text)}`);
  }
  return said;
}

function sayingForm(says: Saying, text: string): string {
  return says === 'phone' ? nationalOf(plain(text)) : plain(text);
}

/** The texts and numbers of a value that nobody has checked, as far as they could be one. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value.slice(0, valueLengthMax)];
  if (typeof value === 'number') return [String(value)];
  if (typeof value !== 'object' || value === null) return [];
  const members: unknown[] = Object.values(value).slice(0, valuesMax);
  return members.flatMap((each) => (typeof each === 'object' ? [] : textsIn(each)));
}

function add({ needles }: Gathered, text: string, match: Needle['match']): void {
  if (match === 'anywhere' || !needles.has(text)) needles.set(text, match);
}

/** A code as it is, and without the zeros in front that people leave out. */
function readId(text: string, gathered: Gathered): void {
  const id = plain(text);
  if (gathered.said.has(`id ${id}`)) return;
  if (id.length >= idLengthMin) add(gathered, id, id.length < longLengthMin ? 'id' : 'text');
  const short = id.replace(/^0+/, '');
  if (short !== id && short.length >= idLengthMin) add(gathered, short, 'id');
}

/** The number, its last seven digits, which with a birth date are all of it, and the birth. */
function readNumber(text: string, gathered: Gathered): void {
  const digits = plain(text).replaceAll(/\D/g, '');
  if (digits.length < longLengthMin) return;
  add(gathered, digits, 'anywhere');
  if (digits.length !== 13) return;
  add(gathered, digits.slice(6), 'id');
  const birthDate = readRegistrationNumber(digits)?.birthDate;
  if (gathered.isBirthWithheld && birthDate !== undefined) addBirth(birthDate, gathered);
}

function readBirth(text: string, gathered: Gathered): void {
  const [, year = '', month = '', day = ''] =
    /(\d{4})\D{0,3}(\d{1,2})\D{0,3}(\d{1,2})/.exec(text.normalize('NFKC')) ?? [];
  const birthDate = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  if (isRealDate(birthDate)) addBirth(birthDate, gathered);
  else if (/^\d{6}$/.test(plain(text))) add(gathered, plain(text), 'date');
}

function addBirth(birthDate: string, gathered: Gathered): void {
  const [year, month, day] = birthDate.split('-') as [string, string, string];
  if (gathered.said.has(`day ${year}${month}${day}`)) return;
  add(gathered, year + month + day, 'anywhere');
  add(gathered, day + month + year, 'anywhere');
  add(gathered, month + day + year, 'anywhere');
  add(gathered, year.slice(2) + month + day, 'date');
  const { isYearWithheld } = gathered;
  const birth = { year, month: Number(month), day: Number(day), isYearWithheld };
  gathered.births.set(birthDate, birth);
}

/**
 * By the national number: without its leading zero it is in every form, +82 and 0082 too. The
 * eight digits behind 010, which every mobile number begins with, say the same.
 */
function readPhone(text: string, gathered: Gathered): void {
  // a field for one number may hold two
  const parts = isOnePhone.test(text) ? [text] : text.normalize('NFKC').split(/[^\d\s()+.-]+/u);
  for (const part of parts) {
    const national = nationalOf(plain(part));
    if (gathered.said.has(`phone ${national}`)) continue;
    if (national.length >= longLengthMin) add(gathered, national, 'anywhere');
    else if (national.length === longLengthMin - 1) add(gathered, national, 'id');
    if (/^10\d{8}$/.test(national)) add(gathered, national.slice(2), 'id');
  }
}

function nationalOf(digits: string): string {
  const local = digits.replace(/^00(?=82)/, '');
  const isAbroad = local.startsWith('82') && local.length >= 10;
  return (isAbroad ? local.slice(2) : local).replace(/^0/, '');
}

function readEmail(text: string, gathered: Gathered): void {
  const email = plain(text);
  if (gathered.said.has(`email ${email}`) || email.length < idLengthMin) return;
  add(gathered, email, email.length < longLengthMin ? 'email' : 'anywhere');
}
