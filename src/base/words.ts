/** The words of the house as types: every other room speaks with these and adds no synonyms. */
import type { JWK } from 'jose';
import type { PushSettings } from './push-words.ts';

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
  | 'SUBJECT_SUSPENDED'
  | 'REQUIRED_ITEM_MISSING'
  | 'INVALID_ITEM'
  | 'UNCONTRACTED_VALUE_IN_TEXT'
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

/** The life of a result: durable, covered, taken over by the EMR; or its match was taken back. */
export type ResultStatus = 'accepted' | 'ready' | 'collected' | 'retracted';

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
  | 'holdsWithheldValue'
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

/** Who signed a contract version: the clinic's privacy officer, or the consignee. */
export type Party = 'clinic' | 'consignee';

/** One signature over a contract version that holds. */
export interface PartySignature {
  /** RFC 7638 thumbprint of the key that signed. */
  kid: string;
  /** RFC 3339, as the signer said. */
  signedAt: string | null;
}

/** What `v<N>.jws` says beside the text: later facts, which the digest does not cover. */
export interface ContractSignature {
  /** Only `signed` (both parties, each by a registered key) is ever in force. */
  state: 'signed' | 'unsigned' | 'invalid';
  /** Signed by keys that the embedded default made: proves nothing to anyone. */
  isDemo: boolean;
  clinic: PartySignature | null;
  consignee: PartySignature | null;
  /** The Seoul day since which, the privacy officer says, the clinic's notice has shown it. */
  noticedOn: string | null;
  /** What is missing or wrong, for people; null when signed. */
  why: Words | null;
}

/** Someone to whom a consignee passes work on, with the clinic's consent (PIPA Article 26(6)). */
export interface SubConsignee {
  name: Words;
  work: Words;
  /** Codes among the contract's own items. */
  items: readonly string[];
  /** Seoul calendar date of the clinic's written consent. */
  consentedOn: string;
}

/** The clinic itself: who publishes the notice and signs contracts. */
export interface Clinic {
  name: Words;
  privacyOfficer: { title: Words; email: string; phone?: string };
  /** Public keys (JWK) of the privacy officer, for signatures. */
  signingKeys: readonly JWK[];
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
  retention: {
    text: Words;
    purgeAfterDays: number;
    expireAfterDays: number;
    /** Days from the relation's end until the certificate of destruction is due. */
    destroyWithinDays: number;
  };
  /** Dictionary codes of unique identifiers that a legal basis covers, confirmed or not. */
  legalBasis: ReadonlyMap<string, { basis: Words; confirmed: boolean }>;
  /** What a withheld value found in released text does: the order is refused, or it is masked. */
  onTextMatch: 'refuse' | 'mask';
  /** Whether a transfer counts as taken only with the consignee's signed receipt. */
  receipts: 'required' | 'optional';
  /** Why this version replaces the one before, as the notice tells it. */
  reason: Words | null;
  subConsignees: readonly SubConsignee[];
  /** What is signed: RFC 8785 bytes of `{contract, dictionary}`, whose SHA-256 is `digest`. */
  canonical: Buffer;
  signature: ContractSignature;
  /** The `v<N>.jws` that was judged to say so, and the keys of both parties that count for it. */
  signatureFile?: { text: string; keys: readonly JWK[] } | undefined;
  /** The parsed text that was digested, for showing. */
  text: Readonly<Record<string, unknown>>;
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
  /** Public keys (JWK) that its signatures are checked with: contracts, certificates. */
  signingKeys: readonly JWK[];
  retry: { scheduleSeconds: readonly number[]; timeoutSeconds: number };
  /** `perSecondMax` null: as fast as its concurrency lets it. All processes together. */
  rate: { concurrencyMax: number; perSecondMax: number | null };
  /** After so many failures in a row nothing is sent but one probe each `openSeconds`. */
  breaker: { failuresMax: number; openSeconds: number };
  /** Pull: how often it agreed to ask for its inbox; null: nothing was agreed. */
  checkInHours: number | null;
  /** So many waiting transfers are told to the operators. */
  backlogMax: number;
  /** It cannot echo transfer ids: what it returns without one is kept in quarantine. */
  quarantines: boolean;
  /** What a parcel is said to hold: one of a closed list, none of which speaks of health. */
  parcelContents: ParcelContents | null;
}

/** What is written on a parcel. Closed, so that it can never reveal health. */
export type ParcelContents = 'documents' | 'goods';

/** What a client is. Each role has its scopes; a consignee's client is bound to one consignee. */
export type Role = 'emr' | 'consignee' | 'auditor' | 'privacy-officer' | 'operator';

/** Who acts, from which network address; `person`: the account of whoever signed in. */
export interface Actor {
  client: string;
  role: Role | 'gateway';
  source?: string;
  person?: string;
}

/** What the gateway does by itself (expiry, purge, delivery) is done in this name. */
export const gatewayActor: Actor = { client: 'waybill', role: 'gateway' };

/** An order as the EMR submits it. */
export interface Order {
  consignee: string;
  subject: { kind: SubjectKind; id: string };
  record: Readonly<Record<string, unknown>>;
  reference?: string;
  /** An earlier transfer that this one corrects (UUID). */
  replaces?: string;
}
