/** From a claim to what may leave of it: the one way, whoever then pushes it or hands it out. */
import type { Log } from '#src/base/log.ts';
import type { LedgerReader } from '#src/ledger/read.ts';
import type { EncryptTo } from '#src/sealing/jwe.ts';
import type { Database } from '#src/store/pool.ts';
import type { Claim } from '#src/transfers/claim.ts';
import { reopenTransfer, type ReopenDeps } from '#src/transfers/reopen.ts';
import { makeEnvelope, type Envelope, type WireProof } from './envelope.ts';
import { lacksKey, waitForKey } from './keys.ts';

export interface OpenDeps extends ReopenDeps {
  db: Database;
  encryptors: ReadonlyMap<string, EncryptTo | null>;
  log: Log;
}

/** A claimed transfer, and what the ledger has of it; nothing leaves without both. */
export interface Work {
  claim: Claim;
  leaf: Buffer | null | undefined;
  proof: WireProof | null | undefined;
}

/** What the ledger has of claimed transfers, in their order; a proof has its leaf. */
export async function lookUp(
  ledger: Pick<LedgerReader, 'leavesAt' | 'proofsFor'>,
  claims: readonly Claim[],
): Promise<Work[]> {
  const indexes = claims.map((claim) => claim.entry);
  const proofs = await ledger.proofsFor(indexes);
  const unproven = indexes.filter((_, at) => !proofs[at]);
  const leaves = unproven.length === 0 ? [] : await ledger.leavesAt(unproven);
  return claims.map((claim, at) => {
    const proof = proofs[at];
    const leaf = proof ? Buffer.from(proof.leaf, 'base64') : leaves[unproven.indexOf(claim.entry)];
    return { claim, leaf, proof };
  });
}

/** Ends a transfer of which nothing may leave. */
export type EndUnsent = (status: 'failed' | 'withdrawn', outcome: string) => Promise<unknown>;

/**
 * The envelope of a claim; null when it must not leave: it was ended, or waits for a key.
 * @param end called before null is answered, where it is to be ended
 */
export async function openClaim(
  deps: OpenDeps,
  { claim, leaf, proof }: Work,
  end: EndUnsent,
): Promise<Envelope | null> {
  const { id: transfer, consignee } = claim;
  const reopened = reopenTransfer(deps, claim, leaf);
  if (reopened.outcome === 'corrupt' || !proof) {
    const error = reopened.outcome === 'corrupt' ? reopened.cause : new Error('no proof');
    deps.log.error('transfer failed its checks: not sent', { transfer, error });
    await end('failed', 'integrity');
    return null;
  }
  if (reopened.outcome === 'withdrawn') {
    await end('withdrawn', reopened.why);
    return null;
  }
  const { released } = reopened;
  const encrypt = deps.encryptors.get(consignee) ?? null;
  if (lacksKey(encrypt, released)) {
    await waitForKey(deps, claim);
    return null;
  }
  const parcel = deps.agreements.consignees.get(consignee)?.parcelContents ?? null;
  return makeEnvelope(encrypt, { transfer, released, proof, parcel });
}
