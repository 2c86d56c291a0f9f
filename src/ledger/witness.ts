/**
 * A witness' one decision (C2SP tlog-witness): whether a checkpoint continues the last one that it
 * kept. What it cosigns is for ever one growing tree.
 */
import {
  verifyCheckpoint,
  verifyConsistency,
  type Bytes,
  type Checkpoint,
  type VerifierCrypto,
} from './verify.ts';

/** The two keys of a ledger whose key was changed both hold; one of them is enough. */
export type LedgerVkeys = readonly string[];

export type Verdict =
  | { kind: 'continues'; checkpoint: Checkpoint; isNew: boolean }
  /** Both notes are signed by the ledger, and no tree holds both. */
  | { kind: 'forked'; why: string };

/** The checkpoint that a note states. Throws a TypeError unless one of the keys signed it. */
export async function readCheckpoint(
  crypto: VerifierCrypto,
  vkeys: LedgerVkeys,
  note: string,
): Promise<Checkpoint> {
  let reason: unknown = new TypeError('no key of the ledger was given');
  for (const vkey of vkeys) {
    try {
      return await verifyCheckpoint(crypto, vkey, note);
    } catch (error) {
      reason = error;
    }
  }
  throw reason;
}

/**
 * @param input.kept the note of the last checkpoint that was cosigned, or nearly; null: none was
 * @param input.proof asked for the consistency proof between two sizes, the first the smaller one
 * @throws TypeError when a note is not the ledger's: that is no fork, anyone can write one
 */
export async function judgeCheckpoint(
  crypto: VerifierCrypto,
  input: {
    vkeys: LedgerVkeys;
    kept: string | null;
    offered: string;
    proof: (from: number, to: number) => Promise<readonly Bytes[]>;
  },
): Promise<Verdict> {
  const { vkeys, kept: keptNote, offered } = input;
  const checkpoint = await readCheckpoint(crypto, vkeys, offered);
  if (keptNote === null) return { kind: 'continues', checkpoint, isNew: true };
  const kept = await readCheckpoint(crypto, vkeys, keptNote);
  const { size } = checkpoint;
  const forked = (why: string): Verdict => ({ kind: 'forked', why });
  if (size < kept.size) return forked(`it shrank from ${kept.size} to ${size} entries`);
  const isNew = size > kept.size;
  // The empty tree is the beginning of every other: there is nothing to ask for.
  const hashes = isNew && kept.size > 0 ? await input.proof(kept.size, size) : [];
  if (await verifyConsistency(crypto, kept, checkpoint, hashes)) {
    return { kind: 'continues', checkpoint, isNew };
  }
  return forked(
    isNew
      ? `its ${size} entries do not begin with the ${kept.size} that were kept`
      : `its ${size} entries are not the ${size} that were kept`,
  );
}
