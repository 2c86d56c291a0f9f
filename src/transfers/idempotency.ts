/** One key, one answer: the winner's sealed reply is what every repetition of the request gets. */
import { GatewayError } from '#src/base/errors.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';
import { replyAad } from '#src/sealing/aad.ts';
import type { Sealer } from '#src/sealing/seal.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import { holdHmacKey } from './hmac-key.ts';

/** A request that may be repeated. The key itself is never stored: it may hold anything. */
export interface RepeatableRequest {
  client: string;
  /** The HMAC key of the two below. */
  hmacKey: string;
  keyHmac: Buffer;
  requestHmac: Buffer;
  /** What other HMAC keys make of the same: it may have come before the current one began. */
  others: readonly { keyHmac: Buffer; requestHmac: Buffer }[];
  /** The same for the bytes of the request, where something else is remembered now. */
  ofBytes?: () => RepeatableRequest;
}

/** @param body the bytes of the request: the same key with other bytes is refused */
export function repeatable(
  fingerprint: Fingerprint,
  request: { client: string; operation: string; key: string; body: Uint8Array },
): RepeatableRequest {
  const ofKey = ['idempotency-key', request.operation, request.key] as const;
  const ofBody = ['request', request.operation, request.body] as const;
  const requests = fingerprint.others(...ofBody);
  return {
    client: request.client,
    hmacKey: fingerprint.keyId(),
    keyHmac: fingerprint(...ofKey),
    requestHmac: fingerprint(...ofBody),
    others: fingerprint.others(...ofKey).map((keyHmac, at) => ({
      ...{ keyHmac, requestHmac: requests[at] as Buffer },
    })),
  };
}

/** Seals a reply for its client and key. */
export function sealReply(sealer: Sealer, request: RepeatableRequest, reply: object): Buffer {
  const aad = replyAad(request.client, request.keyHmac);
  return sealer.seal(Buffer.from(JSON.stringify(reply), 'utf8'), aad);
}

/**
 * The reply that was given to this key before, or null when the key is new.
 * Throws `IDEMPOTENCY_KEY_REUSED` when it was given to another request.
 */
export async function storedReply<Reply>(
  deps: { db: Queryable; sealer: Sealer },
  request: RepeatableRequest,
): Promise<Reply | null> {
  const { rows } = await deps.db.query<{ key_hmac: Buffer; request_hmac: Buffer; reply: Buffer }>(
    `SELECT key_hmac, request_hmac, reply FROM idempotency_keys
     WHERE client = $1 AND key_hmac = ANY($2::bytea[])`,
    [request.client, [request, ...request.others].map(({ keyHmac }) => keyHmac)],
  );
  const row = rows[0];
  if (!row) return null;
  const isIt = (asked: RepeatableRequest | undefined) =>
    asked !== undefined &&
    [asked, ...asked.others].some(
      ({ keyHmac, requestHmac }) =>
        row.key_hmac.equals(keyHmac) && row.request_hmac.equals(requestHmac),
    );
  if (!isIt(request) && !isIt(request.ofBytes?.())) {
    throw new GatewayError('IDEMPOTENCY_KEY_REUSED');
  }
  const reply = deps.sealer.open(row.reply, replyAad(request.client, row.key_hmac));
  return JSON.parse(reply.toString('utf8')) as Reply;
}

/** PostgreSQL's code for a lock that was waited for in vain: the winner has not committed yet. */
const lockNotAvailable = '55P03';

/** Turns a vain wait for the winner into `REQUEST_IN_PROGRESS`; passes everything else on. */
export function asInProgress(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === lockNotAvailable
    ? new GatewayError('REQUEST_IN_PROGRESS', { retryAfterSeconds: 1, cause: error })
    : error;
}

/** One transaction, in which a vain wait for another's lock is `REQUEST_IN_PROGRESS`. */
export async function inTurn<T>(db: Database, work: (tx: Queryable) => Promise<T>): Promise<T> {
  try {
    return await db.transaction(work);
  } catch (error) {
    throw asInProgress(error);
  }
}

/**
 * Takes a key for the reply that it will be answered with, in the transaction of what the reply
 * speaks of. False when another request has taken it: nothing else may be stored then.
 * @throws HmacKeyChanged
 */
export async function claimKey(
  deps: { sealer: Sealer },
  tx: Queryable,
  claim: { request: RepeatableRequest; owner: string; reply: object },
): Promise<boolean> {
  const { request, owner } = claim;
  const { client, keyHmac, requestHmac } = request;
  await holdHmacKey(tx, request.hmacKey);
  const reply = sealReply(deps.sealer, request, claim.reply);
  const others = request.others.map((other) => other.keyHmac);
  const { rowCount } = await tx.query({
    name: 'idempotency-claim',
    text: `INSERT INTO idempotency_keys (client, key_hmac, request_hmac, owner, reply)
      SELECT $1, $2::bytea, $3::bytea, $4::uuid, $5::bytea
      WHERE NOT EXISTS (SELECT FROM idempotency_keys
        WHERE client = $1 AND key_hmac = ANY($6::bytea[]))
      ON CONFLICT (client, key_hmac) DO NOTHING`,
    values: [client, keyHmac, requestHmac, owner, reply, others],
  });
  return rowCount === 1;
}
