/** Proofs that are corrupted in one thing each, kept as files and replayed; the public ones too. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { verifyProofFile } from '#src/ledger/proof-file.ts';
import { checkTile } from '#src/ledger/span.ts';
import { edgeRoot, hashesOf, tilePath } from '#src/ledger/tile-tree.ts';
import {
  leafHash,
  verifyCheckpoint,
  verifyConsistency,
  verifyInclusion,
} from '#src/ledger/verify.ts';
import { ledgerVectors } from '#test/support/ledger-vectors.ts';
import type { ConsistencyCase, InclusionCase } from '#test/support/ledger-vectors.ts';
import { nodeCrypto } from './support.ts';

const folder = fileURLToPath(new URL('../vectors/ledger/', import.meta.url));
const made = ledgerVectors();
if (process.env['UPDATE_GOLDEN'] === '1') {
  rmSync(folder, { recursive: true, force: true });
  for (const [path, bytes] of made) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
}

const read = (path: string): Buffer => readFileSync(join(folder, path));
const json = <T>(path: string): T => JSON.parse(read(path).toString()) as T;
const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');
const namesIn = (path: string): [name: string][] =>
  readdirSync(join(folder, path)).map((file) => [file.replace(/\.[^.]*$/, '')]);

const about = json<{
  vkey: string;
  leafHashes: string[];
  leaf12: string;
  firstBad: Record<string, number | null>;
}>('about.json');

test('the files are those that their seed makes', () => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = files.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  const kept = paths.map((path) => path.slice(folder.length)).toSorted();
  expect(kept).toEqual([...made.keys()].toSorted());
  for (const path of kept) expect([path, read(path)]).toEqual([path, made.get(path)]);
});

test.each(json<InclusionCase[]>('inclusion.json').map((one) => [one.name, one] as const))(
  'inclusion: %s',
  async (_, { holds, leaf, index, size, root, hashes }) => {
    const claim = { leafHash: await leafHash(nodeCrypto, bytesOf(leaf)), index };
    const proof = { ...claim, hashes: hashes.map(bytesOf) };
    const tree = { size, root: bytesOf(root) };
    expect(await verifyInclusion(nodeCrypto, proof, tree)).toBe(holds);
  },
);

test.each(json<ConsistencyCase[]>('consistency.json').map((one) => [one.name, one] as const))(
  'consistency: %s',
  async (_, { holds, from, to, fromRoot, toRoot, hashes }) => {
    const [earlier, later] = [
      { size: from, root: bytesOf(fromRoot) },
      { size: to, root: bytesOf(toRoot) },
    ];
    const proof = hashes.map(bytesOf);
    expect(await verifyConsistency(nodeCrypto, earlier, later, proof)).toBe(holds);
  },
);

test.each(namesIn('notes'))('note: %s', async (name) => {
  const verified = verifyCheckpoint(nodeCrypto, about.vkey, read(`notes/${name}.note`).toString());
  if (name.startsWith('good')) expect((await verified).size).toBe(about.leafHashes.length);
  else await expect(verified).rejects.toThrow(TypeError);
});

test.each(namesIn('proof-files'))('proof file: %s', async (name) => {
  const file = read(`proof-files/${name}.proof`).toString();
  const claim = { vkey: about.vkey, leaf: bytesOf(about.leaf12), file };
  const verified = verifyProofFile(nodeCrypto, claim);
  if (name.startsWith('good')) expect((await verified).index).toBe(12);
  else await expect(verified).rejects.toThrow(TypeError);
});

test.each(namesIn('bundles'))('bundle: %s', async (name) => {
  const width = about.leafHashes.length;
  const files = new Map([
    [tilePath('entries', 0, width), read(`bundles/${name}.bundle`)],
    [tilePath(0, 0, width), Buffer.concat(about.leafHashes.map(bytesOf))],
  ]);
  const ask = { index: 0, width, entries: true };
  const { differ, faults } = await checkTile(nodeCrypto, (path) => files.get(path), ask);
  const bad = [...differ, ...faults.map(({ index }) => index ?? Infinity)];
  expect(bad.length === 0 ? null : Math.min(...bad)).toBe(about.firstBad[name]);
});

describe("the public vectors of Certificate Transparency's tree", () => {
  const vectors = JSON.parse(
    readFileSync(new URL('../vectors/merkle.json', import.meta.url), 'utf8'),
  ) as { leaves: string[]; emptyRoot: string; roots: string[] };

  test('have the roots that tiles make of them', async () => {
    const hashes: Buffer[] = [];
    const rootsOf = async () => Buffer.from(await edgeRoot(nodeCrypto, [hashes])).toString('hex');
    expect(await rootsOf()).toBe(vectors.emptyRoot);
    for (const [at, leaf] of vectors.leaves.entries()) {
      hashes.push(Buffer.from(await leafHash(nodeCrypto, Buffer.from(leaf, 'hex'))));
      expect(hashesOf(Buffer.concat(hashes))).toHaveLength(at + 1);
      expect(await rootsOf()).toBe(vectors.roots[at]);
    }
  });
});
