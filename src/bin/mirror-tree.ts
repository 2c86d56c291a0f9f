/** Fetches the hashes of a ledger's tree, and keeps none that does not lead to the signed root. */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beginsWith, type Hashes } from '#src/ledger/folder-tree.ts';
import { nodeCrypto } from '#src/ledger/node-crypto.ts';
import { hashesOf, hashesAt, levelsOf, perfectRoot } from '#src/ledger/tile-tree.ts';
import { tileName, tilePath, tilesAt, tileWidth } from '#src/ledger/tile-tree.ts';
import { same, type Checkpoint } from '#src/ledger/verify.ts';
import { fileReader, unfinished, writeWhole } from './folder-files.ts';

export interface TileRef {
  level: number;
  index: number;
  width: number;
}

/** The tree that the files of a folder hold, read where it is asked for. */
export function folderTree(dir: string, size: number): Hashes {
  const readFile = fileReader(dir);
  return {
    async hashes(level, start, end) {
      const index = Math.floor(start / tileWidth);
      const width = Math.min(tileWidth, hashesAt(size, level) - index * tileWidth);
      const bytes = await readFile(tilePath(level, index, width));
      if (bytes?.length !== width * 32) return null;
      return hashesOf(bytes).slice(start - index * tileWidth, end - index * tileWidth);
    },
  };
}

function tilesOf(size: number): TileRef[] {
  const levels = Array.from({ length: levelsOf(size) }, (_, level) => level);
  return levels.flatMap((level) => tilesAt(size, level).map((tile) => ({ level, ...tile })));
}

/** The tiles of a tree that a folder lacks, lowest level first. */
export function lackingTiles(dir: string, size: number): TileRef[] {
  return tilesOf(size).filter(({ level, index, width }) => {
    const path = join(dir, tilePath(level, index, width));
    return !existsSync(path) || statSync(path).size !== width * 32;
  });
}

/**
 * The tiles of a tree that nobody has checked: those that the kept tree does not have, also where
 * a run that was killed fetched them, and of the kept tree those that the folder lacked.
 */
export function uncheckedTiles(
  lacking: readonly TileRef[],
  { size, keptSize }: { size: number; keptSize: number },
): TileRef[] {
  const isKept = (tile: TileRef) => isWithin(keptSize, tile);
  return [...tilesOf(size).filter((tile) => !isKept(tile)), ...lacking.filter(isKept)];
}

/** Whether the tree of this size has all hashes of a tile. */
function isWithin(size: number, { level, index, width }: TileRef): boolean {
  return hashesAt(size, level) >= index * tileWidth + width;
}

/**
 * Checks tiles that nobody has checked: the right edge leads to the signed root, each complete tile
 * is the one that the tile above it names, and the tree begins with the one that was kept.
 *
 * @returns what is wrong, or undefined
 */
export async function treeProblem(
  dir: string,
  unchecked: readonly TileRef[],
  { checkpoint, kept }: { checkpoint: Checkpoint; kept: Checkpoint | undefined },
): Promise<string | undefined> {
  const tree = folderTree(dir, checkpoint.size);
  if (!(await beginsWith(nodeCrypto, tree, checkpoint))) {
    return 'the hashes that were given do not lead to the signed root';
  }
  if (kept && !(await beginsWith(nodeCrypto, tree, kept))) {
    return 'the ledger does not continue the checkpoint that was kept';
  }
  for (const { level, index, width } of unchecked) {
    if (width < tileWidth) continue;
    const hashes = await tree.hashes(level, index * tileWidth, (index + 1) * tileWidth);
    const known = (hashes ?? []).filter((hash) => hash !== null);
    const [named] = (await tree.hashes(level + 1, index, index + 1)) ?? [];
    const isNamed = known.length === tileWidth && named;
    if (!isNamed || !same(await perfectRoot(nodeCrypto, known), named)) {
      return `the hashes of tile ${level}/${index} are not those of the signed tree`;
    }
  }
  return undefined;
}

/** Takes tiles of hashes away and, beyond the kept tree, the leaves that were held against them. */
export function dropTiles(dir: string, tiles: readonly TileRef[], keptSize: number): void {
  for (const tile of tiles) {
    const { level, index, width } = tile;
    const isOfLeaves = level === 0 && !isWithin(keptSize, tile);
    for (const name of isOfLeaves ? ([level, 'entries'] as const) : [level]) {
      rmSync(join(dir, tilePath(name, index, width)), { force: true });
    }
  }
}

/** Takes away beginnings of tiles that are whole or longer by now, and what was never finished. */
export function cleanUp(dir: string, size: number): void {
  const edges = new Map<string, string>();
  for (let level = 0; level < levelsOf(size); level += 1) {
    const last = tilesAt(size, level).at(-1)!;
    if (last.width === tileWidth) continue;
    const names = level === 0 ? [`${level}`, 'entries'] : [`${level}`];
    for (const name of names) {
      edges.set(`${name}/${tileName(last.index, 1).replace(/\/1$/, '')}`, String(last.width));
    }
  }
  const top = join(dir, 'tile');
  if (!existsSync(top)) return;
  for (const entry of readdirSync(top, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(top.length + 1);
    if (entry.isDirectory() && entry.name.endsWith('.p')) {
      const width = edges.get(name);
      if (width === undefined) rmSync(path, { recursive: true });
    } else if (/\.p\/\d+$/.test(name)) {
      const [folder = '', width] = name.split(/\/(?=\d+$)/);
      const isOld = edges.has(folder) && edges.get(folder) !== width;
      if (isOld) rmSync(path, { force: true });
    }
  }
}

/** Takes away what a mirror that was killed had begun to write. */
export function dropUnfinished(dir: string): void {
  if (!existsSync(dir)) return;
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (entry.name.startsWith(unfinished)) rmSync(join(entry.parentPath, entry.name));
  }
}

/** Writes a tile of hashes; one that is not as long as it was said to be is refused. */
export function writeTile(dir: string, { level, index, width }: TileRef, bytes: Uint8Array): void {
  if (bytes.length !== width * 32) throw new TypeError('a tile of hashes is not of its length');
  writeWhole(join(dir, tilePath(level, index, width)), bytes);
}
