/** An accepted order before it is stored: its id, sealed parts, ledger entry and reply. */
import type { Clock } from '#src/base/clock.ts';
import { newId } from '#src/base/ids.ts';
import type { Actor, Order, Withheld } from '#src/base/words.ts';
import type { EntryMaker } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { payloadAad, referenceAad } from '#src/sealing/aad.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';
import type { Sealer } from '#src/sealing/seal.ts';
import type { Acceptance } from './acceptance.ts';
import type { ReleasedDecision } from './decide.ts';
import { sealReply, type RepeatableRequest } from './idempotency.ts';
import { subjectHmac } from './subjects.ts';

export interface PrepareDeps {
  clock: Clock;
  sealer: Sealer;
  fingerprint: Fingerprint;
  makeEntry: EntryMaker;
}

export interface ReleaseRequest {
  actor: Actor;
  order: Order;
  idempotency: RepeatableRequest;
  /** The upload that the order came with (UUID). */
  batch?: string;
}

/** What the EMR is told. `salt` and `commitment` in base64. */
export interface ReleaseReply {
  id: string;
  status: 'accepted';
  consignee: string;
  contract: string;
  released: string[];
  derived: string[];
  withheld: Withheld[];
  /** Codes in whose texts a withheld value was masked; only where there are any. */
  masked?: string[];
  commitment: string;
  salt: string;
}

export type Preview = Omit<ReleaseReply, 'id' | 'status' | 'commitment' | 'salt'> & {
  /** The RFC 8785 text that would be sent, in clear. */
  payload: string;
};

const dayMs = 86_400_000;

/** Everything of a decided order that is made before the database is asked. */
export function prepare(
  deps: PrepareDeps,
  request: ReleaseRequest,
  decision: ReleasedDecision,
): { acceptance: Acceptance; reply: ReleaseReply } {
  const { order, actor, idempotency, batch } = request;
  const { replaces } = order;
  const { contract, consignee, released } = decision;
  const at = deps.clock.now();
  const id = newId(at);
  const reply = replyOf(id, decision);
  const aad = payloadAad({
    owner: id,
    consignee: consignee.id,
    contractDigest: contract.digest,
    commitment: released.commitment,
  });
  const acceptance: Acceptance = {
    request: idempotency,
    id,
    consignee: consignee.id,
    contract: contract.id,
    released: released.released,
    derived: released.derived,
    withheld: decision.ledgerWithheld,
    commitment: released.commitment,
    ...sealReference(deps, id, order.reference),
    ...{ replaces, batch },
    createdAt: at,
    expiresAt: new Date(at.getTime() + contract.retention.expireAfterDays * dayMs),
    sealedPayload: deps.sealer.seal(Buffer.concat([released.salt, released.canonical()]), aad),
    sealedReply: sealReply(deps.sealer, idempotency, reply),
    subjectHmac: subjectHmac(deps.fingerprint, order.subject),
    entryFor: (person) =>
      deps.makeEntry({
        ...{ kind: 'released', at, person },
        transfer: id,
        consignee: consignee.id,
        contract: { id: contract.id, digest: contract.digest },
        items: [...released.released, ...released.derived],
        commitment: released.commitment,
        detail: {
          ...{ ...actorDetail(actor), subject: person.id },
          withheld: decision.ledgerWithheld,
          rules: decision.rules,
          ...maskedOf(decision),
          warnings: decision.warnings.map(({ item, code }) => `${item}:${code}`),
          ...{ replaces, batch },
        },
      }),
  };
  return { acceptance, reply };
}

function replyOf(id: string, decision: ReleasedDecision): ReleaseReply {
  const { commitment, salt } = decision.released;
  return {
    ...{ id, status: 'accepted', ...toldOf(decision) },
    ...{ commitment: commitment.toString('base64'), salt: salt.toString('base64') },
  };
}

/** What a decision says to the one who asked. */
export function toldOf(decision: ReleasedDecision): Omit<Preview, 'payload'> {
  const { consignee, contract, released, withheld } = decision;
  return {
    consignee: consignee.id,
    contract: contract.id,
    released: [...released.released],
    derived: [...released.derived],
    withheld,
    ...maskedOf(decision),
  };
}

function maskedOf({ masked }: ReleasedDecision): { masked?: string[] } {
  return masked.length > 0 ? { masked } : {};
}

function sealReference(deps: PrepareDeps, id: string, reference: string | undefined) {
  if (reference === undefined) return { reference: null, referenceHmac: null };
  return {
    reference: deps.sealer.seal(Buffer.from(reference, 'utf8'), referenceAad(id)),
    referenceHmac: deps.fingerprint('reference', reference),
  };
}
