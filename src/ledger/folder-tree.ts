/**
 * The tree of a kept copy, once as its leaves make it and once as its files of hashes say. Imports
 * only what a browser can run beside it.
 */
import type { LedgerFault } from './entry-check.ts';
import type { ReadFile, TileReport } from './span.ts';
import { edgeRoot, hashesAt, hashesOf, levelsOf, perfectRoot } from './tile-tree.ts';
import { tilePath, tilesAt, tileWidth } from './tile-tree.ts';
import { same } from './verify.ts';
import type { Bytes, VerifierCrypto } from './verify.ts';

/** What a report says, without the steps, which are heard once and need not be kept. */
export type Summary = Omit<TileReport, 'steps'>;

/** The hashes of each level; `rows[0]` is not kept, null stands for what is not known. */
export type Rows = (Bytes | null)[][];

/** A tree of which some hashes can be asked for; all that it takes to compare it with a root. */
export interface Hashes {
  /** Hashes of a level from `start` up to, not including, `end`, all in one tile; null: unknown. */
  hashes(level: number, start: number, end: number): Promise<readonly (Bytes | null)[] | null>;
}

export interface TreeView extends Hashes {
  size: number;
  rows: Rows;
}

/** The tree that the leaves make. */
export async function madeView(
  crypto: VerifierCrypto,
  summaries: readonly Summary[],
  size: number,
  readFile: ReadFile,
): Promise<TreeView> {
  const rows: Rows = [[]];
  for (let level = 1; level < levelsOf(size); level += 1) {
    const below = rows[level - 1]!;
    const row: (Bytes | null)[] = [];
    for (let index = 0; index < hashesAt(size, level); index += 1) {
      const hashes = below.slice(index * tileWidth, (index + 1) * tileWidth);
      const root = level === 1 ? summaries[index]!.leafRoot : await rootOrNull(crypto, hashes);
      row.push(root);
    }
    rows.push(row);
  }
  return viewOf(size, rows, async (tile) => {
    const { edge, differ, read, isHashesWhole } = summaries[tile]!;
    if (edge) return read === size % tileWidth ? edge.leaves : null;
    // Complete tiles were compared with their files, and only these are still at hand.
    return isHashesWhole && differ.length === 0 ? storedLeaves(readFile, tile) : null;
  });
}

/** The tree that the files of hashes say; a file that is missing or cut is a fault. */
export async function storedView(
  summaries: readonly Summary[],
  size: number,
  readFile: ReadFile,
  faults: LedgerFault[],
): Promise<TreeView> {
  const rows: Rows = [[]];
  const lost = (level: number, index: number): void => {
    const at = index * tileWidth ** (level + 1);
    faults.push({ index: at, problem: `the hashes of tile ${level}/${index} are missing or cut` });
  };
  for (const { index, isHashesWhole } of summaries) if (!isHashesWhole) lost(0, index);
  for (let level = 1; level < levelsOf(size); level += 1) {
    const row: (Bytes | null)[] = [];
    for (const { index, width } of tilesAt(size, level)) {
      const bytes = (await readFile(tilePath(level, index, width))) ?? new Uint8Array();
      const isWhole = bytes.length === width * 32;
      if (!isWhole) lost(level, index);
      row.push(...(isWhole ? hashesOf(bytes) : Array<null>(width).fill(null)));
    }
    rows.push(row);
  }
  return viewOf(size, rows, async (tile) => {
    const { edge, isHashesWhole } = summaries[tile]!;
    if (!isHashesWhole) return null;
    return edge ? edge.stored : storedLeaves(readFile, tile);
  });
}

function viewOf(
  size: number,
  rows: Rows,
  leavesOf: (tile: number) => Promise<readonly Bytes[] | null>,
): TreeView {
  return {
    ...{ size, rows },
    async hashes(level, start, end) {
      if (level > 0) return rows[level]!.slice(start, end);
      const tile = Math.floor(start / tileWidth);
      const leaves = await leavesOf(tile);
      return leaves && leaves.slice(start - tile * tileWidth, end - tile * tileWidth);
    },
  };
}

async function storedLeaves(readFile: ReadFile, tile: number): Promise<Bytes[] | null> {
  const bytes = await readFile(tilePath(0, tile));
  return bytes?.length === tileWidth * 32 ? hashesOf(bytes) : null;
}

async function rootOrNull(
  crypto: VerifierCrypto,
  hashes: readonly (Bytes | null)[],
): Promise<Bytes | null> {
  const known = hashes.filter((hash) => hash !== null);
  return known.length === hashes.length ? perfectRoot(crypto, known) : null;
}

/** Whether the first `size` leaves of a tree have this root; not where a hash is not known. */
export async function beginsWith(
  crypto: VerifierCrypto,
  tree: Hashes,
  { size, root }: { size: number; root: Bytes },
): Promise<boolean> {
  const edge: Bytes[][] = [];
  for (let level = 0; level < levelsOf(size); level += 1) {
    const count = hashesAt(size, level);
    const start = count - (count % tileWidth);
    const hashes = start < count ? await tree.hashes(level, start, count) : [];
    const known = (hashes ?? []).filter((hash) => hash !== null);
    if (known.length !== count - start) return false;
    edge.push(known);
  }
  return same(await edgeRoot(crypto, edge), root);
}

/**
 * What the signed tree holds as the roots of complete tiles of leaves, by their number: found from
 * the right edge, which leads to the signed root, down through every tile that its parent names.
 * Requires that the view has the signed root.
 */
export async function signedRoots(
  crypto: VerifierCrypto,
  { size, rows }: TreeView,
): Promise<ReadonlyMap<number, Bytes>> {
  let above = new Map<number, Bytes>();
  for (let level = rows.length - 1; level >= 1; level -= 1) {
    const own = new Map<number, Bytes>();
    for (const { index, width } of tilesAt(size, level)) {
      const start = index * tileWidth;
      const hashes = rows[level]!.slice(start, start + width);
      const root = width === tileWidth ? await rootOrNull(crypto, hashes) : null;
      const named = above.get(index);
      const isSigned = width < tileWidth || (root && named && same(root, named));
      if (!isSigned) continue;
      for (const [at, hash] of hashes.entries()) if (hash) own.set(start + at, hash);
    }
    above = own;
  }
  return above;
}
