/** Entries about the record itself: who may act, who looked, what was destroyed, kept or signed. */
import type { DetailContent, LeafFields } from './kinds.ts';

export const oversightKinds = [
  'access-granted',
  'access-changed',
  'access-revoked',
  'staff-granted',
  'staff-changed',
  'staff-revoked',
  'staff-locked',
  'staff-unlocked',
  'audit-read',
  'disclosures-read',
  'quarantine-read',
  'exported',
  'export-ended',
  'reconciled',
  'review-signed',
  'subject-erased',
  'cleared',
  'archived',
  'key-changed',
  'fork-accepted',
] as const;

type Step = DetailContent;

/** The filters that were asked for, never an identifier of a person. */
export type ReadQuery = Readonly<Record<string, string | number | boolean | null>>;

/** `change`: number of the account's change, which its row carries; left out in older entries. */
type Change = Step & { change?: number };

export interface OversightDetail {
  'access-granted': Change & { client: string; role: string; scopes: readonly string[] };
  /** `scopes`: what it may do from now on. */
  'access-changed': Change & { client: string; role: string; scopes: readonly string[] };
  'access-revoked': Change & { client: string };
  /** `staff`: the account's id; one account a person. */
  'staff-granted': Change & { staff: string; roles: readonly string[] };
  'staff-changed': Change & { staff: string; roles: readonly string[] };
  'staff-revoked': Change & { staff: string };
  /** After so many wrong attempts in a row. */
  'staff-locked': Step & { staff: string; attempts: number };
  'staff-unlocked': Step & { staff: string };
  'audit-read': Step & { query: ReadQuery };
  /** One person's accounting of disclosures; `subject` is the random id, where it is known. */
  'disclosures-read': Step & { found: number };
  /** Somebody opened a result whose transfer nobody knows yet. */
  'quarantine-read': Step & { quarantined: string };
  /** `reason`: what it was wanted for; `format`: `csv`, `ndjson`, `fhir`. */
  exported: Step & {
    reason: string;
    format: string;
    query: ReadQuery;
    /** Tells it from all others (UUID); left out where it has no end of its own: evidence. */
    export?: string | undefined;
  };
  /** How many rows the export of this id handed out, and whether those were all. */
  'export-ended': Step & { export: string; rows: number; whole: boolean };
  /** A day compared between two sides; counts only. */
  reconciled: Step & { query: ReadQuery; agreed: number; differing: number };
  /**
   * `period`: `2026-10`, `2026-W41` or `2026-Q3`; `summary`: SHA-256 (base64) of what the reviewer
   * was shown; `anomalies`: how many were found by rule; `jws`: the reviewer's signature over both.
   */
  'review-signed': Step & {
    period: string;
    summary: string;
    anomalies: number;
    findings: string;
    measures: string;
    /** Left out where a person signed in: `actor` names their account. */
    signer?: string;
    jws?: string;
  };
  /** What was destroyed of one person, in numbers; who it was is gone with it. */
  'subject-erased': Step & {
    reason: string;
    /** Entries whose details nobody can open any more. */
    entries: number;
    transfers: number;
    /** Payloads of transfers and results that were still kept. */
    payloads: number;
    files: number;
    replies: number;
  };
  /** What is kept for a time only was destroyed; `what`: `idempotency-replies`, `events`, … */
  cleared: Step & { what: string; count: number };
  /** A part of the tables went to a file; `sha256` (base64) of its manifest. */
  archived: Step & { what: string; from: string; to: string; count: number; sha256: string };
  /**
   * `key`: which of them; `keyId`: of the new one. Of the ledger's, the leaf's commitment is the
   * SHA-256 of the new verifier key's text, so that everyone can hold the new key against it.
   */
  'key-changed': Step & { key: 'sealing' | 'hmac' | 'ledger' | 'token'; keyId: string };
  /**
   * A person let the gateway go on although the ledger's key had signed another tree, of `size`
   * entries. The leaf's commitment is the SHA-256 of that checkpoint's text.
   */
  'fork-accepted': Step & { reason: string; size: number };
}

/** What the leaf of a kind cannot do without. */
export const oversightLeafNeeds: Readonly<
  Record<keyof OversightDetail, readonly (keyof LeafFields)[]>
> = {
  'access-granted': [],
  'access-changed': [],
  'access-revoked': [],
  'staff-granted': [],
  'staff-changed': [],
  'staff-revoked': [],
  'staff-locked': [],
  'staff-unlocked': [],
  'audit-read': [],
  'disclosures-read': [],
  'quarantine-read': ['consignee'],
  exported: [],
  'export-ended': [],
  reconciled: [],
  'review-signed': [],
  'subject-erased': [],
  cleared: [],
  archived: [],
  'key-changed': [],
  'fork-accepted': ['commitment'],
};
