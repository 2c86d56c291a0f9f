/** Lines come out as they went in, however the bytes were cut on their way. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLines } from '#src/base/lines.ts';

async function linesOf(chunks: readonly Buffer[], lineBytesMax = 100) {
  const lines: [number, string | null][] = [];
  async function* source() {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  }
  for await (const { number, bytes } of readLines(source(), lineBytesMax)) {
    lines.push([number, bytes && bytes.toString('utf8')]);
  }
  return lines;
}

const cutInto = (bytes: Buffer, size: number) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  );

describe('lines', () => {
  test('are the same wherever the chunks end', async () => {
    const line = fc
      .string({ unit: 'grapheme', maxLength: 12 })
      .map((text) => text.replaceAll(/[\r\n]/g, ''));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n'))),
        fc.integer({ min: 1, max: 20 }),
        async (written, size) => {
          const bytes = Buffer.from(written.map((parts) => parts.join('')).join(''));
          const expected = written
            .map(([text], at): [number, string] => [at + 1, text])
            .filter(([, text]) => /[^ \t]/.test(text));
          expect(await linesOf(cutInto(bytes, size))).toEqual(expected);
        },
      ),
    );
  });

  test('that are blank are counted and left out; the last needs no end', async () => {
    expect(await linesOf([Buffer.from('\n \t\r\na\n\n\r\nb')])).toEqual([
      [3, 'a'],
      [6, 'b'],
    ]);
    expect(await linesOf([])).toEqual([]);
    expect(await linesOf([Buffer.from('\n\n')])).toEqual([]);
  });

  test('that are too long are told and skipped, and the next one is whole', async () => {
    const text = `${'x'.repeat(9)}\r\n${'y'.repeat(8)}\r\n${'z'.repeat(50)}\nend`;
    for (const size of [1, 3, 7, 100]) {
      expect(await linesOf(cutInto(Buffer.from(text), size), 8)).toEqual([
        [1, null],
        [2, 'yyyyyyyy'],
        [3, null],
        [4, 'end'],
      ]);
    }
    expect(await linesOf(cutInto(Buffer.from('x'.repeat(1_000)), 10), 8)).toEqual([[1, null]]);
  });
});
