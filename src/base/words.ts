/** The words of the house as types: every other room speaks with these and adds no synonyms. */
import type { JWK } from 'jose';

/** Whose data a contract is about. */
export type SubjectKind = 'patient' | 'practitioner' | 'member' | 'visitor';

/** How bytes leave: the gateway pushes them, or the consignee pulls them from its inbox. */
export type Channel = 'push' | 'pull';

/** A sentence in the two languages of the clinic. */
export interface Words {
  en: string;
  ko: string;
}

/** Why an item of the record or the contract did not travel. Closed. */
export type WithheldReason =
  'NOT_IN_CONTRACT' | 'NEVER_SHARED' | 'UNKNOWN_ITEM' | 'NO_LEGAL_BASIS' | 'ABSENT';

/** Why a whole order was turned away by its contract. Closed. */
export type RefusedReason =
  | 'UNKNOWN_CONSIGNEE'
  | 'NO_CONTRACT_IN_FORCE'
  | 'WRONG_SUBJECT'
  | 'SUBJECT_MISMATCH'
  | 'REQUIRED_ITEM_MISSING'
  | 'INVALID_ITEM'
  | 'NO_CONSIGNEE_KEY'
  | 'RECORD_TOO_LARGE';

/** The life of a transfer, in the order in which it can happen. */
export type TransferStatus =
  | 'accepted'
  | 'ready'
  | 'sending'
  | 'leased'
  | 'delivered'
  | 'rejected'
  | 'failed'
  | 'cancelled'
  | 'expired'
  | 'withdrawn';

/** The life of a result: durable, covered by a checkpoint, taken over by the EMR. */
export type ResultStatus = 'accepted' | 'ready' | 'collected';

/** One withheld item: a dictionary code, or `UNKNOWN_ITEM` with how many there were. */
export interface Withheld {
  item: string;
  reason: WithheldReason;
  count?: number;
}

/** What was wrong with one place of a request. `rule` is a key of the message catalogue. */
export interface FieldProblem {
  /** RFC 6901, cut at the last segment that a schema knows. */
  pointer: string;
  rule: FieldRule;
}

/** What a field can break. Closed, so that every rule has its sentence in both languages. */
export type FieldRule =
  | 'required'
  | 'type'
  | 'format'
  | 'range'
  | 'length'
  | 'unknown'
  | 'notADate'
  | 'inTheFuture'
  | 'beforeBirth'
  | 'afterOrderDate'
  | 'disagrees'
  | 'looksLikeRegistrationNumber'
  | 'mismatch'
  | 'invalid';

/** The class of an item, which decides how carefully it is handled. */
export type ItemClass =
  'general' | 'uniqueIdentifier' | 'sensitiveHealth' | 'video' | 'member' | 'returned';

/** One entry of the data dictionary. `schema` is JSON Schema 2020-12 for one value. */
export interface DictionaryItem {
  code: string;
  label: Words;
  schema: Record<string, unknown>;
  subject: readonly (SubjectKind | 'organisation')[];
  class: ItemClass;
  /** `record`: a top-level member of the record; `tests`: inside each element of `tests[]`. */
  at: 'record' | 'tests' | 'result';
  /** Named, versioned rule that may derive it, such as `age@1`. */
  derivedBy?: readonly string[];
  /** Travels as a compact JWE to the consignee's key. */
  encrypted: boolean;
  freeText: boolean;
  guard: boolean;
}

/** A version of the data dictionary. A contract pins one by number. */
export interface Dictionary {
  version: number;
  items: ReadonlyMap<string, DictionaryItem>;
  /** Normalised key names (lower case, letters and digits only) that may never be shared. */
  neverShared: readonly string[];
}

/** One immutable version of an agreement between the clinic and a consignee. */
export interface Contract {
  /** `samkwang.v1` */
  id: string;
  consignee: string;
  version: number;
  dictionary: Dictionary;
  /** SHA-256 of the RFC 8785 form of the contract text. */
  digest: Buffer;
  work: Words;
  purpose: Words;
  subject: SubjectKind;
  items: readonly { item: string; required: boolean }[];
  returns: readonly { item: string; required: boolean }[];
  /** Seoul calendar dates, `YYYY-MM-DD`; null: until the end of the outsourcing contract. */
  validFrom: string;
  validUntil: string | null;
  retention: { text: Words; purgeAfterDays: number; expireAfterDays: number };
  /** Dictionary codes of unique identifiers that a legal basis covers, confirmed or not. */
  legalBasis: ReadonlyMap<string, { basis: Words; confirmed: boolean }>;
  /** The parsed text that was digested, for showing. */
  text: Readonly<Record<string, unknown>>;
}

/** How a push proves itself to the consignee. */
export interface PushSettings {
  url: string;
  /** Standard Webhooks HMAC secret, resolved from its name at start: raw bytes. */
  webhookSecret: Buffer;
  bearerToken?: string;
}

/** A company that processes patient data for the clinic. */
export interface Consignee {
  id: string;
  name: Words;
  address: Words;
  contact: { department: Words; email: string };
  channel: Channel;
  push?: PushSettings;
  /** Public keys (JWK) for unique identifiers, the first usable one is used. */
  encryptionKeys: readonly JWK[];
  retry: { scheduleSeconds: readonly number[]; timeoutSeconds: number };
  rate: { concurrencyMax: number };
}

/** What a client is. Each role has its scopes; a consignee's client is bound to one consignee. */
export type Role = 'emr' | 'consignee' | 'auditor' | 'operator';

/** Who acts: an authenticated client, or the gateway itself (`client: "waybill"`). */
export interface Actor {
  client: string;
  role: Role | 'gateway';
  /** The network address that the request came from; absent for the gateway itself. */
  source?: string;
}

/** What the gateway does by itself (expiry, purge, delivery) is done in this name. */
export const gatewayActor: Actor = { client: 'waybill', role: 'gateway' };

/** An order as the EMR submits it. */
export interface Order {
  consignee: string;
  subject: { kind: SubjectKind; id: string };
  record: Readonly<Record<string, unknown>>;
  reference?: string;
}
