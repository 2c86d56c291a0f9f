/** What a value names that may never leave, as the oracle reads it: place by place. */
import type { JsonObject } from './realistic.ts';

/** Elements of one list: what in them is read, and how. */
interface Named {
  code: string;
  /** The member of the item that holds the list; undefined where it is the item. */
  member: string | undefined;
  namesIn: (element: JsonObject) => unknown[];
  says: (names: readonly string[], letters: string) => string | undefined;
}

const ofSessions = ['accesstoken', 'refreshtoken', 'sessiontoken', 'secret'];
const isLong = (name: string) => Buffer.byteLength(name, 'utf8') >= 6;

const LISTS: readonly Named[] = [
  {
    ...{ code: 'cookies', member: undefined, namesIn: ({ name }) => [name] },
    says: (names, letters) => around(without(names, ofSessions), letters),
  },
  {
    ...{ code: 'checkupRecord', member: 'measurements', namesIn: ({ name, code }) => [name, code] },
    says: (names, letters) => (isLong(letters) && names.includes(letters) ? letters : undefined),
  },
  {
    ...{ code: 'otherData', member: 'accessLog', says: around },
    namesIn: ({ path }) => (typeof path === 'string' ? unescaped(path).flatMap(beforeEquals) : []),
  },
];

/**
 * An item's value without the elements that name what is never shared.
 *
 * @param onNamed hears the path of each, and the name on the list
 */
export function withoutNamed(
  names: readonly string[],
  code: string,
  value: unknown,
  onNamed: (path: string, name: string) => void,
): unknown {
  const list = LISTS.find((one) => one.code === code);
  if (!list) return value;
  const { member } = list;
  const keep = (elements: unknown, path: string) => {
    if (!Array.isArray(elements)) return elements;
    return (elements as unknown[]).filter((element) => {
      const name = nameIn(list, names, element);
      if (name !== undefined) onNamed(path, name);
      return name === undefined;
    });
  };
  if (member === undefined) return keep(value, `${code}[]`);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  if (!Object.hasOwn(value, member)) return value;
  const kept = keep((value as JsonObject)[member], `${code}.${member}[]`);
  return { ...value, [member]: kept };
}

function nameIn(list: Named, names: readonly string[], element: unknown): string | undefined {
  if (typeof element !== 'object' || element === null || Array.isArray(element)) return undefined;
  for (const text of list.namesIn(element as JsonObject)) {
    if (typeof text !== 'string') continue;
    for (const form of unescaped(text)) {
      const name = list.says(names, lettersIn(form));
      if (name !== undefined) return name;
    }
  }
  return undefined;
}

/** The name that the letters are, or else the first in them of six bytes or more. */
function around(names: readonly string[], letters: string): string | undefined {
  if (names.includes(letters)) return letters;
  const inside = names.filter((name) => isLong(name) && letters.includes(name));
  return inside.sort((a, b) => letters.indexOf(a) - letters.indexOf(b))[0];
}

function without(names: readonly string[], left: readonly string[]): string[] {
  return names.filter((name) => !left.includes(name));
}

function lettersIn(text: string): string {
  let letters = '';
  for (const letter of text.normalize('NFKC').toLowerCase()) {
    if (/^[\p{L}\p{N}]$/u.test(letter)) letters += letter;
  }
  return letters;
}

/** What stands before each equals sign, back to a sign that ends a name. */
function beforeEquals(address: string): string[] {
  return address
    .split('=')
    .slice(0, -1)
    .map((part) => part.split(/[?&;#/,]/).at(-1)!);
}

/** The text, and as it is with its percent escapes read: up to four times over. */
function unescaped(text: string): string[] {
  const forms = [text];
  for (let round = 0; round < 4; round += 1) {
    const last = forms.at(-1)!;
    const read = last.replace(/(%[0-9a-f]{2})+/gi, (run) => {
      const bytes = run.slice(1).split('%');
      return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16)));
    });
    if (read === last) break;
    forms.push(read);
  }
  return forms;
}
