/** What a consignee signed on taking a transfer, as those are told who may see the transfer. */
import type { Queryable } from '#src/store/pool.ts';

export interface GivenReceipt {
  /** RFC 7638 thumbprint of the consignee's key. */
  signer: string;
  /** The time that the consignee stated. */
  signedAt: string;
  receivedAt: string;
  jws: string;
}

/** One for each time that it was taken, of which there are few. */
const receiptsMax = 100;

/** The receipts of a transfer, oldest first. */
export async function receiptsOf(db: Queryable, transfer: string): Promise<GivenReceipt[]> {
  const { rows } = await db.query<{
    signer: string;
    signed_at: Date;
    received_at: Date;
    jws: string;
  }>(
    `SELECT signer, signed_at, received_at, jws FROM receipts
     WHERE transfer = $1 ORDER BY received_at, digest LIMIT ${receiptsMax}`,
    [transfer],
  );
  return rows.map((row) => ({
    signer: row.signer,
    signedAt: row.signed_at.toISOString(),
    receivedAt: row.received_at.toISOString(),
    jws: row.jws,
  }));
}
