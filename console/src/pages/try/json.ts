/** Where a text stops being JSON (RFC 8259), so that whoever pasted it can mend it. */

/** What was expected at a place; `double`: a name stands twice; `deep`: nested too far. */
export type JsonFaultKind = 'value' | 'name' | 'colon' | 'comma' | 'end' | 'double' | 'deep';

export interface JsonFault {
  kind: JsonFaultKind;
  /** Both counted from 1; a column is a UTF-16 unit, as editors count. */
  line: number;
  column: number;
}

const space = /[ \t\n\r]*/y;
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const literal = /true|false|null/y;
/** The gateway takes no more, either. */
const depthMax = 32;

class Found extends Error {
  readonly kind: JsonFaultKind;
  readonly at: number;

  constructor(kind: JsonFaultKind, at: number) {
    super(kind);
    this.kind = kind;
    this.at = at;
  }
}

/** Null: `JSON.parse` takes the text, no object has a name twice, and it is not nested too far. */
export function jsonFault(text: string): JsonFault | null {
  try {
    const end = spaced(text, valueEnd(text, spaced(text, 0), 0));
    if (end !== text.length) throw new Found('end', end);
    return null;
  } catch (error) {
    if (!(error instanceof Found)) throw error;
    const before = text.slice(0, error.at).split('\n');
    const column = (before.at(-1) ?? '').length + 1;
    return { kind: error.kind, line: before.length, column };
  }
}

/** The end of what a pattern takes at a place; -1: it takes nothing there. */
function taken(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

const spaced = (text: string, at: number) => taken(space, text, at);

function valueEnd(text: string, at: number, depth: number): number {
  if (text[at] === '{' || text[at] === '[') {
    if (depth === depthMax) throw new Found('deep', at);
    return listEnd(text, at, depth + 1);
  }
  for (const pattern of [string, number, literal]) {
    const end = taken(pattern, text, at);
    if (end > at) return end;
  }
  throw new Found('value', at);
}

/** The end of an object or an array. */
function listEnd(text: string, start: number, depth: number): number {
  const names = text[start] === '{' ? new Set<string>() : null;
  const close = names ? '}' : ']';
  let at = spaced(text, start + 1);
  if (text[at] === close) return at + 1;
  for (;;) {
    if (names) at = nameEnd(text, at, names);
    at = spaced(text, valueEnd(text, at, depth));
    if (text[at] === close) return at + 1;
    if (text[at] !== ',') throw new Found('comma', at);
    at = spaced(text, at + 1);
  }
}

/** Where the value after a name begins. */
function nameEnd(text: string, at: number, names: Set<string>): number {
  const end = taken(string, text, at);
  if (end < 0) throw new Found('name', at);
  const name = JSON.parse(text.slice(at, end)) as string;
  if (names.has(name)) throw new Found('double', at);
  names.add(name);
  const colon = spaced(text, end);
  if (text[colon] !== ':') throw new Found('colon', colon);
  return spaced(text, colon + 1);
}
