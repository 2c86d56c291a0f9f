/** QR codes: whatever a text says, a camera reads it again. */
import fc from 'fast-check';
import { decodeQR } from 'qr/decode.js';
import { expect, test } from 'vitest';
import { qrCode } from '#api/oauth/qr-code.ts';

const pixelsPerModule = 3;

/** The pixels that the markup stands for, one byte a module first: 1 is dark. */
function modulesOf(svg: string): { size: number; dark: Uint8Array } {
  const size = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)?.[1]);
  const dark = new Uint8Array(size * size);
  for (const [, x = '', y = '', run = ''] of svg.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
    const from = Number(y) * size + Number(x);
    dark.fill(1, from, from + Number(run));
  }
  return { size, dark };
}

function imageOf({ size, dark }: ReturnType<typeof modulesOf>) {
  const width = size * pixelsPerModule;
  const data = new Uint8Array(width * width * 3).fill(255);
  for (let y = 0; y < width; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const module = Math.floor(y / pixelsPerModule) * size + Math.floor(x / pixelsPerModule);
      if (dark[module] === 1) data.fill(0, (y * width + x) * 3, (y * width + x) * 3 + 3);
    }
  }
  return { width, height: width, data };
}

test('a text is read again as it was', () => {
  const texts = fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme-ascii' });
  const isRead = (text: string) =>
    decodeQR(imageOf(modulesOf(qrCode(text, 'key').html)), { timeLimit: 1_000 }) === text;
  fc.assert(fc.property(texts, isRead), { numRuns: 15 });
});

test('four light modules stand around the symbol, and nothing of the page colours it', () => {
  const svg = qrCode('otpauth://totp/a?b=c&d="e"', 'what "it" is').html;
  const { size, dark } = modulesOf(svg);
  const isAtEdge = (at: number) => at < 4 || at >= size - 4;
  const edge = dark.filter((_, at) => isAtEdge(at % size) || isAtEdge(Math.floor(at / size)));
  expect([edge.length, edge.includes(1)]).toEqual([size ** 2 - (size - 8) ** 2, false]);
  expect([dark[4 * size + 4], dark.includes(1)]).toEqual([1, true]);
  expect(svg).toContain(`<rect width="${size}" height="${size}" fill="#fff" />`);
  expect(svg).toContain('<path fill="#000" ');
  expect(svg).toContain('role="img" aria-label="what &quot;it&quot; is"');
  expect(svg).not.toContain('style');
});
