/** Random bytes from a pool: as many as asked for, and none of them twice. */
import { expect, test } from 'vitest';
import { randomBytes } from '#src/base/random-bytes.ts';

test('are given in the size that was asked for, and never the same twice', () => {
  const sizes = [1, 12, 16, 32, 44, 4_096, 5_000, 0];
  for (const size of sizes) expect(randomBytes(size)).toHaveLength(size);
  const many = Array.from({ length: 2_000 }, () => randomBytes(16).toString('hex'));
  expect(new Set(many).size).toBe(2_000);
  expect(many.every((one) => !/(00){8}/.test(one))).toBe(true);
});

test('belong to whoever asked: writing over them changes no others', () => {
  const one = randomBytes(32);
  one.fill(0);
  const [next, other] = [randomBytes(32), randomBytes(32)];
  expect(next.every((byte) => byte === 0)).toBe(false);
  expect(next.equals(other)).toBe(false);
  expect(next.buffer === other.buffer).toBe(false);
});
