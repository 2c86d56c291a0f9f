/** A contract that cannot be enforced does not compile: nothing leaves under it. */
import { describe, expect, test } from 'vitest';
import type { DictionaryItem } from '#src/base/words.ts';
import { compileContract } from '#src/minimise/compile.ts';
import { minimise } from '#src/minimise/minimise.ts';
import { CHART, contract, DICTIONARY, SALT, TODAY } from '#test/minimise/dictionary.ts';
import { payload, release } from '#test/minimise/support.ts';

function withItem(change: Partial<DictionaryItem>) {
  const items = new Map(DICTIONARY.items);
  const item = structuredClone({ ...items.get('name')!, ...change });
  items.set(item.code, item);
  return { ...DICTIONARY, items };
}

const closed = { type: 'object', additionalProperties: false };

describe('a dictionary', () => {
  test.each([
    ['anything', {}],
    ['no schema', true],
    ['an object without properties', { type: 'object' }],
    ['an open object', { type: 'object', properties: {} }],
    [
      'an object of strings',
      { type: 'object', properties: {}, additionalProperties: { type: 'string' } },
    ],
    [
      'pattern properties',
      { ...closed, properties: {}, patternProperties: { '^x': { type: 'string' } } },
    ],
    ['an open place inside', { ...closed, properties: { a: {} } }],
    ['an open object inside', { ...closed, properties: { a: { type: 'object' } } }],
    ['an array of anything', { type: 'array' }],
    ['an array of open objects', { type: 'array', items: { type: 'object' } }],
    ['a tuple', { type: 'array', items: { type: 'string' }, prefixItems: [{ type: 'string' }] }],
    ['a string or an object', { type: ['string', 'object'] }],
    ['a string or an array', { type: ['string', 'array'], items: { type: 'string' } }],
    ['a string or an object, by branch', { anyOf: [{ type: 'string' }, { type: 'object' }] }],
    ['a branch without a type', { anyOf: [{ type: 'string' }, {}] }],
    ['an object as a constant', { const: { a: 1 } }],
    ['a reference', { $ref: '#/$defs/any' }],
    [
      'a member named __proto__',
      { ...closed, properties: JSON.parse('{"__proto__":{"type":"string"}}') as object },
    ],
    ['an unknown keyword', { type: 'string', maxLenght: 5 }],
    ['an unknown format', { type: 'string', format: 'phone' }],
  ])('with %s as a schema is refused', (_name, schema) => {
    const dictionary = withItem({ schema: schema as Record<string, unknown> });
    expect(() => compileContract(contract({ items: [], dictionary }))).toThrow();
  });

  test('that derives an item by a rule that nobody knows, or of another item, is refused', () => {
    for (const rule of ['name@1', 'age@1']) {
      const dictionary = withItem({ derivedBy: [rule] });
      expect(() => compileContract(contract({ items: ['name'], dictionary }))).toThrow(TypeError);
    }
  });
});

describe('a contract', () => {
  test.each([
    [['nickname']],
    [['name', 'name?']],
    [['testResult']],
    [['__proto__']],
    [['constructor']],
  ])('that lists %j does not compile', (items) => {
    expect(() => compileContract(contract({ items }))).toThrow(TypeError);
  });

  test.each([[['testName']], [['nickname']]])('that takes back %j does not compile', (returns) => {
    expect(() => compileContract(contract({ items: [], returns }))).toThrow(TypeError);
  });

  test('that lists nothing sends nothing', () => {
    expect(
      payload(release({ name: '홍길동', tests: [{ testName: 'a' }] }, { items: [] }).released),
    ).toBe('{}');
  });

  test('keeps its meaning when its list or its dictionary is changed afterwards', () => {
    const listed = [{ item: 'name', required: false }];
    const dictionary = withItem({});
    const compiled = compileContract({ ...contract({ items: [], dictionary }), items: listed });
    listed.push({ item: 'gender', required: false });
    dictionary.items.get('name')!.schema['type'] = 'object';
    const record = { name: '홍길동', gender: 'F' };
    const subject = { kind: 'patient', id: CHART } as const;
    const outcome = minimise(compiled, { record, subject, today: TODAY, salt: SALT });
    if (outcome.outcome !== 'released') throw new Error(outcome.reason);
    expect(payload(outcome.released)).toBe('{"name":"홍길동"}');
  });
});
