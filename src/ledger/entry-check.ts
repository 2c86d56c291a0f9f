/**
 * Checks one entry by itself, and puts what was found into order. Imports only what a browser can
 * run beside it.
 */
import { readLeaf } from './leaf.ts';
import type { LeafFacts } from './leaf.ts';
import { needsDetail } from './life.ts';
import type { DetailSays } from './life.ts';
import { fromBase64, joined, same } from './verify.ts';
import type { Bytes, VerifierCrypto } from './verify.ts';

/**
 * `detail`: left out where it may not be seen; null where the ledger could not open it, or has
 * destroyed it with its person, which it says.
 */
export interface EntryToVerify {
  index: number;
  leaf: Bytes;
  detail?: { salt: Bytes; content: Bytes } | null | undefined;
  erased?: boolean | undefined;
}

/** What is wrong, and with which entry; null where no single entry is to blame. */
export interface LedgerFault {
  index: number | null;
  problem: string;
}

/** What is wrong with an entry by itself: its leaf's form, or its detail. */
export async function entryProblem(
  crypto: VerifierCrypto,
  { leaf, detail, erased }: EntryToVerify,
  facts: LeafFacts | undefined = readLeaf(leaf),
): Promise<string | undefined> {
  if (facts === undefined) return 'the leaf has not the form of a leaf';
  if (detail === null) return erased ? undefined : 'the detail cannot be opened';
  if (detail === undefined) return undefined;
  if (detail.salt.length !== 32) return 'the salt of the detail has not 32 bytes';
  const hash = await crypto.sha256(joined(detail.salt, detail.content));
  const isSame = same(hash, fromBase64(facts.detail));
  return isSame ? undefined : 'the detail is not the one that the leaf commits to';
}

/** What the check of lives asks of a detail; undefined: it asks nothing, or it is not known. */
export function detailFor(
  kind: string,
  { detail, erased }: Pick<EntryToVerify, 'detail' | 'erased'>,
): DetailSays | undefined {
  if (erased && !detail) return { erased: true };
  if (!detail || !needsDetail(kind)) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(detail.content)) as DetailSays;
  } catch {
    return undefined;
  }
}

/** All faults, the lowest index first, one each; what is senseless only before the first other. */
export function verdictOf(
  faults: readonly LedgerFault[],
  senseless: readonly LedgerFault[],
): LedgerFault[] {
  const placeOf = ({ index }: LedgerFault): number => index ?? Infinity;
  const first = Math.min(Infinity, ...faults.map(placeOf));
  const seen = new Set<number | null>();
  const before = senseless.filter((fault) => faults.length === 0 || placeOf(fault) < first);
  return [...before, ...faults]
    .sort((a, b) => placeOf(a) - placeOf(b) || 0)
    .filter(({ index }) => !seen.has(index) && seen.add(index));
}
