/** What a consignee can build its reader from: the shape of its payload and one example of it. */
import type { Contract, DictionaryItem } from '#src/base/words.ts';
import { pinOf } from './notice.ts';

type Json = Record<string, unknown>;

/** Five base64url parts (RFC 7516 section 7.1); the second is empty for direct agreement. */
const compactJwePattern = '^[\\w-]+\\.[\\w-]*\\.[\\w-]+\\.[\\w-]+\\.[\\w-]+$';
const compactJweLengthMax = 4096;
/** The form of a JWE only: its parts are made up and open with no key. */
const sampleJwe = [
  Buffer.from('{"alg":"ECDH-ES","enc":"A256GCM"}').toString('base64url'),
  Buffer.alloc(40, 1).toString('base64url'),
  Buffer.alloc(12, 2).toString('base64url'),
  Buffer.alloc(14, 3).toString('base64url'),
  Buffer.alloc(16, 4).toString('base64url'),
].join('.');

interface Travelling {
  entry: DictionaryItem;
  required: boolean;
}

/** The contracted items that can travel: a unique identifier without a legal basis never does. */
function travelling(contract: Contract): Travelling[] {
  return contract.items.flatMap(({ item, required }) => {
    const entry = contract.dictionary.items.get(item);
    if (!entry) throw new Error(`${contract.id} lists ${item}, which its dictionary lacks`);
    const isWithheld = entry.class === 'uniqueIdentifier' && !contract.legalBasis.has(item);
    return isWithheld ? [] : [{ entry, required }];
  });
}

/** A dictionary schema in words that every validator knows: `real-date` becomes `date`. */
function portable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(portable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'examples')
      .map(([key, inner]) => [
        key,
        key === 'format' && inner === 'real-date' ? 'date' : portable(inner),
      ]),
  );
}

function property(contract: Contract, entry: DictionaryItem): Json {
  const { label } = entry;
  const meaning = pinOf(contract, entry.code);
  const title = { title: `${label.en} / ${label.ko}` };
  const description = meaning && { description: `${meaning.en} / ${meaning.ko}` };
  if (!entry.encrypted) {
    return { ...(portable(entry.schema) as Json), ...title, ...description };
  }
  return {
    type: 'string',
    maxLength: compactJweLengthMax,
    pattern: compactJwePattern,
    ...title,
    description:
      'A compact JWE (RFC 7516) to your public key; the plaintext is the value, without quotes.',
  };
}

function properties(contract: Contract, listed: readonly Travelling[]): Json {
  return Object.fromEntries(listed.map(({ entry }) => [entry.code, property(contract, entry)]));
}

function testsSchema(contract: Contract, listed: readonly Travelling[]): Json {
  const required = listed.filter((one) => one.required).map(({ entry }) => entry.code);
  return {
    title: 'Tests / 검사',
    type: 'array',
    minItems: 1,
    items: {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: properties(contract, listed),
    },
    // one element is enough: a record need not repeat an item in each of its tests
    ...(required.length > 0 && {
      allOf: required.map((code) => ({ contains: { type: 'object', required: [code] } })),
    }),
  };
}

/**
 * JSON Schema 2020-12 of the minimised record that a consignee receives under a contract. Test
 * items stand in `tests[]`; unique identifiers are compact JWE strings.
 */
export function payloadSchema(contract: Contract): Json {
  const listed = travelling(contract);
  const inRecord = listed.filter(({ entry }) => entry.at === 'record');
  const inTests = listed.filter(({ entry }) => entry.at === 'tests');
  const required = inRecord.filter((one) => one.required).map(({ entry }) => entry.code);
  if (inTests.some((one) => one.required)) required.push('tests');
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `The record of ${contract.id}`,
    type: 'object',
    additionalProperties: false,
    required,
    properties: {
      ...properties(contract, inRecord),
      ...(inTests.length > 0 && { tests: testsSchema(contract, inTests) }),
    },
  };
}

function sample(listed: readonly Travelling[]): Json {
  return Object.fromEntries(
    listed.map(({ entry }) => {
      const [example] = entry.schema['examples'] as [unknown, ...unknown[]];
      return [entry.code, entry.encrypted ? sampleJwe : structuredClone(example)];
    }),
  );
}

/**
 * One synthetic record that fits `payloadSchema(contract)`, made from the dictionary's examples:
 * always the same, about nobody.
 */
export function samplePayload(contract: Contract): Json {
  const listed = travelling(contract);
  const inTests = listed.filter(({ entry }) => entry.at === 'tests');
  return {
    ...sample(listed.filter(({ entry }) => entry.at === 'record')),
    ...(inTests.length > 0 && { tests: [sample(inTests)] }),
  };
}
