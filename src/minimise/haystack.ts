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
  /** The span of the leaf's own text that a span of this one stands for. */
  spanOf: Decoded['spanOf'];
}

/** Plain forms of all sources, one after the other, each ended by NUL, which nothing matches. */
export interface Haystack {
  text: string;
  /** UTF-16 units of `text`. */
  codes: Uint16Array;
  /** For each of them, where in its source's text the character stands that it comes from. */
  at: Uint32Array;
  length: number;
  sources: Source[];
}

const depthMax = 2;
/** Shorter codes are in every text by chance: room numbers, doses, values. */
export const needleLengthMin = 5;
/** Kept for the next haystack: to allocate them costs as much as to fill them. */
const kept = { codes: new Uint16Array(8192), at: new Uint32Array(8192) };

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

/**
 * Builds the haystack of these leaves: of the others nothing is read. It lasts until the next one
 * is built.
 *
 * @param wordLengthMin the length of the shortest needle without a digit
 */
export function haystackOf(leaves: readonly Leaf[], wordLengthMin: number): Haystack {
  let units = 0;
  const sources: Source[] = [];
  for (const leaf of leaves) {
    if (leaf.reads === 'nothing' || !canHold(leaf.text, wordLengthMin)) continue;
    sources.push({ leaf, text: leaf.text, depth: 0, start: 0, end: 0, digits: 0, spanOf: itself });
    units += leaf.text.length + 1;
  }
  const hay: Haystack = { text: '', ...kept, length: 0, sources };
  reserve(hay, units);
  // grows while it is read: what is decoded is a source of its own
  for (let index = 0; index < sources.length; index += 1) {
    const source = sources[index]!;
    const { hasRun, hasEscape } = append(hay, source);
    if (source.depth === depthMax) continue;
    if (hasEscape) addDecoded(sources, source, unescaped(source.text));
    if (hasRun) for (const run of decodedRuns(source.text)) addDecoded(sources, source, run);
  }
  hay.text = textOf(hay.codes, hay.length);
  return hay;
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

/** The span of a leaf's own text for the neighbours `from` to `to` (not included). */
export function leafSpan(hay: Haystack, source: Source, from: number, to: number) {
  const last = hay.at[to - 1]!;
  const width = source.text.codePointAt(last)! > 0xffff ? 2 : 1;
  return source.spanOf(hay.at[from]!, last + width);
}

const itself = (from: number, to: number) => [from, to] as const;

function addDecoded(sources: Source[], parent: Source, decoded: Decoded | undefined): void {
  if (!decoded) return;
  const { leaf, depth } = parent;
  const spanOf: Source['spanOf'] = (from, to) => parent.spanOf(...decoded.spanOf(from, to));
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

/** Every machine that Node runs on keeps the low byte first, as UTF-16LE has it. */
function textOf(codes: Uint16Array, length: number): string {
  return Buffer.from(codes.buffer, codes.byteOffset, 2 * length).toString('utf16le');
}
