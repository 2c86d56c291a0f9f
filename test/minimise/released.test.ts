/** Released: nobody else can make one, nothing else can be sent, and nothing sealed can change. */
import { describe, expect, test } from 'vitest';
import { canonicalBytes } from '#src/base/canonical.ts';
import { CompiledContract, compileContract } from '#src/minimise/compile.ts';
import { minimise } from '#src/minimise/minimise.ts';
import { commitmentOf, isReleased, mint, Released } from '#src/minimise/released.ts';
import { reopen } from '#src/minimise/reopen.ts';
import { wireRecord } from '#src/minimise/wire.ts';
import { CHART, contract, labRecord, SALT, TODAY } from '#test/minimise/dictionary.ts';
import { payload, release } from '#test/minimise/support.ts';

const NUMBER = 'residentRegistrationNumber';
const encrypt = (item: string, plaintext: Uint8Array) =>
  Promise.resolve(`jwe(${item},${Buffer.from(plaintext).toString('utf8')})`);

describe('a Released', () => {
  const { released } = release(labRecord());
  const forgeries: [string, () => unknown][] = [
    ['a cast of an object', () => ({ canonical: () => Buffer.from('{"name":"x"}') })],
    ['the JSON of one', () => JSON.parse(JSON.stringify(released)) as unknown],
    ['a structured clone', () => structuredClone(released)],
    ['an object with its prototype', () => Object.create(Released.prototype) as unknown],
    ['an object that inherits from one', () => Object.create(released) as unknown],
    ['a spread of one', () => ({ ...released })],
    ['a proxy of one', () => new Proxy(released, {})],
    [
      'a copy of its accessors',
      () =>
        Object.defineProperties(
          {},
          Object.getOwnPropertyDescriptors(Released.prototype) as PropertyDescriptorMap,
        ),
    ],
    ['null', () => null],
    ['its bytes', () => released.canonical()],
  ];

  test.each(forgeries)('is not %s', async (_name, forge) => {
    const forged = forge();
    expect(isReleased(forged)).toBe(false);
    await expect(wireRecord(forged as Released, encrypt)).rejects.toThrow(TypeError);
  });

  test('cannot be constructed, subclassed or made by reflection', () => {
    const Class = Released as unknown as new (...args: unknown[]) => Released;
    class Kin extends Class {}
    const args = [Symbol('only this file makes a Released'), {}];
    expect(() => new Class(...args)).toThrow(TypeError);
    expect(() => new Kin(...args)).toThrow(TypeError);
    expect(() => Reflect.construct(Class, args, Object) as unknown).toThrow(TypeError);
    class Foreign {}
    expect(() => Reflect.construct(Class, args, Foreign) as unknown).toThrow(TypeError);
  });

  test('cannot be changed: not itself, not its class, not through what it hands out', () => {
    const before = payload(released);
    const loose = released as unknown as Record<string, unknown>;
    expect(() => (loose['canonical'] = () => Buffer.from('{}'))).toThrow(TypeError);
    expect(() => Object.setPrototypeOf(released, {}) as unknown).toThrow(TypeError);
    expect(() => Object.assign(Released.prototype, { canonical: null })).toThrow(TypeError);
    expect(() => Object.assign(Released, { isReleased: () => true })).toThrow(TypeError);
    expect(() => (released.released as string[]).push('name')).toThrow(TypeError);
    released.canonical().fill(0);
    released.commitment.fill(0);
    released.salt.fill(0);
    released.contractDigest.fill(0);
    (released.encrypted as Set<string>).clear();
    expect(payload(released)).toBe(before);
    expect(released.salt).toEqual(SALT);
    expect(released.encrypted.size).toBe(1);
    expect(released.commitment).toEqual(commitmentOf(SALT, released.canonical()));
  });

  test('keeps its salt when the caller uses the buffer again', () => {
    const compiled = compileContract(contract({ items: ['name'] }));
    const salt = Buffer.alloc(32, 1);
    const subject = { kind: 'patient', id: CHART } as const;
    const outcome = minimise(compiled, { record: { name: 'a' }, subject, today: TODAY, salt });
    salt.fill(2);
    expect(outcome).toMatchObject({ released: { salt: Buffer.alloc(32, 1) } });
  });

  test('shows no value when it is logged or serialised', () => {
    expect(JSON.stringify(released)).toBe('{}');
  });

  test('is not minted of what its contract does not list, or lists elsewhere, or as another type', () => {
    const compiled = compileContract(contract({ items: ['name', 'testName', 'address', NUMBER] }));
    const attempts: unknown[] = [
      { gender: 'F' },
      { name: 'a', nickname: 'b' },
      { name: { first: 'a' } },
      { testName: 'a' },
      { tests: [] },
      { tests: [{}] },
      { tests: [{ name: 'a' }] },
      { tests: ['a'] },
      { address: { zip: '04524', line1: 'a', note: 'b' } },
      { [NUMBER]: '840312-2000009' },
      { toJSON: () => ({ gender: 'F' }) },
      ['name'],
    ];
    for (const attempt of attempts) {
      const input = { payload: attempt as object, released: ['name'], derived: [], salt: SALT };
      expect(() => mint(compiled, { ...input, payload: { ...input.payload } })).toThrow(
        'NOT_CONTRACTED',
      );
    }
  });

  test('is not minted of a payload that changes between two looks', () => {
    const compiled = compileContract(contract({ items: ['name'] }));
    for (let honest = 0; honest < 8; honest += 1) {
      let looks = 0;
      const fickle = {
        get name() {
          looks += 1;
          return looks <= honest ? 'a' : { secret: 'b' };
        },
      };
      const input = { payload: fickle, released: ['name'], derived: [], salt: SALT };
      let text = '{"name":"a"}';
      try {
        text = payload(mint(compiled, input));
      } catch (error) {
        expect(error).toMatchObject({ code: 'NOT_CONTRACTED' });
      }
      expect(text).toBe('{"name":"a"}');
    }
  });

  test('is not minted under a contract that was not compiled', () => {
    const plan = CompiledContract.planOf(compileContract(contract({ items: ['name'] })));
    const forged = Object.create(CompiledContract.prototype) as CompiledContract;
    const input = { payload: {}, released: [], derived: [], salt: SALT };
    expect(() => mint(forged, input)).toThrow(TypeError);
    expect(() => mint({ plan } as unknown as CompiledContract, input)).toThrow(TypeError);
    expect(() => new (class extends CompiledContract {})(plan.contract)).toThrow(TypeError);
  });
});

