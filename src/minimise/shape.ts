/** The shape of a closed schema: what may be inside a value. Copies that, and reports the rest. */

/** One place of a value: what its schema lets stand there. `path` names it to people. */
export type Shape =
  | { kind: 'scalar'; path: string; nullable: boolean }
  | { kind: 'array'; path: string; nullable: boolean; items: Shape }
  | { kind: 'object'; path: string; nullable: boolean; members: ReadonlyMap<string, Shape> };

/** Hears of every key that the shape does not know: the path of its object, and the key. */
export type UnknownKeyListener = (path: string, key: string) => void;

/**
 * Keywords through which a key or an element could pass that `properties` and `items` do not name.
 */
const BLIND_SPOTS = [
  '$ref',
  '$dynamicRef',
  'patternProperties',
  'unevaluatedProperties',
  'prefixItems',
  'unevaluatedItems',
] as const;

/**
 * Reads the shape out of a JSON Schema. Throws where the schema is open: an object without
 * `additionalProperties: false`, a place without a type, a keyword that this file cannot follow.
 * Assertions such as `anyOf` only ever narrow, so they are left to the validator.
 *
 * @param path the dictionary code of the item, later with `.member` and `[]`
 */
export function shapeOf(schema: unknown, path: string): Shape {
  if (!isObject(schema)) throw new TypeError(`${path}: not a schema`);
  for (const keyword of BLIND_SPOTS) {
    if (Object.hasOwn(schema, keyword)) throw new TypeError(`${path}: ${keyword} is not closed`);
  }
  const types = typesOf(schema, path);
  const nullable = types.includes('null');
  const kinds = types.filter((type) => type !== 'null');
  if (kinds.includes('object')) return objectShape(schema, path, nullable, kinds);
  if (kinds.includes('array')) return arrayShape(schema, path, nullable, kinds);
  return { kind: 'scalar', path, nullable };
}

/**
 * A fresh copy of what the shape knows of a value: strings in NFC, members that are null left
 * out. What does not fit the shape (an object where a string should
 * be) is handed back as it is, never looked into, and left to the validator to refuse.
 */
export function shaped(shape: Shape, value: unknown, onUnknown: UnknownKeyListener): unknown {
  if (typeof value === 'string') return composed(value);
  if (shape.kind === 'array' && Array.isArray(value)) {
    return value.map((element) => shaped(shape.items, element, onUnknown));
  }
  if (shape.kind !== 'object' || !isObject(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = value[key];
    const known = shape.members.get(key);
    if (member === null && !known?.nullable) continue;
    if (known === undefined) onUnknown(shape.path, key);
    else copy[key] = shaped(known, member, onUnknown);
  }
  return copy;
}

/** A text in NFC. Most are so: of ASCII and syllables of Hangul, which nothing composes with. */
function composed(value: string): string {
  let isPlain = value.length <= 32;
  // of a short text this takes 30 ns, to ask for the form 90; of a long one it takes longer
  for (let at = 0; isPlain && at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    isPlain = code < 128 || (code >= 0xac00 && code <= 0xd7a3);
  }
  if (isPlain) return value;
  return value.normalize('NFC');
}

/** True for what JSON calls an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The JSON types that may stand at a place; objects and arrays only where `type` names them. */
function typesOf(schema: Record<string, unknown>, path: string): string[] {
  const { type } = schema;
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.map(String);
  const branches = schema['anyOf'] ?? schema['oneOf'];
  const types = Array.isArray(branches)
    ? branches.flatMap((branch) => (isObject(branch) ? typesOf(branch, path) : ['object']))
    : constantsOf(schema).map((value) => (value === null ? 'null' : typeof value));
  if (types.length === 0 || types.includes('object') || types.includes('array')) {
    throw new TypeError(`${path}: a place without a type is open`);
  }
  return types;
}

function constantsOf(schema: Record<string, unknown>): unknown[] {
  if (Object.hasOwn(schema, 'const')) return [schema['const']];
  return Array.isArray(schema['enum']) ? schema['enum'] : [];
}

function objectShape(
  schema: Record<string, unknown>,
  path: string,
  nullable: boolean,
  kinds: readonly string[],
): Shape {
  if (kinds.length > 1) throw new TypeError(`${path}: an object or something else is open`);
  if (schema['additionalProperties'] !== false || !isObject(schema['properties'])) {
    throw new TypeError(`${path}: an object needs properties and additionalProperties: false`);
  }
  const members = new Map<string, Shape>();
  for (const [key, member] of Object.entries(schema['properties'])) {
    if (key === '__proto__') throw new TypeError(`${path}: no member may be named ${key}`);
    members.set(key, shapeOf(member, `${path}.${key}`));
  }
  return { kind: 'object', path, nullable, members };
}

function arrayShape(
  schema: Record<string, unknown>,
  path: string,
  nullable: boolean,
  kinds: readonly string[],
): Shape {
  if (kinds.length > 1) throw new TypeError(`${path}: an array or something else is open`);
  return { kind: 'array', path, nullable, items: shapeOf(schema['items'], `${path}[]`) };
}
