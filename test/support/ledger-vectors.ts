/**
 * Proofs, notes and bundles of a small ledger, good ones and each with one thing wrong: as files,
 * for this verifier and for any other. Made from a seed, so that they can be made again.
 */
import { encodeVkey, ledgerKeyFromSeed, signCheckpoint } from '#src/ledger/note.ts';
import { formatProofFile } from '#src/ledger/proof-file.ts';
import { consistencyProof, inclusionProof, type NodeReader } from '#src/ledger/proofs.ts';
import { append, emptyEdge, frontier, hashAt, leafHash, rootOf } from '#src/ledger/tree.ts';
import { tileLevels } from '#src/ledger/tree.ts';
import { bundleOf } from './ledger-folder.ts';
import { ledgerLives } from './ledger-lives.ts';

const size = 21;
const key = ledgerKeyFromSeed('ledger.test/vectors', Buffer.alloc(32, 21));
const strange = ledgerKeyFromSeed('ledger.test/vectors', Buffer.alloc(32, 22));
const lives = ledgerLives(2026);
const leaves = Array.from({ length: size }, () => lives.next().value.leaf);
const hashes = leaves.map(leafHash);

const rootAt = (count: number): Buffer =>
  rootOf(frontier(append(emptyEdge, hashes.slice(0, count)).edge));
const node: NodeReader = (level, index) => {
  const members = hashes.slice(index * 2 ** level, (index + 1) * 2 ** level);
  return hashAt(tileLevels(Buffer.concat(members)).at(-1)!, 0);
};

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1;
  return copy;
};

export interface InclusionCase {
  name: string;
  holds: boolean;
  leaf: string;
  index: number;
  size: number;
  root: string;
  hashes: string[];
}

function inclusionCases(): InclusionCase[] {
  const cases: InclusionCase[] = [];
  for (const [index, count] of [
    [0, 1],
    [0, 21],
    [7, 8],
    [12, 21],
    [20, 21],
  ] as const) {
    const proof = inclusionProof(count, index, node);
    const [root, leaf] = [rootAt(count), leaves[index]!];
    const of = { index, size: count, leaf: base64(leaf), root: base64(root) };
    const add = (name: string, more: Partial<InclusionCase>): void => {
      const good = { ...of, hashes: proof.map(base64), holds: false };
      cases.push({ name: `entry ${index} of ${count}, ${name}`, ...good, ...more });
    };
    add('good', { holds: true });
    add('leaf changed', { leaf: base64(flipped(leaf, 3)) });
    add('root changed', { root: base64(flipped(root, 31)) });
    add('index one more', { index: index + 1 });
    add('index negative', { index: -1 });
    // A size that gives the path the same shape is bound by the checkpoint, not by the proof.
    add('size doubled', { size: 2 * count });
    add('a hash too many', { hashes: [...proof, root].map(base64) });
    if (proof.length === 0) continue;
    add('last hash missing', { hashes: proof.slice(0, -1).map(base64) });
    add('first hash changed', { hashes: [flipped(proof[0]!, 0), ...proof.slice(1)].map(base64) });
    add('first hash cut', { hashes: [proof[0]!.subarray(1), ...proof.slice(1)].map(base64) });
    if (proof.length > 1) add('hashes turned round', { hashes: proof.toReversed().map(base64) });
  }
  return cases;
}

export interface ConsistencyCase {
  name: string;
  holds: boolean;
  from: number;
  to: number;
  fromRoot: string;
  toRoot: string;
  hashes: string[];
}

function consistencyCases(): ConsistencyCase[] {
  const cases: ConsistencyCase[] = [];
  for (const [from, to] of [
    [1, 21],
    [8, 21],
    [7, 16],
    [13, 20],
    [21, 21],
  ] as const) {
    const proof = consistencyProof(from, to, node);
    const of = { from, to, fromRoot: base64(rootAt(from)), toRoot: base64(rootAt(to)) };
    const add = (name: string, more: Partial<ConsistencyCase>): void => {
      const good = { ...of, hashes: proof.map(base64), holds: false };
      cases.push({ name: `${from} to ${to}, ${name}`, ...good, ...more });
    };
    add('good', { holds: true });
    add('earlier root changed', { fromRoot: base64(flipped(rootAt(from), 0)) });
    add('later root changed', { toRoot: base64(flipped(rootAt(to), 0)) });
    add('a hash too many', { hashes: [...proof, rootAt(from)].map(base64) });
    add('turned round', { from: to + 1, to: from });
    if (proof.length === 0) continue;
    add('no hash', { hashes: [] });
    add('last hash missing', { hashes: proof.slice(0, -1).map(base64) });
    add('last hash changed', { hashes: [...proof.slice(0, -1), rootAt(3)].map(base64) });
    add('earlier size one less', { from: from - 1 });
    add('roots exchanged', { fromRoot: of.toRoot, toRoot: of.fromRoot });
  }
  return cases;
}

