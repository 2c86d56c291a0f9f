/** Where a dictionary item holds text: compiled once of its schema, then walked for each value. */
import type { DictionaryItem } from '#src/base/words.ts';
import { canHold } from './haystack.ts';
import { isObject } from './shape.ts';

/** What a place says by itself: a withheld value that is said there anyway hides nowhere else. */
export type Saying = 'day' | 'phone' | 'email' | 'id';

export interface LeafPlace {
  kind: 'leaf';
  /**
   * `text`: anybody may write anything here, so it is searched for everything. `code`: one code,
   * searched for what is too long to be there by chance. `fraction`: a time, of which only what is
   * finer than a millisecond is such a code. `nothing`: what it may hold (a day, one of a list, an
   * address of four bytes, a digest) can hide nothing.
   */
  reads: 'text' | 'code' | 'fraction' | 'nothing';
  says: Saying | undefined;
}

/** One place of a value that is read; undefined stands for one with nothing to read. */
export type Place =
  | LeafPlace
  | { kind: 'array'; items: Place }
  | { kind: 'object'; members: readonly (readonly [key: string, place: Place])[] };

/** A value that holds leaves, and where it stands: a pointer is put together only when told. */
export interface Holder {
  value: Record<string | number, unknown>;
  /** Undefined for the outermost, whose pointer `path` is. */
  within: Holder | undefined;
  /** The key or index within that holder. */
  path: string | number;
}

/** One leaf of a record that would travel, and that may hold something. */
export interface Leaf {
  /** The dictionary code of the item that holds it. */
  code: string;
  /** A number as its RFC 8785 text. */
  text: string;
  reads: 'text' | 'code';
  says: Saying | undefined;
  /** What holds it, and by which key: so a masked text is put back. */
  holder: Holder;
  key: string | number;
}

