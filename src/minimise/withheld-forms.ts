/** The forms in which the values of guarded items are written: each item's, by its code. */
import { isRealDate } from '#src/base/seoul.ts';
import { needleLengthMin } from './haystack.ts';
import {
  add,
  digitsIn,
  isSaid,
  longLengthMin,
  nationalOf,
  type Gathered,
  type Reader,
  type Withholding,
} from './needles.ts';
import { plain } from './plain-text.ts';
import { birthDatesOfFront } from './registration-number.ts';

const number = 'residentRegistrationNumber';
const readers: ReadonlyMap<string, Reader> = new Map([
  [number, readNumber],
  ['birthDate', readBirth],
  ['phoneNumber', readPhone],
  ['contactInformation', readPhone],
  ['email', readEmail],
]);

const isBorn = /^(?:1[89]|20)/;
const isOnePhone = /^[\d ()+.-]*$/;

/** Compiles what is looked for where the values of these guarded items stay. */
export function withholdingOf(codes: readonly string[]): Withholding {
  return {
    readers: codes.map((code) => [code, readers.get(code) ?? readId] as const),
    isBirthWithheld: codes.includes('birthDate'),
  };
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
  const form = plain(text);
  const digits = digitsIn(form) === form.length ? form : form.replaceAll(/\D/g, '');
  if (digits.length >= longLengthMin) add(gathered, digits, 'anywhere');
  if (digits.length === 13) add(gathered, digits.slice(6), 'id');
  if (!gathered.isBirthWithheld || digits.length > 13) return;
  // 840312-2******: an EMR that masks the rest still says the birth
  const isFront = digits.length === 13 || /^\s*\d{6}/.test(text.normalize('NFKC'));
  if (!isFront) return;
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
  const { births, isYearWithheld } = gathered;
  // a birth date and a registration number mostly say the same
  if (births.has(birthDate)) return;
  const year = birthDate.slice(0, 4);
  const month = birthDate.slice(5, 7);
  const day = birthDate.slice(8);
  if (isSaid(gathered, 'day', year + month + day)) return;
  add(gathered, year + month + day, 'anywhere');
  add(gathered, day + month + year, 'anywhere');
  add(gathered, month + day + year, 'anywhere');
  add(gathered, year.slice(2) + month + day, 'date');
  const yearNumber = Number(year);
  births.set(birthDate, {
    year,
    yearNumber,
    yearInCentury: yearNumber % 100,
    month: Number(month),
    day: Number(day),
    isYearWithheld,
  });
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

function readEmail(text: string, gathered: Gathered): void {
  const email = plain(text);
  if (isSaid(gathered, 'email', email) || email.length < needleLengthMin) return;
  const at = text.indexOf('@');
  const isAddress = at > 0 && at + 1 < text.length && !text.includes('@', at + 1);
  if (email.length < longLengthMin || !isAddress) {
    add(gathered, email, email.length < longLengthMin ? 'email' : 'anywhere');
    return;
  }
  // as it is written or dictated: hong at mail.kr, hong(at)mail dot kr
  const domain = text.slice(at + 1);
  const front = plain(text.slice(0, at));
  const back = email.slice(front.length);
  add(gathered, email, 'anywhere', front);
  add(gathered, `${front}at${back}`, 'anywhere', front);
  add(gathered, `${front}골뱅이${back}`, 'anywhere', front);
  add(gathered, `${front}at${plain(domain.replaceAll('.', 'dot'))}`, 'anywhere', front);
}
