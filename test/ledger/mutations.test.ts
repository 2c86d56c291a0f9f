/** A thousand ways to change a kept ledger, each found, and the first bad entry named. */
import { randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeCrypto } from '#src/ledger/node-crypto.ts';
import { verifyFolder } from '#src/ledger/folder.ts';
import { encodeVkey, ledgerKeyFromSeed, signCheckpoint } from '#src/ledger/note.ts';
import { checkTile, splitBundle, type TileAsk, type TileReport } from '#src/ledger/span.ts';
import { detailsPath, hashesOf, tilePath } from '#src/ledger/tile-tree.ts';
import { verifyCheckpoint } from '#src/ledger/verify.ts';
import { bundleOf, writeLedgerFolder } from '#test/support/ledger-folder.ts';
import { ledgerLives, seeded } from '#test/support/ledger-lives.ts';

const mutations = 1_000;
/** Three tiles, the last of them partly filled. */
const size = 560;
const earlier = 300;
const seed = Number(process.env['WAYBILL_TEST_SEED'] ?? randomInt(2 ** 31));

const key = ledgerKeyFromSeed('ledger.test/mutated', Buffer.alloc(32, 7));
const strange = ledgerKeyFromSeed('ledger.test/mutated', Buffer.alloc(32, 8));
const vkeys = [encodeVkey(key)];

/** The files of a folder, held in memory. */
type Image = Map<string, Buffer>;

let folder: string;
let whole: Image;
let other: Image;
let keptNote: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-mutations-'));
  const imageOf = (name: string, lives: number, count: number): Image => {
    const dir = join(folder, name);
    writeLedgerFolder(dir, ledgerLives(lives), { size: count, key });
    const files = readdirSync(dir, { recursive: true, withFileTypes: true });
    const paths = files.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
    return new Map(paths.map((path) => [path.slice(dir.length + 1), readFileSync(path)]));
  };
  whole = imageOf('whole', 1, size);
  other = imageOf('other', 2, size);
  keptNote = imageOf('earlier', 1, earlier).get('checkpoint')!.toString();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Reports of tiles that were not changed: what comes of the same files is the same. */
const known = new Map<number, Promise<TileReport>>();

function reportOf(image: Image, ask: TileAsk): Promise<TileReport> {
  const { index, width } = ask;
  const paths = [tilePath(0, index, width), tilePath('entries', index, width), detailsPath(index)];
  const isOwn =
    width === widthOf(index) && paths.every((path) => image.get(path) === whole.get(path));
  const report = isOwn ? known.get(index) : undefined;
  const made = report ?? checkTile(nodeCrypto, (path) => image.get(path), ask);
  if (isOwn) known.set(index, made);
  return made;
}

/** The first bad index; null where no entry is to blame, undefined where all is well. */
async function firstBad(image: Image): Promise<number | null | undefined> {
  const readFile = (path: string) => image.get(path);
  const note = image.get('checkpoint')?.toString() ?? '';
  const kept = await verifyCheckpoint(nodeCrypto, vkeys, keptNote);
  const checkpoint = await verifyCheckpoint(nodeCrypto, vkeys, note).catch(() => null);
  if (!checkpoint) return null;
  if (checkpoint.size < kept.size) return checkpoint.size;
  async function* check(asks: readonly TileAsk[]) {
    for (const ask of asks) yield await reportOf(image, ask);
  }
  const ask = { checkpoint, kept, entries: true };
  const { faults } = await verifyFolder({ crypto: nodeCrypto, readFile, check }, ask);
  return faults[0]?.index;
}

interface Mutation {
  what: string;
  /** What the verifier has to answer. */
  first: number | null;
}

type Mutate = (image: Image, random: () => number) => Mutation;

const pick = (random: () => number, count: number): number => Math.floor(random() * count);
const widthOf = (tile: number): number => Math.min(256, size - tile * 256);
const bundlePath = (tile: number): string => tilePath('entries', tile, widthOf(tile));

function changed(bytes: Buffer, random: () => number): { bytes: Buffer; place: number } {
  const copy = Buffer.from(bytes);
  const place = pick(random, copy.length);
  copy[place]! ^= 1 + pick(random, 255);
  return { bytes: copy, place };
}

