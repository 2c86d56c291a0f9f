/** What can become an entry, and what its sealed detail says: closed, one shape for each kind. */
import type { Actor, FieldProblem, Role, Withheld } from '#src/base/words.ts';

export const entryKinds = [
  'released',
  'refused',
  'pulled',
  'delivered',
  'rejected',
  'failed',
  'cancelled',
  'expired',
  'withdrawn',
  'result-received',
  'result-refused',
  'result-collected',
  'purged',
  'contract-activated',
  'consignee-paused',
  'consignee-resumed',
  'access-granted',
  'access-revoked',
  'audit-read',
] as const;

export type EntryKind = (typeof entryKinds)[number];

/** What any detail may say. Members that are undefined are left out. */
export interface DetailContent {
  /** A client by its id, or the gateway itself (`client` null). */
  actor: { client: string | null; kind: Role | 'system' };
  /** Address that the request came from, as the gateway saw it. */
  source?: string | undefined;
  /** The random id of whose data it was (UUID); the person stands in another table. */
  subject?: string | undefined;
  /** Id of a result (UUID). */
  result?: string | undefined;
  withheld?: readonly Withheld[] | undefined;
  /** Named, versioned derivation rules that were applied: `age@1`. */
  rules?: readonly string[] | undefined;
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
}

/** Who did it and from where, in the words of a detail. */
export function actorDetail({
  client,
  role,
  source,
}: Actor): Pick<DetailContent, 'actor' | 'source'> {
  const actor: DetailContent['actor'] =
    role === 'gateway' ? { client: null, kind: 'system' } : { client, kind: role };
  return source === undefined ? { actor } : { actor, source };
}

type Step = DetailContent;

export interface DetailByKind {
  released: Step & { subject: string; withheld: readonly Withheld[]; rules: readonly string[] };
  refused: Step & { reason: string };
  pulled: Step & { leaseUntil: string };
  delivered: Step & { outcome: string };
  rejected: Step & { outcome: string };
  failed: Step & { outcome: string };
  cancelled: Step;
  expired: Step;
  withdrawn: Step;
  'result-received': Step & { result: string; withheld: readonly Withheld[] };
  'result-refused': Step & { reason: string };
  'result-collected': Step & { result: string };
  /** Without `result` it was the payload of the transfer. */
  purged: Step;
  'contract-activated': Step;
  'consignee-paused': Step;
  'consignee-resumed': Step;
  'access-granted': Step & { client: string; role: string; scopes: readonly string[] };
  'access-revoked': Step & { client: string };
  /** `query`: the filters that were asked for, never an identifier of a person. */
  'audit-read': Step & {
    query: Readonly<Record<string, string | number | boolean | null>>;
    found?: number | undefined;
  };
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
  rejected: step,
  failed: step,
  cancelled: step,
  expired: step,
  withdrawn: step,
  'result-received': ['transfer', 'consignee', 'contract', 'items', 'commitment'],
  'result-refused': ['consignee'],
  'result-collected': step,
  purged: step,
  'contract-activated': ['consignee', 'contract', 'items'],
  'consignee-paused': ['consignee'],
  'consignee-resumed': ['consignee'],
  'access-granted': [],
  'access-revoked': [],
  'audit-read': [],
};
