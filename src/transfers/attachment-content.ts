/** A file on its way out: opened piece by piece, and ended only when it was whole. */
import { createHash } from 'node:crypto';
import { GatewayError } from '#src/base/errors.ts';
import { pieceAad } from '#src/sealing/aad.ts';
import type { Sealer } from '#src/sealing/seal.ts';
import type { Database } from '#src/store/pool.ts';
import type { AttachmentView } from './attached.ts';
import { pieceBytes } from './attachments.ts';

export interface AttachmentDeps {
  db: Database;
  sealer: Sealer;
}

interface Row extends AttachmentView {
  consignee: string;
  transfer: string;
  purged: boolean;
}

/** What is known of a file of a result, and its bytes. */
export interface OpenAttachment extends AttachmentView {
  pieces: AsyncGenerator<Uint8Array, void, undefined>;
}

/**
 * A file of one of this EMR's results that a checkpoint covers. Its pieces throw where one is
 * missing or another: the last is only given when the whole is what was committed to.
 * @throws GatewayError `NOT_FOUND`, `PAYLOAD_PURGED`
 */
export async function openAttachment(
  deps: AttachmentDeps,
  ask: { client: string; result: string; attachment: string },
): Promise<OpenAttachment> {
  const { rows } = await deps.db.query<Row>(
    `SELECT a.id, a.media_type AS "mediaType", a.bytes, encode(a.sha256, 'base64') AS sha256,
       a.consignee, a.transfer, a.purged_at IS NOT NULL AS purged
     FROM attachments AS a JOIN results ON results.id = a.result
     WHERE a.id = $1 AND a.result = $2 AND results.client = $3 AND results.status <> 'accepted'`,
    [ask.attachment, ask.result, ask.client],
  );
  const row = rows[0];
  if (!row) throw new GatewayError('NOT_FOUND');
  if (row.purged) throw new GatewayError('PAYLOAD_PURGED');
  const { id, mediaType, bytes, sha256 } = row;
  return { id, mediaType, bytes, sha256, pieces: piecesOf(deps, row) };
}

async function* piecesOf(
  { db, sealer }: AttachmentDeps,
  row: Row,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { id: attachment, consignee, transfer, mediaType } = row;
  const lastNumber = Math.ceil(row.bytes / pieceBytes) - 1;
  const hash = createHash('sha256');
  let length = 0;
  for (let number = 0; number <= lastNumber; number += 1) {
    const { rows } = await db.query<{ sealed: Buffer }>({
      name: 'attachment-read',
      text: 'SELECT sealed FROM attachment_pieces WHERE attachment = $1 AND number = $2',
      values: [attachment, number],
    });
    if (!rows[0]) throw new Error(`piece ${number} of an attachment is missing`);
    const isLast = number === lastNumber;
    const aad = pieceAad({ attachment, number, isLast, consignee, transfer, mediaType });
    const piece = sealer.open(rows[0].sealed, aad);
    hash.update(piece);
    length += piece.length;
    if (isLast && (length !== row.bytes || hash.digest('base64') !== row.sha256)) {
      throw new Error('an attachment is not what was taken');
    }
    yield piece;
  }
}
