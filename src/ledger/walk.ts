/**
 * Reads a whole ledger, entry by entry, against one signed checkpoint, and names what is wrong.
 * Imports only `verify.ts`, so that a browser runs it too.
 */
import { joined, leafHash, nodeHash, rootOf, same } from './verify.ts';
import { siblings, verifyInclusion } from './verify.ts';
import type { Bytes, VerifierCrypto } from './verify.ts';

/** `detail`: left out where it may not be seen; null where the ledger could not open it. */
export interface EntryToVerify {
  index: number;
  leaf: Bytes;
  detail?: { salt: Bytes; content: Bytes } | null | undefined;
}

/** What is wrong, and with which entry; null where no single entry is to blame. */
export interface LedgerFault {
  index: number | null;
  problem: string;
}

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
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Starts verifying a ledger.
 *
 * @param target.checkpoint the tree to reach, from `verifyCheckpoint`
 * @param target.kept a checkpoint kept earlier: the same entries must reach it on the way
 * @param target.from entries verified earlier and not read again; without it, from the first one
 */
export function createLedgerVerifier(
  crypto: VerifierCrypto,
  target: {
    checkpoint: Tree;
    kept?: Tree | undefined;
    from?: LedgerState | undefined;
  },
): LedgerVerifier {
  const { checkpoint, kept } = target;
  const read = createRun(crypto, target.from);
  const faults: LedgerFault[] = [];
  let expected = read.size;
  let keptMet = false;

  const blame = (index: number | null, problem: string): void => {
    if (faults.length < faultsMax) faults.push({ index, problem });
  };

  const meetKept = async (): Promise<void> => {
    if (kept?.size === read.size) keptMet = same(await read.root(), kept.root);
  };

  return {
    async add(entries) {
      if (read.size === read.first) await meetKept();
      for (const entry of entries) {
        if (entry.index >= checkpoint.size) continue;
        if (entry.index > expected) blame(expected, 'the entry is missing');
        if (entry.index < expected) blame(entry.index, 'the entry is out of order');
        const problem = await faultOf(crypto, entry);
        if (problem) blame(entry.index, problem);
        // After a gap the tree cannot be continued; single entries are still checked.
        if (entry.index === expected && expected === read.size) {
          await read.push(1, await leafHash(crypto, entry.leaf));
          if (read.size === kept?.size) await meetKept();
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
      } else if (kept && !keptMet) {
        blame(null, 'the ledger does not continue the checkpoint that was kept');
      }
      const seen = new Set<number | null>();
      return faults
        .sort((a, b) => (a.index ?? Infinity) - (b.index ?? Infinity))
        .filter(({ index }) => !seen.has(index) && seen.add(index));
    },
    state: () => ({ size: read.size, frontier: read.frontier() }),
  };
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

/** What is wrong with an entry by itself: its leaf's form, or its detail. */
async function faultOf(
  crypto: VerifierCrypto,
  { leaf, detail }: EntryToVerify,
): Promise<string | undefined> {
  const said = leafDetail(leaf);
  if (said === undefined) return 'the leaf has not the form of a leaf';
  if (detail === null) return 'the detail cannot be opened';
  if (detail === undefined) return undefined;
  if (detail.salt.length !== 32) return 'the salt of the detail has not 32 bytes';
  const hash = await crypto.sha256(joined(detail.salt, detail.content));
  return toBase64(hash) === said ? undefined : 'the detail is not the one that the leaf commits to';
}

function toBase64(hash: Bytes): string {
  let binary = '';
  for (let at = 0; at < hash.length; at++) binary += String.fromCharCode(hash[at]!);
  return btoa(binary);
}

/**
 * A leaf, byte for byte: RFC 8785 leaves one order of members and one spelling, and every text has
 * a closed form that needs no escapes. So nothing else can hide in a leaf, personal data least.
 */
const leafForm = (() => {
  const hash = '"[A-Za-z0-9+/]{43}="';
  const id = '[a-z0-9-]{1,40}';
  const item = '"(?:[A-Za-z]{1,40}|UNKNOWN_ITEM)"';
  const members = [
    String.raw`"at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"`,
    `"commitment":(?:null|${hash})`,
    `"consignee":(?:null|"${id}")`,
    String.raw`"contract":(?:null|\{"digest":${hash},"id":"${id}\.v[1-9][0-9]{0,5}"\})`,
    `"detail":"(?<detail>[A-Za-z0-9+/]{43}=)"`,
    String.raw`"items":\[(?:${item}(?:,${item})*)?\]`,
    `"kind":"[a-z-]{1,40}"`,
    `"transfer":(?:null|"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")`,
    `"v":1`,
  ];
  return new RegExp(String.raw`^\{${members.join(',')}\}$`);
})();

/** The detail hash of a leaf, in base64; undefined unless the leaf has the form of one. */
function leafDetail(leaf: Bytes): string | undefined {
  try {
    return leafForm.exec(strictUtf8.decode(leaf))?.groups?.detail;
  } catch {
    return undefined;
  }
}
