/**
 * From sealed bytes back to a `Released`: the checks between the database and the first byte out.
 */
import type { Agreements } from '#src/agreements/load.ts';
import {
  contractInForce,
  isEnded,
  outdated,
  type Outdated,
  type Versions,
} from '#src/agreements/force.ts';
import type { Clock } from '#src/base/clock.ts';
import type { Contract } from '#src/base/words.ts';
import type { CompiledContract } from '#src/minimise/compile.ts';
import { reopen } from '#src/minimise/reopen.ts';
import type { Released } from '#src/minimise/released.ts';
import { payloadAad } from '#src/sealing/aad.ts';
import type { Sealer } from '#src/sealing/seal.ts';

/**
 * A transfer as it was claimed for sending, with its sealed payload and the leaf that covers it.
 */
export interface ClaimedTransfer {
  id: string;
  client: string;
  consignee: string;
  contract: string;
  commitment: Buffer;
  entry: number;
  lease: Buffer;
  attempts: number;
  /** Null: purged, which a waiting transfer never is. */
  sealed: Buffer | null;
}

export type Reopened =
  | { outcome: 'open'; released: Released; contract: Contract }
  | { outcome: 'withdrawn'; contract: Contract; why: Outdated }
  | { outcome: 'corrupt'; contract: Contract | null; cause: unknown };

export interface ReopenDeps {
  agreements: Agreements;
  versions: Versions;
  compiled: ReadonlyMap<string, CompiledContract>;
  clock: Clock;
  sealer: Sealer;
}

interface LeafClaims {
  kind?: unknown;
  transfer?: unknown;
  consignee?: unknown;
  contract?: { id?: unknown; digest?: unknown };
  commitment?: unknown;
}

/**
 * Throws unless the covered leaf names exactly this transfer, consignee, contract and commitment.
 */
function assertLeafCovers(leaf: Buffer, transfer: ClaimedTransfer, contract: Contract): void {
  const claims = JSON.parse(leaf.toString('utf8')) as LeafClaims;
  const agrees =
    claims.kind === 'released' &&
    claims.transfer === transfer.id &&
    claims.consignee === transfer.consignee &&
    claims.contract?.id === contract.id &&
    claims.contract.digest === contract.digest.toString('base64') &&
    claims.commitment === transfer.commitment.toString('base64');
  if (!agrees) throw new Error('the covered entry speaks of something else');
}

/**
 * Opens a claimed transfer for its consignee. `corrupt` means that the row, the sealed bytes and
 * the ledger do not agree: nothing may leave. `withdrawn`: its relation has ended, or the version
 * now in force does not let all of it leave.
 */
export function reopenTransfer(
  deps: ReopenDeps,
  transfer: ClaimedTransfer,
  leaf: Buffer | null | undefined,
): Reopened {
  const { contracts } = deps.agreements;
  const compiled = deps.compiled.get(transfer.contract);
  const contract = contracts.find((one) => one.id === transfer.contract) ?? null;
  if (!compiled || !contract || !leaf || !transfer.sealed) {
    const cause = new Error('contract, entry or payload is missing');
    return { outcome: 'corrupt', contract, cause };
  }
  // Before asking what is in force: a row that names another contract is not one that ended.
  try {
    assertLeafCovers(leaf, transfer, contract);
    const { consignee, commitment } = transfer;
    const aad = payloadAad({
      ...{ owner: transfer.id, consignee, commitment },
      contractDigest: contract.digest,
    });
    const plain = deps.sealer.open(transfer.sealed, aad);
    const released = reopen(compiled, {
      salt: plain.subarray(0, 32),
      canonical: plain.subarray(32),
      commitment,
    });
    const inForce = contractInForce(deps.versions, consignee, deps.clock.today());
    // A relation that began anew since does not bring back what the one before had released.
    const why = isEnded(contract, deps.versions.standing)
      ? 'contract-ended'
      : outdated(contract, inForce, released.released);
    if (why !== undefined) return { outcome: 'withdrawn', contract, why };
    return { outcome: 'open', released, contract };
  } catch (cause) {
    return { outcome: 'corrupt', contract, cause };
  }
}
