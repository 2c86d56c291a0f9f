/** What comes back, at rest: sealed to its row, and opened only as what was committed to. */
import type { Agreements } from '#src/agreements/load.ts';
import { canonicalBytes, sha256 } from '#src/base/canonical.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Contract } from '#src/base/words.ts';
import { payloadAad } from '#src/sealing/aad.ts';
import type { Sealer } from '#src/sealing/seal.ts';

export interface ContentDeps {
  sealer: Sealer;
  agreements: Agreements;
}

/** What a content is sealed to; `id` is that of its result, or of its place in quarantine. */
interface Bound {
  id: string;
  consignee: string;
  commitment: Buffer;
}

/** @param content RFC 8785 bytes; of a result the very bytes that the commitment is over */
export function sealContent(
  deps: Pick<ContentDeps, 'sealer'>,
  row: Bound & { contract: Contract },
  content: { salt: Buffer; canonical: Buffer },
): Buffer {
  const plain = Buffer.concat([content.salt, content.canonical]);
  return deps.sealer.seal(plain, aadOf(row, row.contract));
}

function aadOf({ id: owner, consignee, commitment }: Bound, contract: Contract): Buffer {
  return payloadAad({ owner, consignee, commitment, contractDigest: contract.digest });
}

interface SealedRow extends Bound {
  contract: string;
  sealed: Buffer;
}

function open(deps: ContentDeps, row: SealedRow): { salt: Buffer; content: unknown } {
  const contract = deps.agreements.contracts.find(({ id }) => id === row.contract);
  if (!contract) throw new GatewayError('INTERNAL');
  const plain = deps.sealer.open(row.sealed, aadOf(row, contract));
  const content: unknown = JSON.parse(plain.subarray(32).toString('utf8'));
  return { salt: plain.subarray(0, 32), content };
}

type Items = Record<string, unknown>;

/** A stored result, opened for the EMR that owns it. */
export interface OpenResult {
  result: Items;
  salt: string;
  commitment: string;
}

/** Unseals a result; throws when one bit of it, or of what it is bound to, is another. */
export function openResult(deps: ContentDeps, row: SealedRow): OpenResult {
  const { salt, content } = open(deps, row);
  return {
    result: content as Items,
    ...{ salt: salt.toString('base64'), commitment: row.commitment.toString('base64') },
  };
}

/** What lies in quarantine: the items, and what its sender gave to find out whose they are. */
export interface Quarantined {
  result: Items;
  hints: Items;
  salt: Buffer;
}

/** The RFC 8785 bytes under which a result and its hints are sealed together. */
export function quarantinedBytes({ result, hints }: Omit<Quarantined, 'salt'>): Buffer {
  return canonicalBytes({ result, hints });
}

/** Unseals what lies in quarantine, and checks its result against the commitment. */
export function openQuarantined(deps: ContentDeps, row: SealedRow): Quarantined {
  const { salt, content } = open(deps, row);
  const { result, hints } = content as Omit<Quarantined, 'salt'>;
  if (!sha256(salt, canonicalBytes(result)).equals(row.commitment)) {
    throw new Error('what lies in quarantine is not what was committed to');
  }
  return { result, hints, salt };
}
