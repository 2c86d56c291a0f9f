/** The `Idempotency-Key` header: one String of RFC 9651, in double quotes. */
import { parseItem } from 'structured-headers';
import { canonicalBytes } from '#src/base/canonical.ts';
import { GatewayError } from '#src/base/errors.ts';
import { repeatable, type RepeatableRequest } from '#src/transfers/idempotency.ts';
import type { Order } from '#src/base/words.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';

/** What an implementation must support at least (RFC 9651 section 3.3.3). */
const keyLengthMax = 1024;

/**
 * The key in the lines of the header. Parameters of the item mean nothing here and are ignored, as
 * RFC 9651 section 2 wants. Two lines are refused, although joined with a comma they may look like
 * one string (section 4.2): which of the two was meant is not ours to guess.
 * @throws GatewayError `IDEMPOTENCY_KEY_REQUIRED` without one, `INVALID_IDEMPOTENCY_KEY` for lines
 *   that are not one RFC 9651 String of 1 to 1024 characters
 */
export function readIdempotencyKey(lines: readonly string[]): string {
  const [line, ...further] = lines;
  if (line === undefined) throw new GatewayError('IDEMPOTENCY_KEY_REQUIRED');
  const key = further.length > 0 ? null : parsed(line);
  if (key === null || key.length === 0 || key.length > keyLengthMax) {
    throw new GatewayError('INVALID_IDEMPOTENCY_KEY');
  }
  return key;
}

function parsed(line: string): string | null {
  try {
    const value: unknown = parseItem(line)[0];
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}

/** The repeatable form of a request: key and bytes as HMAC, for its client and operation. */
export function repeatableOf(
  fingerprint: Fingerprint,
  operation: string,
  request: { caller: { client: string }; idempotencyKey: readonly string[]; bytes: Buffer },
): RepeatableRequest {
  return repeatable(fingerprint, {
    client: request.caller.client,
    operation,
    key: readIdempotencyKey(request.idempotencyKey),
    body: request.bytes,
  });
}

const releasing = 'releaseTransfer';

/**
 * The repeatable form of an order, alone or as a line of an upload: its key stands for the order
 * itself, however it is written, so that it may come again either way.
 * @param order.bytes the body of a request that holds nothing but the order: before orders were
 *   compared by what they say, the bytes were remembered
 */
export function repeatableOrder(
  fingerprint: Fingerprint,
  { client, key, order, bytes }: { client: string; key: string; order: Order; bytes?: Buffer },
): RepeatableRequest {
  const form = { client, operation: releasing, key };
  const said = repeatable(fingerprint, { ...form, body: canonicalBytes(order) });
  if (!bytes) return said;
  return { ...said, ofBytes: () => repeatable(fingerprint, { ...form, body: bytes }) };
}