const days = new Set(['real-date', 'date']);
const closedFormats = new Set([...days, 'time', 'duration', 'ipv4', 'uuid']);
/** `2026-03-10T09:00:00.000+09:00`: of a longer one the rest behind the seconds is read. */
const timeLengthMax = 29;
const secondsLength = 20;
/** A pattern that lets any letter and digit stand: what keeps to it is no code, but a text. */
const isAnyText = /\[\^\\p\{Cc\}/;
const isDigest = /(?:hash|sha256)$/i;
const sayings: ReadonlyMap<string, Saying> = new Map([
  ...['phoneNumber', 'mobile', 'phone', 'fax'].map((key) => [key, 'phone'] as const),
  ...['chartNumber', 'licenseNumber', 'memberId'].map((key) => [key, 'id'] as const),
]);

/** The places of an item that are read. Requires: its schema is closed (`shapeOf`). */
export function placesOf(item: DictionaryItem): Place | undefined {
  return item.encrypted ? undefined : placeOf(item.schema, item.code, item.freeText);
}

function placeOf(schema: unknown, key: string, isFree: boolean): Place | undefined {
  if (!isObject(schema)) return undefined;
  if (isObject(schema['properties'])) {
    const members = Object.entries(schema['properties']).flatMap(([name, member]) => {
      const place = placeOf(member, name, isFree);
      return place ? [[name, place] as const] : [];
    });
    return members.length > 0 ? { kind: 'object', members } : undefined;
  }
  if (schema['items'] !== undefined) {
    const items = placeOf(schema['items'], key, isFree);
    return items && { kind: 'array', items };
  }
  const formats = formatsOf(schema);
  const says = sayingOf(formats, key);
  const isEnumerated = Object.hasOwn(schema, 'enum') || Object.hasOwn(schema, 'const');
  const isClosed =
    isEnumerated ||
    isDigest.test(key) ||
    (formats.length > 0 && formats.every((format) => closedFormats.has(format)));
  if (isClosed) return says && { kind: 'leaf', reads: 'nothing', says };
  if (formats.includes('date-time')) return { kind: 'leaf', reads: 'fraction', says };
  const isText = formats.length === 0 && (isFree || isAnyText.test(String(schema['pattern'])));
  return { kind: 'leaf', reads: isText ? 'text' : 'code', says };
}

function sayingOf(formats: readonly string[], key: string): Saying | undefined {
  if (formats.some((format) => days.has(format))) return 'day';
  return formats.includes('email') ? 'email' : sayings.get(key);
}

/** Formats that the whole value is held to, in every one of its branches. */
function formatsOf(schema: Record<string, unknown>): string[] {
  if (typeof schema['format'] === 'string') return [schema['format']];
  const branches = schema['anyOf'] ?? schema['oneOf'];
  if (!Array.isArray(branches)) return [];
  const formats = branches.map((branch) => (isObject(branch) ? formatsOf(branch) : []));
  return formats.every(({ length }) => length > 0) ? formats.flat() : [];
}

/** The part of a place whose leaves are wanted; undefined where none is. */
export function placeWith(place: Place, isWanted: (leaf: LeafPlace) => boolean): Place | undefined {
  if (place.kind === 'leaf') return isWanted(place) ? place : undefined;
  if (place.kind === 'array') {
    const items = placeWith(place.items, isWanted);
    return items && { kind: 'array', items };
  }
  const members = place.members.flatMap(([name, member]) => {
    const wanted = placeWith(member, isWanted);
    return wanted ? [[name, wanted] as const] : [];
  });
  return members.length > 0 ? { kind: 'object', members } : undefined;
}

/** What an item's leaves are read into, and what they can hold. */
export interface LeafReading {
  leaves: Leaf[];
  /** The dictionary code of the item. */
  code: string;
  /** The length of the shortest text without a digit that is looked for. */
  wordLengthMin: number;
}

/**
 * Adds every leaf of a value to `leaves`, but for those that are too short to hold anything.
 * Requires: the value passed its schema.
 */
export function readLeaves(
  reading: LeafReading,
  place: Place,
  holder: Holder,
  key: string | number,
  value: unknown,
): void {
  if (place.kind === 'leaf') {
    const text = textAt(place, value);
    if (text === undefined || !canHold(text, reading.wordLengthMin)) return;
    const { code, leaves } = reading;
    const { says } = place;
    leaves.push({ code, text, reads: place.reads === 'text' ? 'text' : 'code', says, holder, key });
  } else if (place.kind === 'array') {
    if (!Array.isArray(value)) return;
    const inner = { value: value as unknown as Holder['value'], within: holder, path: key };
    const { items } = place;
    for (let at = 0; at < value.length; at += 1) {
      readLeaves(reading, items, inner, at, (value as unknown[])[at]);
    }
  } else if (isObject(value)) {
    const inner = { value, within: holder, path: key };
    const { members } = place;
    for (let at = 0; at < members.length; at += 1) {
      const member = members[at]!;
      const held = value[member[0]];
      // what every object inherits is never text
      if (held !== undefined) readLeaves(reading, member[1], inner, member[0], held);
    }
  }
}

/** Adds the text of every leaf of a value to `texts`. */
export function readTexts(texts: string[], place: Place, value: unknown): void {
  if (place.kind === 'leaf') {
    const text = textAt(place, value);
    if (text !== undefined) texts.push(text);
  } else if (place.kind === 'array') {
    if (!Array.isArray(value)) return;
    for (const element of value as unknown[]) readTexts(texts, place.items, element);
  } else if (isObject(value)) {
    for (const [name, member] of place.members) readTexts(texts, member, value[name]);
  }
}

function textAt({ reads }: LeafPlace, value: unknown): string | undefined {
  if (typeof value === 'string') {
    if (reads !== 'fraction') return value;
    return value.length <= timeLengthMax ? undefined : value.slice(secondsLength);
  }
  if (typeof value !== 'number' || reads !== 'text') return undefined;
  // most numbers are measured ones of a few digits, which hold nothing
  return Number.isInteger(value) && value > -1000 && value < 10_000 ? undefined : String(value);
}

/** RFC 6901. Every key in it is one that the schema knows. */
export function pointerTo({ holder, key }: Pick<Leaf, 'holder' | 'key'>): string {
  const segment = String(key).replaceAll('~', '~0').replaceAll('/', '~1');
  const before = holder.within
    ? pointerTo({ holder: holder.within, key: holder.path })
    : String(holder.path);
  return `${before}/${segment}`;
}
