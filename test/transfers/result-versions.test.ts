/** The order of a transfer's results: what may follow what, and what repeats. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFingerprint } from '#src/sealing/fingerprint.ts';
import {
  placeAfter,
  readReport,
  type Place,
  type Report,
  type TakenVersion,
} from '#src/transfers/result-versions.ts';

const transfer = '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60';
const fingerprint = createFingerprint({ key: Buffer.alloc(32, 5) });
const read = (content: Record<string, unknown>, of = transfer): Report => {
  const report = readReport(fingerprint, { transfer: of, content });
  if (!report) throw new Error('no report');
  return report;
};

type Status = 'preliminary' | 'final' | 'amended' | 'corrected';
const tested = (status: Status, reportedOn = '2026-03-03', value = '98') => ({
  testResult: { reportedOn, status, values: [{ value }] },
});
const shipped = (status: string, at = '2026-03-03T00:00:00Z', trackingNumber = '0001') => ({
  shipment: { trackingNumber, status, at },
});

/** Gives one content after the other; what became of each. The ids are `1`, `2`, … */
function give(contents: readonly Record<string, unknown>[], taken: TakenVersion[] = []): Place[] {
  return contents.map((content) => {
    const report = read(content);
    const place = placeAfter(taken, report);
    if (place.outcome === 'follows') taken.unshift(rowOf(report, place.version));
    return place;
  });
}

function rowOf(report: Report, version: number): TakenVersion {
  return {
    ...{ id: String(version), version, reported: report.reported, reported_at: report.reportedAt },
    ...{ statement_hmac: report.statement, parcel_hmac: report.parcel, retracted_at: null },
  };
}

const outcomes = (contents: readonly Record<string, unknown>[]) =>
  give(contents).map(({ outcome }) => outcome);

describe('the results of a test', () => {
  test('are numbered, and each names the one that it stands in place of', () => {
    const statuses = ['preliminary', 'final', 'amended', 'corrected'] as const;
    expect(give(statuses.map((status) => tested(status)))).toEqual([
      { outcome: 'follows', version: 1, replaces: null },
      { outcome: 'follows', version: 2, replaces: '1' },
      { outcome: 'follows', version: 3, replaces: '2' },
      { outcome: 'follows', version: 4, replaces: '3' },
    ]);
  });

  test.each<[Status[], string]>([
    [['amended'], 'RESULT_OUT_OF_ORDER'],
    [['corrected'], 'RESULT_OUT_OF_ORDER'],
    [['preliminary', 'amended'], 'RESULT_OUT_OF_ORDER'],
    [['final', 'preliminary'], 'RESULT_OUT_OF_ORDER'],
    [['final', 'corrected', 'preliminary'], 'RESULT_OUT_OF_ORDER'],
    [['final', 'final'], 'DUPLICATE_RESULT'],
    [['final', 'amended', 'final'], 'DUPLICATE_RESULT'],
  ])('%j ends in %s, also with another value', (statuses, refusal) => {
    const contents = statuses.map((status, at) => tested(status, '2026-03-03', String(at)));
    expect(outcomes(contents).at(-1)).toBe(refusal);
  });

  test('say nothing twice, whatever the order of their members', () => {
    const { testResult } = tested('preliminary');
    const { values, status, reportedOn } = testResult;
    const turned = { testResult: { values, status, reportedOn } };
    expect(outcomes([{ testResult }, turned])).toEqual(['follows', 'DUPLICATE_RESULT']);
    const other = tested('preliminary', '2026-03-03', '99');
    expect(outcomes([{ testResult }, other])).toEqual(['follows', 'follows']);
  });

  test('do not go back in time', () => {
    const back = [tested('preliminary', '2026-03-03'), tested('final', '2026-03-02')];
    expect(outcomes(back)).toEqual(['follows', 'RESULT_OUT_OF_ORDER']);
  });

  test('form preliminary* final (amended | corrected)*, whatever is tried', () => {
    const status = fc.constantFrom<Status>('preliminary', 'final', 'amended', 'corrected');
    fc.assert(
      fc.property(fc.array(status, { maxLength: 12 }), (tried) => {
        const contents = tried.map((one, at) => tested(one, '2026-03-03', String(at)));
        const places = give(contents);
        const taken = tried.filter((_, at) => places[at]?.outcome === 'follows');
        const word = taken.map((one) => one[0]).join('');
        expect(word).toMatch(/^p*(f[ac]*)?$/);
        // and whatever was refused would have broken it
        tried.forEach((one, at) => {
          if (places[at]?.outcome === 'follows') return;
          const before = tried.slice(0, at).filter((_, i) => places[i]?.outcome === 'follows');
          const attempted = [...before, one].map((each) => each[0]).join('');
          expect(attempted).not.toMatch(/^p*(f[ac]*)?$/);
        });
      }),
    );
  });
});

