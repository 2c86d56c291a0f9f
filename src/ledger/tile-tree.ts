/**
 * The tree in tiles of 256 hashes (C2SP tlog-tiles), as whoever keeps a copy of the files sees it.
 * Imports only `verify.ts`, so that a browser runs it too.
 */
import { nodeHash, rootOf } from './verify.ts';
import type { Bytes, VerifierCrypto } from './verify.ts';

export const tileWidth = 256;

/** How many hashes a level of the tree of `size` leaves has: complete tiles of the one below. */
export function hashesAt(size: number, level: number): number {
  return Math.floor(size / tileWidth ** level);
}

/** How many levels of tiles the tree of this size has. */
export function levelsOf(size: number): number {
  let levels = 0;
  while (hashesAt(size, levels) > 0) levels += 1;
  return levels;
}

/** The tiles of a level, in order: the last one may be the beginning of one. */
export function tilesAt(size: number, level: number): { index: number; width: number }[] {
  const count = hashesAt(size, level);
  return Array.from({ length: Math.ceil(count / tileWidth) }, (_, index) => {
    return { index, width: Math.min(tileWidth, count - index * tileWidth) };
  });
}

/** `<N>[.p/<W>]`: groups of three digits, all but the last after an `x`, as few as are needed. */
export function tileName(index: number, width: number = tileWidth): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/\d{3}/g) ?? [];
  const name = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  return width === tileWidth ? name : `${name}.p/${width}`;
}

/** The file of a tile: `tile/0/x001/234`, `tile/entries/000.p/17`. */
export function tilePath(level: number | 'entries', index: number, width?: number): string {
  return `tile/${level}/${tileName(index, width)}`;
}

/** The file with the opened details of a tile's entries, one JSON text a line. */
export function detailsPath(index: number): string {
  return `details/${tileName(index)}.ndjson`;
}

/** Cuts bytes into hashes of 32. */
export function hashesOf(bytes: Bytes): Bytes[] {
  const hashes: Bytes[] = [];
  for (let at = 0; at + 32 <= bytes.length; at += 32) hashes.push(bytes.subarray(at, at + 32));
  return hashes;
}

/** The root over hashes whose number is a power of two. */
export async function perfectRoot(
  crypto: VerifierCrypto,
  hashes: readonly Bytes[],
): Promise<Bytes> {
  let row = hashes;
  while (row.length > 1) {
    const above: Bytes[] = [];
    for (let at = 0; at + 1 < row.length; at += 2) {
      above.push(await nodeHash(crypto, row[at]!, row[at + 1]!));
    }
    row = above;
  }
  return row[0]!;
}

/**
 * The root of a whole tree from its right edge.
 *
 * @param edge by level, what the last incomplete tile of it holds; fewer than 256 each
 */
export async function edgeRoot(
  crypto: VerifierCrypto,
  edge: readonly (readonly Bytes[])[],
): Promise<Bytes> {
  const frontier: Bytes[] = [];
  for (const hashes of edge.toReversed()) {
    for (let width = tileWidth / 2, at = 0; width >= 1; width /= 2) {
      if ((hashes.length & width) === 0) continue;
      frontier.push(await perfectRoot(crypto, hashes.slice(at, at + width)));
      at += width;
    }
  }
  return rootOf(crypto, frontier);
}
