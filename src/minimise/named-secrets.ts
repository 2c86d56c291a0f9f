/**
 * What is never shared is not always named by a key: a cookie is called `password`, an address
 * says `?password=`. Such an element of a list stays whole, by the names that hold for keys.
 */
import { lettersOf, neverSharedName, partBytesMin } from '#src/base/never-shared.ts';
import type { Dictionary, DictionaryItem } from '#src/base/words.ts';
import { isObject, type UnknownKeyListener } from './shape.ts';

/**
 * Hands back a value without the elements that name a secret; the value itself is not changed.
 * Hears of each by the path of its list and the name on the dictionary's list that it says:
 * `cookies[]` and `password`, whatever else the cookie is called.
 */
export type SecretsLeft = (value: unknown, onSecret: UnknownKeyListener) => unknown;

/** The name on the dictionary's list that a text says, if it says one. */
type NameIn = (text: string) => string | undefined;
type NameInElement = (element: unknown) => string | undefined;

type Place =
  | { kind: 'array'; path: string; secretIn: NameInElement; within: Place | undefined }
  | { kind: 'object'; members: readonly (readonly [key: string, place: Place])[] };

/** Members that say what the value beside them is. */
const labels = ['name', 'code'];
/**
 * They sign a session in, and a session is what cookies are for: beside the hash of a value these
 * names may stand. `secret` is a part of too many others.
 */
const sessionNames = new Set(['accesstoken', 'refreshtoken', 'sessiontoken', 'secret']);
const parameter = /([^?&;#/,=]*)(=?)[?&;#/,]*/g;
const escapes = /(?:%[0-9A-Fa-f]{2})+/g;
const decodingsMax = 4;

/**
 * Finds, by an item's schema, the lists whose elements name what they hold: a `name` or `code`
 * beside a `value` or `valueHash`, or the address of a page. Undefined where it has none.
 * Requires: the schema is closed (`shapeOf`).
 */
export function secretsLeftOf(item: DictionaryItem, names: Dictionary['neverShared']) {
  const place = placeOf(item.schema, item.code, namesFor(item, names));
  return place && ((value: unknown, onSecret: UnknownKeyListener) => left(place, value, onSecret));
}

/** How names are looked for beside a hash, beside a value in clear, and in an address. */
interface Names {
  besideHash: NameIn;
  besideValue: NameIn;
  inAddress: NameIn;
}

function namesFor(item: DictionaryItem, names: Dictionary['neverShared']): Names {
  const any = neverSharedName(names);
  if (item.class === 'member') {
    const besideHash = neverSharedName(names.filter((name) => !sessionNames.has(name)));
    return { besideHash, besideValue: any, inAddress: any };
  }
  // What is measured has short names and compound ones: PIN, iris, secretin.
  const long = new Set(names.filter((name) => Buffer.byteLength(name) >= partBytesMin));
  const whole = (text: string) => {
    const letters = lettersOf(text);
    return long.has(letters) ? letters : undefined;
  };
  return { besideHash: whole, besideValue: whole, inAddress: any };
}

function placeOf(schema: unknown, path: string, names: Names): Place | undefined {
  if (!isObject(schema)) return undefined;
  if (isObject(schema['properties'])) {
    const members = Object.entries(schema['properties']).flatMap(([key, member]) => {
      const place = placeOf(member, `${path}.${key}`, names);
      return place ? [[key, place] as const] : [];
    });
    return members.length > 0 ? { kind: 'object', members } : undefined;
  }
  const elements = schema['items'];
  if (!isObject(elements)) return undefined;
  const within = placeOf(elements, `${path}[]`, names);
  const members = elements['properties'];
  const secretIn = isObject(members) ? secretInElement(members, names) : undefined;
  if (!secretIn && !within) return undefined;
  return { kind: 'array', path: `${path}[]`, secretIn: secretIn ?? (() => undefined), within };
}

function secretInElement(
  properties: Record<string, unknown>,
  names: Names,
): NameInElement | undefined {
  const has = (key: string) => Object.hasOwn(properties, key);
  const byLabel = has('value') ? names.besideValue : names.besideHash;
  const said = has('value') || has('valueHash') ? labels.filter(has) : [];
  const addresses = Object.keys(properties).filter((key) => isAddress(properties[key]));
  const places = [
    ...said.map((key) => [key, (text: string) => [text], byLabel] as const),
    ...addresses.map((key) => [key, parametersOf, names.inAddress] as const),
  ];
  if (places.length === 0) return undefined;
  return (element: unknown) => {
    if (!isObject(element)) return undefined;
    for (const [key, read, nameIn] of places) {
      const text = element[key];
      if (typeof text !== 'string') continue;
      for (const form of decodings(text)) {
        for (const name of read(form)) {
          const secret = nameIn(name);
          if (secret !== undefined) return secret;
        }
      }
    }
    return undefined;
  };
}

/** A text that has to begin with a slash is where something stands on a website. */
function isAddress(schema: unknown): boolean {
  return isObject(schema) && String(schema['pattern']).startsWith('^/');
}

/** The names before each `=`. */
function parametersOf(address: string): readonly string[] {
  if (!address.includes('=')) return [];
  const found = [...address.matchAll(parameter)].filter(([, , equals]) => equals === '=');
  return found.map(([, name = '']) => name);
}

/** A text as it stands, and as it reads when its percent escapes are taken off, again and again. */
function decodings(text: string): string[] {
  const forms = [text];
  while (text.includes('%') && forms.length <= decodingsMax) {
    const read = text.replaceAll(escapes, (run) => decoded(run));
    if (read === text) break;
    forms.push((text = read));
  }
  return forms;
}

function decoded(run: string): string {
  return Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8');
}

function left(place: Place, value: unknown, onSecret: UnknownKeyListener): unknown {
  if (place.kind === 'object') {
    if (!isObject(value)) return value;
    let copy = value;
    for (const [key, member] of place.members) {
      if (!Object.hasOwn(value, key)) continue;
      const rest = left(member, value[key], onSecret);
      if (rest !== value[key]) copy = { ...copy, [key]: rest };
    }
    return copy;
  }
  if (!Array.isArray(value)) return value;
  const { path, secretIn, within } = place;
  const elements: readonly unknown[] = value;
  // Nearly every list has none: nothing is copied for those.
  const hasSecret = elements.some((element) => secretIn(element) !== undefined);
  const kept = hasSecret ? elements.filter((element) => !says(element)) : elements;
  if (!within) return kept;
  const rest = kept.map((element) => left(within, element, onSecret));
  return rest.some((element, at) => element !== kept[at]) ? rest : kept;

  function says(element: unknown): boolean {
    const secret = secretIn(element);
    if (secret !== undefined) onSecret(path, secret);
    return secret !== undefined;
  }
}
