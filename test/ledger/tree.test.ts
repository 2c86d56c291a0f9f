import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  consistencyNodes,
  consistencyProof,
  inclusionNodes,
  inclusionProof,
  provenRoot,
} from '#src/ledger/proofs.ts';
import type { NodeReader } from '#src/ledger/proofs.ts';
import { append, emptyEdge, frontier, leafHash, rootOf, splitHashes } from '#src/ledger/tree.ts';
import type { Edge, Tile } from '#src/ledger/tree.ts';
import { verifyConsistency, verifyInclusion } from '#src/ledger/verify.ts';
import { naivePath, naiveRoot, naiveSubproof, nodeCrypto } from './support.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const vectors = JSON.parse(
  readFileSync(new URL('../vectors/merkle.json', import.meta.url), 'utf8'),
) as {
  leaves: string[];
  emptyRoot: string;
  roots: string[];
  inclusion: { index: number; size: number; hashes: string[] }[];
  consistency: { from: number; to: number; hashes: string[] }[];
};

const known = vectors.leaves.map(hex);
const leaves = Array.from({ length: 300 }, (_, at) => Buffer.from(`leaf ${at}`));
const roots = Array.from({ length: 301 }, (_, size) => naiveRoot(leaves.slice(0, size)));

/** Reads nodes by hashing leaves, as the definition has it. */
const nodesOf =
  (all: readonly Buffer[]): NodeReader =>
  (level, index) => {
    const members = all.slice(index * 2 ** level, (index + 1) * 2 ** level);
    expect(members).toHaveLength(2 ** level);
    return naiveRoot(members);
  };

describe('the published vectors', () => {
  test('give their roots', () => {
    expect(rootOf(frontier(emptyEdge)).toString('hex')).toBe(vectors.emptyRoot);
    const sizes = vectors.roots.map((_, at) => at + 1);
    const given = sizes.map((size) => {
      const { edge } = append(emptyEdge, known.slice(0, size).map(leafHash));
      return rootOf(frontier(edge)).toString('hex');
    });
    expect(given).toEqual(vectors.roots);
  });

  test.each(vectors.inclusion)('prove entry $index of $size', async ({ index, size, hashes }) => {
    const tree = { size, root: hex(vectors.roots[size - 1]!) };
    expect(inclusionProof(size, index, nodesOf(known))).toEqual(hashes.map(hex));
    const claim = { leafHash: leafHash(known[index]!), index, hashes: hashes.map(hex) };
    expect(await verifyInclusion(nodeCrypto, claim, tree)).toBe(true);
  });

  test.each(vectors.consistency)('prove growth from $from to $to', async ({ from, to, hashes }) => {
    const [earlier, later] = [from, to].map((size) => ({
      size,
      root: hex(vectors.roots[size - 1]!),
    }));
    expect(consistencyProof(from, to, nodesOf(known))).toEqual(hashes.map(hex));
    expect(await verifyConsistency(nodeCrypto, earlier!, later!, hashes.map(hex))).toBe(true);
  });
});

describe('growing', () => {
  test('gives the defined root at every size up to 300, one leaf at a time', () => {
    let edge: Edge = emptyEdge;
    for (const [at, leaf] of leaves.entries()) {
      ({ edge } = append(edge, [leafHash(leaf)]));
      expect(rootOf(frontier(edge)).equals(roots[at + 1]!)).toBe(true);
    }
  });

  test('does not depend on how leaves were batched, and completes each tile once', () => {
    const batches = fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 6 });
    fc.assert(
      fc.property(batches, (widths) => {
        const all = widths.flatMap((width, batch) =>
          Array.from({ length: width }, (_, at) => leafHash(Buffer.from(`${batch} ${at}`))),
        );
        let edge: Edge = emptyEdge;
        const tiles: Tile[] = [];
        for (const width of widths) {
          const grown = append(edge, all.slice(edge.size, edge.size + width));
          edge = grown.edge;
          tiles.push(...grown.tiles);
        }
        const once = append(emptyEdge, all);
        expect(edge).toEqual(once.edge);
        expect(tiles).toEqual(once.tiles);
        expect(Buffer.concat(tiles.map(({ hashes }) => hashes))).toEqual(
          Buffer.concat(all.slice(0, tiles.length * 256)),
        );
      }),
      { numRuns: 40 },
    );
  });

  test('carries complete tiles up a level', () => {
    const hashes = Array.from({ length: 256 * 256 + 3 }, (_, at) => leafHash(Buffer.of(at % 251)));
    const { edge, tiles } = append(emptyEdge, hashes);
    const top = tiles.at(-1)!;
    expect([tiles.length, top.level, top.index]).toEqual([257, 1, 0]);
    expect(splitHashes(top.hashes)).toEqual(tiles.slice(0, 256).map(({ root }) => root));
    expect(edge.levels.map((level) => level.length)).toEqual([3, 0, 1]);
    expect(frontier(edge)[0]).toEqual(top.root);
  });
});