describe('the states of a parcel', () => {
  test('follow each other under one tracking number', () => {
    const [first, later] = [shipped('accepted'), shipped('In Transit', '2026-03-03T01:00:00Z')];
    expect(outcomes([first, later, shipped('delivered', '2026-03-04T00:00:00Z')])).toEqual(
      Array(3).fill('follows'),
    );
    expect(outcomes([first, first])).toEqual(['follows', 'DUPLICATE_RESULT']);
    const other = shipped('delivered', '2026-03-04T00:00:00Z', '0002');
    expect(outcomes([first, other])).toEqual(['follows', 'RESULT_OUT_OF_ORDER']);
    const before = shipped('delivered', '2026-03-02T23:59:59+09:00');
    expect(outcomes([first, before])).toEqual(['follows', 'RESULT_OUT_OF_ORDER']);
  });

  test('are told outside the content in closed words only', () => {
    expect(read(shipped(' OUT_FOR delivery ')).reported).toBe('out-for-delivery');
    fc.assert(
      fc.property(fc.string({ maxLength: 50 }), (words) => {
        expect(read(shipped(words)).reported).toMatch(/^[a-z]+(-[a-z]+)*$/);
      }),
    );
  });

  test('are read at any time that the schema lets stand', () => {
    for (const at of [
      '2016-12-31T23:59:60Z',
      '2026-03-03t00:00:00z',
      '2026-03-03 00:00:00+09:00',
    ]) {
      expect(read(shipped('accepted', at)).reportedAt).not.toBeNull();
    }
    expect(read(shipped('accepted', 'no time')).reportedAt).toBeNull();
  });
});

test('work may be reported again in the same words, but not before the last', () => {
  const done = (at: string) => ({ workReport: { at, summary: 'Done.' } });
  const [one, two] = [done('2026-03-03T00:00:00Z'), done('2026-03-02T00:00:00Z')];
  expect(outcomes([one, one, two])).toEqual(['follows', 'follows', 'RESULT_OUT_OF_ORDER']);
});

test('a retracted version counts for nothing, and its number is not used again', () => {
  const taken: TakenVersion[] = [];
  give([tested('preliminary'), tested('final')], taken);
  taken[0] = { ...taken[0]!, retracted_at: new Date() };
  const again = placeAfter(taken, read(tested('final')));
  expect(again).toEqual({ outcome: 'follows', version: 3, replaces: '1' });
});

test('histories do not mix, and a file alone has none', () => {
  const places = give([tested('final'), shipped('accepted', '2020-01-01T00:00:00Z')]);
  expect(places.map(({ outcome }) => outcome)).toEqual(['follows', 'follows']);
  expect(readReport(fingerprint, { transfer, content: { report: {} } })).toBeNull();
  expect(placeAfter([], null)).toEqual({ outcome: 'follows', version: 1, replaces: null });
});

test('no fingerprint can be compared with that of another transfer', () => {
  const other = '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a61';
  const [here, there] = [read(shipped('accepted')), read(shipped('accepted'), other)];
  expect(here.parcel?.equals(there.parcel ?? Buffer.alloc(0))).toBe(false);
  expect(here.statement.equals(there.statement)).toBe(false);
});
