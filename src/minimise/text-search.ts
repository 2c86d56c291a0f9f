/** Finds withheld values in the texts of a record: which leaf holds one, and where in it. */
import {
  gapAfter,
  haystackOf,
  leafSpan,
  mayHoldDigits,
  sourceAt,
  textOf,
  type Haystack,
  type Source,
} from './haystack.ts';
import type { Needle, Needles } from './needles.ts';
import { isDigit, isLetter } from './plain-text.ts';
import type { Leaf } from './text-places.ts';
import {
  birthsIn,
  groupsIn,
  namedMonthsIn,
  registrationNumbersIn,
  type Span,
} from './written-numbers.ts';

/** A withheld value in a leaf, by the span of the leaf's text that says it. */
export interface Hit {
  leaf: Leaf;
  from: number;
  to: number;
}

/** What may stand within a value that is short enough to be there by chance. */
const gaps = {
  id: /^[\s\p{Pd}_]*$/u,
  date: /^[\s\p{Pd}_./,·'’]*$/u,
  email: /^[\s\p{P}\p{S}]*$/u,
} as const;

/**
 * Every place that holds one.
 * @param anyNumber whether any registration number at all is one
 */
export function search(
  leaves: readonly Leaf[],
  { needles, births }: Needles,
  anyNumber: boolean,
): Hit[] {
  if (leaves.length === 0) return [];
  const hay = haystackOf(leaves);
  const hits: Hit[] = [];
  const report: Report = (source, { from, to }) => {
    const [start, end] = leafSpan(hay, source, from, to);
    hits.push({ leaf: source.leaf, from: start, to: end });
  };
  findNeedles(hay, needles, report);
  for (const source of hay.sources) {
    const { reads, says } = source.leaf;
    const mayBeNumber = anyNumber && says !== 'phone' && source.digits >= 13;
    const mayBeBirth = births.length > 0 && reads === 'text' && mayHoldBirth(source);
    if (!mayBeNumber && !mayBeBirth) continue;
    const groups = groupsIn(hay, source);
    if (mayBeNumber)
      registrationNumbersIn(hay, source, groups).forEach((span) => report(source, span));
    if (!mayBeBirth) continue;
    for (const one of births)
      birthsIn(hay, source, groups, one).forEach((span) => report(source, span));
  }
  for (const birth of births) {
    for (const span of namedMonthsIn(hay, birth)) {
      const source = sourceAt(hay, span.from);
      if (source.leaf.reads === 'text') report(source, span);
    }
  }
  return hits;
}

type Report = (source: Source, span: Span) => void;

function findNeedles(hay: Haystack, needles: readonly Needle[], report: Report): void {
  let torn: Needle[] | undefined;
  let stem: string | undefined;
  let hasStem = true;
  for (const needle of needles) {
    const isNumber = needle.digits === needle.text.length;
    if (!mayHoldDigits(needle.text)) continue;
    if (needle.stem !== stem) {
      stem = needle.stem;
      hasStem = stem === undefined || textOf(hay).includes(stem);
    }
    if (!hasStem) continue;
    const isFound = findNeedle(hay, needle, report);
    if (!isFound && isNumber && isLong(needle)) (torn ??= []).push(needle);
  }
  if (torn === undefined) return;
  for (const span of tornIn(hay, torn)) {
    for (const source of hay.sources) {
      const [from, to] = [Math.max(span.from, source.start), Math.min(span.to, source.end)];
      // a text without digits that lies between holds none of it
      if (from < to && source.digits > 0) report(source, { from, to });
    }
  }
}

/** True where it stands in one text, whether once or more. */
function findNeedle(hay: Haystack, needle: Needle, report: Report): boolean {
  const text = textOf(hay);
  const { length } = needle.text;
  let isAnyFound = false;
  let next: number;
  for (let from = text.indexOf(needle.text); from >= 0; from = next) {
    const source = sourceAt(hay, from);
    const span = { from, to: from + length };
    if (needle.match === 'date') span.to = behindSeventh(hay, source, span.to);
    const isFound = isMatch(hay, source, needle, span);
    if (isFound) report(source, span);
    isAnyFound ||= isFound;
    next = text.indexOf(needle.text, isFound ? span.to : from + 1);
  }
  return isAnyFound;
}

/** The end of a day of six digits, or of the digit behind it that says the gender: `840229-2`. */
function behindSeventh(hay: Haystack, source: Source, to: number): number {
  if (to >= source.end || !isDigit(hay.codes[to])) return to;
  if (!/^-?$/.test(gapAfter(hay, source, to - 1))) return to;
  const isLast = to + 1 === source.end || !isDigit(hay.codes[to + 1]);
  return isLast || gapAfter(hay, source, to) !== '' ? to + 1 : to;
}

/** Too long to be met by chance in all the digits of a record. */
function isLong({ match, text }: Needle): boolean {
  return match === 'anywhere' && text.length >= 9;
}

/**
 * False for a text in which no birth can be read: a day has four digits at least, and a year alone
 * stands beside a word.
 */
function mayHoldBirth({ digits, start, end }: Source): boolean {
  return digits >= 4 || (digits >= 2 && digits < end - start);
}

/**
 * Where the digits of these stand one after the other, whatever words and ends of texts are
 * between: `010 then 2345, 6789`, or half a number in each of two texts.
 */
function tornIn({ codes, length, sources }: Haystack, needles: readonly Needle[]): Span[] {
  const digitsAll = sources.reduce((sum, source) => sum + source.digits, 0);
  if (needles.every(({ text }) => text.length > digitsAll)) return [];
  const digits = Buffer.allocUnsafe(digitsAll);
  let count = 0;
  for (let at = 0; at < length; at += 1) {
    if (isDigit(codes[at])) digits[count++] = codes[at]!;
  }
  const all = digits.toString('latin1', 0, count);
  return needles.flatMap(({ text }) => {
    const found = all.indexOf(text);
    if (found < 0) return [];
    let seen = 0;
    const span = { from: -1, to: 0 };
    for (let at = 0; seen < found + text.length; at += 1) {
      if (!isDigit(codes[at])) continue;
      if (seen === found) span.from = at;
      seen += 1;
      span.to = at + 1;
    }
    return [span];
  });
}

function isMatch(hay: Haystack, source: Source, { match }: Needle, span: Span): boolean {
  if (match === 'anywhere') return true;
  const { reads, code } = source.leaf;
  // a clinic that numbers its charts by birth would send the birth to all
  if (reads !== 'text' && !(match === 'date' && code === 'chartNumber')) return false;
  if (match === 'text') return true;
  let within = '';
  for (let at = span.from; at + 1 < span.to; at += 1) {
    const gap = gapAfter(hay, source, at);
    if (gap !== '' && !gaps[match].test(gap)) return false;
    within += gap;
  }
  if (match === 'email' && !within.normalize('NFKC').includes('@')) return false;
  // digits written as one number do not end at its decimal point
  const isOneNumber = within === '';
  const { to } = span;
  const from = match === 'id' ? filledFrom(hay, source, span.from) : span.from;
  return (
    (from === source.start || isBoundary(hay, source, from - 1, isOneNumber)) &&
    (to === source.end || isBoundary(hay, source, to - 1, isOneNumber))
  );
}

/** Where a code begins with the zeros that it was filled up with: `048213` for 48213. */
function filledFrom(hay: Haystack, source: Source, from: number): number {
  const isJoined = (at: number) => at > source.start && gapAfter(hay, source, at - 1) === '';
  let first = from;
  while (isJoined(first) && hay.codes[first - 1] === 48) first -= 1;
  // C0048213 is another code than 48213
  return isJoined(first) && isLetter(hay.codes[first - 1]) ? from : first;
}

/** True where something ends between a position and the next: a number, or a word of ASCII. */
function isBoundary(
  hay: Haystack,
  source: Source,
  position: number,
  isOneNumber: boolean,
): boolean {
  const [before, after] = [hay.codes[position], hay.codes[position + 1]];
  const gap = gapAfter(hay, source, position);
  if (isDigit(before) && isDigit(after)) {
    return gap !== '' && !(isOneNumber && (gap === '.' || gap === ','));
  }
  return gap !== '' || !(isLetter(before) && isLetter(after));
}
