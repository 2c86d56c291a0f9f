/** Chance that can be had again: every record of a fuzz run follows from a seed and an index. */

/** A number in [0, 1), the next of its sequence. */
export type Random = () => number;

/**
 * The sequence of one record: sfc32 (Chris Doty-Humphrey's PractRand), seeded with both numbers.
 *
 * @param seed a whole number, 0 to 2^53 - 1
 * @param index a whole number, 0 to 2^53 - 1
 */
export function randomOf(seed: number, index: number): Random {
  let a = scrambled(seed >>> 0, 0x9e3779b9);
  let b = scrambled(Math.floor(seed / 0x1_0000_0000) >>> 0, a);
  let c = scrambled(index >>> 0, b);
  let counter = scrambled(Math.floor(index / 0x1_0000_0000) >>> 0, c) | 1;
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 0x1_0000_0000;
  };
  // neighbouring seeds differ in few bits: the first rounds spread them
  for (let round = 0; round < 12; round += 1) next();
  return next;
}

/** A whole number from `min` to `max`, both included. */
export function between(random: Random, min: number, max: number): number {
  return min + Math.floor(random() * (max - min + 1));
}

/** True with this probability. */
export function chance(random: Random, probability: number): boolean {
  return random() < probability;
}

/** One element. Requires: there is one. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!;
}

/** So many decimal digits, zeros in front included. At most 15. */
export function digits(random: Random, count: number): string {
  const below = 10 ** count;
  return String(below + Math.floor(random() * below)).slice(1);
}

/** So many digits of base 16. */
export function hexDigits(random: Random, count: number): string {
  let text = '';
  while (text.length < count) {
    text += (0x1_0000_0000 + Math.floor(random() * 0x1_0000_0000)).toString(16).slice(1);
  }
  return text.slice(0, count);
}

/** As many bytes as the buffer has. */
export function fillBytes(random: Random, buffer: Uint8Array): void {
  for (let at = 0; at < buffer.length; at += 1) buffer[at] = random() * 256;
}

function scrambled(value: number, salt: number): number {
  let mixed = Math.imul(value ^ salt ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) | 0;
}
