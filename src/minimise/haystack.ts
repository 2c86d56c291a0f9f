/** Every text of a record that would travel, and what is encoded in it, as one plain text. */
import {
  decodedRuns,
  encodingRole,
  encodingRoles,
  isTag,
  runLengthMin,
  unescaped,
  type Decoded,
} from './text-encodings.ts';
import { asciiForms, formsOf, isDigit, isHangul, isInvisible } from './plain-text.ts';
import type { Leaf } from './text-places.ts';

/** A leaf's own text, or one decoded from it. */
export interface Source {
  leaf: Leaf;
  text: string;
  /** How many encodings were taken off. */
  depth: number;
  /** Where its plain form lies in the haystack. */
  start: number;
  end: number;
  /** How many of its plain characters are digits. */
  digits: number;
  /** The span of the leaf's own text that a span of this one stands for; undefined: itself. */
  spanOf: Decoded['spanOf'] | undefined;
}

/** Plain forms of all sources, one after the other, each ended by NUL, which nothing matches. */
export interface Haystack {
  /** UTF-16 units of the plain forms. */
  codes: Uint16Array;
  /** For each of them, where in its source's text the character stands that it comes from. */
  at: Uint32Array;
  length: number;
  sources: Source[];
  /** The plain forms as a string: `textOf` makes it. */
  text: string | undefined;
}

const depthMax = 2;
/** Shorter codes are in every text by chance: room numbers, doses, values. */
export const needleLengthMin = 5;
/** Kept for the next haystack: to allocate them costs as much as to fill them. */
const kept = { codes: new Uint16Array(8192), at: new Uint32Array(8192) };
const keptBytes = Buffer.from(kept.codes.buffer);

/**
 * Which three digits stand one after the other anywhere in the haystack, whatever is between
 * them: most numbers that are looked for are ruled out by one of theirs.
 */
const threes = new Uint8Array(0x1000);

/**
 * False for a text that cannot be part of anything that is looked for: it has no digit, nothing
 * that may stand for one, and is shorter than every needle without; or it is of ASCII and shorter
 * than every needle. (A year of birth beside a word that is not of ASCII is: `80년생`.)
 */
export function canHold(text: string, wordLengthMin: number): boolean {
  if (text.length >= wordLengthMin || text.length >= runLengthMin) return true;
  let [isAsciiOnly, mayBeDigit] = [true, false];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 128) {
      isAsciiOnly = false;
      if (!isHangul(code)) return true;
    } else if (isDigit(code) || encodingRoles[code] === encodingRole.escapeStart) {
      mayBeDigit = true;
    }
  }
  return mayBeDigit && !(isAsciiOnly && text.length < needleLengthMin);
}

/** Builds the haystack of these leaves. It lasts until the next one is built. */
export function haystackOf(leaves: readonly Leaf[]): Haystack {
  let units = 0;
  const sources: Source[] = [];
  for (const leaf of leaves) {
    const { text } = leaf;
    sources.push({ leaf, text, depth: 0, start: 0, end: 0, digits: 0, spanOf: undefined });
    units += text.length + 1;
  }
  const { codes, at } = kept;
  const hay: Haystack = { codes, at, length: 0, sources, text: undefined };
  reserve(hay, units);
  threes.fill(0);
  let last = 0;
  // grows while it is read: what is decoded is a source of its own
  for (let index = 0; index < sources.length; index += 1) {
    const source = sources[index]!;
    const { hasRun, hasEscape } = append(hay, source);
    last = noteDigits(hay, source, last);
    if (source.depth === depthMax) continue;
    if (hasEscape) addDecoded(sources, source, unescaped(source.text));
    if (hasRun) for (const run of decodedRuns(source.text)) addDecoded(sources, source, run);
  }
  return hay;
}

/** Notes each three digits up to the end of a source; `last` are the last two before it. */
function noteDigits({ codes }: Haystack, { start, end, digits }: Source, last: number): number {
  if (digits === 0) return last;
  let three = last;
  for (let at = start; at < end; at += 1) {
    const code = codes[at]!;
    if (code > 57) continue;
    three = ((three << 4) | (code & 15)) & 0xfff;
    threes[three] = 1;
  }
  return three;
}

/** False where not even the digits of a plain text stand in the haystack one after the other. */
export function mayHoldDigits(text: string): boolean {
  let [three, count] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (!isDigit(code)) continue;
    three = ((three << 4) | (code & 15)) & 0xfff;
    count += 1;
    if (count > 2 && threes[three] === 0) return false;
  }
  return true;
}

