/** What may not stand in a text that travels: the withheld values of one record, in every form. */
import { isRealDate } from '#src/base/seoul.ts';
import { needleLengthMin } from './haystack.ts';
import { plain } from './plain-text.ts';
import { birthDatesOfFront } from './registration-number.ts';
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
  /** Whether it has nothing but digits. */
  isNumber: boolean;
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
  /** The length of the shortest needle without a digit. */
  wordLengthMin: number;
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
  leaves: readonly Leaf[];
  /** What those say by themselves, by kind: read when it is asked for. */
  said: Map<Saying, ReadonlySet<string>>;
  /** Whether a birth is withheld, so that what a number says of it is, too. */
  isBirthWithheld: boolean;
  isYearWithheld: boolean;
}

/** From here on a form is found anywhere, however it is torn apart. */
const longLengthMin = 8;
const isBorn = /^(?:1[89]|20)/;
const isOnePhone = /^[\d ()+.-]*$/;
const valueLengthMax = 300;
const valuesMax = 20;
const depthMax = 3;

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
    leaves,
    said: new Map(),
    isBirthWithheld: codes.includes('birthDate'),
    isYearWithheld,
  };
  for (const code of codes) {
    const value = found.get(code);
    if (value === undefined) continue;
    const read = readers.get(code) ?? readId;
    for (const text of textsIn(value)) read(text, gathered);
  }
  const needles: Needle[] = [];
  let wordLengthMin = Infinity;
  for (const [text, match] of gathered.needles) {
    const isNumber = /^\d+$/.test(text);
    needles.push({ text, match, isNumber });
    if (!isNumber && !/\d/.test(text)) wordLengthMin = Math.min(wordLengthMin, text.length);
  }
  return { needles, births: [...gathered.births.values()], wordLengthMin };
}

function isSaid({ leaves, said }: Gathered, kind: Saying, form: string): boolean {
  let forms = said.get(kind);
  if (forms === undefined) {
    const saying = leaves.filter(({ says }) => says === kind);
    forms = new Set(saying.map(({ text }) => sayingForm(kind, text)));
    said.set(kind, forms);
  }
  return forms.has(form);
}

function sayingForm(says: Saying, text: string): string {
  return says === 'phone' ? nationalOf(plain(text)) : plain(text);
}

/** The texts and numbers of a value that nobody has checked, as far as they could be one. */
function textsIn(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return [value.slice(0, valueLengthMax)];
  if (typeof value === 'number') return [String(value)];
  if (typeof value !== 'object' || value === null) return [];
  const members: unknown[] = Object.values(value).slice(0, valuesMax);
  if (depth === depthMax) return [];
  const texts = members.flatMap((each) => textsIn(each, depth + 1));
  // a value whose parts stand apart: { front, back }, { year, month, day }
  const isInParts = texts.length > 1 && texts.every(({ length }) => length < longLengthMin);
  return isInParts ? [...texts, texts.join(' ')] : texts;
}

function add({ needles }: Gathered, text: string, match: Needle['match']): void {
  if (match === 'anywhere' || !needles.has(text)) needles.set(text, match);
}

/** A code as it is, and without the zeros in front that people leave out. */
function readId(text: string, gathered: Gathered): void {
  const id = plain(text);
  if (isSaid(gathered, 'id', id)) return;
  if (id.length >= needleLengthMin) add(gathered, id, id.length < longLengthMin ? 'id' : 'text');
  const short = id.replace(/^0+/, '');
  if (short !== id && short.length >= needleLengthMin) add(gathered, short, 'id');
}

/** The number, its last seven digits, which with a birth date are all of it, and the birth. */
function readNumber(text: string, gathered: Gathered): void {
  const digits = plain(text).replaceAll(/\D/g, '');
  if (digits.length >= longLengthMin) add(gathered, digits, 'anywhere');
  if (digits.length === 13) add(gathered, digits.slice(6), 'id');
  // 840312-2******: an EMR that masks the rest still says the birth
  const isFront = digits.length <= 13 && /^\s*\d{6}/.test(text.normalize('NFKC'));
  if (!gathered.isBirthWithheld || !(isFront || digits.length === 13)) return;
  for (const birthDate of birthDatesOfFront(digits)) addBirth(birthDate, gathered);
}

function readBirth(text: string, gathered: Gathered): void {
  const birthDates = isRealDate(text) ? [text] : birthDatesIn(text.normalize('NFKC'));
  for (const birthDate of birthDates) if (isBorn.test(birthDate)) addBirth(birthDate, gathered);
}

/** Every day that an unchecked birth date may mean: `1984-03-12`, `840312`, `12/03/1984`. */
function birthDatesIn(text: string): string[] {
  const [one = '', two = '', three = ''] = text.match(/\d+/g) ?? [];
  const days: (readonly [year: string, month: string, day: string])[] = [];
  const addDay = (year: string, month: string, day: string) => {
    if (year.length === 4) days.push([year, month, day]);
    else if (year.length === 2) days.push([`19${year}`, month, day], [`20${year}`, month, day]);
  };
  if (one.length >= 8) {
    addDay(one.slice(0, 4), one.slice(4, 6), one.slice(6, 8));
    addDay(one.slice(4, 8), one.slice(2, 4), one.slice(0, 2));
    addDay(one.slice(4, 8), one.slice(0, 2), one.slice(2, 4));
  } else if (one.length === 6) {
    addDay(one.slice(0, 2), one.slice(2, 4), one.slice(4));
  } else if (three.length === 4) {
    addDay(three, two, one);
    addDay(three, one, two);
  } else {
    addDay(one, two, three.slice(0, 2));
  }
  const isoDays = days.map(([year, ...rest]) =>
    [year, ...rest.map((part) => part.padStart(2, '0'))].join('-'),
  );
  return isoDays.filter(isRealDate);
}

function addBirth(birthDate: string, gathered: Gathered): void {
  const [year, month, day] = birthDate.split('-') as [string, string, string];
  if (isSaid(gathered, 'day', year + month + day)) return;
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
    if (isSaid(gathered, 'phone', national)) continue;
    if (national.length >= longLengthMin) add(gathered, national, 'anywhere');
    else if (national.length === longLengthMin - 1) add(gathered, national, 'id');
    if (/^10\d{8}$/.test(national)) add(gathered, national.slice(2), 'id');
  }
}

function nationalOf(digits: string): string {
  const local = digits.startsWith('0082') ? digits.slice(2) : digits;
  const isAbroad = local.startsWith('82') && local.length >= 10;
  const national = isAbroad ? local.slice(2) : local;
  return national.startsWith('0') ? national.slice(1) : national;
}

function readEmail(text: string, gathered: Gathered): void {
  const email = plain(text);
  if (isSaid(gathered, 'email', email) || email.length < needleLengthMin) return;
  add(gathered, email, email.length < longLengthMin ? 'email' : 'anywhere');
  // as it is written or dictated: hong at mail.kr, hong(at)mail dot kr
  const [local, domain, ...more] = text.split('@');
  if (!local || !domain || more.length > 0 || email.length < longLengthMin) return;
  const [front, back, dotted] = [local, domain, domain.replaceAll('.', 'dot')].map(plain);
  for (const at of ['at', '골뱅이']) add(gathered, `${front}${at}${back}`, 'anywhere');
  add(gathered, `${front}at${dotted}`, 'anywhere');
}
