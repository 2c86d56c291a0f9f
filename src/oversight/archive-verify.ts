/** Whether an archive is whole: its files, and of entries that they are those that were signed. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { splitBundle } from '#src/ledger/span.ts';
import { tilePath } from '#src/ledger/tile-tree.ts';
import { leafHash, nodeHash, tileWidth } from '#src/ledger/tree.ts';
import { siblings, verifyCheckpoint } from '#src/ledger/verify.ts';
import { nodeCrypto } from '#src/ledger/node-crypto.ts';
import { fileFaults, readManifest, type Manifest } from '#src/store/archive-files.ts';
import { rootOfTiles } from './archive-entries.ts';

export interface ArchiveVerdict {
  manifest: Manifest;
  /** Of the manifest, in base64: what the entry `archived` says. */
  sha256: string;
  /** What is wrong, a sentence each; none: it is whole. */
  faults: string[];
}

/**
 * Reads a whole archive.
 *
 * @param ask.vkeys keys of the ledger, one of which has signed the checkpoint; without any its
 *   signature is not checked
 */
export async function verifyArchive(ask: {
  folder: string;
  vkeys: readonly string[];
}): Promise<ArchiveVerdict> {
  const { folder, vkeys } = ask;
  const { manifest, hash } = await readManifest(folder);
  const faults = await fileFaults(folder, manifest);
  if (faults.length === 0) {
    const more = manifest.entries
      ? await entryFaults(folder, manifest.entries, vkeys)
      : await rowFaults(folder, manifest);
    faults.push(...more);
  }
  return { manifest, sha256: hash.toString('base64'), faults };
}

async function rowFaults(folder: string, manifest: Manifest): Promise<string[]> {
  const faults: string[] = [];
  for (const { path } of manifest.files) {
    const lines = await linesOf(join(folder, path));
    const said = manifest.tables[path.replace(/\.ndjson$/, '')];
    if (lines !== said) faults.push(`${path} has ${lines} rows, not ${said}`);
  }
  return faults;
}

const lineFeed = 10;

/** How many line feeds a file has: a month's may be larger than memory. */
async function linesOf(path: string): Promise<number> {
  let lines = 0;
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    for (let at = piece.indexOf(lineFeed); at >= 0; at = piece.indexOf(lineFeed, at + 1))
      lines += 1;
  }
  return lines;
}

async function entryFaults(
  folder: string,
  { from, to, treeSize, path }: NonNullable<Manifest['entries']>,
  vkeys: readonly string[],
): Promise<string[]> {
  const tiles: Buffer[] = [];
  for (let number = from / tileWidth; number < to / tileWidth; number += 1) {
    const bundle = await readFile(join(folder, tilePath('entries', number)));
    const { leaves, isExact } = splitBundle(bundle, tileWidth);
    const hashes = Buffer.concat(leaves.map((leaf) => leafHash(leaf)));
    const stored = await readFile(join(folder, tilePath(0, number)));
    const isWhole = isExact && leaves.length === tileWidth && stored.equals(hashes);
    if (!isWhole) return [`tile ${number} of the entries is not what its hashes say`];
    tiles.push(hashes);
  }
  const note = await readFile(join(folder, 'checkpoint'), 'utf8');
  const [, size = '', root = ''] = note.split('\n');
  const beyond = siblings(from, treeSize).slice(Math.log2(to - from));
  if (Number(size) !== treeSize || beyond.length !== path.length) {
    return ['the checkpoint is not the one that the manifest speaks of'];
  }
  const reached = path.reduce((below, beside, at) => {
    const other = Buffer.from(beside, 'base64');
    return (beyond[at]?.[0] ?? 0) > from ? nodeHash(below, other) : nodeHash(other, below);
  }, rootOfTiles(tiles));
  if (reached.toString('base64') !== root) return ['the entries are not those of the checkpoint'];
  return vkeys.length === 0 || (await isSigned(vkeys, note))
    ? []
    : ['none of the keys has signed the checkpoint'];
}

async function isSigned(vkeys: readonly string[], note: string): Promise<boolean> {
  for (const vkey of vkeys) {
    const isGood = await verifyCheckpoint(nodeCrypto, vkey, note).then(
      () => true,
      () => false,
    );
    if (isGood) return true;
  }
  return false;
}
