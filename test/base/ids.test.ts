/** Identifiers: they sort by the time of their making, and bounds of time fit them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { idFloor, newId } from '#src/base/ids.ts';

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const instant = fc.date({
  ...{ noInvalidDate: true, min: new Date('1970-01-01'), max: new Date('9999-12-31') },
});

test('an id is a UUIDv7 between the bounds of its millisecond', () => {
  fc.assert(
    fc.property(instant, (at) => {
      const id = newId(at);
      expect(id).toMatch(uuidV7);
      expect(id >= idFloor(at)).toBe(true);
      expect(id < idFloor(new Date(at.getTime() + 1))).toBe(true);
    }),
  );
});

test('ids of one millisecond are all different', () => {
  const at = new Date('2026-03-02T01:02:03.004Z');
  expect(new Set(Array.from({ length: 1_000 }, () => newId(at))).size).toBe(1_000);
});

test.each(['1900-01-01T00:00:00Z', '0000-01-01T00:00:00Z', '1969-12-31T23:59:59.999Z'])(
  'the bound of %s, before any id, is the smallest there is',
  (text) => expect(idFloor(new Date(text))).toBe('00000000-0000-0000-0000-000000000000'),
);
