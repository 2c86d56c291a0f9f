/** Hashes of the tree as it was signed: from tiles and checkpoints, never from the leaves. */
import { GatewayError } from '#src/base/errors.ts';
import type { Queryable } from '#src/store/pool.ts';
import { LedgerBroken, partialLeafHashes, partialTile } from './head.ts';
import type { NodeReader, TreeNode } from './proofs.ts';
import { hashAt, tileHeight, tileLevels, tileWidth } from './tree.ts';

export interface NodeSource {
  /** Reads what is needed for these perfect subtrees of the tree of this size. */
  load(size: number, nodes: readonly TreeNode[]): Promise<NodeReader>;
}

interface TileRef {
  level: number;
  index: number;
  /** How many of its hashes the tree has: 256, or fewer at the right edge. */
  width: number;
}

/**
 * @param options.tilesMax tiles kept in memory, 16 KB each; the least recently used goes first.
 *   A tile of a given width never changes, so that nothing needs to be invalidated.
 */
export function createNodeSource(
  deps: { db: Queryable },
  options: { tilesMax?: number } = {},
): NodeSource {
  const tilesMax = options.tilesMax ?? 512;
  const cache = new Map<string, Buffer[]>();

  const keep = (key: string, levels: Buffer[]): void => {
    cache.delete(key);
    cache.set(key, levels);
    if (cache.size > tilesMax) cache.delete(cache.keys().next().value!);
  };

  return {
    async load(size, nodes) {
      const wanted = new Map(
        nodes.map((node) => tileOf(size, node)).map((ref) => [keyOf(ref), ref]),
      );
      const tiles = new Map<string, Buffer[]>();
      for (const key of wanted.keys()) {
        const levels = cache.get(key);
        if (levels) tiles.set(key, levels);
      }
      const missing = [...wanted.values()].filter((ref) => !tiles.has(keyOf(ref)));
      for (const [ref, hashes] of await readTiles(deps.db, size, missing)) {
        tiles.set(keyOf(ref), tileLevels(hashes));
      }
      for (const [key, levels] of tiles) keep(key, levels);
      return (level, index) => {
        const ref = tileOf(size, { level, index });
        const inside = level % tileHeight;
        const row = tiles.get(keyOf(ref))?.[inside];
        const hash = row && hashAt(row, index - ref.index * 2 ** (tileHeight - inside));
        if (hash?.length !== 32) throw broken(new LedgerBroken('a hash was not loaded'));
        return hash;
      };
    },
  };
}

function tileOf(size: number, node: TreeNode): TileRef {
  const level = Math.floor(node.level / tileHeight);
  const index = Math.floor(node.index / 2 ** (tileHeight - (node.level % tileHeight)));
  const hashes = Math.floor(size / tileWidth ** level);
  return { level, index, width: Math.min(tileWidth, hashes - index * tileWidth) };
}

function keyOf({ level, index, width }: TileRef): string {
  return `${level}/${index}/${width}`;
}

/** What the tree of this size has of a tile: its hashes, 256 at most; none where it has no such. */
export async function readTile(
  db: Queryable,
  size: number,
  { level, index }: { level: number; index: number },
): Promise<Buffer> {
  const width = Math.min(tileWidth, Math.floor(size / tileWidth ** level) - index * tileWidth);
  if (width <= 0) return Buffer.alloc(0);
  const [found] = await readTiles(db, size, [{ level, index, width }]);
  return found?.[1] ?? Buffer.alloc(0);
}

async function readTiles(
  db: Queryable,
  size: number,
  refs: readonly TileRef[],
): Promise<[TileRef, Buffer][]> {
  const complete = refs.filter(({ width }) => width === tileWidth);
  const found = complete.length === 0 ? [] : await readComplete(db, complete);
  for (const ref of refs.filter(({ width }) => width < tileWidth)) {
    // At most one for each level: they stand at the right edge.
    const hashes = await (
      ref.level === 0
        ? partialLeafHashes(db, size)
        : partialTile(db, ref.level, Math.floor(size / tileWidth ** ref.level))
    ).catch((error: unknown) => {
      throw error instanceof LedgerBroken ? broken(error) : error;
    });
    found.push([ref, Buffer.concat(hashes)]);
  }
  return found;
}

async function readComplete(db: Queryable, refs: readonly TileRef[]): Promise<[TileRef, Buffer][]> {
  const { rows } = await db.query<{ level: number; index: number; hashes: Buffer }>({
    name: 'ledger-tiles',
    text: `SELECT t.level, t.index, t.hashes
     FROM unnest($1::smallint[], $2::bigint[]) AS w (level, index)
     JOIN tiles t ON t.level = w.level AND t.index = w.index`,
    values: [refs.map(({ level }) => level), refs.map(({ index }) => index)],
  });
  if (rows.length !== refs.length) throw broken(new LedgerBroken('tiles are missing'));
  return rows.map(({ level, index, hashes }) => [{ level, index, width: tileWidth }, hashes]);
}

/** What a caller is told of a tree that is not whole: nothing it could mend. */
function broken(cause: LedgerBroken): GatewayError {
  return new GatewayError('INTERNAL', { cause });
}
