/**
 * A file on its way in: sealed piece by piece as it comes, never whole in memory, and kept only if
 * it came whole, of its kind and within its size.
 */
import { createHash } from 'node:crypto';
import { GatewayError } from '#src/base/errors.ts';
import { newId } from '#src/base/ids.ts';
import type { UploadPlaces } from '#src/base/upload-places.ts';
import type { Actor } from '#src/base/words.ts';
import { pieceAad } from '#src/sealing/aad.ts';
import { takesReports, type AttachmentView, type FileKind } from './attached.ts';
import { refuseResult } from './result-refusal.ts';
import { lockTransfer, type ResultDeps } from './result-store.ts';

/** Bytes of every piece but the last. */
export const pieceBytes = 262_144;
/** 20 MiB: 80 pieces. */
export const attachmentBytesMax = 20_971_520;
/** A connection that drips is cut after so long. */
const uploadMsMax = 600_000;
/** Of one consignee at a time and in one process: each holds a few pieces in memory. */
export const uploadsAtOnceMax = 2;
/** Files of one transfer that wait for their result: a sender that only repeats fills no disk. */
export const unusedFilesMax = 40;
/** What waits so of one consignee, in bytes. Two processes may each let one file more in. */
export const unusedBytesMax = 2_147_483_648;
/** A result uses them up in its time, a day at most. */
const unusedRetrySeconds = 60;

/** How a file of a kind begins: PDF; PNG (section 5.2); JPEG's SOI and the marker after it. */
const beginnings: Readonly<Record<FileKind, Buffer>> = {
  'application/pdf': Buffer.from('%PDF-', 'latin1'),
  'image/png': Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  'image/jpeg': Buffer.from([0xff, 0xd8, 0xff]),
};

export interface UploadDeps extends ResultDeps {
  /** Uploads under way in this process, `uploadsAtOnceMax` of each consignee. */
  uploads: UploadPlaces;
}

export interface Upload {
  actor: Actor;
  consignee: string;
  transfer: string;
  mediaType: FileKind;
  /** How many bytes it says that it has; null where it does not say. */
  announcedBytes: number | null;
  /** The bytes as they come; the next are asked for when those before are stored. */
  stream: AsyncIterable<Buffer>;
}

/**
 * Takes a file for a result that is to come.
 * @throws GatewayError `NOT_FOUND`, `RESULT_NOT_EXPECTED`, `ATTACHMENT_UNUSABLE` (the contract lets
 *   no report come back), `UNSUPPORTED_MEDIA_TYPE` (also where the bytes are of another kind),
 *   `PAYLOAD_TOO_LARGE`, `TOO_MANY_UPLOADS` (under way, or without a result), `CLIENT_STALLED`,
 *   `INVALID_REQUEST` (empty, or it broke off)
 */
export async function receiveAttachment(deps: UploadDeps, upload: Upload): Promise<AttachmentView> {
  deps.assertOpen();
  if ((upload.announcedBytes ?? 0) > attachmentBytesMax) throw tooLarge();
  const leave = deps.uploads(upload.consignee);
  try {
    await assertExpected(deps, upload);
    return await keep(deps, upload);
  } finally {
    leave();
  }
}

async function assertExpected(deps: UploadDeps, upload: Upload): Promise<void> {
  const { contract, mayHaveArrived } = await deps.db.transaction((tx) =>
    lockTransfer(deps, tx, upload),
  );
  if (!mayHaveArrived)
    await refuseResult(deps, upload, { reason: 'RESULT_NOT_EXPECTED', contract });
  if (!takesReports(contract)) {
    await refuseResult(deps, upload, { reason: 'ATTACHMENT_UNUSABLE', contract });
  }
  await assertRoom(deps, upload);
}

/** One that is not whole counts as large as it may become. No entry: one a try would be a flood. */
async function assertRoom({ db }: UploadDeps, upload: Upload): Promise<void> {
  const { rows } = await db.query<{ files: number; bytes: number }>({
    name: 'attachments-unused',
    text: `SELECT (count(*) FILTER (WHERE transfer = $2))::integer AS files,
        coalesce(sum(coalesce(bytes, ${attachmentBytesMax})), 0)::float8 AS bytes
      FROM attachments WHERE result IS NULL AND consignee = $1`,
    values: [upload.consignee, upload.transfer],
  });
  const { files = 0, bytes = 0 } = rows[0] ?? {};
  const more = upload.announcedBytes ?? attachmentBytesMax;
  if (files < unusedFilesMax && bytes + more <= unusedBytesMax) return;
  throw new GatewayError('TOO_MANY_UPLOADS', { retryAfterSeconds: unusedRetrySeconds });
}

