/** Numbers in a text as people group their digits: registration numbers, and days of birth. */
import { gapAfter, type Haystack, type Source } from './haystack.ts';
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
  /**
   * What parts it from the group before: a separator of no letters and digits; one word of a date;
   * or anything else, which makes it the first of its row.
   */
  after: 'separator' | 'word' | 'else';
}

const dateWords = new Set([...'년월일年月日'].map((word) => word.charCodeAt(0)));
/** The ways in which thirteen digits are grouped; each digit for itself is one more. */
const groupings = [[13], [6, 7], [2, 2, 2, 7], [6, 1, 6], Array<number>(13).fill(1)] as const;

const bornAfter = ['년생', '년도생', '년출생', '년도출생', '年生'];
const bornBefore = ['born', 'bornin', 'yearofbirth', 'birthyear', 'yob', 'dob']
  .concat(['생년', '생년월일', '출생', '출생년도', '출생연도', '출생년'])
  .map((word) => [word, word.length] as const);
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
      const digits = hay.text.slice(from, from + 13);
      // +8201012345678: a mobile number with a zero too many, whatever day it begins with
      const isPhone = digits.startsWith('82010') && source.text[hay.at[from]! - 1] === '+';
      if (isPhone || !readRegistrationNumber(digits)) continue;
      spans.push({ from, to: from + 13 });
      // digits that stand alone make a number from each of them on: one place is told once
      first += lengths.length - 1;
      break;
    }
  }
  return spans;
}

/** The day of a birth in a free text, and its year where that is withheld. */
export function birthsIn(
  hay: Haystack,
  source: Source,
  groups: readonly Group[],
  birth: Birth,
): Span[] {
  const spans: Span[] = [];
  for (let index = 0; index < groups.length; index += 1) {
    const group = groups[index]!;
    if (group.to - group.from > 4) continue;
    const last = lastOfDay({ hay, source, birth }, group, groups[index + 1], groups[index + 2]);
    if (last) spans.push({ from: group.from, to: last.to });
    else if (birth.isYearWithheld && isYear(hay, group, birth)) spans.push(group);
  }
  return spans;
}

/** The digits of a source as they stand together, in their order. */
export function groupsIn(hay: Haystack, source: Source): Group[] {
  const { codes, at } = hay;
  const { start, end } = source;
  const groups: Group[] = [];
  let [before, wordAt] = [-2, -1];
  for (let from = start; from < end; from += 1) {
    if (!isDigit(codes[from])) {
      if (dateWords.has(codes[from]!)) wordAt = from;
      continue;
    }
    let [to, value] = [from + 1, codes[from]! - 48];
    for (; to < end && isDigit(codes[to]); to += 1) {
      const isJoined = at[to]! - at[to - 1]! <= 1 || gapAfter(hay, source, to - 1) === '';
      if (!isJoined) break;
      if (to - from < 5) value = 10 * value + codes[to]! - 48;
    }
    const isWord = before + 1 === from && wordAt === before;
    groups.push({
      from,
      to,
      value,
      after: before === from ? 'separator' : isWord ? 'word' : 'else',
    });
    before = to;
    from = to - 1;
  }
  return groups;
}

function isGroupedAs(groups: readonly Group[], first: number, lengths: readonly number[]): boolean {
  for (let offset = 0; offset < lengths.length; offset += 1) {
    const group = groups[first + offset];
    if (!group || group.to - group.from !== lengths[offset]) return false;
    if (offset > 0 && group.after !== 'separator') return false;
  }
  return true;
}

/** The last of the two or three groups from the first on that are the day of the birth. */
function lastOfDay(
  { hay, source, birth }: { hay: Haystack; source: Source; birth: Birth },
  one: Group,
  two: Group | undefined,
  three: Group | undefined,
): Group | undefined {
  if (!two || two.after === 'else') return undefined;
  const { month, day } = birth;
  const year = Number(birth.year);
  const isYear = one.to - one.from === 4 && one.value === year;
  const isShortYear = one.to - one.from === 2 && one.value === year % 100;
  const isJoint = two.to - two.from === 4 && two.value === 100 * month + day;
  if (isJoint && (isYear || (isShortYear && two.after === 'word'))) return two;
  if (!three || three.after === 'else' || two.to - two.from > 2) return undefined;
  if (three.to - three.from === 4 && three.value === year && one.to - one.from <= 2) {
    const isDayFirst = one.value === day && two.value === month;
    return isDayFirst || (one.value === month && two.value === day) ? three : undefined;
  }
  const isDay = two.value === month && three.value === day && three.to - three.from <= 2;
  if (!isDay) return undefined;
  if (isYear) return three;
  return isShortYear && isOneDate(hay, source, two, three) ? three : undefined;
}

/** Two digits are a year only where the three numbers are plainly one date: `80.2.9`. */
function isOneDate(hay: Haystack, source: Source, two: Group, three: Group): boolean {
  if (two.after !== three.after) return false;
  if (two.after === 'word') return true;
  const [first, second] = [two, three].map(({ from }) => gapAfter(hay, source, from - 1).trim());
  return first === second && /^[-./·‐-―]$/u.test(first!);
}

/** `1980년생`, `80년생`, `1980년 2월생`, `born 1980`. */
function isYear({ text }: Haystack, { from, to }: Group, { year }: Birth): boolean {
  const written = text.slice(from, to);
  if (written !== year && written !== year.slice(2)) return false;
  if (bornAfter.some((word) => text.startsWith(word, to))) return true;
  if (/^년\d{1,2}월(?:생|출생)/.test(text.slice(to, to + 7))) return true;
  if (written !== year) return false;
  if (text.startsWith('생', to)) return true;
  return bornBefore.some(([word, length]) => text.startsWith(word, from - length));
}

/** The day of a birth with the month by its name, anywhere: `29 Feb 1980`, `February 29, 1980`. */
export function namedMonthsIn({ text }: Haystack, { year, month, day }: Birth): Span[] {
  const name = monthNames[month - 1]!;
  if (!text.includes(name) || !text.includes(year)) return [];
  const written = new RegExp(
    `(?<!\\d)(?:0?${day}(?:st|nd|rd|th)?(?:of)?${name}[a-z]{0,6}${year}` +
      `|${name}[a-z]{0,6}0?${day}(?:st|nd|rd|th)?${year}|${year}${name}[a-z]{0,6}0?${day}(?!\\d))`,
    'g',
  );
  return [...text.matchAll(written)].map(({ index, 0: match }) => {
    return { from: index, to: index + match.length };
  });
}
