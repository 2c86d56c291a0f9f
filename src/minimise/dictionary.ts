/** The data dictionary, compiled: one shape and one validator per item, one test of key names. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { assertJsonSchema } from '#src/base/json-schema.ts';
import { neverSharedTest } from '#src/base/never-shared.ts';
import { isRealDate } from '#src/base/seoul.ts';
import type { Dictionary, DictionaryItem } from '#src/base/words.ts';
import { secretsLeftOf, type SecretsLeft } from './named-secrets.ts';
import { findingsOf, type Finding } from './problems.ts';
import { isObject, shaped, shapeOf, type Shape, type UnknownKeyListener } from './shape.ts';
import { placesOf, type Place } from './text-places.ts';

/** One item of the dictionary, ready to judge values. */
export interface CompiledItem {
  code: string;
  at: DictionaryItem['at'];
  isUniqueIdentifier: boolean;
  shape: Shape;
  validate: ValidateFunction;
  /** Leaves out elements that name a secret; undefined where its values hold none such. */
  secretsLeft: SecretsLeft | undefined;
  /** Where its values hold text, undefined where they hold none. */
  places: Place | undefined;
}

export interface CompiledDictionary {
  items: ReadonlyMap<string, CompiledItem>;
  /** Codes that travel encrypted. */
  encrypted: ReadonlySet<string>;
  isNeverShared: (key: string) => boolean;
}

/** The verdict on one value: what may travel of it, or what is wrong with it. */
export type Verdict =
  | { value: unknown }
  | {
      findings: Finding[];
      /** Nothing that the shape knows was in it: an object without a member. */
      isEmpty: boolean;
    };

/** Seventeen contracts pin one dictionary: it is compiled for the first and kept with it. */
const compiled = new WeakMap<Dictionary, CompiledDictionary>();

const ajv = new Ajv2020({
  allErrors: true,
  ownProperties: true,
  strictTypes: false,
  strictTuples: false,
  logger: false,
  validateSchema: false,
});
addFormats.default(ajv);
ajv.addFormat('real-date', isRealDate);

/** By what the schema says: an item that a later dictionary keeps as it was is compiled once. */
const validators = new Map<string, ValidateFunction>();

function validatorOf(schema: DictionaryItem['schema']): ValidateFunction {
  const text = JSON.stringify(schema);
  const known = validators.get(text);
  if (known) return known;
  assertJsonSchema(schema);
  const validate = ajv.compile(schema);
  validators.set(text, validate);
  return validate;
}

/**
 * Compiles every item of a dictionary. Throws a TypeError where a schema is open or is not a
 * JSON Schema 2020-12: a dictionary that cannot be enforced lets nothing out.
 */
export function compileDictionary(dictionary: Dictionary): CompiledDictionary {
  const known = compiled.get(dictionary);
  if (known) return known;
  const items = new Map<string, CompiledItem>();
  const encrypted = new Set<string>();
  for (const item of dictionary.items.values()) {
    if (item.code === '__proto__') throw new TypeError(`no item may be named ${item.code}`);
    items.set(item.code, {
      code: item.code,
      at: item.at,
      isUniqueIdentifier: item.class === 'uniqueIdentifier',
      shape: shapeOf(item.schema, item.code),
      validate: validatorOf(item.schema),
      secretsLeft: secretsLeftOf(item, dictionary.neverShared),
      places: placesOf(item),
    });
    if (item.encrypted) encrypted.add(item.code);
  }
  const result = { items, encrypted, isNeverShared: neverSharedTest(dictionary.neverShared) };
  compiled.set(dictionary, result);
  return result;
}

/**
 * Copies what the item's schema knows of a value, but for elements that name a secret, then
 * validates the copy: that travels.
 */
export function judge(
  item: CompiledItem,
  value: unknown,
  pointer: string,
  onUnknown: UnknownKeyListener,
): Verdict {
  const known = shaped(item.shape, value, onUnknown);
  const copy = item.secretsLeft ? item.secretsLeft(known, onUnknown) : known;
  if (item.validate(copy)) return { value: copy };
  const isEmpty = isObject(copy) && Object.keys(copy).length === 0;
  return { findings: findingsOf(item.validate.errors ?? [], item.code, pointer), isEmpty };
}
