/** Checks the JSON Schema of one dictionary item: closed, bounded, and proven by its examples. */
import { assertJsonSchema } from '#src/base/json-schema.ts';
import { makeAjv } from './schemas.ts';
import { laws } from './laws.ts';
import { say, sentenceOf, type Said } from './sentences/said.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Asked of examples whether they fit, and not why they do not. */
const ajv = makeAjv({ allErrors: false, verbose: false, messages: false, validateSchema: false });
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

const itemSentences = {
  openObject: () =>
    say(
      ['an object that takes unknown keys', 'add additionalProperties: false'],
      ['모르는 키를 받는 객체', 'additionalProperties: false를 추가하십시오'],
    ),
  endlessString: () =>
    say(
      ['a string without a limit', 'add maxLength'],
      ['길이 제한이 없는 글자', 'maxLength를 추가하십시오'],
    ),
  endlessArray: () =>
    say(
      ['an array without a limit or a schema for its elements', 'add maxItems and items'],
      ['개수 제한이나 요소의 스키마가 없는 목록', 'maxItems와 items를 추가하십시오'],
    ),
  anyType: () =>
    say(
      ['a schema that takes any type', 'add type'],
      ['아무 형식이나 받는 스키마', 'type을 추가하십시오'],
    ),
  keyword: (key: string) =>
    say(
      [`the keyword ${key}`, 'write the schema out without it'],
      [`키워드 ${key}`, '그 키워드 없이 풀어 쓰십시오'],
    ),
  narrowing: (key: string) =>
    say(
      [`more than ${narrowingWords.join(', ')} inside ${key}`, 'move it out'],
      [`${key} 안에 ${narrowingWords.join(', ')} 말고 다른 것이 있음`, '밖으로 옮기십시오'],
    ),
  tooDeep: () =>
    say(
      [`nesting deeper than ${depthMax}`, 'flatten it'],
      [`${depthMax}단계보다 깊음`, '단계를 줄이십시오'],
    ),
  neverShared: (key: string) =>
    say(
      [`the key "${key}", which may never be shared`, 'remove it'],
      [`제공할 수 없는 키 "${key}"`, '지우십시오'],
      laws.neverShared,
    ),
  noExamples: () =>
    say(
      ['no examples', 'add at least one value under examples'],
      ['예시가 없음', 'examples에 값을 하나 이상 넣으십시오'],
    ),
  example: (index: number) =>
    say(
      [`examples[${index}] does not fit it`, 'correct the example or the schema'],
      [`examples[${index}]이(가) 맞지 않음`, '예시나 스키마를 고치십시오'],
    ),
  notASchema: (reason: string) =>
    say(
      [`not valid JSON Schema 2020-12 (${reason})`, 'correct it'],
      [`올바른 JSON Schema 2020-12가 아님(${reason})`, '고치십시오'],
    ),
};

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function openings(schema: Schema): Said[] {
  const wrong: Said[] = [];
  const types: readonly unknown[] = [schema['type'] ?? []].flat();
  const closedList = 'enum' in schema || 'const' in schema;
  if (types.includes('object') && schema['additionalProperties'] !== false) {
    wrong.push(itemSentences.openObject());
  }
  if (types.includes('string') && !closedList && !('maxLength' in schema)) {
    wrong.push(itemSentences.endlessString());
  }
  if (types.includes('array') && !('maxItems' in schema && isSchema(schema['items']))) {
    wrong.push(itemSentences.endlessArray());
  }
  if (types.length === 0) wrong.push(itemSentences.anyType());
  for (const key of forbiddenKeywords) {
    if (key in schema) wrong.push(itemSentences.keyword(key));
  }
  for (const key of narrowingKeywords) {
    const words = [schema[key]].flat().filter(isSchema).flatMap(Object.keys);
    if (words.every((word) => narrowingWords.includes(word))) continue;
    wrong.push(itemSentences.narrowing(key));
  }
  return wrong;
}

function walk(
  schema: Schema,
  isNeverShared: (key: string) => boolean,
  depth: number,
  wrong: Said[],
): void {
  if (depth > depthMax) {
    wrong.push(itemSentences.tooDeep());
    return;
  }
  wrong.push(...openings(schema));
  const below: unknown[] = [schema['items']];
  if (isSchema(schema['properties'])) {
    for (const [key, inner] of Object.entries(schema['properties'])) {
      if (isNeverShared(key)) {
        wrong.push(itemSentences.neverShared(key));
      }
      below.push(inner);
    }
  }
  for (const inner of below) if (isSchema(inner)) walk(inner, isNeverShared, depth + 1, wrong);
}

/**
 * What is wrong with an item's schema, as what is wrong and what would be right. Empty when it is
 * valid JSON Schema 2020-12 (strict), every object closed, every string and array limited, no
 * never-shared key named, and every entry under `examples` (at least one) fits it.
 */
export function itemSchemaFaults(schema: Schema, isNeverShared: (key: string) => boolean): Said[] {
  const wrong: Said[] = [];
  walk(schema, isNeverShared, 0, wrong);
  if (wrong.length > 0) {
    return [...new Map(wrong.map((said) => [sentenceOf(said, 'en'), said])).values()];
  }
  try {
    assertJsonSchema(schema);
    const validate = ajv.compile(schema);
    const examples = schema['examples'];
    if (!Array.isArray(examples) || examples.length === 0) {
      return [itemSentences.noExamples()];
    }
    examples.forEach((example, index) => {
      if (validate(example)) return;
      wrong.push(itemSentences.example(index));
    });
  } catch (error) {
    const reason = (error as Error).message.split('\n', 1)[0] ?? '';
    wrong.push(itemSentences.notASchema(reason));
  } finally {
    ajv.removeSchema(schema);
  }
  return wrong;
}
