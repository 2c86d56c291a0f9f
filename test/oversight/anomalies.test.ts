/** The rules of a review: each finds what it is for, from its threshold on, and nothing else. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  thresholds,
  type AnomalyRule,
  type PeriodCount,
  type PeriodFacts,
} from '#src/oversight/anomaly.ts';
import { findAnomalies } from '#src/oversight/anomaly-rules.ts';
import { shownOf, summaryOf } from '#src/oversight/review-facts.ts';
import { tally, type CountedEntry, type TransferFacts } from '#src/oversight/review-tally.ts';

const count = (kind: string, number: number, more: Partial<PeriodCount> = {}): PeriodCount => ({
  ...{ kind, consignee: '', who: '', why: '', offHours: false, count: number, ...more },
});
const released = (number: number, more: Partial<PeriodCount> = {}) =>
  count('released', number, { consignee: 'samkwang', who: 'emr', ...more });
const quiet: PeriodFacts = {
  ...{ counts: [], earlier: [], newItems: [], subjectReads: [], exports: [], lookups: [] },
};
/** Three periods of a hundred orders. */
const usual = [[released(100)], [released(90)], [released(110)]];

const rulesOf = (facts: Partial<PeriodFacts>): AnomalyRule[] =>
  findAnomalies({ ...quiet, ...facts }).map(({ rule }) => rule);

describe('volume', () => {
  test.each([
    [200, []],
    [201, ['VOLUME_HIGH', 'VOLUME_HIGH']],
    [34, []],
    [33, ['VOLUME_LOW', 'VOLUME_LOW']],
    [0, ['VOLUME_LOW', 'VOLUME_LOW']],
  ])('of %i against a usual of 100 finds %j, of consignee and of client', (number, rules) => {
    const counts = number === 0 ? [] : [released(number)];
    expect(rulesOf({ counts, earlier: usual })).toEqual(rules);
  });

  test('is not judged before there are three periods to judge by', () => {
    expect(rulesOf({ counts: [released(5_000)], earlier: usual.slice(0, 2) })).toEqual([]);
  });

  test('that is small may double without a word', () => {
    const earlier = [[released(3)], [released(3)], [released(3)]];
    expect(rulesOf({ counts: [released(40)], earlier })).toEqual([]);
  });
});

describe('what was never seen before', () => {
  test('is told: a consignee, a client, an item; of a new consignee not item by item', () => {
    const newItems = [
      { consignee: 'lctech', item: 'name', isConsigneeNew: true },
      { consignee: 'lctech', item: 'address', isConsigneeNew: true },
      { consignee: 'samkwang', item: 'email', isConsigneeNew: false },
    ];
    const counts = [released(100), released(1, { who: 'emr-two' })];
    expect(rulesOf({ counts, earlier: usual, newItems })).toEqual([
      ...['NEW_CONSIGNEE', 'NEW_CLIENT', 'NEW_ITEM'],
    ]);
  });

  test('is nothing in the first period, in which everything is new', () => {
    const newItems = [{ consignee: 'samkwang', item: 'name', isConsigneeNew: true }];
    expect(rulesOf({ counts: [released(10)], newItems })).toEqual([]);
  });
});

test('orders out of hours are told when they are many, and more than usual', () => {
  const night = { offHours: true };
  const earlier = usual.map(([day]) => [day!, released(5, night)]);
  const rules = (number: number) =>
    rulesOf({ counts: [released(90), released(number, night)], earlier });
  expect(rules(19)).toEqual([]);
  expect(rules(20)).toEqual(['ORDERS_OFF_HOURS']);
  // A client that always works at night does nothing unusual.
  const always = usual.map(() => [released(100, night)]);
  expect(rulesOf({ counts: [released(100, night)], earlier: always })).toEqual([]);
});

test('reads out of hours are told from ten on', () => {
  const reads = (number: number) => [
    count('audit-read', number, { who: 'auditor', offHours: true }),
  ];
  expect(rulesOf({ counts: reads(9) })).toEqual([]);
  expect(rulesOf({ counts: reads(10) })).toEqual(['READS_OFF_HOURS']);
});

