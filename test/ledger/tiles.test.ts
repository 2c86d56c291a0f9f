import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseTileName, readEntryBundle, readHashTile } from '#src/ledger/tiles.ts';
import { leafHash } from '#src/ledger/tree.ts';
import { verifyCheckpoint } from '#src/ledger/verify.ts';
import { openTestLedger, vkey } from './fixture.ts';
import type { TestLedger } from './fixture.ts';
import { naiveRoot, nodeCrypto } from './support.ts';

/** Two complete tiles and part of a third. */
const size = 600;
let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openTestLedger();
  await ledger.submitMany(size);
  await ledger.sequenceAll(130);
});
afterAll(() => ledger.close());

const tile = (level: string, path: string) =>
  readHashTile(ledger.db, { level, segments: path.split('/') });
const bundle = (path: string) => readEntryBundle(ledger.db, { segments: path.split('/') });
const missing = expect.objectContaining({ code: 'NOT_FOUND' }) as Error;

/** The entries of a bundle, read as tlog-tiles says. */
function entriesOf(bytes: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt16BE(at);
    entries.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return entries;
}

describe('a ledger that is mirrored by nothing but its files', () => {
  test('has the root of its signed checkpoint, and the hashes of its leaves', async () => {
    const { note } = await ledger.reader.latestCheckpoint();
    const checkpoint = await verifyCheckpoint(nodeCrypto, vkey, note);
    const leaves: Buffer[] = [];
    for (const path of ['000', '001', '002.p/88']) {
      const held = entriesOf(await bundle(path));
      expect(await tile('0', path)).toEqual(Buffer.concat(held.map(leafHash)));
      leaves.push(...held);
    }
    expect(leaves).toHaveLength(checkpoint.size);
    expect(naiveRoot(leaves)).toEqual(Buffer.from(checkpoint.root));
  });

  test('has tiles of tiles, whose hashes are the roots of those below', async () => {
    const below = [entriesOf(await bundle('000')), entriesOf(await bundle('001'))];
    expect(await tile('1', '000.p/2')).toEqual(Buffer.concat(below.map(naiveRoot)));
    await expect(tile('2', '000.p/1')).rejects.toEqual(missing);
    await expect(tile('63', '000.p/1')).rejects.toEqual(missing);
  });

  test('gives the beginning of a tile, whether it is complete by now or not', async () => {
    const whole = await tile('0', '001');
    expect(await tile('0', '001.p/7')).toEqual(whole.subarray(0, 7 * 32));
    expect(await tile('0', '002.p/1')).toEqual((await tile('0', '002.p/88')).subarray(0, 32));
    expect(entriesOf(await bundle('001.p/7'))).toEqual(entriesOf(await bundle('001')).slice(0, 7));
  });

  test('has nothing that no checkpoint covers', async () => {
    for (const path of ['002', '002.p/89', '003.p/1', 'x001/000']) {
      await expect(tile('0', path)).rejects.toEqual(missing);
      await expect(bundle(path)).rejects.toEqual(missing);
    }
    for (const level of ['64', '00', '-1', '0x0', '']) {
      await expect(tile(level, '000')).rejects.toEqual(missing);
    }
  });
});

describe('the name of a tile', () => {
  const nameOf = (index: number, width: number): string => {
    const digits = String(index).padStart(
      Math.max(1, Math.ceil(String(index).length / 3)) * 3,
      '0',
    );
    const groups = digits.match(/\d{3}/g) ?? [];
    const path = groups
      .map((group, at) => (at < groups.length - 1 ? `x${group}` : group))
      .join('/');
    return width === 256 ? path : `${path}.p/${width}`;
  };

  test('is read for every number and width', () => {
    const index = fc.integer({ min: 0, max: 999_999_999 });
    fc.assert(
      fc.property(index, fc.integer({ min: 1, max: 256 }), (number, width) => {
        const read = parseTileName(nameOf(number, width).split('/'));
        expect(read).toEqual({ index: number, width });
      }),
    );
    expect(parseTileName(['x001', 'x234', '067'])).toEqual({ index: 1_234_067, width: 256 });
  });

  test.each([
    ...['', '0', '0000', 'x000', 'x000/001', '001/002', 'x001', '000.p', '000.p/0', '000.p/256'],
    ...['000.p/01', '000.p/1/2', '000/1', '００１', '../000', '000.q/1', '000.p/-1'],
  ])('has one spelling only: %j is none', (path) => {
    expect(parseTileName(path.split('/'))).toBeUndefined();
  });
});
