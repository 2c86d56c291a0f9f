/** Rows held against what the ledger said last of their accounts. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createNewestChanges,
  type AccountRow,
  type ToldChange,
} from '#src/access/newest-changes.ts';

const row = (change: number | null, more: Partial<AccountRow> = {}): AccountRow => ({
  ...{ id: 'emr', change, revokedAt: null, may: ['read'] },
  ...more,
});
const told = (change: number, more: Partial<ToldChange> = {}): ToldChange => ({
  ...{ kind: 'client', id: 'emr', change, isRevoked: false, may: ['read'] },
  ...more,
});

test('of all the rows that an account ever had, the last one alone counts', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 19 }), (clock, again) => {
      const newest = createNewestChanges();
      const rows: AccountRow[] = [];
      for (const nowMs of clock) {
        const change = newest.next('client', rows.at(-1) ?? row(null), nowMs + 1);
        rows.push(row(change));
        newest.learn(told(change));
      }
      // an entry that somebody wrote down once more, behind all others
      newest.learn(told(rows[again % rows.length]?.change ?? 0));
      const counting = rows.filter((one) => !newest.isOutdated('client', one));
      expect(counting).toEqual([rows.at(-1)]);
      expect(newest.isOutdated('client', row(null))).toBe(true);
    }),
  );
});

test('a row that is ahead of the ledger counts, and so does one that it never spoke of', () => {
  const newest = createNewestChanges();
  expect(newest.isOutdated('client', row(5))).toBe(false);
  newest.learn(told(5));
  expect(newest.isOutdated('client', row(6))).toBe(false);
  expect(newest.isOutdated('staff', row(1))).toBe(false);
  expect(newest.isOutdated('client', row(1, { id: 'emr-two' }))).toBe(false);
});

test('an account that was deleted and made anew does not begin again', () => {
  const newest = createNewestChanges();
  newest.learn(told(5_000));
  expect(newest.next('client', { id: 'emr', change: null }, 3)).toBe(5_001);
  expect(newest.next('client', { id: 'emr', change: 6_000 }, 3)).toBe(6_001);
  expect(newest.next('client', { id: 'other', change: null }, 3)).toBe(3);
});

test.each<[string, ToldChange, AccountRow, boolean]>([
  ['says the same', told(0), row(null), false],
  ['says nothing of it', told(0, { may: null }), row(null), false],
  ['gives more', told(0, { may: ['read', 'write'] }), row(null), false],
  ['gives less', told(0, { may: ['write'] }), row(null), true],
  ['took it away', told(0, { may: null, isRevoked: true }), row(null), true],
  ['took it away, too', told(0, { isRevoked: true }), row(null, { revokedAt: new Date(0) }), false],
])('of a row from before there were numbers: the entry %s', (_name, entry, one, isOutdated) => {
  const newest = createNewestChanges();
  newest.learn(entry);
  expect(newest.isOutdated('client', one)).toBe(isOutdated);
});
