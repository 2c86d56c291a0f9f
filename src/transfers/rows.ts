/** Transfers and results as rows, and as they are told to those who may see them. */
import type { ResultStatus, TransferStatus, Withheld } from '#src/base/words.ts';
import type { AttachmentView } from './attached.ts';
import type { Reported } from './result-versions.ts';

export interface TransferRow {
  id: string;
  client: string;
  consignee: string;
  contract: string;
  /** Null: the person was destroyed. */
  subject: string | null;
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
  taken_at: Date | null;
  purged_at: Date | null;
  replaces: string | null;
  /** The newest of those that replace it. */
  replaced_by: string | null;
}

/**
 * `ready` means that it can be claimed: its checkpoint is signed, and kept outside the database.
 */
export const transferStatus = `CASE WHEN status = 'ready' AND entry >= (SELECT size FROM noted)
  THEN 'accepted' ELSE status END`;

/** All of a transfer but `replaced_by`, for whoever knows that of many at once. */
export const ownColumns = `id, client, consignee, contract, subject,
  ${transferStatus} AS status, released, derived,
  withheld, commitment, reference, entry, attempts, last_outcome, created_at, expires_at,
  settled_at, purged_at, replaces,
  coalesce(taken_at, CASE WHEN status = 'delivered' THEN settled_at END) AS taken_at`;

export const transferColumns = `${ownColumns},
  (SELECT max(later.id::text) FROM transfers AS later WHERE later.replaces = transfers.id)
    AS replaced_by`;

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
    takenAt: row.taken_at?.toISOString() ?? null,
    purgedAt: row.purged_at?.toISOString() ?? null,
    attempts: row.attempts,
    entry: row.entry,
    lastOutcome: row.last_outcome,
    replaces: row.replaces,
    replacedBy: row.replaced_by,
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
  version: number;
  replaces: string | null;
  superseded_by: string | null;
  reported: Reported | null;
  reported_at: Date | null;
  retracted_at: Date | null;
  attachments: AttachmentView[];
}

/** The state of a result as it is told and asked for; the stored one knows no `retracted`. */
export const resultStatus = `CASE WHEN results.retracted_at IS NULL THEN results.status
  ELSE 'retracted' END`;

export const resultColumns = `id, transfer, consignee, contract, ${resultStatus} AS status, accepted,
  withheld, commitment, created_at, collected_at, purged_at, version, replaces, reported,
  reported_at, retracted_at,
  (SELECT later.id FROM results AS later
   WHERE later.transfer = results.transfer AND later.replaces = results.id
     AND later.retracted_at IS NULL AND later.status <> 'accepted'
   ORDER BY later.version LIMIT 1) AS superseded_by,
  (SELECT coalesce(jsonb_agg(jsonb_build_object('id', file.id, 'mediaType', file.media_type,
     'bytes', file.bytes, 'sha256', encode(file.sha256, 'base64')) ORDER BY file.id), '[]')
   FROM attachments AS file WHERE file.result = results.id) AS attachments`;

/** A result without its content. */
export function resultView(row: ResultRow) {
  return {
    id: row.id,
    transfer: row.transfer,
    consignee: row.consignee,
    contract: row.contract,
    status: row.status,
    version: row.version,
    replaces: row.replaces,
    supersededBy: row.superseded_by,
    reported: row.reported,
    reportedAt: row.reported_at?.toISOString() ?? null,
    accepted: row.accepted,
    withheld: row.withheld,
    attachments: row.attachments,
    createdAt: row.created_at.toISOString(),
    collectedAt: row.collected_at?.toISOString() ?? null,
    retractedAt: row.retracted_at?.toISOString() ?? null,
    purgedAt: row.purged_at?.toISOString() ?? null,
  };
}
