/**
 * Verifies a kept copy of a ledger, its files and nothing else: leaves, hashes, details, growth and
 * sense. Imports only what a browser can run beside it.
 */
import { verdictOf } from './entry-check.ts';
import type { LedgerFault } from './entry-check.ts';
import { beginsWith, madeView, signedRoots, storedView } from './folder-tree.ts';
import type { Summary, TreeView } from './folder-tree.ts';
import { createLifeCheck } from './life.ts';
import { unpackSteps } from './span.ts';
import type { ReadFile, TileAsk, TileReport } from './span.ts';
import { tilesAt, tileWidth } from './tile-tree.ts';
import { same } from './verify.ts';
import type { Bytes, Checkpoint, VerifierCrypto } from './verify.ts';

export interface FolderAsk {
  /** The tree to reach, from `verifyCheckpoint`. */
  checkpoint: Checkpoint;
  /** A checkpoint kept earlier: the tree has to begin with its tree. */
  kept?: Checkpoint | undefined;
  /** False for a copy that holds hashes only. */
  entries: boolean;
}

export interface FolderDeps {
  crypto: VerifierCrypto;
  readFile: ReadFile;
  /** `checkTile` of every tile, in order, here or in other threads. */
  check: (asks: readonly TileAsk[]) => AsyncIterable<TileReport>;
}

export interface FolderVerdict {
  /** The lowest index first; none means verified. */
  faults: LedgerFault[];
  /** Whether there were details to check. */
  details: boolean;
}

const faultsMax = 100;

/**
 * Verifies a folder. Where leaves and stored hashes differ, it names the one of the two that does
 * not lead to the signed root.
 */
export async function verifyFolder(deps: FolderDeps, ask: FolderAsk): Promise<FolderVerdict> {
  const { crypto, readFile } = deps;
  const { checkpoint, kept, entries } = ask;
  const faults: LedgerFault[] = [];
  const { summaries, senseless, finish } = await readTiles(deps, ask, faults);
  const stored = await storedView(summaries, checkpoint.size, readFile, faults);
  const made = await madeView(crypto, summaries, checkpoint.size, readFile);
  const isMade = entries && (await beginsWith(crypto, made, checkpoint));
  const isStored = await beginsWith(crypto, stored, checkpoint);
  if (isMade) faults.push(...storedFaults(stored, made, summaries));
  else if (isStored) {
    const signed = await signedRoots(crypto, stored);
    faults.push(...(entries ? leafFaults(summaries, signed) : hashFaults(summaries, signed)));
  } else {
    faults.push(...differing(summaries, 'the entry is not the one whose hash is stored'));
    faults.push({ index: null, problem: 'the entries are not those of the signed checkpoint' });
  }
  if (entries && !isMade && faults.length === 0) {
    faults.push({ index: null, problem: 'the entries are not those of the signed checkpoint' });
  }
  if (kept && !(await beginsWith(crypto, isMade ? made : stored, kept))) {
    const problem = 'the ledger does not continue the checkpoint that was kept';
    faults.push({ index: null, problem });
  }
  const atLast = faults.length === 0 ? finish() : [];
  const details = summaries.some(({ hasDetails }) => hasDetails);
  return { faults: verdictOf(faults, [...senseless, ...atLast]).slice(0, faultsMax), details };
}

/** Reads every tile once, in order, and lets the check of lives hear what was signed. */
async function readTiles(
  deps: FolderDeps,
  { checkpoint, entries }: FolderAsk,
  faults: LedgerFault[],
) {
  const life = createLifeCheck();
  const summaries: Summary[] = [];
  const senseless: LedgerFault[] = [];
  const asks = tilesAt(checkpoint.size, 0).map((tile) => ({ ...tile, entries }));
  for await (const { steps, ...summary } of deps.check(asks)) {
    summaries.push(summary);
    if (faults.length < faultsMax) faults.push(...summary.faults);
    const first = Math.min(...faults.map(({ index }) => index ?? Infinity), Infinity);
    if (senseless.length >= faultsMax) continue;
    for (const [index, leaf, detail] of unpackSteps(steps)) {
      // Of what is not as it was signed, nobody can say whether it makes sense.
      if (index >= first) break;
      const problem = life.step(index, leaf, detail);
      if (problem) senseless.push({ index, problem });
    }
  }
  const withDetails = summaries.filter(({ hasDetails }) => hasDetails);
  for (const { index, hasDetails } of withDetails.length > 0 ? summaries : []) {
    if (hasDetails) continue;
    faults.push({ index: index * tileWidth, problem: 'the details of a tile are missing' });
  }
  return { summaries, senseless, finish: () => life.finish() };
}

function differing(summaries: readonly Summary[], problem: string): LedgerFault[] {
  return summaries.flatMap(({ differ }) => differ.map((index) => ({ index, problem })));
}

/** The leaves are those that were signed: what is stored beside them has to be what they make. */
function storedFaults(
  stored: TreeView,
  made: TreeView,
  summaries: readonly Summary[],
): LedgerFault[] {
  const faults = differing(summaries, 'the stored hash of the entry is wrong');
  for (const [level, row] of stored.rows.entries()) {
    for (const [at, hash] of row.entries()) {
      const own = made.rows[level]![at];
      if (!hash || !own || same(hash, own)) continue;
      const problem = `hash ${at} of level ${level} is not the one that the entries make`;
      faults.push({ index: at * tileWidth ** level, problem });
    }
  }
  return faults;
}

const isRoot = (root: Bytes | null, signed: Bytes | undefined): boolean =>
  root !== null && signed !== undefined && same(root, signed);

/** The stored hashes lead to the signed root, and the leaves do not. */
function leafFaults(
  summaries: readonly Summary[],
  signed: ReadonlyMap<number, Bytes>,
): LedgerFault[] {
  return summaries.flatMap((tile): LedgerFault[] => {
    const { index, leafRoot, storedRoot, edge, differ } = tile;
    const of = (problem: string) => differ.map((at) => ({ index: at, problem }));
    if (edge || isRoot(storedRoot, signed.get(index))) {
      return of('the entry is not what was signed');
    }
    if (isRoot(leafRoot, signed.get(index))) return of('the stored hash of the entry is wrong');
    const start = index * tileWidth;
    const problem = `not all of the ${tileWidth} entries from here on are what was signed`;
    return [{ index: start, problem }];
  });
}

/** A copy of hashes only: every tile has to be the one that the tile above it names. */
function hashFaults(
  summaries: readonly Summary[],
  signed: ReadonlyMap<number, Bytes>,
): LedgerFault[] {
  return summaries.flatMap(({ index, storedRoot, edge }): LedgerFault[] => {
    if (edge || isRoot(storedRoot, signed.get(index))) return [];
    const problem = `not all hashes of the ${tileWidth} entries from here on are what was signed`;
    return [{ index: index * tileWidth, problem }];
  });
}
