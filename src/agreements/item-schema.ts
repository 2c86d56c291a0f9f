/** Checks the JSON Schema of one dictionary item: closed, bounded, and proven by its examples. */
import { makeAjv } from './schemas.ts';

type Schema = Readonly<Record<string, unknown>>;

const ajv = makeAjv();
const depthMax = 12;
/** Keywords through which a key or an element could pass that nothing here names. */
const forbiddenKeywords = [
  ...['$ref', '$dynamicRef', '$defs', 'if', 'not'],
  ...['patternProperties', 'unevaluatedProperties', 'dependentSchemas'],
  ...['prefixItems', 'unevaluatedItems', 'contains'],
];
/** These may narrow a place whose own schema is closed already, so only simple words go inside. */
const narrowingKeywords = ['anyOf', 'oneOf', 'allOf'];
const narrowingWords = ['format', 'pattern', 'const', 'enum', 'required', 'minLength', 'maxLength'];

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function openings(schema: Schema): string[] {
  const wrong: string[] = [];
  const types: readonly unknown[] = [schema['type'] ?? []].flat();
  const closedList = 'enum' in schema || 'const' in schema;
  if (types.includes('object') && schema['additionalProperties'] !== false) {
    wrong.push('an object that takes unknown keys; add additionalProperties: false');
  }
  if (types.includes('string') && !closedList && !('maxLength' in schema)) {
    wrong.push('a string without a limit; add maxLength');
  }
  if (types.includes('array') && !('maxItems' in schema && isSchema(schema['items']))) {
    wrong.push('an array without a limit or a schema for its elements; add maxItems and items');
  }
  if (types.length === 0) wrong.push('a schema that takes any type; add type');
  for (const key of forbiddenKeywords) {
    if (key in schema) wrong.push(`the keyword ${key}; write the schema out without it`);
  }
  for (const key of narrowingKeywords) {
    const words = [schema[key]].flat().filter(isSchema).flatMap(Object.keys);
    if (words.every((word) => narrowingWords.includes(word))) continue;
    wrong.push(`more than ${narrowingWords.join(', ')} inside ${key}; move it out`);
  }
  return wrong;
}

function walk(
  schema: Schema,
  isNeverShared: (key: string) => boolean,
  depth: number,
  wrong: string[],
): void {
  if (depth > depthMax) {
    wrong.push(`nesting deeper than ${depthMax}; flatten it`);
    return;
  }
  wrong.push(...openings(schema));
  const below: unknown[] = [schema['items']];
  if (isSchema(schema['properties'])) {
    for (const [key, inner] of Object.entries(schema['properties'])) {
      if (isNeverShared(key)) {
        wrong.push(`the key "${key}", which may never be shared; remove it`);
      }
      below.push(inner);
    }
  }
  for (const inner of below) if (isSchema(inner)) walk(inner, isNeverShared, depth + 1, wrong);
}

/**
 * What is wrong with an item's schema, as sentences "what; what would be right". Empty when it is
 * valid JSON Schema 2020-12 (strict), every object closed, every string and array limited, no
 * never-shared key named, and every entry under `examples` (at least one) fits it.
 */
export function itemSchemaFaults(
  schema: Schema,
  isNeverShared: (key: string) => boolean,
): string[] {
  const wrong: string[] = [];
  walk(schema, isNeverShared, 0, wrong);
  if (wrong.length > 0) return [...new Set(wrong)];
  try {
    const validate = ajv.compile(schema);
    const examples = schema['examples'];
    if (!Array.isArray(examples) || examples.length === 0) {
      return ['no examples; add at least one value under examples'];
    }
    examples.forEach((example, index) => {
      if (validate(example)) return;
      wrong.push(`examples[${index}] does not fit it; correct the example or the schema`);
    });
  } catch (error) {
    const reason = (error as Error).message.split('\n', 1)[0] ?? '';
    wrong.push(`not valid JSON Schema 2020-12 (${reason}); correct it`);
  } finally {
    ajv.removeSchema(schema);
  }
  return wrong;
}