/** The source in whose plain form a position of the haystack lies. */
export function sourceAt(hay: Haystack, position: number): Source {
  let [low, high] = [0, hay.sources.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (hay.sources[middle]!.start <= position) low = middle;
    else high = middle - 1;
  }
  return hay.sources[low]!;
}

/** What stands between two neighbours of the haystack in their source, without the invisible. */
export function gapAfter(hay: Haystack, source: Source, position: number): string {
  const [here, next] = [hay.at[position]!, hay.at[position + 1]!];
  if (next <= here + 1) return '';
  let gap = '';
  for (const character of source.text.slice(here, next)) {
    if (!isInvisible(character.codePointAt(0)!)) gap += character;
  }
  // the first is the character itself, of one unit or two
  return gap.slice(source.text.codePointAt(here)! > 0xffff ? 2 : 1);
}

/** True where nothing that is seen stands between two neighbours of the haystack. */
export function isJoined(hay: Haystack, source: Source, position: number): boolean {
  const [here, next] = [hay.at[position]!, hay.at[position + 1]!];
  if (next <= here + 1) return true;
  // most numbers end at a character of ASCII, behind a digit of one unit
  const isEnded = source.text.charCodeAt(here) < 0xd800 && source.text.charCodeAt(here + 1) < 128;
  return !isEnded && gapAfter(hay, source, position) === '';
}

/** The span of a leaf's own text for the neighbours `from` to `to` (not included). */
export function leafSpan(hay: Haystack, source: Source, from: number, to: number) {
  const last = hay.at[to - 1]!;
  const width = source.text.codePointAt(last)! > 0xffff ? 2 : 1;
  return spanIn(source, hay.at[from]!, last + width);
}

function spanIn({ spanOf }: Source, from: number, to: number): readonly [number, number] {
  return spanOf ? spanOf(from, to) : [from, to];
}

function addDecoded(sources: Source[], parent: Source, decoded: Decoded | undefined): void {
  if (!decoded) return;
  const { leaf, depth } = parent;
  const spanOf: Source['spanOf'] = (from, to) => spanIn(parent, ...decoded.spanOf(from, to));
  const { text } = decoded;
  sources.push({ leaf, text, depth: depth + 1, start: 0, end: 0, digits: 0, spanOf });
}

/** Adds the plain form of a source, and says whether something may be encoded in it. */
function append(hay: Haystack, source: Source): { hasRun: boolean; hasEscape: boolean } {
  const { text } = source;
  reserve(hay, text.length + 1);
  let { codes, at } = hay;
  let length = (source.start = hay.length);
  let [digits, run, hasRun, hasEscape] = [0, 0, false, false];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 128) {
      const form = asciiForms[code]!;
      if (form !== 0) {
        codes[length] = form;
        at[length++] = index;
        if (form < 58) digits += 1;
      }
      const role = encodingRoles[code]!;
      if (role === encodingRole.base64 || (role === encodingRole.padding && run > 0)) {
        if (++run === runLengthMin) hasRun = true;
      } else if (role !== encodingRole.lineBreak) run = 0;
      if (role === encodingRole.escapeStart) hasEscape = true;
    } else if (isHangul(code)) {
      codes[length] = code;
      at[length++] = index;
      run = 0;
    } else {
      const codePoint = text.codePointAt(index)!;
      const forms = formsOf(codePoint);
      hay.length = length;
      reserve(hay, text.length - index + forms.length);
      ({ codes, at } = hay);
      for (let part = 0; part < forms.length; part += 1) {
        codes[length] = forms.charCodeAt(part);
        at[length] = index;
        if (isDigit(codes[length++])) digits += 1;
      }
      if (isTag(codePoint)) hasEscape = true;
      else if (!isInvisible(codePoint)) run = 0;
      if (codePoint > 0xffff) index += 1;
    }
  }
  source.end = length;
  source.digits = digits;
  codes[length] = 0;
  hay.length = length + 1;
  return { hasRun, hasEscape };
}

function reserve(hay: Haystack, more: number): void {
  if (hay.length + more <= hay.codes.length) return;
  const size = 2 * (hay.length + more);
  const [codes, at] = [new Uint16Array(size), new Uint32Array(size)];
  codes.set(hay.codes.subarray(0, hay.length));
  at.set(hay.at.subarray(0, hay.length));
  Object.assign(hay, { codes, at });
}

/**
 * The haystack as one string. Every machine that Node runs on keeps the low byte first, as
 * UTF-16LE has it.
 */
export function textOf(hay: Haystack): string {
  const { codes, length } = hay;
  const bytes = codes === kept.codes ? keptBytes : Buffer.from(codes.buffer);
  return (hay.text ??= bytes.toString('utf16le', 0, 2 * length));
}
