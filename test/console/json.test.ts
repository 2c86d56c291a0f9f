/** Where a pasted text stops being JSON: told of every text that is none, and of no other. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonFault } from '../../console/src/pages/try/json.ts';

const isJson = (text: string) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('the fault of a JSON text', () => {
  test.each([
    ['{"a": 1,\n "b" 2}', 'colon', 2, 6],
    ['{"a": 1\n "b": 2}', 'comma', 2, 2],
    ['{"a": 1,}', 'name', 1, 9],
    ["{'a': 1}", 'name', 1, 2],
    ['{"a": "x\n"}', 'value', 1, 7],
    ['[1, 01]', 'comma', 1, 6],
    ['{"a": 1} x', 'end', 1, 10],
    ['', 'value', 1, 1],
    ['{"a": 1,\n "\\u0061": 2}', 'double', 2, 2],
    ['['.repeat(33), 'deep', 1, 33],
  ])('in %j is "%s" at %i:%i', (text, kind, line, column) => {
    expect(jsonFault(text)).toEqual({ kind, line, column });
  });

  test('is null of whatever JSON.stringify makes', () => {
    const values = fc.json({ maxDepth: 8 });
    fc.assert(fc.property(values, (text) => jsonFault(text) === null));
  });

  test('agrees with JSON.parse about any text, broken in any place', () => {
    const broken = fc
      .tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.constantFrom(...'{}[]",:\\ 0-e.\n\u0001', ''))
      .map(([text, at, piece]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + piece + text.slice(place + 1);
      });
    fc.assert(
      fc.property(broken, (text) => {
        const fault = jsonFault(text);
        // `JSON.parse` keeps the last of two equal names; that they are told is more than it says.
        return fault?.kind === 'double' || (fault === null) === isJson(text);
      }),
      { numRuns: 2_000 },
    );
  });
});
