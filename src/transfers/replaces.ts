/** An order that corrects an earlier one: linked to it, once that one can change no more. */
import { GatewayError } from '#src/base/errors.ts';
import type { Order, TransferStatus } from '#src/base/words.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';
import type { Database } from '#src/store/pool.ts';
import { hmacsOf, subjectHmac } from './subjects.ts';

/** A transfer in one of these has come to its end. */
const ended: readonly TransferStatus[] = [
  ...(['delivered', 'rejected', 'failed', 'cancelled', 'expired', 'withdrawn'] as const),
];

/**
 * Throws `NOT_REPLACEABLE` unless the order replaces nothing, or a transfer of this client that has
 * ended, to the same consignee and about the same person. Whatever else that id may be of is not
 * told. A statement of its own before the one that accepts: what has ended seldom begins again, and
 * then the link is no less true.
 */
export async function assertReplaceable(
  deps: { db: Database; fingerprint: Fingerprint },
  { client, order }: { client: string; order: Order },
): Promise<void> {
  if (order.replaces === undefined) return;
  const { rowCount } = await deps.db.query({
    name: 'transfers-replaceable',
    text: `SELECT FROM transfers JOIN subjects ON subjects.id = transfers.subject
           WHERE transfers.id = $1 AND client = $2 AND consignee = $3 AND status = ANY($4)
             AND identifier_hmac = ANY($5::bytea[])`,
    values: [
      ...[order.replaces, client, order.consignee, ended],
      hmacsOf(subjectHmac(deps.fingerprint, order.subject)),
    ],
  });
  if (rowCount === 0) throw new GatewayError('NOT_REPLACEABLE');
}
