import { expect, test } from 'vitest';
import { advisoryLocks } from '#src/store/advisory-locks.ts';
import { allFiles, readText } from '#test/support/sources.ts';

const numbers: number[] = Object.values(advisoryLocks);
/** What is written of them in a file, also as `7_240_010`. */
const writtenIn = (path: string) =>
  (readText(path).match(/\b7_?240_?\d{3}\b/g) ?? []).map((text) =>
    Number(text.replaceAll('_', '')),
  );

test('no two kinds of work share a lock', () => {
  expect(new Set(numbers).size).toBe(numbers.length);
});

test('the locks of the schema are on the list', () => {
  const schema = allFiles('src/store/migrations').filter((path) => path.endsWith('.sql'));
  const taken = schema.flatMap(writtenIn);
  expect(taken).toContain(advisoryLocks.hmacKey);
  expect(taken.filter((number) => !numbers.includes(number))).toEqual([]);
});

test('nowhere else is such a number written out', () => {
  const code = [...allFiles('src'), ...allFiles('api')].filter((path) => path.endsWith('.ts'));
  const others = code.filter((path) => path !== 'src/store/advisory-locks.ts');
  expect(others.filter((path) => writtenIn(path).length > 0)).toEqual([]);
});
