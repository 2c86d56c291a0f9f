/** Numbers in a text as people group their digits: registration numbers, and days of birth. */
import { gapAfter, isJoined, textOf, type Haystack, type Source } from './haystack.ts';
import type { Birth } from './needles.ts';
import { isDigit } from './plain-text.ts';
import { readRegistrationNumber } from './registration-number.ts';

/** Where it stands in the haystack, `to` not included. */
export interface Span {
  from: number;
  to: number;
}

/** Digits that stand together. */
export interface Group extends Span {
  /** What they are as a number, of at most five digits: the later ones count for nothing. */
  value: number;
  /** Where the group before it ends; -1 for the first. */
  before: number;
}

/**
 * What parts a group from the one before: a separator of no letters and digits; one word of a
 * date; or anything else, which makes it the first of its row.
 */
type Parting = 'separator' | 'word' | 'else';

const dateWords = new Set([
  '년',
  '월',
  '일',
  '年',
  '月',
  '日',
  '년도',
  'y',
  'm',
  'd',
  'mm',
  'dd',
  'mon',
  'month',
  'day',
]);
const dateWordLengthMax = 5;
/** The ways in which thirteen digits are grouped; each digit for itself is one more. */
const groupings = [[13], [6, 7], [2, 2, 2, 7], [6, 1, 6], Array<number>(13).fill(1)] as const;

const bornAfter = ['년생', '년도생', '년출생', '년도출생', '年生'].concat([
  '년에태어',
  '년태어',
  '년에출생',
  '년도에태어',
]);
const bornBefore = ['born', 'bornin', 'yearofbirth', 'birthyear', 'yob', 'dob']
  .concat(['birth', 'birthdate', 'dateofbirth', 'birthday', 'bornon'])
  .concat(['생년', '생년월일', '출생', '출생년도', '출생연도', '출생년', '출생일', '출생일자'])
  .concat(['생년월', '출생연월', '출생년월', '출생연월일', '출생년월일', '생일'])
  .map((word) => [word, word.length] as const);
/** Before a year of two digits stand only words that cannot be about anything else. */
const yearBefore = [
  '생년',
  '생년월일',
  '출생년도',
  '출생연도',
  '출생년',
  'yob',
  'dob',
  'birthyear',
];
const monthNames = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');

/**
 * Anything in a source that is grouped as a registration number is and begins with a day that
 * exists. Whose it is does not matter.
 */
export function registrationNumbersIn(
  hay: Haystack,
  source: Source,
  groups: readonly Group[],
): Span[] {
  const spans: Span[] = [];
  for (let first = 0; first < groups.length; first += 1) {
    for (const lengths of groupings) {
      if (!isGroupedAs(groups, first, lengths)) continue;
      const { from } = groups[first]!;
      const digits = textOf(hay).slice(from, from + 13);
      // +8201012345678: a mobile number with a zero too many, whatever day it begins with
      const isPhone = digits.startsWith('82010') && source.text[hay.at[from]! - 1] === '+';
      if (isPhone || !isOfAnybody(digits)) continue;
      spans.push({ from, to: from + 13 });
      // digits that stand alone make a number from each of them on: one place is told once
      first += lengths.length - 1;
      break;
    }
  }
  return spans;
}

/**
 * True for a number that somebody can have. They were first given in 1962, to nobody born before
 * 1860, and nobody will be born after 2049 for long: such days are those of barcodes (`8801…`)
 * and of specimens (`260310-0012345`).
 */
function isOfAnybody(digits: string): boolean {
  const birthDate = readRegistrationNumber(digits)?.birthDate;
  return birthDate !== undefined && birthDate >= '1860' && birthDate < '2050';
}

/** The day of a birth in a free text, and its year where that is withheld. */
export function birthsIn(
  hay: Haystack,
  source: Source,
  groups: readonly Group[],
  birth: Birth,
): Span[] {
  const spans: Span[] = [];
  const { yearNumber, yearInCentury, month, day, isYearWithheld } = birth;
  for (let index = 0; index < groups.length; index += 1) {
    const group = groups[index]!;
    const { from, to, value } = group;
    // a day begins with one of its parts; six digits may be a year and a month
    const isPart =
      value === yearNumber || value === yearInCentury || value === month || value === day;
    if (to - from > 6 || !(isPart || to - from === 6)) continue;
    const last = isPart ? lastOfDay(hay, source, groups, index, birth) : undefined;
    if (last) spans.push({ from, to: last.to });
    else if (isYearWithheld && isYear(hay, source, group, birth)) spans.push({ from, to });
  }
  return spans;
}

/** The digits of a source as they stand together, in their order. */
export function groupsIn(hay: Haystack, source: Source): Group[] {
  const { codes } = hay;
  const { start, end } = source;
  const groups: Group[] = [];
  let before = -1;
  for (let from = start; from < end; from += 1) {
    if (!isDigit(codes[from])) continue;
    let [to, value] = [from + 1, codes[from]! - 48];
    for (; to < end && isDigit(codes[to]); to += 1) {
      if (!isJoined(hay, source, to - 1)) break;
      if (to - from < 5) value = 10 * value + codes[to]! - 48;
    }
    groups.push({ from, to, value, before });
    before = to;
    from = to - 1;
  }
  return groups;
}

