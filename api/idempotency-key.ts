/** The `Idempotency-Key` header: a String of RFC 9651, in double quotes, and nothing else. */
import { parseItem } from 'structured-headers';
import { GatewayError } from '#src/base/errors.ts';
import { repeatable, type RepeatableRequest } from '#src/transfers/idempotency.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';

const keyLengthMax = 255;

/**
 * The key of a header.
 * @throws GatewayError `IDEMPOTENCY_KEY_REQUIRED` without one, `INVALID_IDEMPOTENCY_KEY` for a text
 *   that is not an RFC 9651 String of 1 to 255 characters
 */
export function readIdempotencyKey(header: string | undefined): string {
  if (header === undefined) throw new GatewayError('IDEMPOTENCY_KEY_REQUIRED');
  const key = parsed(header);
  if (key === null || key.length === 0 || key.length > keyLengthMax) {
    throw new GatewayError('INVALID_IDEMPOTENCY_KEY');
  }
  return key;
}

function parsed(header: string): string | null {
  try {
    const [value] = parseItem(header) as [unknown, unknown];
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}

/** The repeatable form of a request: key and bytes as HMAC, for its client and operation. */
export function repeatableOf(
  fingerprint: Fingerprint,
  operation: string,
  request: { caller: { client: string }; idempotencyKey: string | undefined; bytes: Buffer },
): RepeatableRequest {
  return repeatable(fingerprint, {
    client: request.caller.client,
    operation,
    key: readIdempotencyKey(request.idempotencyKey),
    body: request.bytes,
  });
}
