import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Entry } from '#src/ledger/entry.ts';
import { inclusionProof } from '#src/ledger/proofs.ts';
import { append, emptyEdge, frontier, leafHash, rootOf, tileLevels } from '#src/ledger/tree.ts';
import { createLedgerVerifier } from '#src/ledger/walk.ts';
import type { LedgerFault } from '#src/ledger/entry-check.ts';
import type { LedgerState, Tree } from '#src/ledger/walk.ts';
import { nodeCrypto, openDetail, openSealed, released, webCrypto } from './support.ts';

const entries = Array.from({ length: 700 }, () => released());
const hashes = entries.map(({ leaf }) => leafHash(leaf));
const treeOf = (size: number): Tree => ({
  size,
  root: rootOf(frontier(append(emptyEdge, hashes.slice(0, size)).edge)),
});

type Row = { index: number } & Pick<Entry, 'leaf' | 'detail'>;
const rowsOf = (size: number): Row[] =>
  entries.slice(0, size).map(({ leaf, detail }, index) => ({ index, leaf, detail }));

/**
 * Proofs come from the hashes that were signed, leaves from what is stored now: as the reader does.
 */
const sourceOf = (rows: readonly Row[], size: number) => ({
  proof: async (index: number) =>
    inclusionProof(size, index, (level, at) => {
      const members = hashes.slice(at * 2 ** level, (at + 1) * 2 ** level);
      return tileLevels(Buffer.concat(members)).at(-1)!;
    }),
  leaves: async (start: number, end: number) =>
    rows.filter(({ index }) => index >= start && index < end).map(({ leaf }) => leaf),
});

async function verdict(
  rows: readonly Row[],
  size: number,
  more: { kept?: Tree; from?: LedgerState } = {},
): Promise<{ faults: readonly LedgerFault[]; state: LedgerState }> {
  const verifier = createLedgerVerifier(nodeCrypto, { checkpoint: treeOf(size), ...more });
  const unread = rows.filter(({ index }) => index >= (more.from?.size ?? 0));
  for (let at = 0; at < unread.length; at += 100) {
    await verifier.add(
      unread.slice(at, at + 100).map(({ index, leaf, detail }) => ({
        index,
        leaf,
        detail: openDetail({ openDetail: openSealed }, { leaf, detail }),
      })),
    );
  }
  return { faults: await verifier.finish(sourceOf(rows, size)), state: verifier.state() };
}

const flipped = (bytes: Buffer, at: number, bit: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at % copy.length]! ^= 1 << bit;
  return copy;
};

const sizes = fc.oneof(
  fc.constantFrom(1, 2, 255, 256, 257, 512, 513),
  fc.integer({ min: 1, max: 700 }),
);
const places = sizes.chain((size) =>
  fc.record({
    size: fc.constant(size),
    index: fc.integer({ min: 0, max: size - 1 }),
    at: fc.nat(),
    bit: fc.integer({ min: 0, max: 7 }),
  }),
);

test.each([0, 1, 255, 256, 257, 700])(
  'an untouched ledger of %i entries verifies',
  async (size) => {
    expect((await verdict(rowsOf(size), size)).faults).toEqual([]);
  },
);

test('it verifies in a browser as well', async () => {
  const verifier = createLedgerVerifier(webCrypto, { checkpoint: treeOf(300) });
  await verifier.add(rowsOf(300).map(({ index, leaf }) => ({ index, leaf })));
  expect(await verifier.finish(sourceOf(rowsOf(300), 300))).toEqual([]);
});

describe('one changed entry is named', () => {
  test('whatever bit of its leaf was flipped', async () => {
    await fc.assert(
      fc.asyncProperty(places, async ({ size, index, at, bit }) => {
        const rows = rowsOf(size);
        rows[index]!.leaf = flipped(rows[index]!.leaf, at, bit);
        const { faults } = await verdict(rows, size);
        expect(faults.map((fault) => fault.index)).toEqual([index]);
      }),
      { numRuns: 30 },
    );
  });

  test('whatever bit of its sealed detail was flipped', async () => {
    await fc.assert(
      fc.asyncProperty(places, async ({ size, index, at, bit }) => {
        const rows = rowsOf(size);
        rows[index]!.detail = flipped(rows[index]!.detail, at, bit);
        const { faults } = await verdict(rows, size);
        expect(faults).toEqual([{ index, problem: 'the detail cannot be opened' }]);
      }),
      { numRuns: 20 },
    );
  });

  test('when it was exchanged for another good entry', async () => {
    await fc.assert(
      fc.asyncProperty(places, async ({ size, index }) => {
        const rows = rowsOf(size);
        rows[index] = { index, ...released() };
        const { faults } = await verdict(rows, size);
        expect(faults).toEqual([{ index, problem: 'the entry is not what was signed' }]);
      }),
      { numRuns: 20 },
    );
  });

  test('when it is missing, first, last or between', async () => {
    await fc.assert(
      fc.asyncProperty(places, async ({ size, index }) => {
        const rows = rowsOf(size).filter((row) => row.index !== index);
        const { faults } = await verdict(rows, size);
        expect(faults).toEqual([{ index, problem: 'the entry is missing' }]);
      }),
      { numRuns: 20 },
    );
  });

  test('the lower of two, when they were swapped', async () => {
    const rows = rowsOf(600);
    [rows[130], rows[590]] = [
      { ...rows[590]!, index: 130 },
      { ...rows[130]!, index: 590 },
    ];
    expect((await verdict(rows, 600)).faults[0]!.index).toBe(130);
  });

  test('the first of many, although a later one shows by itself', async () => {
    const rows = rowsOf(600);
    rows[17] = { index: 17, ...released() };
    rows[18]!.detail = flipped(rows[18]!.detail, 40, 1);
    rows.splice(400, 1);
    const { faults } = await verdict(rows, 600);
    expect(faults.map(({ index }) => index)).toEqual([17, 18, 400]);
  });
});