/** Notes by the name of their file; those that begin with `good` hold. */
function notes(): Record<string, string> {
  const good = signCheckpoint(key, { size, root: rootAt(size) });
  const [text = '', line = ''] = good.split('\n\n');
  const other = signCheckpoint(strange, { size, root: rootAt(size) }).split('\n\n')[1] ?? '';
  const older = signCheckpoint(key, { size: 20, root: rootAt(20) }).split('\n\n')[1] ?? '';
  return {
    good,
    'good-signed-by-a-stranger-too': `${text}\n\n${other}${line}`,
    'size-changed': good.replace(`\n${size}\n`, '\n22\n'),
    'size-with-a-zero-before': good.replace(`\n${size}\n`, `\n0${size}\n`),
    'origin-changed': good.replace('ledger.test/vectors\n', 'ledger.test/others\n'),
    'root-changed': good.replace(base64(rootAt(size)), base64(flipped(rootAt(size), 0))),
    'signed-by-a-stranger': `${text}\n\n${other}`,
    'signature-of-an-older-one': `${text}\n\n${older}`,
    'signed-twice-once-wrongly': `${text}\n\n${line}${older}`,
    'not-signed': `${text}\n\n`,
    'without-its-last-newline': good.slice(0, -1),
    'with-a-carriage-return': good.replace('\n', '\r\n'),
    'hyphen-for-a-dash': good.replace('— ', '- '),
  };
}

/** Proof files of entry 12; those that begin with `good` hold. */
function proofFiles(): Record<string, string> {
  const index = 12;
  const proof = inclusionProof(size, index, node).map(base64);
  const checkpoint = signCheckpoint(key, { size, root: rootAt(size) });
  const good = formatProofFile({ index, hashes: proof, checkpoint });
  const strangers = signCheckpoint(strange, { size, root: rootAt(size) });
  const of = (more: Partial<Parameters<typeof formatProofFile>[0]>): string =>
    formatProofFile({ index, hashes: proof, checkpoint, ...more });
  return {
    good,
    'good-with-an-extra-line': good.replace(
      '\nindex',
      `\nextra ${base64(Buffer.from('x'))}\nindex`,
    ),
    'index-changed': of({ index: 13 }),
    'index-with-a-zero-before': good.replace('index 12', 'index 012'),
    'hash-missing': of({ hashes: proof.slice(1) }),
    'hash-too-many': of({ hashes: [...proof, proof[0]!] }),
    'hash-changed': of({ hashes: [proof[1]!, ...proof.slice(1)] }),
    'of-a-stranger': of({ checkpoint: strangers }),
    'of-a-smaller-tree': of({ checkpoint: signCheckpoint(key, { size: 16, root: rootAt(16) }) }),
    'another-header': good.replace('@v1', '@v2'),
    'without-its-checkpoint': good.slice(0, good.indexOf('\n\n') + 2),
  };
}

/** Entry bundles of 21, and the first bad entry of each; null for those that are good. */
function bundles(): Record<string, { bytes: Buffer; firstBad: number | null }> {
  const good = bundleOf(leaves);
  const startOf = (entry: number): number => bundleOf(leaves.slice(0, entry)).length;
  const swapped = leaves.with(4, leaves[9]!).with(9, leaves[4]!);
  return {
    good: { bytes: good, firstBad: null },
    'byte-changed-in-17': { bytes: flipped(good, startOf(17) + 40), firstBad: 17 },
    'length-changed-of-5': { bytes: flipped(good, startOf(5) + 1), firstBad: 5 },
    'entry-8-deleted': { bytes: bundleOf(leaves.toSpliced(8, 1)), firstBad: 8 },
    'entry-3-doubled': { bytes: bundleOf(leaves.toSpliced(3, 0, leaves[3]!)), firstBad: 4 },
    'entries-4-and-9-swapped': { bytes: bundleOf(swapped), firstBad: 4 },
    'cut-after-11': { bytes: good.subarray(0, startOf(12)), firstBad: 12 },
    'cut-within-20': { bytes: good.subarray(0, good.length - 7), firstBad: 20 },
    'longer-by-a-byte': { bytes: Buffer.concat([good, Buffer.of(0)]), firstBad: 21 },
    empty: { bytes: Buffer.alloc(0), firstBad: 0 },
  };
}

const asJson = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);

/** Every file of `test/vectors/ledger`, by its path there. */
export function ledgerVectors(): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const made = bundles();
  const about = {
    source:
      'Made by test/support/ledger-vectors.ts: UPDATE_GOLDEN=1 with test/ledger/vectors.test.ts',
    vkey: encodeVkey(key),
    checkpoint: signCheckpoint(key, { size, root: rootAt(size) }),
    leafHashes: hashes.map(base64),
    leaf12: base64(leaves[12]!),
    firstBad: Object.fromEntries(
      Object.entries(made).map(([name, { firstBad }]) => [name, firstBad]),
    ),
  };
  files.set('about.json', asJson(about));
  files.set('inclusion.json', asJson(inclusionCases()));
  files.set('consistency.json', asJson(consistencyCases()));
  for (const [name, note] of Object.entries(notes())) {
    files.set(`notes/${name}.note`, Buffer.from(note));
  }
  for (const [name, file] of Object.entries(proofFiles())) {
    files.set(`proof-files/${name}.proof`, Buffer.from(file));
  }
  for (const [name, { bytes }] of Object.entries(made)) files.set(`bundles/${name}.bundle`, bytes);
  return files;
}
