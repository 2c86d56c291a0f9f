/**
 * A proof as a file that is kept beside what it proves: C2SP tlog-proof. Imports only `verify.ts`,
 * so that a browser reads it too.
 */
import { fromBase64, leafHash, verifyCheckpoint, verifyInclusion } from './verify.ts';
import type { Bytes, Checkpoint, VerifierCrypto } from './verify.ts';

/** A proof file taken apart. Nothing in it is to be believed before it has been verified. */
export interface ProofFile {
  index: number;
  hashes: readonly Bytes[];
  /** The signed note, with whoever signed it beside the ledger. */
  checkpoint: string;
}

const header = 'c2sp.org/tlog-proof@v1';
const hashesMax = 63;

/**
 * The text of a proof file: header, index, the hashes of the inclusion proof, an empty line, and
 * the signed checkpoint. Without the optional line `extra`, which nothing would protect.
 *
 * @param proof.hashes in base64, 32 bytes each, from the leaf upwards
 */
export function formatProofFile(proof: {
  index: number;
  hashes: readonly string[];
  checkpoint: string;
}): string {
  const head = [header, `index ${proof.index}`, ...proof.hashes];
  return `${head.join('\n')}\n\n${proof.checkpoint}`;
}

/** Takes a proof file apart; a line `extra` is passed over. Throws a TypeError when it is none. */
export function parseProofFile(text: string): ProofFile {
  const cut = text.indexOf('\n\n');
  const lines = cut < 0 ? [] : text.slice(0, cut).split('\n');
  const first = lines.shift();
  if (lines[0]?.startsWith('extra ')) fromBase64(lines.shift()!.slice('extra '.length));
  const [, index] = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '') ?? [];
  if (first !== header || index === undefined) throw new TypeError('not a proof file');
  if (lines.length > hashesMax) throw new TypeError('a proof has 63 hashes at most');
  const hashes = lines.map(fromBase64);
  if (hashes.some(({ length }) => length !== 32)) throw new TypeError('a hash has 32 bytes');
  return { index: Number(index), hashes, checkpoint: text.slice(cut + 2) };
}

/**
 * The checkpoint that a proof file ends in, once the key's signature holds and the leaf is in its
 * tree at the index that the file names. Throws a TypeError otherwise.
 *
 * @param claim.vkey the ledger's, from somebody who is trusted
 * @param claim.leaf the bytes of the leaf (RFC 8785)
 */
export async function verifyProofFile(
  crypto: VerifierCrypto,
  claim: { vkey: string; leaf: Bytes; file: string },
): Promise<Checkpoint & { index: number }> {
  const { index, hashes, checkpoint: note } = parseProofFile(claim.file);
  const checkpoint = await verifyCheckpoint(crypto, claim.vkey, note);
  const inclusion = { leafHash: await leafHash(crypto, claim.leaf), index, hashes };
  if (!(await verifyInclusion(crypto, inclusion, checkpoint))) {
    throw new TypeError('the leaf is not in the tree of this checkpoint');
  }
  return { ...checkpoint, index };
}
