/** Finds withheld values in the texts of a record: which leaf holds one, and where in it. */
import {
  gapAfter,
  haystackOf,
  leafSpan,
  sourceAt,
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
  if (!anyNumber && needles.length === 0 && births.length === 0) return [];
  const hay = haystackOf(leaves);
  const hits: Hit[] = [];
  const report = (source: Source, { from, to }: Span) => {
    const [start, end] = leafSpan(hay, source, from, to);
    hits.push({ leaf: source.leaf, from: start, to: end });
  };
  for (const needle of needles) {
    const { length } = needle.text;
    let next: number;
    for (let from = hay.text.indexOf(needle.text); from >= 0; from = next) {
      const source = sourceAt(hay, from);
      const span = { from, to: from + length };
      const isFound = isMatch(hay, source, needle, span);
      if (isFound) report(source, span);
      next = hay.text.indexOf(needle.text, isFound ? span.to : from + 1);
    }
  }
  for (const source of hay.sources) {
    const { reads, says } = source.leaf;
    const mayBeNumber = anyNumber && says !== 'phone' && source.digits >= 13;
    const mayBeBirth = births.length > 0 && reads === 'text' && source.digits >= 2;
    if (!mayBeNumber && !mayBeBirth) continue;
    const groups = groupsIn(hay, source);
    const spans = mayBeNumber ? registrationNumbersIn(hay, source, groups) : [];
    if (mayBeBirth) for (const one of births) spans.push(...birthsIn(hay, source, groups, one));
    for (const span of spans) report(source, span);
  }
  for (const span of births.flatMap((birth) => namedMonthsIn(hay, birth))) {
    const source = sourceAt(hay, span.from);
    if (source.leaf.reads === 'text') report(source, span);
  }
  return hits;
}

function isMatch(hay: Haystack, source: Source, { match }: Needle, span: Span): boolean {
  if (match === 'anywhere') return true;
  if (source.leaf.reads !== 'text') return false;
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
  const { from, to } = span;
  return (
    (from === source.start || isBoundary(hay, source, from - 1, isOneNumber)) &&
    (to === source.end || isBoundary(hay, source, to - 1, isOneNumber))
  );
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