describe('refusals', () => {
  const refused = (number: number, why = 'REQUIRED_ITEM_MISSING') =>
    count('refused', number, { who: 'emr', why });
  test('are told when they are many and a share of what was sent', () => {
    expect(rulesOf({ counts: [refused(19)] })).toEqual([]);
    expect(rulesOf({ counts: [refused(20), released(380)] })).toEqual(['REFUSALS']);
    expect(rulesOf({ counts: [refused(20), released(381)] })).toEqual([]);
  });

  test('name the most frequent reason', () => {
    const counts = [refused(15), refused(16, 'INVALID_ITEM')];
    const [found] = findAnomalies({ ...quiet, counts });
    expect(found).toMatchObject({
      ...{
        rule: 'REFUSALS',
        facts: { client: 'emr', count: 31, share: 100, reason: 'INVALID_ITEM' },
      },
      sentence: { ko: expect.stringContaining('31건') as string },
    });
  });

  test('for a mixed-up person count for themselves', () => {
    expect(rulesOf({ counts: [refused(3, 'SUBJECT_MISMATCH')] })).toEqual(['MIXED_UP_PERSON']);
    expect(rulesOf({ counts: [refused(2, 'SUBJECT_MISMATCH')] })).toEqual([]);
  });
});

describe('reading', () => {
  test('of one person again and again is told, by whom, and by which entries', () => {
    const subjectReads = [{ who: 'auditor', count: 5, entries: [3, 5, 8, 9, 11] }];
    expect(findAnomalies({ ...quiet, subjectReads })).toMatchObject([
      {
        rule: 'SUBJECT_READ_OFTEN',
        facts: { who: 'auditor', count: 5 },
        entries: [3, 5, 8, 9, 11],
      },
    ]);
    expect(rulesOf({ subjectReads: [{ who: 'auditor', count: 4, entries: [] }] })).toEqual([]);
  });

  test('of very much is told against the usual', () => {
    const reads = (number: number) => count('audit-read', number, { who: 'auditor' });
    expect(rulesOf({ counts: [reads(5_000)] })).toEqual([]);
    const none = [[], [], []];
    expect(rulesOf({ counts: [reads(199)], earlier: none })).toEqual([]);
    expect(rulesOf({ counts: [reads(200)], earlier: none })).toEqual(['READS_HIGH']);
    const earlier = [[reads(100)], [reads(100)], [reads(100)]];
    expect(rulesOf({ counts: [reads(200)], earlier })).toEqual([]);
  });

  test('of many people on one day is told', () => {
    const lookups = (number: number) => [{ who: 'auditor', day: '2026-10-05', count: number }];
    expect(rulesOf({ lookups: lookups(thresholds.lookups.perDay) })).toEqual([]);
    expect(rulesOf({ lookups: lookups(thresholds.lookups.perDay + 1) })).toEqual(['MASS_LOOKUP']);
  });
});

test('every export is told, and a large one as such', () => {
  const exports = [10, 1_000, null].map((found, entry) => ({
    entry,
    who: 'auditor',
    format: 'csv',
    found,
  }));
  expect(rulesOf({ exports })).toEqual(['EXPORT', 'EXPORT_LARGE', 'EXPORT']);
  const none = { entry: 3, who: 'auditor', found: null };
  const untold = ['csv', 'evidence'].map((format) => ({ ...none, format }));
  expect(findAnomalies({ ...quiet, exports: untold }).map(({ sentence }) => sentence.en)).toEqual([
    'auditor exported records as csv; how many rows is not known.',
    'auditor exported records as evidence.',
  ]);
});

test('changes of access, locked accounts and details that cannot be opened are told by their number', () => {
  const counts = [
    ...[count('access-granted', 2), count('staff-revoked', 1), count('staff-locked', 3)],
    ...[count('refused', 4, { why: 'unreadable' }), count('audit-read', 9, { why: 'erased' })],
  ];
  expect(
    findAnomalies({ ...quiet, counts }).map(({ rule, facts }) => [rule, facts['count']]),
  ).toEqual([
    ...[
      ['ACCESS_CHANGED', 2],
      ['ACCESS_CHANGED', 1],
      ['STAFF_LOCKED', 3],
    ],
    ['DETAIL_UNREADABLE', 4],
  ]);
});

const anyCount = fc.record({
  kind: fc.constantFrom(
    'released',
    'refused',
    'audit-read',
    'exported',
    'staff-locked',
    'delivered',
  ),
  consignee: fc.constantFrom('', 'samkwang', 'bml'),
  who: fc.constantFrom('', 'emr', 'auditor', 'console/staff-1'),
  why: fc.constantFrom('', 'SUBJECT_MISMATCH', 'trail', 'unreadable'),
  offHours: fc.boolean(),
  count: fc.integer({ min: 1, max: 5_000 }),
});