/** The entry that a byte of a bundle belongs to. */
function entryAt(bundle: Buffer, place: number): number {
  let [end, entry] = [0, 0];
  for (;;) {
    end += 2 + bundle.readUInt16BE(end);
    if (place < end) return entry;
    entry += 1;
  }
}

/** Replaces the leaves of one bundle. */
function relay(image: Image, tile: number, change: (leaves: Buffer[]) => Buffer[]): void {
  const { leaves } = splitBundle(image.get(bundlePath(tile))!, 256);
  image.set(bundlePath(tile), bundleOf(change(leaves.map((leaf) => Buffer.from(leaf)))));
}

/** Replaces the lines of one file of details. */
function rewrite(image: Image, tile: number, change: (lines: string[]) => string[]): void {
  const lines = image.get(detailsPath(tile))!.toString().trimEnd().split('\n');
  image.set(detailsPath(tile), Buffer.from(`${change(lines).join('\n')}\n`));
}

const swapped = <T>(all: readonly T[], one: number, two: number): T[] =>
  all.map((each, at) => (at === one ? all[two]! : at === two ? all[one]! : each));

const ways: Readonly<Record<string, Mutate>> = {
  'a byte of a leaf'(image, random) {
    const tile = pick(random, 3);
    const bundle = image.get(bundlePath(tile))!;
    const { bytes, place } = changed(bundle, random);
    image.set(bundlePath(tile), bytes);
    return { what: `byte ${place} of bundle ${tile}`, first: tile * 256 + entryAt(bundle, place) };
  },
  'a byte of a detail'(image, random) {
    const tile = pick(random, 3);
    const text = image.get(detailsPath(tile))!;
    const { bytes, place } = changed(text, random);
    image.set(detailsPath(tile), bytes);
    const lines = text.subarray(0, place).reduce((n, byte) => n + Number(byte === 10), 0);
    return { what: `byte ${place} of details ${tile}`, first: tile * 256 + lines };
  },
  'a byte of a hash'(image, random) {
    const [path, level, start] = [
      [tilePath(0, 0), 0, 0],
      [tilePath(0, 1), 0, 256],
      [tilePath(0, 2, widthOf(2)), 0, 512],
      [tilePath(1, 0, 2), 1, 0],
    ][pick(random, 4)] as [string, number, number];
    const { bytes, place } = changed(image.get(path)!, random);
    image.set(path, bytes);
    return { what: `byte ${place} of ${path}`, first: start + (place >> 5) * 256 ** level };
  },
  'a byte of the checkpoint'(image, random) {
    const { bytes, place } = changed(image.get('checkpoint')!, random);
    image.set('checkpoint', bytes);
    return { what: `byte ${place} of the checkpoint`, first: null };
  },
  'a leaf deleted'(image, random) {
    const index = pick(random, size);
    relay(image, index >> 8, (leaves) => leaves.toSpliced(index & 255, 1));
    return { what: `leaf ${index} deleted`, first: index };
  },
  'a leaf doubled'(image, random) {
    const index = pick(random, size);
    relay(image, index >> 8, (leaves) =>
      leaves.toSpliced(index & 255, 0, leaves[index & 255]!).slice(0, widthOf(index >> 8)),
    );
    const isLast = (index & 255) === widthOf(index >> 8) - 1;
    // Of the last one, the copy is what was cut off again: nothing has changed.
    if (isLast) relay(image, index >> 8, (leaves) => [...leaves, leaves.at(-1)!]);
    return { what: `leaf ${index} doubled`, first: index + 1 };
  },
  'two leaves swapped'(image, random) {
    const tile = pick(random, 3);
    const [one, two] = [pick(random, widthOf(tile) - 1), widthOf(tile) - 1];
    relay(image, tile, (leaves) => swapped(leaves, one, two));
    return { what: `leaves ${one} and ${two} of ${tile} swapped`, first: tile * 256 + one };
  },
  'two details swapped'(image, random) {
    const tile = pick(random, 3);
    const [one, two] = [pick(random, widthOf(tile) - 1), widthOf(tile) - 1];
    rewrite(image, tile, (lines) => swapped(lines, one, two));
    return { what: `details ${one} and ${two} of ${tile} swapped`, first: tile * 256 + one };
  },
  'a detail deleted'(image, random) {
    const index = pick(random, size);
    rewrite(image, index >> 8, (lines) => lines.toSpliced(index & 255, 1));
    return { what: `detail ${index} deleted`, first: index };
  },
  'a detail exchanged'(image, random) {
    const index = pick(random, size);
    const salt = Buffer.alloc(32, pick(random, 256)).toString('base64');
    const line = JSON.stringify({ index, salt, content: Buffer.from('{}').toString('base64') });
    rewrite(image, index >> 8, (lines) => lines.with(index & 255, line));
    return { what: `detail ${index} exchanged`, first: index };
  },
  'a file of details deleted'(image, random) {
    const tile = pick(random, 3);
    image.delete(detailsPath(tile));
    return { what: `details ${tile} deleted`, first: tile * 256 };
  },
  'a leaf of another tree'(image, random) {
    const index = pick(random, size);
    const { leaves } = splitBundle(other.get(bundlePath(index >> 8))!, 256);
    const instead = Buffer.from(leaves[index & 255]!);
    relay(image, index >> 8, (own) => own.with(index & 255, instead));
    return { what: `leaf ${index} of another tree`, first: index };
  },
  'the tail cut'(image, random) {
    const width = widthOf(2);
    image.delete(bundlePath(2));
    const isHashToo = random() < 0.5;
    if (isHashToo) image.delete(tilePath(0, 2, width));
    return { what: `the last bundle cut, its hashes too: ${isHashToo}`, first: 512 };
  },
  'a bundle cut short'(image, random) {
    const tile = pick(random, 3);
    const bundle = image.get(bundlePath(tile))!;
    const place = pick(random, bundle.length);
    image.set(bundlePath(tile), bundle.subarray(0, place));
    return { what: `bundle ${tile} cut at ${place}`, first: tile * 256 + entryAt(bundle, place) };
  },
  'a tile of hashes cut short'(image, random) {
    const tile = pick(random, 3);
    const path = tilePath(0, tile, widthOf(tile));
    image.set(path, image.get(path)!.subarray(0, pick(random, widthOf(tile) * 32)));
    return { what: `${path} cut`, first: tile * 256 };
  },
  'an older checkpoint'(image, random) {
    const count = 1 + pick(random, earlier - 1);
    image.set(
      'checkpoint',
      Buffer.from(signCheckpoint(key, { size: count, root: Buffer.alloc(32, 3) })),
    );
    return { what: `the checkpoint of ${count} entries`, first: count };
  },
  "another tree's checkpoint"(image) {
    image.set('checkpoint', other.get('checkpoint')!);
    return { what: "another tree's checkpoint", first: null };
  },
  'a split view'(image) {
    image.clear();
    for (const [path, bytes] of other) image.set(path, bytes);
    return { what: 'all of another tree, signed by the same key', first: null };
  },
  'another key'(image) {
    const [, count, root] = image.get('checkpoint')!.toString().split('\n');
    const tree = { size: Number(count), root: Buffer.from(root!, 'base64') };
    image.set('checkpoint', Buffer.from(signCheckpoint(strange, tree)));
    image.set('key', Buffer.from(`${encodeVkey(strange)}\n`));
    return { what: 'the same tree, signed by another key', first: null };
  },
};

test('the ledger that is changed verifies as it is', async () => {
  expect(await firstBad(whole)).toBeUndefined();
  expect(hashesOf(whole.get(tilePath(1, 0, 2))!)).toHaveLength(2);
});

describe(`of ${mutations} changes (WAYBILL_TEST_SEED=${seed})`, () => {
  const names = Object.keys(ways);
  test.each(names.map((name, at) => [name, at] as const))(
    'each of %s is found, and the first bad entry named',
    async (name, at) => {
      const random = seeded(seed + at);
      const times = Math.ceil(mutations / names.length);
      for (let time = 0; time < times; time += 1) {
        const image = new Map(whole);
        const { what, first } = ways[name]!(image, random);
        expect({ what, first: await firstBad(image) }).toEqual({ what, first });
      }
    },
  );
});