describe('proofs', () => {
  const sizes = fc.integer({ min: 1, max: 300 });
  const pairs = sizes.chain((size) =>
    fc.record({ size: fc.constant(size), index: fc.integer({ min: 0, max: size - 1 }) }),
  );

  test('of inclusion are those of the definition, and verify', async () => {
    await fc.assert(
      fc.asyncProperty(pairs, async ({ size, index }) => {
        const tree = leaves.slice(0, size);
        const hashes = inclusionProof(size, index, nodesOf(tree));
        expect(hashes).toEqual(naivePath(index, tree));
        const leaf = leafHash(leaves[index]!);
        expect(provenRoot(size, index, leaf, hashes)).toEqual(roots[size]);
        const claim = { leafHash: leaf, index, hashes };
        expect(await verifyInclusion(nodeCrypto, claim, { size, root: roots[size]! })).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('of consistency are those of the definition, and verify', async () => {
    await fc.assert(
      fc.asyncProperty(pairs, async ({ size: to, index }) => {
        const from = index + 1;
        const tree = leaves.slice(0, to);
        const hashes = consistencyProof(from, to, nodesOf(tree));
        expect(hashes).toEqual(naiveSubproof(from, tree));
        const earlier = { size: from, root: roots[from]! };
        const later = { size: to, root: roots[to]! };
        expect(await verifyConsistency(nodeCrypto, earlier, later, hashes)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('say beforehand which nodes they need', () => {
    fc.assert(
      fc.property(pairs, ({ size, index }) => {
        const asked: unknown[] = [];
        const node: NodeReader = (level, at) => {
          asked.push({ level, index: at });
          return Buffer.alloc(32);
        };
        inclusionProof(size, index, node);
        expect(asked.splice(0)).toEqual(inclusionNodes(size, index));
        consistencyProof(index, size, node);
        expect(asked).toEqual(consistencyNodes(index, size));
      }),
    );
  });

  test('corrupted in any way do not verify', async () => {
    const damage = fc.record({
      pair: pairs,
      how: fc.constantFrom('flip', 'drop', 'add', 'swap', 'index', 'size', 'leaf', 'root'),
      at: fc.nat(),
      bit: fc.integer({ min: 0, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ pair: { size, index }, how, at, bit }) => {
        const hashes = naivePath(index, leaves.slice(0, size));
        const claim = { leafHash: leafHash(leaves[index]!), index, hashes };
        const tree = { size, root: roots[size]! };
        const flip = (bytes: Buffer): Buffer => {
          const copy = Buffer.from(bytes);
          copy[bit >> 3]! ^= 1 << (bit & 7);
          return copy;
        };
        const place = hashes.length === 0 ? 0 : at % hashes.length;
        if (how === 'flip' && hashes[place]) hashes[place] = flip(hashes[place]);
        else if (how === 'drop' && hashes.length > 0) hashes.splice(place, 1);
        else if (how === 'add') hashes.splice(place, 0, Buffer.alloc(32, bit));
        else if (how === 'swap' && hashes.length > 1) hashes.push(hashes.shift()!);
        else if (how === 'index') claim.index = index + 1;
        else if (how === 'size') tree.size = size * 2 + 1;
        else if (how === 'root') tree.root = flip(tree.root);
        else claim.leafHash = flip(claim.leafHash);
        expect(await verifyInclusion(nodeCrypto, claim, tree)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  test('of consistency that were corrupted do not verify', async () => {
    const damage = fc.record({
      pair: pairs.filter(({ size, index }) => index + 1 < size),
      how: fc.constantFrom('flip', 'drop', 'add', 'from', 'to', 'earlier', 'later'),
      at: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ pair: { size, index }, how, at }) => {
        const hashes = naiveSubproof(index + 1, leaves.slice(0, size));
        const earlier = { size: index + 1, root: roots[index + 1]! };
        const later = { size, root: roots[size]! };
        const place = at % hashes.length;
        const wrong = Buffer.alloc(32, 0xee);
        if (how === 'flip') hashes[place] = wrong;
        else if (how === 'drop') hashes.splice(place, 1);
        else if (how === 'add') hashes.splice(place, 0, wrong);
        else if (how === 'from') earlier.root = roots[index]!;
        else if (how === 'to') later.root = roots[size - 1]!;
        else if (how === 'earlier') earlier.root = wrong;
        else later.root = wrong;
        expect(await verifyConsistency(nodeCrypto, earlier, later, hashes)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  test('refuse an index outside the tree', () => {
    expect(() => inclusionProof(5, 5, nodesOf(leaves))).toThrow('requires 0 <= index < size');
    expect(() => consistencyProof(6, 5, nodesOf(leaves))).toThrow('requires 0 <= from <= to');
  });
});
