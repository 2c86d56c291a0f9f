/**
 * The tree as files that anyone can mirror: C2SP tlog-tiles, of 256 hashes or entries each. What is
 * given for a path never changes.
 */
import { GatewayError } from '#src/base/errors.ts';
import type { Queryable } from '#src/store/pool.ts';
import { LedgerBroken } from './head.ts';
import { readTile } from './nodes.ts';
import { assertNotArchived } from './read.ts';
import { tileWidth } from './tree.ts';

/** Which file a path names: tile `index`, or the first `width` of what it holds. */
export interface TileName {
  index: number;
  /** 256 for a whole tile; 1 to 255 for the beginning of one. */
  width: number;
}

const element = /^x?\d{3}$/;
const partialWidth = /^(?:[1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/;
const levelForm = /^(?:\d|[1-5]\d|6[0-3])$/;

/**
 * Reads `<N>[.p/<W>]` (C2SP tlog-tiles): groups of three digits, all but the last after an `x`, as
 * few as the number needs. Undefined unless it is the one spelling of a number.
 */
export function parseTileName(segments: readonly string[]): TileName | undefined {
  const isPartial = segments.at(-2)?.endsWith('.p') === true;
  const widthText = isPartial ? segments.at(-1)! : '';
  if (isPartial && !partialWidth.test(widthText)) return undefined;
  const groups = isPartial ? segments.slice(0, -1) : [...segments];
  const last = groups.length - 1;
  if (isPartial) groups[last] = groups[last]!.slice(0, -'.p'.length);
  const isSound = groups.every((group, at) => {
    return element.test(group) && group.startsWith('x') === at < last;
  });
  if (groups.length === 0 || groups.length > 5 || !isSound) return undefined;
  if (groups.length > 1 && groups[0] === 'x000') return undefined;
  const index = Number(groups.map((group) => group.slice(-3)).join(''));
  return { index, width: isPartial ? Number(widthText) : tileWidth };
}

/**
 * The hashes of a tile, 32 bytes each, as far as the newest checkpoint covers them.
 *
 * @param ask.level a decimal from 0 to 63; 0 holds the hashes of the leaves
 * @throws GatewayError `NOT_FOUND` for what no checkpoint covers, and for any other spelling
 */
export async function readHashTile(
  db: Queryable,
  ask: { level: string; segments: readonly string[] },
): Promise<Buffer> {
  const name = levelForm.test(ask.level) ? parseTileName(ask.segments) : undefined;
  if (!name) throw new GatewayError('NOT_FOUND');
  const tile = { level: Number(ask.level), index: name.index };
  const hashes = await readTile(db, await coveredSize(db), tile);
  if (hashes.length < name.width * 32) throw new GatewayError('NOT_FOUND');
  return hashes.subarray(0, name.width * 32);
}

/**
 * The leaves of a tile, each after its length in two bytes (big-endian), as far as the newest
 * checkpoint covers them: an entry bundle of tlog-tiles.
 *
 * @throws GatewayError `NOT_FOUND` for what no checkpoint covers, and for any other spelling;
 *   `ARCHIVED`
 */
export async function readEntryBundle(
  db: Queryable,
  ask: { segments: readonly string[] },
): Promise<Buffer> {
  const name = parseTileName(ask.segments);
  if (!name) throw new GatewayError('NOT_FOUND');
  const start = name.index * tileWidth;
  const end = start + name.width;
  if (end > (await coveredSize(db))) throw new GatewayError('NOT_FOUND');
  const { rows } = await db.query<{ leaf: Buffer }>(
    'SELECT leaf FROM entries WHERE index >= $1 AND index < $2 ORDER BY index',
    [start, end],
  );
  // A row that was taken out must not shift the others into its place.
  if (rows.length !== name.width) {
    await assertNotArchived(db, start);
    throw new GatewayError('INTERNAL', { cause: new LedgerBroken('entries are missing') });
  }
  return lengthPrefixed(
    rows.map(({ leaf }) => leaf),
    2,
  );
}

/** The parts one after another, each after its length in `width` bytes, big-endian. */
export function lengthPrefixed(parts: readonly Buffer[], width: number): Buffer {
  const pieces = parts.flatMap((part) => {
    const length = Buffer.alloc(width);
    length.writeUIntBE(part.length, 0, width);
    return [length, part];
  });
  return Buffer.concat(pieces);
}

async function coveredSize(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ size: number }>('SELECT size FROM noted');
  return rows[0]?.size ?? 0;
}
