/** Keyed fingerprints: equal only for equal parts under the same use and key. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFingerprint } from '#src/sealing/fingerprint.ts';

const fingerprint = createFingerprint({ key: Buffer.alloc(32, 1) });
const parts = fc.array(fc.string({ unit: 'binary', maxLength: 12 }), { maxLength: 4 });
const asBytes = (texts: readonly string[]) => texts.map((text) => Buffer.from(text, 'utf8'));

test('the same parts have the same fingerprint, as texts or as bytes', () => {
  fc.assert(
    fc.property(parts, (texts) => {
      expect(fingerprint('subject', ...texts)).toEqual(fingerprint('subject', ...asBytes(texts)));
    }),
  );
});

test('a byte never slides from one part into the next', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 20 }), fc.nat(), fc.nat(), (text, a, b) => {
      const [one, two] = [a % (text.length + 1), b % (text.length + 1)];
      fc.pre(one !== two);
      const cut = (at: number) => fingerprint('subject', text.slice(0, at), text.slice(at));
      expect(cut(one).equals(cut(two))).toBe(false);
    }),
  );
});

test('other parts have another fingerprint', () => {
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      fc.pre(JSON.stringify(asBytes(one)) !== JSON.stringify(asBytes(other)));
      expect(fingerprint('request', ...one).equals(fingerprint('request', ...other))).toBe(false);
    }),
  );
});

test.each([
  [['a', ''], ['a']],
  [
    ['', 'a'],
    ['a', ''],
  ],
  [[], ['']],
  [['\0\0\0\x01a'], ['a']],
])('%j is not %j', (one, other) => {
  expect(fingerprint('cursor', ...one).equals(fingerprint('cursor', ...other))).toBe(false);
});

test('another use or another key gives another fingerprint', () => {
  const one = fingerprint('subject', 'patient', 'C0048213');
  expect(fingerprint('reference', 'patient', 'C0048213').equals(one)).toBe(false);
  const other = createFingerprint({ key: Buffer.alloc(32, 2) });
  expect(other('subject', 'patient', 'C0048213').equals(one)).toBe(false);
});

test('a use cannot be played by a part', () => {
  expect(fingerprint('key-check', 'x').equals(fingerprint('cursor', 'key-check', 'x'))).toBe(false);
});
