/** The flow of an upload: what is held stays bounded, and everything taken is answered. */
import { describe, expect, test } from 'vitest';
import type { Line } from '#src/base/lines.ts';
import { answerLines } from '#src/transfers/batch.ts';
import { until } from '#test/support/wait.ts';

/** An upload of so many lines, each answered when it is told to; what was read and answered. */
function upload(count: number, { linesMax = 8, bytesMax = 1_000, size = 10 } = {}) {
  const seen = { read: 0, begun: [] as number[] };
  const answers = new Map<number, (answer: string) => void>();
  const abort = new AbortController();
  async function* lines(): AsyncGenerator<Line, void, undefined> {
    for (let number = 1; number <= count; number += 1) {
      seen.read = number;
      yield await Promise.resolve({ number, bytes: Buffer.alloc(size) });
    }
  }
  const pieces = answerLines(
    {
      limits: { linesMax, bytesMax },
      answer: ({ number }) => {
        seen.begun.push(number);
        return new Promise((resolve) => answers.set(number, resolve));
      },
      farewell: (reason) => `end: ${String(reason)}\n`,
      signal: abort.signal,
    },
    lines(),
  );
  const answer = (number: number) => answers.get(number)?.(`${number}\n`);
  return { seen, pieces, answer, abort };
}

const rest = async (pieces: AsyncGenerator<string>) => {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text.split('\n').slice(0, -1);
};

/** Turns of the event loop, in which whatever can happen has happened. */
const settle = async () => {
  for (let at = 0; at < 50; at += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('an upload', () => {
  test('is answered in the order in which its lines are done', async () => {
    const { pieces, answer, seen } = upload(4);
    const text = rest(pieces);
    await until('all to be under way', () => seen.begun.length === 4);
    for (const number of [3, 1, 4, 2]) answer(number);
    expect(await text).toEqual(['3', '1', '4', '2']);
  });

  test('of nothing has no answers', async () => {
    expect(await rest(upload(0).pieces)).toEqual([]);
  });

  test('is read no further than its answers are taken: by lines', async () => {
    const { pieces, answer, seen } = upload(1_000, { linesMax: 8 });
    const first = pieces.next();
    await settle();
    expect(seen.begun).toHaveLength(8);
    for (let number = 1; number <= 8; number += 1) answer(number);
    await first;
    await settle();
    const begun = seen.begun.length;
    expect(begun).toBe(16);
    // answered, and not taken by anyone
    for (let number = 9; number <= 16; number += 1) answer(number);
    await settle();
    expect(seen.begun).toHaveLength(begun);
    expect(seen.read).toBe(begun + 1);
    await pieces.return();
  });

  test('is read no further than its answers are taken: by bytes', async () => {
    const { pieces, seen } = upload(1_000, { linesMax: 500, bytesMax: 100, size: 30 });
    const first = pieces.next();
    await settle();
    expect(seen.begun).toHaveLength(4);
    void first;
  });

  test('whose answers nobody reads ends with what is answered and the farewell', async () => {
    const { pieces, answer, seen } = upload(1_000);
    const first = pieces.next();
    await until('lines to be under way', () => seen.begun.length === 8);
    answer(1);
    expect((await first).value).toBe('1\n');
    answer(2);
    await settle();
    const last = await pieces.throw(new Error('nobody reads'));
    expect(last).toEqual({ done: false, value: '2\nend: Error: nobody reads\n' });
    expect((await pieces.next()).done).toBe(true);
    await settle();
    expect(seen.begun.length).toBeLessThan(11);
    expect(seen.read).toBeLessThan(12);
  });

  test('that is stopped answers what it took, and then says why', async () => {
    const { pieces, answer, seen, abort } = upload(1_000);
    const text = rest(pieces);
    await until('lines to be under way', () => seen.begun.length === 8);
    abort.abort('shut');
    await settle();
    expect(seen.begun).toHaveLength(8);
    for (const number of seen.begun) answer(number);
    expect(await text).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', 'end: shut']);
  });

  test('that was stopped before it began takes nothing', async () => {
    const { pieces, seen, abort } = upload(3);
    abort.abort('shut');
    expect(await rest(pieces)).toEqual(['end: shut']);
    expect(seen.begun).toEqual([]);
  });

  test('whose bytes break off answers what it took', async () => {
    async function* broken(): AsyncGenerator<Line, void, undefined> {
      yield await Promise.resolve({ number: 1, bytes: Buffer.from('x') });
      throw new Error('reset');
    }
    const deps = {
      limits: { linesMax: 8, bytesMax: 100 },
      answer: () => Promise.resolve('1\n'),
      farewell: (reason: unknown) => `end: ${String(reason)}\n`,
      signal: new AbortController().signal,
    };
    expect(await rest(answerLines(deps, broken()))).toEqual(['1', 'end: Error: reset']);
  });
});
