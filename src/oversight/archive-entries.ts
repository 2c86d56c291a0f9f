/** One span of the ledger's entries as files: the tree's own tiles, and the details as sealed. */
import { strict as assert } from 'node:assert';
import { inclusionNodes, inclusionProof } from '#src/ledger/proofs.ts';
import { createNodeSource } from '#src/ledger/nodes.ts';
import { tilePath } from '#src/ledger/tile-tree.ts';
import { lengthPrefixed } from '#src/ledger/tiles.ts';
import { leafHash, tileLevels, tileWidth } from '#src/ledger/tree.ts';
import type { ArchiveWriter, Manifest } from '#src/store/archive-files.ts';
import { rowsOf, type SpanPart } from '#src/store/archive-parts.ts';
import type { Queryable } from '#src/store/pool.ts';

interface Row {
  index: number;
  leaf: Buffer;
  detail: Buffer;
}

/** The sealed details of tile `index`: each after its length in four bytes, big-endian. */
const sealedPath = (index: number): string => tilePath(0, index).replace(/^tile\/0\//, 'sealed/');

/** The name of the archive of a span. */
export const spanName = ({ from, to }: SpanPart): string => `entries-${from / (to - from)}`;

/**
 * Writes a span: `tile/entries/…` and `tile/0/…` as tlog-tiles has them, `sealed/…`, and the
 * `checkpoint` that covers it. Throws where a leaf is not the one that was signed: what is not
 * whole is not archived.
 */
export async function writeEntries(
  tx: Queryable,
  span: SpanPart,
  writer: ArchiveWriter,
): Promise<Omit<Manifest, 'v' | 'files'>> {
  const width = span.to - span.from;
  assert(width % tileWidth === 0 && span.from % width === 0 && (width & (width - 1)) === 0);
  let expected = span.from;
  let tile: Row[] = [];
  const sql = `SELECT index, leaf, detail FROM ${span.table} ORDER BY index`;
  for await (const rows of rowsOf<Row>(tx, sql)) {
    for (const row of rows) {
      if (row.index !== expected) throw new Error(`entry ${expected} is missing`);
      expected += 1;
      tile.push(row);
      if (tile.length < tileWidth) continue;
      await writeTile(tx, tile, writer);
      tile = [];
    }
  }
  if (expected !== span.to) throw new Error(`entry ${expected} is missing`);
  const { size, note, path } = await placeOf(tx, span);
  await writer.write('checkpoint', Buffer.from(note, 'utf8'));
  return {
    name: spanName(span),
    ...{ tables: { [span.table]: width }, leftOut: [] },
    entries: { from: span.from, to: span.to, treeSize: size, path },
  };
}

async function writeTile(tx: Queryable, rows: readonly Row[], writer: ArchiveWriter) {
  const number = (rows[0]?.index ?? 0) / tileWidth;
  const hashes = Buffer.concat(rows.map(({ leaf }) => leafHash(leaf)));
  const { rows: signed } = await tx.query<{ hashes: Buffer }>(
    'SELECT hashes FROM tiles WHERE level = 0 AND index = $1',
    [number],
  );
  if (!signed[0]?.hashes.equals(hashes)) {
    const [from, to] = [number * tileWidth, (number + 1) * tileWidth - 1];
    throw new Error(`one of the entries ${from} to ${to} is not what was signed`);
  }
  const [leaves, sealed] = [rows.map(({ leaf }) => leaf), rows.map(({ detail }) => detail)];
  await Promise.all([
    writer.write(tilePath('entries', number), lengthPrefixed(leaves, 2)),
    writer.write(tilePath(0, number), hashes),
    writer.write(sealedPath(number), lengthPrefixed(sealed, 4)),
  ]);
}

/** The checkpoint, and the hashes from the span's own root up to that of its tree, in base64. */
async function placeOf(
  tx: Queryable,
  { from, to }: SpanPart,
): Promise<{ size: number; note: string; path: string[] }> {
  const { rows } = await tx.query<{ size: number; note: string }>(
    'SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1',
  );
  const { size, note } = rows[0] ?? { size: 0, note: '' };
  assert(size >= to, 'a checkpoint covers the span');
  const node = await createNodeSource({ db: tx }).load(size, inclusionNodes(size, from));
  const within = Math.log2(to - from);
  const path = inclusionProof(size, from, node).slice(within);
  return { size, note, path: path.map((hash) => hash.toString('base64')) };
}

/** The root over complete tiles of leaf hashes, in order. Requires: a power of two of them. */
export function rootOfTiles(tiles: readonly Buffer[]): Buffer {
  return tileLevels(Buffer.concat(tiles.map((tile) => tileLevels(tile).at(-1)!))).at(-1)!;
}
