/** Fetches leaves and details: no leaf is kept whose hash is not the one in the signed tree. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nodeCrypto } from '#src/ledger/node-crypto.ts';
import { formatDetail, splitBundle } from '#src/ledger/span.ts';
import { detailsPath, hashesOf, tileName, tilePath, tilesAt } from '#src/ledger/tile-tree.ts';
import { tileWidth } from '#src/ledger/tile-tree.ts';
import { leafHash, same } from '#src/ledger/verify.ts';
import type { ApiClient } from './api-client.ts';
import { archivedBundle } from './mirror-archive.ts';
import { fileReader, writeWhole } from './folder-files.ts';

type Tile = { index: number; width: number };

/** Three tiles a page: the gateway gives a thousand entries at once. */
const tilesAPage = 3;
const erasing = '"kind":"subject-erased"';

/** The bundles of a tree that a folder lacks. */
export function lackingBundles(dir: string, size: number): Tile[] {
  return tilesAt(size, 0).filter(({ index, width }) => {
    return !existsSync(join(dir, tilePath('entries', index, width)));
  });
}

/**
 * Takes one bundle out of an archive, or fetches it, and keeps it. Throws a TypeError where a leaf
 * is not what was signed.
 */
export async function fetchBundle(
  api: ApiClient,
  { dir, archives }: { dir: string; archives: readonly string[] },
  tile: Tile,
): Promise<void> {
  const { index, width } = tile;
  const archived = await archivedBundle(archives, tile);
  const path = `/v1/ledger/tile/entries/${tileName(index, width)}`;
  const bytes = archived?.bytes ?? (await fetchFile(api, path));
  const where = archived ? `${archived.file}: ` : '';
  const { leaves, isExact } = splitBundle(bytes, width);
  const hashes = hashesOf((await fileReader(dir)(tilePath(0, index, width))) ?? Buffer.alloc(0));
  for (const [at, leaf] of leaves.entries()) {
    const hash = hashes[at];
    if (hash && same(await leafHash(nodeCrypto, leaf), hash)) continue;
    throw new TypeError(`${where}entry ${index * tileWidth + at} is not what was signed`);
  }
  if (leaves.length < width || !isExact) {
    throw new TypeError(`${where}entry ${index * tileWidth + leaves.length} is missing`);
  }
  writeWhole(join(dir, tilePath('entries', index, width)), bytes);
}

/** A file of the ledger as the gateway serves it. */
export async function fetchFile(api: ApiClient, path: string): Promise<Buffer> {
  const reply = await api.fetch(path);
  if (reply.status === 410) {
    throw new Error(`${path}: these entries went to an archive; give it with --archive`);
  }
  if (!reply.ok) throw new Error(`${path}: HTTP ${reply.status}`);
  return Buffer.from(await reply.arrayBuffer());
}

/**
 * The tiles whose details are to be fetched: those that the folder lacks, those that have grown,
 * and all of them once a person was erased: what the ledger has destroyed, its copies destroy too.
 */
export async function lackingDetails(
  dir: string,
  { size, keptSize }: { size: number; keptSize: number },
): Promise<Tile[]> {
  const readFile = fileReader(dir);
  const tiles = tilesAt(size, 0);
  const grown = tiles.slice(Math.floor(keptSize / tileWidth));
  for (const { index, width } of grown) {
    const bundle = await readFile(tilePath('entries', index, width));
    if (bundle && Buffer.from(bundle).includes(erasing)) return tiles;
  }
  const lacking: Tile[] = [];
  for (const tile of tiles) {
    const isOld = (tile.index + 1) * tileWidth <= keptSize;
    if (isOld && existsSync(join(dir, detailsPath(tile.index)))) continue;
    const bytes = isOld ? undefined : await readFile(detailsPath(tile.index));
    if (linesOf(bytes) !== tile.width) lacking.push(tile);
  }
  return lacking;
}

function linesOf(bytes: Uint8Array = new Uint8Array()): number {
  return bytes.reduce((count, byte) => count + Number(byte === 10), 0);
}

/** Tiles that stand one after the other, as many as one page holds. */
export function detailPages(tiles: readonly Tile[]): Tile[][] {
  const pages: Tile[][] = [];
  for (const tile of tiles) {
    const page = pages.at(-1);
    const isNext = page && page.length < tilesAPage && page.at(-1)!.index + 1 === tile.index;
    if (isNext) page.push(tile);
    else pages.push([tile]);
  }
  return pages;
}

export interface ServedEntry {
  index: number;
  leaf: string;
  detail: { salt: string; content: string } | null;
  erased?: boolean;
}

/** Entries as the gateway serves them. Says what to do where they went to an archive. */
export async function fetchEntries(
  api: ApiClient,
  { start, limit, archived }: { start: number; limit: number; archived: string },
): Promise<ServedEntry[]> {
  const reply = await api.fetch(`/v1/ledger/entries?start=${start}&limit=${limit}`);
  if (reply.status === 410) throw new Error(`entry ${start} went to an archive, ${archived}`);
  if (!reply.ok) throw new Error(`/v1/ledger/entries: HTTP ${reply.status}`);
  return ((await reply.json()) as { items: ServedEntry[] }).items;
}

/** Fetches the details of such a page; what the ledger cannot open is kept as that. */
export async function fetchDetails(api: ApiClient, dir: string, page: Tile[]): Promise<void> {
  const first = page[0]!.index;
  const limit = page.reduce((sum, { width }) => sum + width, 0);
  const items = await fetchEntries(api, {
    ...{ start: first * tileWidth, limit },
    archived: 'in which details are sealed: make a copy without --details',
  });
  const found = new Map(items.map((item) => [item.index, item]));
  for (const { index, width } of page) {
    const lines = Array.from({ length: width }, (_, at) => {
      const item = found.get(index * tileWidth + at);
      const { salt, content } = item?.detail ?? {};
      const isOpen = salt !== undefined && content !== undefined;
      const detail = isOpen ? { salt, content } : item?.erased ? 'erased' : null;
      return `${formatDetail(index * tileWidth + at, detail)}\n`;
    });
    writeWhole(join(dir, detailsPath(index)), lines.join(''));
  }
}
