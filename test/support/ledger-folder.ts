/** A ledger as files: what `waybill ledger mirror` would keep of it, made without a gateway. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeVkey, signCheckpoint, type LedgerKey } from '#src/ledger/note.ts';
import { formatDetail } from '#src/ledger/span.ts';
import { detailsPath, tilePath } from '#src/ledger/tile-tree.ts';
import { append, emptyEdge, frontier, leafHash, rootOf } from '#src/ledger/tree.ts';
import type { Edge } from '#src/ledger/tree.ts';
import type { OpenEntry } from './ledger-lives.ts';

const bundleWidth = 256;

/** Writes the first `size` entries as a signed ledger; returns its checkpoint. */
export function writeLedgerFolder(
  dir: string,
  entries: Iterator<OpenEntry>,
  { size, key }: { size: number; key: LedgerKey },
): string {
  const write = (path: string, bytes: string | Buffer): void => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), bytes);
  };
  let edge: Edge = emptyEdge;
  for (let start = 0; start < size; start += bundleWidth) {
    const width = Math.min(bundleWidth, size - start);
    const index = start / bundleWidth;
    const bundle = Array.from({ length: width }, () => entries.next().value as OpenEntry);
    write(tilePath('entries', index, width), bundleOf(bundle.map(({ leaf }) => leaf)));
    const lines = bundle.map(({ salt, content }, at) => {
      const detail = { salt: salt.toString('base64'), content: content.toString('base64') };
      return `${formatDetail(start + at, detail)}\n`;
    });
    write(detailsPath(index), lines.join(''));
    const grown = append(
      edge,
      bundle.map(({ leaf }) => leafHash(leaf)),
    );
    ({ edge } = grown);
    for (const tile of grown.tiles) write(tilePath(tile.level, tile.index), tile.hashes);
  }
  for (const [level, hashes] of edge.levels.entries()) {
    if (hashes.length === 0) continue;
    const index = Math.floor(size / bundleWidth ** (level + 1));
    write(tilePath(level, index, hashes.length), Buffer.concat(hashes));
  }
  const note = signCheckpoint(key, { size, root: rootOf(frontier(edge)) });
  write('key', `${encodeVkey(key)}\n`);
  write('checkpoint', note);
  return note;
}

/** An entry bundle of tlog-tiles. */
export function bundleOf(leaves: readonly Buffer[]): Buffer {
  return Buffer.concat(
    leaves.flatMap((leaf) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(leaf.length);
      return [length, leaf];
    }),
  );
}
