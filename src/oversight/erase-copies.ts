/** Every copy that is kept of a person's transfers, and its end when the person is destroyed. */
import type { Queryable } from '#src/store/pool.ts';

/** What was destroyed, in numbers. */
export interface DestroyedCopies {
  payloads: number;
  results: number;
  files: number;
  replies: number;
}

// The day, not the moment: a moment that all of them share would say whose they were.
const transfersSql = `
  UPDATE transfers SET subject = NULL, reference = NULL, reference_hmac = NULL,
    purge_at = coalesce(purge_at, settled_at),
    purged_at = coalesce(purged_at, greatest(settled_at, date_trunc('day', now())))
  WHERE id = ANY($1::uuid[])`;

// What was not collected is retracted: its EMR is told so, and finds nothing.
const resultsSql = `
  UPDATE results SET statement_hmac = NULL, parcel_hmac = NULL,
    retracted_at = CASE WHEN status = 'collected' THEN retracted_at
      ELSE coalesce(retracted_at, date_trunc('day', now())) END,
    purged_at = coalesce(purged_at, greatest(created_at, date_trunc('day', now())))
  WHERE id = ANY($1::uuid[])`;

/** Destroys them. Requires: the transfers have ended, and are locked by `tx`. */
export async function destroyCopies(
  tx: Queryable,
  transfers: readonly string[],
): Promise<DestroyedCopies> {
  const results = await idsOf(
    tx,
    'SELECT id FROM results WHERE transfer = ANY($1::uuid[]) ORDER BY id FOR UPDATE',
    transfers,
  );
  const quarantined = await idsOf(
    tx,
    `UPDATE quarantined_results SET purged_at = coalesce(purged_at, date_trunc('day', now()))
     WHERE result = ANY($1::uuid[]) RETURNING id`,
    results,
  );
  const files = await dropFiles(tx, { transfers, results });
  const owners = [...transfers, ...results, ...quarantined];
  const payloads = await count(tx, 'DELETE FROM payloads WHERE id = ANY($1::uuid[])', owners);
  const replies = await count(
    tx,
    'DELETE FROM idempotency_keys WHERE owner = ANY($1::uuid[])',
    owners,
  );
  await tx.query(transfersSql, [transfers]);
  await tx.query(resultsSql, [results]);
  return { payloads, results: results.length, files, replies };
}

/**
 * The files of their results, what is known of them, and those that wait for one. A row of the
 * latter stays for its day, so that what is being uploaded just now goes with it.
 */
async function dropFiles(
  tx: Queryable,
  of: { transfers: readonly string[]; results: readonly string[] },
): Promise<number> {
  const used = await idsOf(
    tx,
    'DELETE FROM attachments WHERE result = ANY($1::uuid[]) RETURNING id',
    of.results,
  );
  const unused = await idsOf(
    tx,
    `UPDATE attachments SET purged_at = now(), bytes = NULL, sha256 = NULL
     WHERE result IS NULL AND transfer = ANY($1::uuid[]) RETURNING id`,
    of.transfers,
  );
  const ids = [...used, ...unused];
  await tx.query('DELETE FROM attachment_pieces WHERE attachment = ANY($1::uuid[])', [ids]);
  return ids.length;
}

async function idsOf(tx: Queryable, sql: string, values: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(sql, [values]);
  return rows.map(({ id }) => id);
}

async function count(tx: Queryable, sql: string, values: readonly string[]): Promise<number> {
  return (await tx.query(sql, [values])).rowCount ?? 0;
}
