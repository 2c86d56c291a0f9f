/**
 * Reads a whole ledger, entry by entry, against one signed checkpoint, and names what is wrong.
 * Imports only what a browser can run beside it.
 */
import { detailFor, entryProblem, verdictOf } from './entry-check.ts';
import type { EntryToVerify, LedgerFault } from './entry-check.ts';
import { readLeaf, type LeafFacts } from './leaf.ts';
import type { LifeCheck } from './life.ts';
import { leafHash, nodeHash, rootOf, same } from './verify.ts';
import { siblings, verifyInclusion } from './verify.ts';
import type { Bytes, VerifierCrypto } from './verify.ts';

/** All that must be kept of verified entries to go on from there. */
export interface LedgerState {
  size: number;
  /** Roots of the perfect subtrees, largest first, one for each bit of the size. */
  frontier: readonly Bytes[];
}

/** A tree as a verified checkpoint states it. */
export interface Tree {
  size: number;
  root: Bytes;
}

/** Where to look again once the root is wrong. Both answer for the checkpoint being verified. */
export interface LedgerSource {
  /** The hashes of the inclusion proof of an entry. */
  proof(index: number): Promise<readonly Bytes[]>;
  /** Leaves from `start` up to, not including, `end`: 256 at most. */
  leaves(start: number, end: number): Promise<readonly Bytes[]>;
}

export interface LedgerVerifier {
  /** The next entries, in order. Those past the checkpoint are left alone. */
  add(entries: readonly EntryToVerify[]): Promise<void>;
  /**
   * The verdict: every fault found, the lowest index first; none means verified. When the root is
   * wrong it looks again through `source` and names the first entry that is not what was signed.
   */
  finish(source: LedgerSource): Promise<readonly LedgerFault[]>;
  /** What to keep for `from`, once `finish` has found no fault. */
  state(): LedgerState;
}

const faultsMax = 100;
const tileWidth = 256;

/**
 * Starts verifying a ledger.
 *
 * @param target.checkpoint the tree to reach, from `verifyCheckpoint`
 * @param target.kept checkpoints of the same ledger: the same entries must reach them on the way
 * @param target.from entries verified earlier and not read again; without it, from the first one
 * @param target.life also whether the ledger makes sense; only from the first entry on
 */
export function createLedgerVerifier(
  crypto: VerifierCrypto,
  target: {
    checkpoint: Tree;
    kept?: Tree | readonly Tree[] | undefined;
    from?: LedgerState | undefined;
    life?: LifeCheck | undefined;
  },
): LedgerVerifier {
  const { checkpoint, life } = target;
  const kept = [target.kept ?? []].flat();
  const read = createRun(crypto, target.from);
  const faults: LedgerFault[] = [];
  const senseless: LedgerFault[] = [];
  let expected = read.size;
  const met = new Set<Tree>();

  const blame = (index: number | null, problem: string): void => {
    if (faults.length < faultsMax) faults.push({ index, problem });
  };

  const meetKept = async (): Promise<void> => {
    for (const tree of kept) {
      if (tree.size === read.size && same(await read.root(), tree.root)) met.add(tree);
    }
  };

  return {
    async add(entries) {
      if (read.size === read.first) await meetKept();
      for (const entry of entries) {
        if (entry.index >= checkpoint.size) continue;
        if (entry.index > expected) blame(expected, 'the entry is missing');
        if (entry.index < expected) blame(entry.index, 'the entry is out of order');
        const facts = readLeaf(entry.leaf);
        const problem = await entryProblem(crypto, entry, facts);
        if (problem) blame(entry.index, problem);
        if (facts && faults.length === 0) senseless.push(...senselessIn(life, entry, facts));
        // After a gap the tree cannot be continued; single entries are still checked.
        if (entry.index === expected && expected === read.size) {
          await read.push(1, await leafHash(crypto, entry.leaf));
          await meetKept();
        }
        expected = Math.max(expected, entry.index + 1);
      }
    },
    async finish(source) {
      if (read.size === read.first) await meetKept();
      if (read.size !== checkpoint.size || !same(await read.root(), checkpoint.root)) {
        const index = await locate(crypto, checkpoint, read, source);
        const missing = index !== null && index >= read.size;
        const problem = missing ? 'the entry is missing' : 'the entry is not what was signed';
        // Past the limit too: it may be the first of all.
        faults.push({ index, problem });
      } else if (kept.some((tree) => !met.has(tree))) {
        blame(null, 'the ledger does not continue the checkpoint that was kept');
      }
      const atLast = faults.length === 0 ? (life?.finish() ?? []) : [];
      return verdictOf(faults, [...senseless, ...atLast].slice(0, faultsMax));
    },
    state: () => ({ size: read.size, frontier: read.frontier() }),
  };
}

