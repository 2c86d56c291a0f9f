/**
 * Checks the files of one tile's entries: bundle, details and hashes against one another. Imports
 * only what a browser can run beside it.
 */
import { detailFor, entryProblem } from './entry-check.ts';
import type { EntryToVerify, LedgerFault } from './entry-check.ts';
import { readLeaf } from './leaf.ts';
import type { LeafFacts } from './leaf.ts';
import type { DetailSays } from './life.ts';
import { detailsPath, hashesOf, perfectRoot, tilePath, tileWidth } from './tile-tree.ts';
import { fromBase64, leafHash, same } from './verify.ts';
import type { Bytes, Soon, VerifierCrypto } from './verify.ts';

/** A kept copy of a ledger; undefined for a file that is not there. */
export type ReadFile = (path: string) => Soon<Bytes | undefined>;

/** What one tile's files come to. */
export interface TileReport {
  index: number;
  /** Hashes of the leaves in the bundle, as far as they can be read. */
  read: number;
  /** Root over the leaves' hashes; null unless the tile is complete and all were read. */
  leafRoot: Bytes | null;
  /** Root over the stored hashes; null unless the tile is complete and the file is whole. */
  storedRoot: Bytes | null;
  /** Of a tile that is not complete: the hashes of its leaves, and those that are stored. */
  edge: { leaves: Bytes[]; stored: Bytes[] } | null;
  /** Indexes whose stored hash is not that of their leaf. */
  differ: number[];
  isHashesWhole: boolean;
  hasDetails: boolean;
  faults: LedgerFault[];
  /** What the check of lives is to hear, packed. */
  steps: string;
}

export interface TileAsk {
  index: number;
  width: number;
  /** False for a copy that holds hashes only. */
  entries: boolean;
}

/** Reads and checks one tile's files. */
export async function checkTile(
  crypto: VerifierCrypto,
  readFile: ReadFile,
  { index, width, entries }: TileAsk,
): Promise<TileReport> {
  const start = index * tileWidth;
  const storedBytes = (await readFile(tilePath(0, index, width))) ?? new Uint8Array();
  const isHashesWhole = storedBytes.length === width * 32;
  const stored = isHashesWhole ? hashesOf(storedBytes) : [];
  const faults: LedgerFault[] = [];
  const bundle = entries ? await readFile(tilePath('entries', index, width)) : undefined;
  const leaves = bundle ? splitBundle(bundle, width) : { leaves: [], isExact: true };
  const details = entries ? await readFile(detailsPath(index)) : undefined;
  const said = details ? readDetails(details, start, width) : undefined;
  const hashes: Bytes[] = [];
  const differ: number[] = [];
  const steps: string[] = [];
  for (const [at, leaf] of leaves.leaves.entries()) {
    const entry: EntryToVerify = { index: start + at, leaf, ...said?.[at] };
    const facts = readLeaf(leaf);
    const isLost = said !== undefined && said[at] === undefined;
    const problem = await entryProblem(crypto, entry, facts);
    if (problem) faults.push({ index: entry.index, problem });
    else if (isLost) faults.push({ index: entry.index, problem: 'the detail cannot be read' });
    if (facts) steps.push(packStep(entry.index, facts, detailFor(facts.kind, entry)));
    const hash = await leafHash(crypto, leaf);
    if (isHashesWhole && !same(hash, stored[at]!)) differ.push(entry.index);
    hashes.push(hash);
  }
  const read = hashes.length;
  if (entries && read < width) {
    faults.push({ index: start + read, problem: 'the entry is missing' });
  } else if (!leaves.isExact) {
    faults.push({ index: start + width, problem: 'the bundle holds more than its entries' });
  }
  const isComplete = width === tileWidth;
  const isAlike = read === width && isHashesWhole && differ.length === 0;
  const leafRoot = isComplete && read === width ? await perfectRoot(crypto, hashes) : null;
  const hasRoot = isComplete && isHashesWhole;
  return {
    ...{ index, read, leafRoot, differ, isHashesWhole, faults },
    storedRoot: !hasRoot ? null : isAlike ? leafRoot : await perfectRoot(crypto, stored),
    edge: isComplete ? null : { leaves: hashes, stored },
    hasDetails: details !== undefined,
    steps: steps.join('\n'),
  };
}

/** The leaves of an entry bundle, each after its length in two bytes, as far as they are whole. */
export function splitBundle(bytes: Bytes, width: number): { leaves: Bytes[]; isExact: boolean } {
  const leaves: Bytes[] = [];
  let at = 0;
  while (leaves.length < width && at + 2 <= bytes.length) {
    const end = at + 2 + bytes[at]! * 256 + bytes[at + 1]!;
    if (end > bytes.length) break;
    leaves.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return { leaves, isExact: at === bytes.length };
}

type Detail = Pick<EntryToVerify, 'detail' | 'erased'>;

const detailLine =
  /^\{"index":(\d{1,16}),(?:"salt":"([^"]*)","content":"([^"]*)"|"(erased)":true|"detail":null)\}$/;

/** One line of a file of details; a detail that is not known is said to be null, or erased. */
export function formatDetail(
  index: number,
  detail: { salt: string; content: string } | 'erased' | null,
): string {
  if (detail === 'erased') return JSON.stringify({ index, erased: true });
  return JSON.stringify(detail ? { index, ...detail } : { index, detail });
}

/**
 * The details by their place; undefined where a line cannot be read. A file may hold more than is
 * asked for while its tile still grows.
 */
function readDetails(bytes: Bytes, start: number, width: number): (Detail | undefined)[] {
  // What is no UTF-8 becomes signs that no line may hold.
  const lines = new TextDecoder().decode(bytes).split('\n');
  const isEnded = lines.pop() === '';
  return Array.from({ length: width }, (_, at) => {
    const isWhole = at < lines.length || isEnded;
    return isWhole ? readDetailLine(lines[at] ?? '', start + at) : undefined;
  });
}

function readDetailLine(line: string, index: number): Detail | undefined {
  const [, said, salt, content, erased] = detailLine.exec(line) ?? [];
  if (said !== String(index)) return undefined;
  if (salt === undefined || content === undefined) return { detail: null, erased: Boolean(erased) };
  try {
    return { detail: { salt: fromBase64(salt), content: fromBase64(content) } };
  } catch {
    return undefined;
  }
}

// Texts of closed forms, none with a tab or a new line in it: a string passes between threads at a
// tenth of the cost of as many objects.
function packStep(index: number, leaf: LeafFacts, detail: DetailSays | undefined): string {
  const { kind, at, transfer, consignee, contract } = leaf;
  const says = detail ? JSON.stringify(detail) : '';
  const named = `${contract?.id ?? ''}\t${contract?.digest ?? ''}`;
  return `${index}\t${kind}\t${at}\t${transfer ?? ''}\t${consignee ?? ''}\t${named}\t${says}`;
}

/** The steps that `checkTile` packed, in order. */
export function* unpackSteps(
  packed: string,
): Generator<[index: number, leaf: LeafFacts, detail: DetailSays | undefined]> {
  if (packed === '') return;
  for (const line of packed.split('\n')) {
    const [index, kind = '', at = '', transfer, consignee, id, digest, says] = line.split('\t');
    const leaf: LeafFacts = {
      kind,
      at,
      detail: '',
      transfer: transfer || null,
      consignee: consignee || null,
      contract: id && digest ? { id, digest } : null,
    };
    yield [Number(index), leaf, says ? (JSON.parse(says) as DetailSays) : undefined];
  }
}
