/** Files that go with a result: each is used once, by the transfer that it was uploaded for. */
import type { Contract } from '#src/base/words.ts';
import type { Queryable } from '#src/store/pool.ts';

/** The item that a contract lists where files may come back. */
export const reportItem = 'report';

/** Kinds of files that may come back. */
export type FileKind = 'application/pdf' | 'image/png' | 'image/jpeg';

/** What everyone who may see the result may know of its file. `sha256` in base64. */
export interface AttachmentView {
  id: string;
  mediaType: FileKind;
  bytes: number;
  sha256: string;
}

/** Whether a contract lets files come back. */
export function takesReports(contract: Contract): boolean {
  return contract.returns.some(({ item }) => item === reportItem);
}

/**
 * Locks files that are whole, unused and of exactly this transfer, in the order of their ids. Null
 * where one of them is none, or where the contract lets no report come back.
 */
export async function lockAttachments(
  tx: Queryable,
  transfer: { id: string; consignee: string; contract: Contract },
  ids: readonly string[],
): Promise<AttachmentView[] | null> {
  if (ids.length === 0) return [];
  if (!takesReports(transfer.contract)) return null;
  const { rows } = await tx.query<AttachmentView>(
    `SELECT id, media_type AS "mediaType", bytes, encode(sha256, 'base64') AS sha256
     FROM attachments
     WHERE id = ANY ($1::uuid[]) AND transfer = $2 AND consignee = $3
       AND bytes IS NOT NULL AND result IS NULL AND purged_at IS NULL
     ORDER BY id FOR UPDATE`,
    [ids, transfer.id, transfer.consignee],
  );
  return rows.length === ids.length ? rows : null;
}

/** Gives locked files to a result. */
export async function attach(
  tx: Queryable,
  result: string,
  files: readonly AttachmentView[],
): Promise<void> {
  if (files.length === 0) return;
  await tx.query('UPDATE attachments SET result = $1 WHERE id = ANY ($2::uuid[])', [
    result,
    files.map(({ id }) => id),
  ]);
}

/** Destroys the files of a result, and answers what they were. What is known of them stays. */
export async function purgeAttachments(tx: Queryable, result: string): Promise<AttachmentView[]> {
  const { rows } = await tx.query<AttachmentView>(
    `UPDATE attachments SET purged_at = now() WHERE result = $1 AND purged_at IS NULL
     RETURNING id, media_type AS "mediaType", bytes, encode(sha256, 'base64') AS sha256`,
    [result],
  );
  if (rows.length === 0) return rows;
  const ids = rows.map(({ id }) => id);
  await tx.query('DELETE FROM attachment_pieces WHERE attachment = ANY ($1::uuid[])', [ids]);
  return rows;
}

/** How long a file waits for its result. */
const unusedHours = 24;
/** 80 pieces each: a hundred at once took longer than a statement may, again in every round. */
const batchMax = 8;

/** Removes files that no result came for, and those whose upload never ended. */
export async function dropUnused(deps: { db: Queryable }): Promise<number> {
  const { rowCount } = await deps.db.query(
    `WITH unused AS (
       DELETE FROM attachments WHERE id IN (
         SELECT id FROM attachments
         WHERE result IS NULL AND created_at < now() - make_interval(hours => ${unusedHours})
         LIMIT ${batchMax} FOR UPDATE SKIP LOCKED)
       RETURNING id
     ), pieces AS (
       DELETE FROM attachment_pieces WHERE attachment IN (SELECT id FROM unused)
     )
     SELECT id FROM unused`,
  );
  return rowCount ?? 0;
}
