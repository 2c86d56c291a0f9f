/** What may not stand in a text that travels: the withheld values of one record, in every form. */
import { isDigit, plain } from './plain-text.ts';
import type { Saying } from './text-places.ts';

/** One form of a withheld value: letters and digits, in lower case. */
export interface Needle {
  text: string;
  /**
   * `anywhere`: too long to be there by chance, so it is found across any separators and inside
   * codes. The others are found in free text only, as a number of its own: `id` across spaces and
   * hyphens, `date` across what people write between day and month, `email` around its at sign.
   */
  match: 'anywhere' | 'text' | 'id' | 'date' | 'email';
  /** How many of its characters are digits. */
  digits: number;
  /** What it begins with, where others begin so, too: looked for once, it rules out all. */
  stem: string | undefined;
}

/** A withheld birth, for the ways of writing a day that are no one text. */
export interface Birth {
  year: string;
  /** The year, and its last two digits, as numbers. */
  yearNumber: number;
  yearInCentury: number;
  month: number;
  day: number;
  /** Whether the year alone says too much, too. */
  isYearWithheld: boolean;
}

export interface Needles {
  needles: readonly Needle[];
  births: readonly Birth[];
  /** The length of the shortest needle without a digit. */
  wordLengthMin: number;
}

/** Which withheld values are looked for under a contract: compiled once. */
export interface Withholding {
  /** Guarded items that the contract does not let out, and how their values are read. */
  readers: readonly (readonly [code: string, read: Reader])[];
  /** Whether a birth is withheld, so that what a number says of it is, too. */
  isBirthWithheld: boolean;
}

/** The texts that a record to be released says by themselves, of one kind. */
export type SaidTexts = (kind: Saying) => readonly string[];

/** Adds the forms of one text of a withheld value. */
export type Reader = (text: string, gathered: Gathered) => void;

export interface Gathered {
  needles: Map<string, Needle>;
  births: Map<string, Birth>;
  saidTexts: SaidTexts;
  /** What is said, in the form in which it is compared: read when it is asked for. */
  said: Partial<Record<Saying, readonly string[]>>;
  isBirthWithheld: boolean;
  isYearWithheld: boolean;
}

/** From here on a form is found anywhere, however it is torn apart. */
export const longLengthMin = 8;
const valueLengthMax = 300;
const valuesMax = 20;
const depthMax = 3;

/**
 * The needles of one record.
 * @param found values of the record's items as they came, by code: nothing has checked them
 * @param saidTexts what a record says in its own place is looked for nowhere
 */
export function needlesOf(
  { readers, isBirthWithheld }: Withholding,
  isYearWithheld: boolean,
  found: ReadonlyMap<string, unknown>,
  saidTexts: SaidTexts,
): Needles {
  const gathered: Gathered = {
    needles: new Map(),
    births: new Map(),
    saidTexts,
    said: {},
    isBirthWithheld,
    isYearWithheld,
  };
  for (const [code, read] of readers) {
    const value = found.get(code);
    if (typeof value === 'string') read(value.slice(0, valueLengthMax), gathered);
    else if (value !== undefined) for (const text of textsIn(value)) read(text, gathered);
  }
  const needles = [...gathered.needles.values()];
  let wordLengthMin = Infinity;
  for (const { text, digits } of needles) {
    if (digits === 0) wordLengthMin = Math.min(wordLengthMin, text.length);
  }
  return { needles, births: [...gathered.births.values()], wordLengthMin };
}

/** True for what the record says in its own place: no needle. */
export function isSaid(gathered: Gathered, kind: Saying, form: string): boolean {
  const forms = (gathered.said[kind] ??= gathered.saidTexts(kind).map(formIn[kind]));
  return forms.includes(form);
}

const formIn: Readonly<Record<Saying, (text: string) => string>> = {
  ...{ day: plain, email: plain, id: plain },
  phone: (text) => nationalOf(plain(text)),
};

/** The texts and numbers of a value that nobody has checked, as far as they could be one. */
function textsIn(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return [value.slice(0, valueLengthMax)];
  if (typeof value === 'number') return [String(value)];
  if (typeof value !== 'object' || value === null || depth === depthMax) return [];
  const texts: string[] = [];
  const keys = Object.keys(value);
  for (let at = 0; at < keys.length && at < valuesMax; at += 1) {
    const member = (value as Record<string, unknown>)[keys[at]!];
    if (typeof member === 'string') texts.push(member.slice(0, valueLengthMax));
    else texts.push(...textsIn(member, depth + 1));
  }
  // a value whose parts stand apart: { front, back }, { year, month, day }
  const isInParts = texts.length > 1 && texts.every(({ length }) => length < longLengthMin);
  if (isInParts) texts.push(texts.join(' '));
  return texts;
}

/** Adds a needle: what is found anywhere is not found in free text only. */
export function add(
  { needles }: Gathered,
  text: string,
  match: Needle['match'],
  stem?: string,
): void {
  if (match !== 'anywhere' && needles.has(text)) return;
  needles.set(text, { text, match, digits: digitsIn(text), stem });
}

/** How many characters of a plain text are digits. */
export function digitsIn(text: string): number {
  let digits = 0;
  for (let at = 0; at < text.length; at += 1) if (isDigit(text.charCodeAt(at))) digits += 1;
  return digits;
}

/** A telephone number without its country, and without its leading zero. */
export function nationalOf(digits: string): string {
  const local = digits.startsWith('0082') ? digits.slice(2) : digits;
  const isAbroad = local.startsWith('82') && local.length >= 10;
  const national = isAbroad ? local.slice(2) : local;
  return national.startsWith('0') ? national.slice(1) : national;
}
