/** RFC 8785: one text for a value, and the value of that text, by the short way as by the long. */
import { isDeepStrictEqual } from 'node:util';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalForm, canonicalText } from '#src/base/canonical.ts';

const keys = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom('__proto__', 'toJSON', 'constructor', '10', '9', '', 'a', 'B', '\ud800', '한'),
);
const texts = fc.oneof(keys, fc.constantFrom('\\ud800', 'a\udc00', '\u2028', '\u0007'));
const { value: values } = fc.letrec((tie) => {
  const entries = fc.array(fc.tuple(keys, tie('value')), { maxLength: 20 });
  return {
    value: fc.oneof(
      { depthSize: 'small' },
      ...[texts, fc.double(), fc.integer(), fc.boolean(), fc.constantFrom(null, undefined, -0)],
      ...[fc.date({ noInvalidDate: true }), fc.array(tie('value'))],
      entries.map((each) => Object.fromEntries(each) as unknown),
    ),
  };
});

const madeByLibrary = (value: unknown): string => {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('only JSON values have a canonical form');
  return text;
};

const orThrown = <T>(make: () => T): T | string => {
  try {
    return make();
  } catch (error) {
    return `threw ${(error as Error).message}`;
  }
};

describe('the canonical form', () => {
  test('has the text that the library makes, and the value of that text', () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = orThrown(() => madeByLibrary(value));
        expect(orThrown(() => canonicalText(value))).toBe(text);
        const form = orThrown(() => canonicalForm(value));
        const isThrown = typeof form === 'string';
        expect(isThrown ? form : form.text).toBe(text);
        if (isThrown) return;
        // vitest looks through a key __proto__
        expect(isDeepStrictEqual(form.value, JSON.parse(form.text))).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test('is a copy that nobody else holds, of what was read once', () => {
    let looks = 0;
    const inner = { z: [1], a: 'b' };
    const value = {
      inner,
      get changing() {
        return (looks += 1);
      },
    };
    const form = canonicalForm(value);
    inner.z.push(2);
    inner.a = 'c';
    expect(form.value).toEqual({ changing: 1, inner: { a: 'b', z: [1] } });
    expect(form.text).toBe('{"changing":1,"inner":{"a":"b","z":[1]}}');
  });

  test('of what is no JSON value is refused, as it is by the library', () => {
    const circle: Record<string, unknown> = {};
    circle['again'] = circle;
    for (const value of [NaN, Infinity, '\ud800', { '\udc00': 1 }, circle]) {
      expect(() => canonicalForm(value)).toThrow();
      expect(() => canonicalize(value)).toThrow();
    }
    for (const value of [undefined, Symbol('a')]) expect(() => canonicalForm(value)).toThrow();
  });
});
