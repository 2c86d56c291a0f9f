/**
 * The Merkle tree of RFC 9162 section 2.1, grown at its right edge;
 * complete tiles fall off it. Pure.
 */
import { strict as assert } from 'node:assert';
import { hash } from 'node:crypto';

export const hashBytes = 32;
/** Hashes in a complete tile, and so levels of the tree in one level of tiles: C2SP tlog-tiles. */
export const tileWidth = 256;
export const tileHeight = 8;

/** The part of the tree that can still change: at each tile level, the hashes of its last tile. */
export interface Edge {
  size: number;
  /** `levels[0]` leaf hashes, `levels[1]` roots of complete tiles of level 0 …; each < 256. */
  levels: readonly (readonly Buffer[])[];
}

/** 256 consecutive hashes of a tile level, and the root of the subtree that they make. */
export interface Tile {
  level: number;
  index: number;
  hashes: Buffer;
  root: Buffer;
}

export const emptyEdge: Edge = { size: 0, levels: [] };

const leafPrefix = Buffer.of(0x00);
const nodePrefix = Buffer.of(0x01);

/** SHA-256(0x00 ‖ leaf). */
export function leafHash(leaf: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([leafPrefix, leaf]), 'buffer');
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([nodePrefix, left, right]), 'buffer');
}

/**
 * Appends leaf hashes, in order. Returns the new edge and the tiles that they completed, level by
 * level from below and by index within a level. `edge` itself stays as it was.
 */
export function append(edge: Edge, leafHashes: readonly Buffer[]): { edge: Edge; tiles: Tile[] } {
  const size = edge.size + leafHashes.length;
  const levels: Buffer[][] = [];
  const tiles: Tile[] = [];
  let incoming = leafHashes;
  for (let level = 0; level < edge.levels.length || incoming.length > 0; level++) {
    const hashes = [...(edge.levels[level] ?? []), ...incoming];
    const roots: Buffer[] = [];
    // Complete tiles at this level before the append: the index of the next one.
    let index = Math.floor(edge.size / tileWidth ** (level + 1));
    let used = 0;
    for (; used + tileWidth <= hashes.length; used += tileWidth, index++) {
      const members = hashes.slice(used, used + tileWidth);
      const root = perfectRoot(members);
      tiles.push({ level, index, hashes: Buffer.concat(members), root });
      roots.push(root);
    }
    levels.push(hashes.slice(used));
    incoming = roots;
  }
  return { edge: { size, levels }, tiles };
}

/**
 * Roots of the perfect subtrees that make up the tree, largest first: one for each bit of its size.
 */
export function frontier(edge: Edge): readonly Buffer[] {
  const known = frontiers.get(edge);
  if (known) return known;
  const roots = edge.levels.toReversed().flatMap((hashes) => {
    const roots: Buffer[] = [];
    for (let width = tileWidth / 2, at = 0; width >= 1; width /= 2) {
      if ((hashes.length & width) === 0) continue;
      roots.push(perfectRoot(hashes.slice(at, at + width)));
      at += width;
    }
    return roots;
  });
  frontiers.set(edge, roots);
  return roots;
}

/** An edge never changes, and each is asked for its frontier by its own round and by the next. */
const frontiers = new WeakMap<Edge, readonly Buffer[]>();

/** The root of the tree with this frontier; of the empty tree, the hash of nothing. */
export function rootOf(frontierHashes: readonly Buffer[]): Buffer {
  if (frontierHashes.length === 0) return hash('sha256', Buffer.alloc(0), 'buffer');
  return frontierHashes.reduceRight((right, left) => nodeHash(left, right));
}

/**
 * A tile from its hashes up, a level a buffer: `[0]` the hashes, then their parents, and so on.
 * Of an incomplete tile, the perfect subtrees only.
 */
export function tileLevels(hashes: Buffer): Buffer[] {
  const levels = [hashes];
  for (let below = hashes; below.length >= 2 * hashBytes; below = levels.at(-1)!) {
    const parents = Math.floor(below.length / (2 * hashBytes));
    const above = Buffer.alloc(parents * hashBytes);
    for (let at = 0; at < parents; at++) {
      const [left, right] = [hashAt(below, 2 * at), hashAt(below, 2 * at + 1)];
      nodeHash(left, right).copy(above, at * hashBytes);
    }
    levels.push(above);
  }
  return levels;
}

/** Hash number `at` of many, as a view. */
export function hashAt(hashes: Buffer, at: number): Buffer {
  return hashes.subarray(at * hashBytes, (at + 1) * hashBytes);
}

/** Requires: the number of hashes is a power of two. */
function perfectRoot(hashes: readonly Buffer[]): Buffer {
  return tileLevels(Buffer.concat(hashes)).at(-1)!;
}

/** Cuts bytes into hashes of 32. */
export function splitHashes(bytes: Buffer): Buffer[] {
  assert(bytes.length % hashBytes === 0, 'hashes have 32 bytes each');
  return Array.from({ length: bytes.length / hashBytes }, (_, at) => hashAt(bytes, at));
}
