import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '#src/base/errors.ts';
import { parseStrictJson } from '#src/base/strict-json.ts';

interface Case {
  name: string;
  /** `accept`, `refuse` (whatever the reason) or the reason. */
  expect: string;
  text?: string;
  hex?: string;
}

const cases = JSON.parse(
  readFileSync(new URL('../vectors/json/cases.json', import.meta.url), 'utf8'),
) as Case[];

function refusal(bytes: Buffer, limits?: Parameters<typeof parseStrictJson>[1]): GatewayError {
  try {
    parseStrictJson(bytes, limits);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('strict JSON', () => {
  it.each(cases)('decides $name as the table says', ({ expect: wanted, text, hex }) => {
    const bytes = hex === undefined ? Buffer.from(text ?? '', 'utf8') : Buffer.from(hex, 'hex');
    if (wanted === 'accept') {
      expect(parseStrictJson(bytes)).toEqual(JSON.parse(bytes.toString('utf8')));
      return;
    }
    const error = refusal(bytes);
    expect(error.code).toBe('MALFORMED_JSON');
    if (wanted !== 'refuse') expect(error.facts['reason']).toBe(wanted);
  });

  it('makes of every JSON text exactly what JSON.parse makes of it', () => {
    const key = fc.string({ unit: 'grapheme' }).filter((text) => text !== '__proto__');
    const value = fc.jsonValue({ maxDepth: 6, stringUnit: 'grapheme' });
    fc.assert(
      fc.property(value, key, fc.constantFrom(0, 1, '\t'), (inner, name, indent) => {
        const text = JSON.stringify([{ [name]: inner }, inner], null, indent);
        fc.pre(!text.includes('\\u0000') && !text.includes('__proto__'));
        expect(parseStrictJson(Buffer.from(text))).toEqual(JSON.parse(text));
      }),
      { numRuns: 300 },
    );
  });

  it('takes no text that JSON.parse would refuse, however it was damaged', () => {
    const sound = Buffer.from('{"a":[1,-2.5e3,"x\\u00e9\\n",true,null],"b":{"c":{}}, "d":"é"}');
    const damage = fc.record({
      at: fc.nat(sound.length - 1),
      byte: fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('{}[],:"\\01.e-u '))),
      cut: fc.boolean(),
    });
    fc.assert(
      fc.property(damage, ({ at, byte, cut }) => {
        const bytes = Buffer.from(cut ? sound.subarray(0, at) : sound);
        if (!cut) bytes[at] = byte;
        let value: unknown;
        try {
          value = parseStrictJson(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError);
          return;
        }
        expect(value).toEqual(JSON.parse(bytes.toString('utf8')));
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['[', '{"a":', '[{"a":'])('refuses 100,000 levels of %s without recursion', (opening) => {
    expect(refusal(Buffer.from(opening.repeat(100_000))).facts).toMatchObject({
      reason: 'TOO_DEEP',
    });
    const limits = { depthMax: 1_000_000, membersMax: 1_000_000 };
    expect(refusal(Buffer.from(opening.repeat(100_000)), limits).facts['reason']).toBe('SYNTAX');
  });

  it('refuses more members than its limit, counting keys and elements alike', () => {
    const limits = { depthMax: 32, membersMax: 4 };
    expect(parseStrictJson(Buffer.from('{"a":[1,2],"b":3}'), limits)).toEqual({ a: [1, 2], b: 3 });
    const error = refusal(Buffer.from('{"a":[1,2],"b":3,"c":4}'), limits);
    expect(error.facts).toEqual({ reason: 'TOO_MANY_MEMBERS', offset: 17 });
  });

  it('says where, in bytes, and never what', () => {
    const error = refusal(Buffer.from('{"이름":"홍길동","이름":"canary"}'));
    expect(error.facts).toEqual({ reason: 'DUPLICATE_KEY', offset: 22 });
    expect(error.problems).toEqual([]);
    expect(JSON.stringify(error) + error.message + String(error.cause)).not.toMatch(/홍|canary/);
  });
});