test('the first is named even when hundreds of later ones show by themselves', async () => {
  const rows = rowsOf(600).map((row): Row => ({ ...row, detail: Buffer.alloc(40) }));
  rows[0] = { index: 0, ...released() };
  const { faults } = await verdict(rows, 600);
  expect(faults.length).toBeLessThan(110);
  expect(faults[0]).toEqual({ index: 0, problem: 'the entry is not what was signed' });
});

test('naming one takes two questions where halving finds it at once', async () => {
  const rows = rowsOf(700);
  rows[512] = { index: 512, ...released() };
  const verifier = createLedgerVerifier(nodeCrypto, { checkpoint: treeOf(700) });
  await verifier.add(rows.map(({ index, leaf }) => ({ index, leaf })));
  const source = sourceOf(rows, 700);
  const asked: number[] = [];
  const proof = (index: number) => (asked.push(index), source.proof(index));
  const faults = await verifier.finish({ ...source, proof });
  expect([faults[0]?.index, asked]).toEqual([512, [0, 512]]);
});

describe('growth', () => {
  test('since a kept checkpoint verifies, from the start or from what was kept', async () => {
    const { state } = await verdict(rowsOf(300), 300);
    expect((await verdict(rowsOf(700), 700, { kept: treeOf(300) })).faults).toEqual([]);
    const resumed = await verdict(rowsOf(700), 700, { kept: treeOf(300), from: state });
    expect(resumed.faults).toEqual([]);
    const again = await verdict(rowsOf(700), 700, { kept: treeOf(700), from: resumed.state });
    expect(again.faults).toEqual([]);
  });

  test('that rewrote what was kept, and signed again, is a fault of no entry', async () => {
    const kept = { size: 300, root: Buffer.alloc(32, 1) };
    expect((await verdict(rowsOf(700), 700, { kept })).faults).toEqual([
      { index: null, problem: 'the ledger does not continue the checkpoint that was kept' },
    ]);
  });

  test('names a changed entry among the new ones', async () => {
    const { state } = await verdict(rowsOf(300), 300);
    for (const index of [300, 301, 511, 512, 699]) {
      const rows = rowsOf(700);
      rows[index] = { index, ...released() };
      const { faults } = await verdict(rows, 700, { from: state });
      expect(faults.map((fault) => fault.index)).toEqual([index]);
    }
  });

  test('to a smaller ledger is a fault', async () => {
    const { faults } = await verdict(rowsOf(200), 200, { kept: treeOf(300) });
    expect(faults.map(({ index }) => index)).toEqual([null]);
  });
});

test.each([
  ['not JSON', /^\{/, 'no'],
  ['longer by a member', /^\{/, '{"a":1,'],
  ['spaced', /^\{/, '{ '],
  ['ended by a newline', /\}$/, '}\n'],
  ['of an item that is no code', '"name"', '"900101-1234567"'],
  ['of another version', '"v":1', '"v":2'],
  ['without its transfer', /,"transfer":"[^"]*"/, ''],
  ['without its contract', /"contract":\{[^}]*\},/, ''],
  ['of a contract that is none', /"contract":\{[^}]*\}/, '"contract":false'],
  ['of items that are no list', /"items":\[[^\]]*\]/, '"items":{}'],
  ['without items', /"items":\[[^\]]*\]/, '"items":null'],
])('a leaf that is %s is named although the tree holds it', async (_, part, instead) => {
  const leaf = Buffer.from(entries[0]!.leaf.toString().replace(part, instead));
  expect(leaf).not.toEqual(entries[0]!.leaf);
  const tree = { size: 1, root: leafHash(leaf) };
  const verifier = createLedgerVerifier(nodeCrypto, { checkpoint: tree });
  await verifier.add([{ index: 0, leaf }]);
  expect(await verifier.finish(sourceOf([], 1))).toEqual([
    { index: 0, problem: 'the leaf has not the form of a leaf' },
  ]);
});
