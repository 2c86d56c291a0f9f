/** What can become an entry, and what its sealed detail says: closed, one shape for each kind. */
import type { Actor, FieldProblem, Role, Withheld } from '#src/base/words.ts';
import { oversightKinds, oversightLeafNeeds, type OversightDetail } from './kinds-of-oversight.ts';

export const entryKinds = [
  'released',
  'refused',
  'pulled',
  'delivered',
  'receipt',
  'redelivered',
  'rejected',
  'failed',
  'cancelled',
  'expired',
  'withdrawn',
  'result-received',
  'result-refused',
  'result-collected',
  'result-quarantined',
  'result-matched',
  'result-unmatched',
  'purged',
  'contract-drafted',
  'contract-signed',
  'contract-noticed',
  'contract-activated',
  'contract-superseded',
  'contract-unsigned',
  'contract-ended',
  'destruction-ordered',
  'destruction-certified',
  'subject-suspended',
  'subject-resumed',
  'consignee-paused',
  'consignee-resumed',
  'consignee-retried',
  'endpoint-disabled',
  'endpoint-enabled',
  ...oversightKinds,
] as const;

export type EntryKind = (typeof entryKinds)[number];

/** What any detail may say. Members that are undefined are left out. */
export interface DetailContent {
  /**
   * A client by its id, or the gateway itself (`client` null); `person`: the account of whoever
   * signed in through it.
   */
  actor: { client: string | null; kind: Role | 'system'; person?: string | undefined };
  /** Address that the request came from, as the gateway saw it. */
  source?: string | undefined;
  /** The random id of whose data it was (UUID); the person stands in another table. */
  subject?: string | undefined;
  /** Id of a result (UUID). */
  result?: string | undefined;
  withheld?: readonly Withheld[] | undefined;
  /** Named, versioned rules that were applied: `age@1`, `textMask@1`. */
  rules?: readonly string[] | undefined;
  /** Dictionary codes in whose texts a withheld value was masked. */
  masked?: readonly string[] | undefined;
  warnings?: readonly string[] | undefined;
  /** How the bytes went. */
  via?: 'push' | 'inbox' | undefined;
  /** How a step came out, in a closed code: `http-200`, `acknowledged`, `timeout`. */
  outcome?: string | undefined;
  /** How many attempts were made. */
  attempts?: number | undefined;
  /** A code, or free text that a person wrote. */
  reason?: string | undefined;
  problems?: readonly FieldProblem[] | undefined;
  /** The transfer, or the result, that this one stands in place of (UUID). */
  replaces?: string | undefined;
  /** The upload that an order came with (UUID). */
  batch?: string | undefined;
  /** Which of the versions of a transfer's result this is, from 1. */
  version?: number | undefined;
  /** Files that came with a result. `sha256` in base64. */
  attachments?:
    readonly { id: string; mediaType: string; bytes: number; sha256: string }[] | undefined;
}

/** Who did it and from where, in the words of a detail. */
export function actorDetail({
  client,
  role,
  source,
  person,
}: Actor): Pick<DetailContent, 'actor' | 'source'> {
  const actor: DetailContent['actor'] =
    role === 'gateway' ? { client: null, kind: 'system' } : { client, kind: role, person };
  return source === undefined ? { actor } : { actor, source };
}

type Step = DetailContent;