test('whatever is counted, each sentence is whole in both languages, and the sum stays the same', () => {
  const counts = fc.array(anyCount, { maxLength: 12 });
  fc.assert(
    fc.property(counts, fc.array(counts, { maxLength: 7 }), (own, earlier) => {
      const facts = { ...quiet, counts: own, earlier };
      for (const { sentence } of findAnomalies(facts)) {
        for (const text of [sentence.en, sentence.ko]) {
          expect(text).not.toMatch(/undefined|NaN|Infinity|null|\[object/);
          expect(text).toMatch(/\.$/);
        }
      }
      const period = { name: '2026-10', from: '2026-10-01', to: '2026-10-31' };
      const sum = () => summaryOf(shownOf(period, facts)).toString('hex');
      expect(sum()).toBe(sum());
    }),
  );
});

describe('counting', () => {
  const leafOf = (kind: string, at: string, more: object = {}) =>
    Buffer.from(JSON.stringify({ kind, at, transfer: null, consignee: null, items: [], ...more }));
  const detailOf = (detail: object) => ({ content: Buffer.from(JSON.stringify(detail)) });
  const open = { from: 7 * 60, to: 21 * 60 };
  const transfer = '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60';
  const facts: TransferFacts = new Map([[transfer, { client: 'emr', subject: 'a-person' }]]);

  test.each([
    ['2026-10-01T11:59:59.999Z', '2026-10-01', false],
    ['2026-10-01T12:00:00.000Z', '2026-10-01', true],
    ['2026-10-01T14:59:59.999Z', '2026-10-01', true],
    ['2026-10-01T15:00:00.000Z', '2026-10-02', true],
    ['2026-10-01T22:00:00.000Z', '2026-10-02', false],
  ])('takes day and hour of %s in Seoul', (at, day, offHours) => {
    const { counts } = tally([{ index: 0, leaf: leafOf('purged', at) }], { facts, open });
    expect(counts).toMatchObject([{ day, offHours, kind: 'purged', count: 1 }]);
  });

  test('is not stopped by a leaf that somebody changed', () => {
    const odd = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify(value)),
    );
    const change = fc.dictionary(
      fc.constantFrom('kind', 'at', 'transfer', 'consignee', 'items'),
      fc.jsonValue(),
    );
    const changed = change.map((more) => leafOf('released', '2026-10-01T03:00:00.000Z', more));
    const leaf = fc.oneof(
      odd.map((text) => Buffer.from(text)),
      changed,
    );
    fc.assert(
      fc.property(fc.array(leaf), (leaves) => {
        const entries = leaves.map((bytes, index) => ({ index, leaf: bytes, detail: null }));
        for (const one of tally(entries, { facts, open }).counts) {
          expect(one.day).toMatch(/^\d{4}-\d{2}-\d{2}$/);
          expect(one.kind).toMatch(/^[a-z-]+$/);
        }
      }),
    );
  });

  test('knows whose order it was by the transfer, and who read whose by the detail', () => {
    const at = '2026-10-01T03:00:00.000Z';
    const items = ['name', 'age'];
    const actor = { client: 'console', kind: 'auditor', person: 'staff-1' };
    const entries: CountedEntry[] = [
      { index: 7, leaf: leafOf('released', at, { transfer, consignee: 'samkwang', items }) },
      {
        index: 8,
        leaf: leafOf('audit-read', at, { transfer }),
        detail: detailOf({ actor, query: { what: 'trail' } }),
      },
      {
        index: 9,
        leaf: leafOf('refused', at),
        detail: detailOf({ actor: { client: 'emr' }, reason: 'Ann came herself, 010-0000-4821' }),
      },
      { index: 10, leaf: leafOf('exported', at), detail: null },
      { index: 11, leaf: leafOf('disclosures-read', at), detail: null, erased: true },
      { index: 12, leaf: Buffer.from('not a leaf') },
    ];
    const found = tally(entries, { facts, open });
    expect(found.counts.map(({ kind, who, why }) => [kind, who, why])).toEqual([
      ['released', 'emr', ''],
      ['audit-read', 'console/staff-1', 'trail'],
      // What a person may have written is no code, and is not kept.
      ['refused', 'emr', ''],
      ['exported', '', 'unreadable'],
      ['disclosures-read', '', 'erased'],
    ]);
    expect(found.items.map(({ item }) => item)).toEqual(items);
    expect(found.reads[0]).toMatchObject({ entry: 8, who: 'console/staff-1', subject: 'a-person' });
  });
});