function parting(hay: Haystack, { before, from }: Group): Parting {
  if (before === from) return 'separator';
  const isShort = before >= 0 && from - before <= dateWordLengthMax;
  return isShort && dateWords.has(textOf(hay).slice(before, from)) ? 'word' : 'else';
}

function isGroupedAs(groups: readonly Group[], first: number, lengths: readonly number[]): boolean {
  for (let offset = 0; offset < lengths.length; offset += 1) {
    const group = groups[first + offset];
    if (!group || group.to - group.from !== lengths[offset]) return false;
    // parted by nothing that is a letter or a digit
    if (offset > 0 && group.before !== group.from) return false;
  }
  return true;
}

/** The last of the two or three groups from the first on that are the day of the birth. */
function lastOfDay(
  hay: Haystack,
  source: Source,
  groups: readonly Group[],
  first: number,
  { yearNumber, yearInCentury, month, day }: Birth,
): Group | undefined {
  const [one, two, three] = [groups[first]!, groups[first + 1], groups[first + 2]];
  if (!two) return undefined;
  const partingOfTwo = parting(hay, two);
  if (partingOfTwo === 'else') return undefined;
  const isYear = one.to - one.from === 4 && one.value === yearNumber;
  const isShortYear = one.to - one.from === 2 && one.value === yearInCentury;
  const isJoint = two.to - two.from === 4 && two.value === 100 * month + day;
  if (isJoint && (isYear || (isShortYear && partingOfTwo === 'word'))) return two;
  if (!three || two.to - two.from > 2 || parting(hay, three) === 'else') return undefined;
  const isMonthFirst = one.value === month && two.value === day;
  const isDayFirst = one.value === day && two.value === month;
  if (three.to - three.from === 4 && three.value === yearNumber && one.to - one.from <= 2) {
    return isDayFirst || isMonthFirst ? three : undefined;
  }
  if (three.to - three.from > 2) return undefined;
  const isYearFirst = two.value === month && three.value === day;
  if (isYear) return isYearFirst ? three : undefined;
  const isYearLast = three.to - three.from === 2 && three.value === yearInCentury;
  const isOurs = (isShortYear && isYearFirst) || (isYearLast && (isDayFirst || isMonthFirst));
  return isOurs && isOneDate(hay, source, two, three) ? three : undefined;
}

/** Two digits are a year only where the three numbers are plainly one date: `80.2.9`. */
function isOneDate(hay: Haystack, source: Source, two: Group, three: Group): boolean {
  const partingOfTwo = parting(hay, two);
  if (partingOfTwo !== parting(hay, three)) return false;
  if (partingOfTwo === 'word') return true;
  const [first, second] = [two, three].map(({ from }) => gapAfter(hay, source, from - 1).trim());
  return first === second && /^[-./·‐-―]$/u.test(first!);
}

/** `1980년생`, `80년생`, `80생`, `1980년 2월생`, `born 1980`, `생년월 198002`. */
function isYear(hay: Haystack, source: Source, { from, to }: Group, birth: Birth): boolean {
  const text = textOf(hay);
  const { year, month } = birth;
  const written = text.slice(from, to);
  const isBorn = () => bornBefore.some(([word, size]) => text.startsWith(word, from - size));
  if (written === year + String(month).padStart(2, '0')) return isBorn();
  if (written !== year && written !== year.slice(2)) return false;
  if (bornAfter.some((word) => text.startsWith(word, to))) return true;
  if (/^년\d{1,2}월(?:생|출생|에?태어)/.test(text.slice(to, to + 9))) return true;
  const isBornHere = text[to] === '생' || text[to] === '生';
  if (written === year) return isBornHere || isBorn();
  // 84생 is a word by itself, which 생검 and 생리식염수 are not
  const isWord = !/[가-힣]/.test(text[to + 1] ?? '') || gapAfter(hay, source, to) !== '';
  if (isBornHere && isWord) return true;
  return yearBefore.some((word) => text.startsWith(word, from - word.length));
}

/** The day of a birth with the month by its name, anywhere: `29 Feb 1980`, `Feb 29, '80`. */
export function namedMonthsIn(hay: Haystack, { year, month, day }: Birth): Span[] {
  const text = textOf(hay);
  const name = monthNames[month - 1]!;
  if (!text.includes(name) || !text.includes(year.slice(2))) return [];
  const years = `(?:${year.slice(0, 2)})?${year.slice(2)}(?!\\d)`;
  const days = `0?${day}(?:st|nd|rd|th)?`;
  const written = new RegExp(
    `(?<!\\d)(?:${days}(?:of)?${name}[a-z]{0,6}${years}|${name}[a-z]{0,6}${days}${years}` +
      `|${year}년?${name}[a-z]{0,6}0?${day}(?!\\d))`,
    'g',
  );
  return [...text.matchAll(written)].map(({ index, 0: match }) => {
    return { from: index, to: index + match.length };
  });
}
