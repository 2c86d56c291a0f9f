/** Receipts beside the settlement: one that comes after it, and one that was given before. */
import { submit } from '#src/ledger/submit.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import type { SettledReceipt } from './settle.ts';

/** Whether exactly this receipt is kept of the transfer, from whichever time it was taken. */
export async function isKept(db: Queryable, transfer: string, jws: string): Promise<boolean> {
  const { rows } = await db.query(
    `SELECT FROM receipts WHERE transfer = $1 AND digest = sha256(convert_to($2, 'UTF8'))`,
    [transfer, jws],
  );
  return rows.length > 0;
}

/**
 * Keeps a verified receipt with its entry `receipt`, for what was delivered under this lease and
 * without one. The first counts: where this handover has one already, nothing changes.
 * @returns whether it was kept, and an entry submitted
 */
export function keepLateReceipt(
  db: Database,
  held: { transfer: string; lease: Buffer },
  receipt: SettledReceipt,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const { transfer, lease } = held;
    const lock = `SELECT FROM transfers WHERE id = $1 AND lease = $2 AND status = 'delivered'
      FOR UPDATE`;
    if ((await tx.query(lock, [transfer, lease])).rows.length === 0) return false;
    // A statement of its own: it sees what was kept while the lock was waited for.
    const { rows } = await tx.query(
      `INSERT INTO receipts (transfer, digest, signer, signed_at, jws)
       SELECT id, sha256(convert_to($2, 'UTF8')), $3::text, $4::timestamptz, $2 FROM transfers
       WHERE id = $1 AND NOT EXISTS (SELECT FROM receipts
         WHERE receipts.transfer = transfers.id AND received_at >= settled_at)
       ON CONFLICT DO NOTHING RETURNING transfer`,
      [transfer, receipt.jws, receipt.signer, receipt.signedAt],
    );
    if (rows.length === 0) return false;
    await submit(tx, [{ entry: receipt.entry, owner: transfer }]);
    return true;
  });
}
