/** The record as it is sent: unique identifiers encrypted to the consignee, the rest in clear. */
import { canonicalBytes } from '#src/base/canonical.ts';
import { isReleased, type Released } from './released.ts';

/**
 * Encrypts one value to the consignee's key: the item's code, and the UTF-8 bytes of the
 * value: a string as it is, without quotes; anything else as its RFC 8785 text.
 */
export type EncryptItem = (item: string, plaintext: Uint8Array) => Promise<string>;

/**
 * The record of a `Released` as the consignee receives it.
 *
 * @throws TypeError for anything that is not a real `Released`, whatever its type says
 */
export async function wireRecord(
  released: Released,
  encrypt: EncryptItem,
): Promise<Record<string, unknown>> {
  if (!isReleased(released)) throw new TypeError('only a Released may be sent');
  const record = JSON.parse(released.canonical().toString('utf8')) as Record<string, unknown>;
  const encrypted = released.encrypted;
  const tests = (record['tests'] ?? []) as Record<string, unknown>[];
  for (const holder of [record, ...tests]) {
    for (const code of Object.keys(holder)) {
      if (!encrypted.has(code)) continue;
      holder[code] = await encrypt(code, plaintextOf(holder[code]));
    }
  }
  return record;
}

function plaintextOf(value: unknown): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : canonicalBytes(value);
}