const tooLarge = () =>
  new GatewayError('PAYLOAD_TOO_LARGE', { facts: { limitBytes: attachmentBytesMax } });

async function keep(deps: UploadDeps, upload: Upload): Promise<AttachmentView> {
  const id = newId(deps.clock.now());
  const hash = createHash('sha256');
  let bytes = 0;
  let number = 0;
  try {
    for await (const { piece, isLast } of piecesOf(deps, upload.stream)) {
      if (number === 0) await begin(deps, upload, id, piece);
      bytes += piece.length;
      if (bytes > attachmentBytesMax) throw tooLarge();
      hash.update(piece);
      const { consignee, transfer, mediaType } = upload;
      const place = { attachment: id, number, isLast };
      const aad = pieceAad({ ...place, consignee, transfer, mediaType });
      await deps.db.query({
        name: 'attachment-piece',
        text: 'INSERT INTO attachment_pieces (attachment, number, sealed) VALUES ($1, $2, $3)',
        values: [id, number, deps.sealer.seal(piece, aad)],
      });
      number += 1;
    }
    if (number === 0) throw new GatewayError('INVALID_REQUEST');
    const sha256 = hash.digest();
    const { rowCount } = await deps.db.query(
      'UPDATE attachments SET bytes = $2, sha256 = $3 WHERE id = $1 AND purged_at IS NULL',
      [id, bytes, sha256],
    );
    // Its person was destroyed while it was uploaded.
    if (rowCount === 0) throw new GatewayError('NOT_FOUND');
    return { id, mediaType: upload.mediaType, bytes, sha256: sha256.toString('base64') };
  } catch (error) {
    // Upkeep removes what cannot be removed now.
    await discard(deps, id).catch(() => undefined);
    throw error;
  }
}

/** Nothing is stored of a file that is not what it is said to be. */
async function begin(deps: UploadDeps, upload: Upload, id: string, piece: Buffer): Promise<void> {
  const { consignee, transfer, mediaType } = upload;
  const beginning = beginnings[mediaType];
  if (!piece.subarray(0, beginning.length).equals(beginning)) {
    throw new GatewayError('UNSUPPORTED_MEDIA_TYPE');
  }
  await deps.db.query(
    'INSERT INTO attachments (id, consignee, transfer, media_type) VALUES ($1, $2, $3, $4)',
    [id, consignee, transfer, mediaType],
  );
}

async function discard({ db }: UploadDeps, id: string): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query('DELETE FROM attachment_pieces WHERE attachment = $1', [id]);
    await tx.query('DELETE FROM attachments WHERE id = $1 AND result IS NULL', [id]);
  });
}

/**
 * Cuts what comes into pieces. Each waits until a byte beyond it has come, so that the last one is
 * known as the last; the next is only read when the one before has been dealt with.
 */
async function* piecesOf(
  { clock }: Pick<UploadDeps, 'clock'>,
  stream: AsyncIterable<Buffer>,
): AsyncGenerator<{ piece: Buffer; isLast: boolean }, void, undefined> {
  const endMs = clock.now().getTime() + uploadMsMax;
  let waiting: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      if (clock.now().getTime() > endMs) throw new GatewayError('CLIENT_STALLED');
      waiting.push(chunk);
      length += chunk.length;
      while (length > pieceBytes) {
        const whole = Buffer.concat(waiting);
        yield { piece: whole.subarray(0, pieceBytes), isLast: false };
        waiting = [whole.subarray(pieceBytes)];
        length -= pieceBytes;
      }
    }
  } catch (cause) {
    // What is thrown where pieces are dealt with does not come here: this is the connection.
    throw cause instanceof GatewayError ? cause : new GatewayError('INVALID_REQUEST', { cause });
  }
  if (length > 0) yield { piece: Buffer.concat(waiting), isLast: true };
}