/** Of what is not as it was signed, nobody can say whether it makes sense: it is not asked. */
function senselessIn(
  life: LifeCheck | undefined,
  entry: EntryToVerify,
  facts: LeafFacts,
): LedgerFault[] {
  const problem = life?.step(entry.index, facts, detailFor(facts.kind, entry));
  return problem === undefined ? [] : [{ index: entry.index, problem }];
}

/** Consecutive leaves as the perfect subtrees that they make. */
interface Run {
  /** Index of the first leaf that was pushed here. */
  readonly first: number;
  readonly size: number;
  /** Roots of complete runs of 256 leaves, by number: 32 bytes each, all that searching needs. */
  readonly tiles: ReadonlyMap<number, Bytes>;
  /** Appends a perfect subtree of `width` leaves. */
  push(width: number, hash: Bytes): Promise<void>;
  frontier(): Bytes[];
  root(): Promise<Bytes>;
}

function createRun(crypto: VerifierCrypto, from: LedgerState = { size: 0, frontier: [] }): Run {
  const subtrees: { width: number; hash: Bytes }[] = [];
  const tiles = new Map<number, Bytes>();
  let size = 0;
  for (const hash of from.frontier) {
    let width = 1;
    while (width * 2 <= from.size - size) width *= 2;
    subtrees.push({ width, hash });
    size += width;
  }
  if (size !== from.size) throw new RangeError('the frontier is not of this size');
  const frontier = (): Bytes[] => subtrees.map(({ hash }) => hash);
  return {
    first: from.size,
    get size() {
      return size;
    },
    tiles,
    async push(width, hash) {
      size += width;
      for (let left = subtrees.at(-1); left?.width === width; left = subtrees.at(-1)) {
        subtrees.pop();
        hash = await nodeHash(crypto, left.hash, hash);
        width *= 2;
        if (width === tileWidth) tiles.set(size / tileWidth - 1, hash);
      }
      subtrees.push({ width, hash });
    },
    frontier,
    root: () => rootOf(crypto, frontier()),
  };
}

/**
 * The first entry whose leaf is not in the signed tree: a proof that holds makes the hashes beside
 * its path certain, and the leftmost of them that the entries do not give holds the next to try.
 */
async function locate(
  crypto: VerifierCrypto,
  checkpoint: Tree,
  held: Run,
  source: LedgerSource,
): Promise<number | null> {
  let index: number | null = held.first;
  while (index !== null && index < checkpoint.size && index < held.size) {
    const suspect: number = index;
    const [leaf] = await source.leaves(suspect, suspect + 1);
    if (!leaf) return suspect;
    const hashes = await source.proof(suspect);
    const claim = { leafHash: await leafHash(crypto, leaf), index: suspect, hashes };
    if (!(await verifyInclusion(crypto, claim, checkpoint))) return suspect;
    index = null;
    for (const [at, [start, end]] of siblings(suspect, checkpoint.size).entries()) {
      if (start < suspect) continue;
      const own = end <= held.size ? await rangeRoot(crypto, held.tiles, source, start, end) : null;
      if (own && same(own, hashes[at]!)) continue;
      index = start;
      break;
    }
  }
  return index;
}

/** The hash of the subtree over `[start, end)` as the entries that were read give it. */
async function rangeRoot(
  crypto: VerifierCrypto,
  tiles: ReadonlyMap<number, Bytes>,
  source: LedgerSource,
  start: number,
  end: number,
): Promise<Bytes> {
  const run = createRun(crypto);
  let at = start;
  for (; at % tileWidth === 0 && at + tileWidth <= end; at += tileWidth) {
    const tile = tiles.get(at / tileWidth);
    if (!tile) throw new RangeError('these entries were not read');
    await run.push(tileWidth, tile);
  }
  for (const leaf of at < end ? await source.leaves(at, end) : []) {
    await run.push(1, await leafHash(crypto, leaf));
  }
  return run.root();
}
