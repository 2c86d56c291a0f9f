/** Transfers and results as rows, and as they are told to those who may see them. */
import type { ResultStatus, TransferStatus, Withheld } from '#src/base/words.ts';

export interface TransferRow {
  id: string;
  client: string;
  consignee: string;
  contract: string;
  subject: string;
  status: TransferStatus;
  released: string[];
  derived: string[];
  withheld: Withheld[];
  commitment: Buffer;
  reference: Buffer | null;
  entry: number | null;
  attempts: number;
  last_outcome: string | null;
  created_at: Date;
  expires_at: Date;
  settled_at: Date | null;
  purged_at: Date | null;
}

export const transferColumns = `id, client, consignee, contract, subject, status, released, derived,
  withheld, commitment, reference, entry, attempts, last_outcome, created_at, expires_at,
  settled_at, purged_at`;

/** A transfer without what identifies a client or a person. */
export function transferView(row: TransferRow) {
  return {
    id: row.id,
    status: row.status,
    consignee: row.consignee,
    contract: row.contract,
    released: row.released,
    derived: row.derived,
    withheld: row.withheld,
    commitment: row.commitment.toString('base64'),
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    settledAt: row.settled_at?.toISOString() ?? null,
    purgedAt: row.purged_at?.toISOString() ?? null,
    attempts: row.attempts,
    entry: row.entry,
    lastOutcome: row.last_outcome,
  };
}

export interface ResultRow {
  id: string;
  transfer: string;
  consignee: string;
  contract: string;
  status: ResultStatus;
  accepted: string[];
  withheld: Withheld[];
  commitment: Buffer;
  created_at: Date;
  collected_at: Date | null;
  purged_at: Date | null;
}

export const resultColumns = `id, transfer, consignee, contract, status, accepted, withheld,
  commitment, created_at, collected_at, purged_at`;

/** A result without its content. */
export function resultView(row: ResultRow) {
  return {
    id: row.id,
    transfer: row.transfer,
    consignee: row.consignee,
    contract: row.contract,
    status: row.status,
    accepted: row.accepted,
    withheld: row.withheld,
    createdAt: row.created_at.toISOString(),
    collectedAt: row.collected_at?.toISOString() ?? null,
    purgedAt: row.purged_at?.toISOString() ?? null,
  };
}