describe('the record on the wire', () => {
  test('carries unique identifiers encrypted, as the value itself without quotes', async () => {
    const record = { name: '홍길동', [NUMBER]: '840312-2000009' };
    const { released } = release(record, { items: ['name', NUMBER], legalBasis: [NUMBER] });
    expect(payload(released)).toContain('840312-2000009');
    expect(await wireRecord(released, encrypt)).toEqual({
      name: '홍길동',
      [NUMBER]: `jwe(${NUMBER},840312-2000009)`,
    });
  });

  test('is otherwise what was committed to', async () => {
    const { released } = release(labRecord());
    const wire = await wireRecord(released, encrypt);
    expect(canonicalBytes(wire)).toEqual(released.canonical());
  });

  test('is not there when encrypting fails', async () => {
    const { released } = release(
      { [NUMBER]: '840312-2000009' },
      { items: [NUMBER], legalBasis: [NUMBER] },
    );
    const failing = () => Promise.reject(new Error('no key'));
    await expect(wireRecord(released, failing)).rejects.toThrow('no key');
  });
});

describe('reopening', () => {
  const items = ['name', 'gender?', 'address?', 'testName?'];
  const compiled = compileContract(contract({ items }));
  const { released } = release(labRecord(), { items });
  const sealed = { salt: SALT, canonical: released.canonical(), commitment: released.commitment };
  const committed = (text: string) => {
    const canonical = Buffer.from(text, 'utf8');
    return { salt: SALT, canonical, commitment: commitmentOf(SALT, canonical) };
  };

  test('gives back what was sealed', () => {
    const reopened = reopen(compiled, sealed);
    expect(isReleased(reopened)).toBe(true);
    expect(reopened.canonical()).toEqual(sealed.canonical);
    expect(reopened.commitment).toEqual(sealed.commitment);
    expect(reopened.released).toEqual(['name', 'gender', 'address', 'testName']);
    expect(reopened.contract).toBe('lab.v1');
  });

  test('takes derived items for what they are: in the bytes, and contracted', () => {
    const lab = compileContract(contract({ items: ['age'] }));
    const derived = release(labRecord(), { items: ['age'] }).released;
    const input = { salt: SALT, canonical: derived.canonical(), commitment: derived.commitment };
    expect(reopen(lab, input).released).toEqual(['age']);
  });

  test('refuses any one flipped byte, in payload, salt and commitment', () => {
    for (const part of ['canonical', 'salt', 'commitment'] as const) {
      for (let at = 0; at < sealed[part].length; at += 1) {
        const flipped = Buffer.from(sealed[part]);
        flipped[at] = flipped[at]! ^ 1;
        const open = () => reopen(compiled, { ...sealed, [part]: flipped });
        expect(open).toThrow(expect.objectContaining({ code: 'COMMITMENT_MISMATCH' }));
      }
    }
  });

  test('refuses bytes moved between salt and payload', () => {
    const salt = sealed.salt.subarray(0, 31);
    const canonical = Buffer.concat([sealed.salt.subarray(31), sealed.canonical]);
    const open = () => reopen(compiled, { ...sealed, salt, canonical });
    expect(open).toThrow(expect.objectContaining({ code: 'COMMITMENT_MISMATCH' }));
    const short = () => reopen(compiled, { ...sealed, commitment: Buffer.alloc(0) });
    expect(short).toThrow(expect.objectContaining({ code: 'COMMITMENT_MISMATCH' }));
  });

  test('refuses what another contract released', () => {
    const other = compileContract(contract({ items: ['name'], id: 'other.v1' }));
    const open = () => reopen(other, sealed);
    expect(open).toThrow(expect.objectContaining({ code: 'NOT_CONTRACTED' }));
  });

  test.each([
    ['an extra key', '{"name":"a","nickname":"b"}'],
    ['a listed item at a wrong place', '{"testName":"a"}'],
    ['an extra key in an element', '{"tests":[{"note":"b","testName":"a"}]}'],
    ['tests that is no list', '{"tests":5}'],
    ['tests that is empty', '{"tests":[]}'],
    ['an element that is no object', '{"tests":[null]}'],
    ['an extra key in a composite', '{"address":{"line1":"a","note":"b","zip":"04524"}}'],
    ['a value that its schema refuses', '{"gender":"X"}'],
    ['a repeated key', '{"name":"840312-2000009","name":"a"}'],
    ['white space', '{"name": "a"}'],
    ['another order', '{"name":"a","gender":"F"}'],
    ['__proto__', '{"__proto__":{"name":"a"}}'],
    ['a list', '["name"]'],
    ['null', 'null'],
    ['no JSON', '{"name":'],
  ])('refuses %s, though the commitment holds', (_name, text) => {
    const open = () => reopen(compiled, committed(text));
    expect(open).toThrow(expect.objectContaining({ code: 'NOT_CONTRACTED' }));
  });

  test('refuses bytes that are not UTF-8', () => {
    const canonical = Buffer.concat([
      Buffer.from('{"name":"'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]);
    const open = () =>
      reopen(compiled, { salt: SALT, canonical, commitment: commitmentOf(SALT, canonical) });
    expect(open).toThrow(expect.objectContaining({ code: 'NOT_CONTRACTED' }));
  });
});
