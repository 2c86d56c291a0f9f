/** What each of the thirty items means, vector by vector, under the shipped dictionary. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seoulDate } from '#src/base/seoul.ts';
import type { Contract, SubjectKind } from '#src/base/words.ts';
import { dictionaries, minimiseUnder, releasedUnder } from '#test/minimise/agreed.ts';
import { contract } from '#test/minimise/dictionary.ts';

/** When the order comes: a day in Seoul, or an instant in UTC. */
interface Time {
  today?: string;
  instant?: string;
}

interface Vector extends Time {
  value: unknown;
  why?: string;
  /** What else the record says. */
  with?: Record<string, unknown>;
}

interface Whole extends Time {
  why: string;
  /** Optional ones end in a question mark. */
  items: string[];
  record: Record<string, unknown>;
  subject?: SubjectKind;
  subjectId?: string;
  released?: Record<string, unknown>;
  rules?: string[];
  absent?: string[];
  refused?: { pointer: string; rule: string };
}

interface Family {
  about: string;
  items: Record<
    string,
    {
      subject?: SubjectKind;
      accepted: (Vector & { becomes?: unknown; warnings?: string[] })[];
      refused: (Vector & { rule: string; at?: string })[];
    }
  >;
  compared: Whole[];
  derived: Whole[];
}

const folder = join(import.meta.dirname, '../vectors/items');
const families = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name): [string, Family] => [
    name.replace('.json', ''),
    JSON.parse(readFileSync(join(folder, name), 'utf8')) as Family,
  ]);
const dictionary = dictionaries.get(1)!;
const number = 'residentRegistrationNumber';

const agreeing = (items: readonly string[], subject: SubjectKind = 'patient'): Contract =>
  contract({ items, dictionary, subject, legalBasis: [number] });

const dayOf = ({ today, instant }: Time) =>
  instant === undefined ? (today ?? '2026-03-10') : seoulDate(Date.parse(instant));

/** The record of one value at its place, and the name of whom it is about. */
function recordOf(code: string, { value, with: more }: Vector) {
  const isTest = dictionary.items.get(code)?.at === 'tests';
  const record = { ...more, ...(isTest ? { tests: [{ [code]: value }] } : { [code]: value }) };
  const member = value as { memberId?: unknown };
  const named = code === 'websiteMemberInformation' ? member.memberId : value;
  return { isTest, record, id: typeof named === 'string' ? named : '00012345' };
}

test('the vectors cover the thirty items that leave', () => {
  const leaving = [...dictionary.items.values()].filter(({ at }) => at !== 'result');
  const covered = families.flatMap(([, { items }]) => Object.keys(items));
  expect(covered.toSorted()).toEqual(leaving.map(({ code }) => code).toSorted());
  expect(covered).toHaveLength(30);
  for (const [, { items }] of families) {
    for (const { accepted, refused } of Object.values(items)) {
      expect(accepted.length).toBeGreaterThan(2);
      expect(refused.length).toBeGreaterThan(2);
    }
  }
});

describe.each(families)('%s', (_name, { items, compared, derived }) => {
  describe.each(Object.entries(items))('%s', (code, { subject, accepted, refused }) => {
    test.each(accepted)('takes $value ($why)', (vector) => {
      const { isTest, record, id } = recordOf(code, vector);
      const today = dayOf(vector);
      const outcome = releasedUnder(agreeing([code], subject), record, { id, today });
      const value = 'becomes' in vector ? vector.becomes : vector.value;
      expect(outcome.payload).toEqual(isTest ? { tests: [{ [code]: value }] } : { [code]: value });
      expect(outcome.released.released).toEqual([code]);
      if (vector.warnings) {
        expect(outcome.warnings).toEqual(
          vector.warnings.map((warning) => ({ item: code, code: warning })),
        );
      }
    });

    test.each(refused)('refuses $value: $rule ($why)', (vector) => {
      const { isTest, record, id } = recordOf(code, vector);
      const today = dayOf(vector);
      for (const listed of [code, `${code}?`]) {
        // optional and emptied is absent: that has vectors of its own
        const isEmptied = listed.endsWith('?') && isUnknownThroughout(code, vector.value);
        if (isEmptied) continue;
        const outcome = minimiseUnder(agreeing([listed], subject), record, { id, today });
        const pointer = `/record/${isTest ? 'tests/0/' : ''}${code}${vector.at ?? ''}`;
        if (outcome.outcome !== 'refused') throw new Error('released');
        expect(outcome.problems).toContainEqual({ pointer, rule: vector.rule });
        // what is no text cannot be the number of anybody either
        expect(['INVALID_ITEM', 'SUBJECT_MISMATCH']).toContain(outcome.reason);
      }
    });
  });

  test.each([...compared, ...derived])('$why', (vector) => {
    const { record, items: listed, subject, subjectId: id } = vector;
    const input = { today: dayOf(vector), id: id ?? identifierOf(record) };
    const outcome = minimiseUnder(agreeing(listed, subject), record, input);
    if (vector.refused) {
      if (outcome.outcome !== 'refused') throw new Error('released');
      expect(outcome.problems).toEqual([vector.refused]);
      return;
    }
    const { payload, rules, withheld } = releasedUnder(agreeing(listed, subject), record, input);
    expect(payload).toEqual(vector.released);
    if (vector.rules) expect(rules).toEqual(vector.rules);
    const absent = withheld.filter(({ reason }) => reason === 'ABSENT').map(({ item }) => item);
    expect(absent).toEqual(vector.absent ?? []);
  });
});

/** True where nothing of a composite value is known to its schema. */
function isUnknownThroughout(code: string, value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const known = dictionary.items.get(code)?.schema['properties'] ?? {};
  return !Object.keys(value).some((key) => Object.hasOwn(known, key));
}

function identifierOf(record: Record<string, unknown>): string {
  const member = record['websiteMemberInformation'] as { memberId?: string } | undefined;
  return (record['chartNumber'] as string | undefined) ?? member?.memberId ?? '00012345';
}
