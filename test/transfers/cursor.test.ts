/** Cursors: they continue the query that they came from, and nobody can write one. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFingerprint } from '#src/sealing/fingerprint.ts';
import {
  cursorAfter,
  cursorAfterPlace,
  pageOf,
  readCursor,
  readPlace,
  type CursorScope,
} from '#src/transfers/cursor.ts';

const fingerprint = createFingerprint({ key: Buffer.alloc(32, 1) });
const scope: CursorScope = { client: 'emr', query: { list: 'transfers', status: 'ready' } };
const uuid = '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60';
const cursor = cursorAfter(fingerprint, scope, uuid);
const invalid = expect.objectContaining({ code: 'INVALID_CURSOR' }) as Error;

test('a cursor continues after the row it was made of, whatever its id', () => {
  fc.assert(
    fc.property(fc.uuid(), (id) => {
      expect(readCursor(fingerprint, scope, cursorAfter(fingerprint, scope, id))).toBe(id);
    }),
  );
});

test('one of a list by time continues after its place, and after no other kind of row', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), fc.uuid(), (micros, id) => {
      const made = cursorAfterPlace(fingerprint, scope, { micros, id });
      expect(readPlace(fingerprint, scope, made)).toEqual({ micros, id });
      expect(() => readCursor(fingerprint, scope, made)).toThrow(invalid);
    }),
  );
  expect(() => readPlace(fingerprint, scope, cursor)).toThrow(invalid);
  expect(readPlace(fingerprint, scope, undefined)).toBeNull();
});

test('without a cursor a list begins at its beginning', () => {
  expect(readCursor(fingerprint, scope, undefined)).toBeNull();
});

describe('a cursor is refused', () => {
  test.each<[string, CursorScope]>([
    ['by another client', { ...scope, client: 'emr-two' }],
    ['under another filter', { ...scope, query: { list: 'transfers', status: 'failed' } }],
    ['without its filter', { ...scope, query: { list: 'transfers' } }],
    ['under one more filter', { ...scope, query: { ...scope.query, consignee: 'eone' } }],
    ['by another list', { ...scope, query: { ...scope.query, list: 'results' } }],
    ['where client and query could slide', { client: 'em', query: { ...scope.query, r: 1 } }],
  ])('%s', (_, other) => {
    expect(() => readCursor(fingerprint, other, cursor)).toThrow(invalid);
  });

  test('by a gateway with another key', () => {
    const other = createFingerprint({ key: Buffer.alloc(32, 2) });
    expect(() => readCursor(other, scope, cursor)).toThrow(invalid);
  });

  test('when any bit of it is another', () => {
    const bytes = Buffer.from(cursor, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const text = changed.toString('base64url');
      expect(() => readCursor(fingerprint, scope, text)).toThrow(invalid);
    }
  });

  test('when it is any text that we did not make', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        expect(() => readCursor(fingerprint, scope, text)).toThrow(invalid);
      }),
    );
  });

  test.each(['', cursor.slice(0, -1), `${cursor}AAAA`, `${cursor}=`.slice(1)])('as %j', (text) => {
    expect(() => readCursor(fingerprint, scope, text)).toThrow(invalid);
  });
});

describe('a page', () => {
  const rows = [uuid, uuid.replace('0', '1'), uuid.replace('0', '2')].map((id) => ({ id }));
  const page = (count: number, limit: number) =>
    pageOf({ fingerprint }, scope, { rows: rows.slice(0, count), limit, toItem: ({ id }) => id });

  test('shows what was asked for, and a cursor to its last row when there is more', () => {
    const { items, next } = page(3, 2);
    expect(items).toEqual([rows[0]?.id, rows[1]?.id]);
    expect(readCursor(fingerprint, scope, next ?? '')).toBe(rows[1]?.id);
  });

  test('that is the last has no cursor, also when it is full', () => {
    expect(page(2, 2)).toEqual({ items: [rows[0]?.id, rows[1]?.id], next: null });
    expect(page(0, 2)).toEqual({ items: [], next: null });
  });
});
