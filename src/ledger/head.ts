/**
 * Where the tree ends, as the database has it; any disagreement inside it stops the ledger (law 8).
 */
import type { Queryable } from '#src/store/pool.ts';
import { rootOf, splitHashes, tileWidth } from './tree.ts';
import type { Edge } from './tree.ts';

export interface Head {
  size: number;
  root: Buffer;
  /** The signed checkpoint of exactly this tree. */
  note: string;
}

/** Thrown where the tables of the ledger contradict each other; nothing may be added then. */
export class LedgerBroken extends Error {}

/** The head of the tree. Throws LedgerBroken unless the last checkpoint is of exactly this tree. */
export async function readHead(tx: Queryable): Promise<Head> {
  const { rows } = await tx.query<Head & { frontier: Buffer; head: number }>({
    name: 'ledger-head',
    text: `SELECT h.size AS head, h.frontier, c.size, c.root, c.note
     FROM tree_head h, (SELECT size, root, note FROM checkpoints ORDER BY size DESC LIMIT 1) c`,
  });
  const [row] = rows;
  if (!row) throw new LedgerBroken('the ledger has no checkpoint');
  const { size, root, note } = row;
  if (row.head !== size || !rootOf(splitHashes(row.frontier)).equals(root)) {
    throw new LedgerBroken('the last checkpoint is not that of the tree');
  }
  return { size, root, note };
}

/** The right edge of the tree of this size, which must be that of a checkpoint. */
export async function readEdge(tx: Queryable, size: number): Promise<Edge> {
  const levels: Buffer[][] = [await partialLeafHashes(tx, size)];
  for (let level = 1, tiles = Math.floor(size / tileWidth); tiles > 0; level++) {
    levels.push(await partialTile(tx, level, tiles));
    tiles = Math.floor(tiles / tileWidth);
  }
  return { size, levels };
}

/** Leaf hashes of the last, incomplete tile of the tree of this size: from the checkpoints. */
export async function partialLeafHashes(tx: Queryable, size: number): Promise<Buffer[]> {
  const first = size - (size % tileWidth);
  if (first === size) return [];
  // A checkpoint holds the hashes from the one before it; what lies before `first` is cut off.
  const { rows } = await tx.query<{ hashes: Buffer }>({
    name: 'ledger-partial',
    text: `SELECT substring(hashes FROM
       (greatest(octet_length(hashes) / 32 - (size - $1::bigint), 0) * 32 + 1)::integer) AS hashes
     FROM checkpoints
     WHERE size > $1 AND size <= (SELECT min(size) FROM checkpoints WHERE size >= $2)
     ORDER BY size`,
    values: [first, size],
  });
  const hashes = splitHashes(Buffer.concat(rows.map((row) => row.hashes))).slice(0, size - first);
  if (hashes.length !== size - first) throw new LedgerBroken('leaf hashes are missing');
  return hashes;
}

/** Hashes of the last, incomplete tile of a level above the leaves: roots of the tiles below it. */
export async function partialTile(
  tx: Queryable,
  level: number,
  tilesBelow: number,
): Promise<Buffer[]> {
  const first = tilesBelow - (tilesBelow % tileWidth);
  const { rows } = await tx.query<{ root: Buffer }>({
    name: 'ledger-roots',
    text: 'SELECT root FROM tiles WHERE level = $1 AND index >= $2 AND index < $3 ORDER BY index',
    values: [level - 1, first, tilesBelow],
  });
  if (rows.length !== tilesBelow - first) throw new LedgerBroken('tiles are missing');
  return rows.map(({ root }) => root);
}