export interface DetailByKind extends OversightDetail {
  released: Step & { subject: string; withheld: readonly Withheld[]; rules: readonly string[] };
  refused: Step & { reason: string };
  pulled: Step & { leaseUntil: string };
  delivered: Step & { outcome: string };
  /** `signer`: thumbprint of the consignee's key; `jws`: what it signed. */
  receipt: Step & { signer: string; signedAt: string; jws: string };
  /** It ended, and waits again: `outcome` says by which way. */
  redelivered: Step & { outcome: 'redeliver' | 'replay' | 'seek' };
  rejected: Step & { outcome: string };
  failed: Step & { outcome: string };
  cancelled: Step;
  expired: Step;
  withdrawn: Step;
  'result-received': Step & { result: string; withheld: readonly Withheld[] };
  'result-refused': Step & { reason: string };
  'result-collected': Step & { result: string };
  /** `quarantined`: its id while nobody knows whose it is. */
  'result-quarantined': Step & { quarantined: string; withheld: readonly Withheld[] };
  'result-matched': Step & { quarantined: string; result: string; reason: string };
  'result-unmatched': Step & { quarantined: string; result: string; reason: string };
  /** Without `result` and `quarantined` it was the payload of the transfer. */
  purged: Step & { quarantined?: string | undefined };
  /** A version was registered by its digest. */
  'contract-drafted': Step;
  /** `signers`: key ids of the clinic's privacy officer and of the consignee. */
  'contract-signed': Step & { signers: { clinic: string; consignee: string }; demo: boolean };
  /** `on`: the Seoul day since which the notice shows it. */
  'contract-noticed': Step & { on: string };
  /** `on`: the Seoul day from which it decides. */
  'contract-activated': Step & { on: string };
  'contract-superseded': Step & { on: string };
  /**
   * A version in force was found without its signatures, on the day `on`: `unsigned`, or `invalid`
   * where what lies there does not hold. When they are back, it is `contract-signed` again.
   */
  'contract-unsigned': Step & { on: string; outcome: string };
  'contract-ended': Step & { on: string; outcome: string };
  'destruction-ordered': Step & { order: string; dueOn: string };
  /** `file`: SHA-256 of the certificate, base64. */
  'destruction-certified': Step & { order: string; file: string; on: string; signer: string };
  /** `consignees`: those meant; empty for all of them. */
  'subject-suspended': Step & { subject: string; consignees: readonly string[] };
  'subject-resumed': Step & { subject: string; consignees: readonly string[] };
  'consignee-paused': Step;
  'consignee-resumed': Step;
  /** A person made due what waited for its next attempt, `due` of them; or the leaf's transfer. */
  'consignee-retried': Step & { reason: string; due: number };
  /** It said that it is gone. */
  'endpoint-disabled': Step & { outcome: string };
  'endpoint-enabled': Step;
}

export interface LeafFields {
  transfer: string;
  consignee: string;
  contract: { id: string; digest: Buffer };
  items: readonly string[];
  commitment: Buffer;
}

const step = ['transfer', 'consignee'] as const;

/** What the leaf of a kind cannot do without. The rest of the fields may stand there too. */
export const leafNeeds: Readonly<Record<EntryKind, readonly (keyof LeafFields)[]>> = {
  released: ['transfer', 'consignee', 'contract', 'items', 'commitment'],
  refused: [],
  pulled: step,
  delivered: step,
  receipt: ['transfer', 'consignee', 'contract', 'commitment'],
  redelivered: step,
  rejected: step,
  failed: step,
  cancelled: step,
  expired: step,
  withdrawn: step,
  'result-received': ['transfer', 'consignee', 'contract', 'items', 'commitment'],
  'result-refused': ['consignee'],
  'result-collected': step,
  'result-quarantined': ['consignee', 'contract', 'items', 'commitment'],
  'result-matched': step,
  'result-unmatched': step,
  purged: ['consignee'],
  'contract-drafted': ['consignee', 'contract', 'items'],
  'contract-signed': ['consignee', 'contract', 'items'],
  'contract-noticed': ['consignee', 'contract', 'items'],
  'contract-activated': ['consignee', 'contract', 'items'],
  'contract-superseded': ['consignee', 'contract'],
  'contract-unsigned': ['consignee', 'contract'],
  'contract-ended': ['consignee', 'contract'],
  'destruction-ordered': ['consignee', 'contract', 'items'],
  'destruction-certified': ['consignee', 'contract'],
  'subject-suspended': [],
  'subject-resumed': [],
  'consignee-paused': ['consignee'],
  'consignee-resumed': ['consignee'],
  'consignee-retried': ['consignee'],
  'endpoint-disabled': ['consignee'],
  'endpoint-enabled': ['consignee'],
  ...oversightLeafNeeds,
};
