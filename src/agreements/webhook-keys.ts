/** Reads what pushes are signed with: Standard Webhooks secrets, or an Ed25519 private key. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import { ed25519FromSeed } from '#src/base/ed25519.ts';

/** Of a shared secret, by Standard Webhooks. */
export const webhookSecretBytes = { min: 24, max: 64 } as const;

/** The bytes of `<prefix><base64>`, or `undefined`. */
function prefixed(prefix: string, text: string): Buffer | undefined {
  const base64 = text.startsWith(prefix) ? text.slice(prefix.length) : '';
  if (!/^[0-9A-Za-z+/]+={0,2}$/.test(base64)) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  // Buffer is lenient: what it read must be what was written
  const same = bytes.toString('base64').replace(/=+$/, '') === base64.replace(/=+$/, '');
  return same ? bytes : undefined;
}

/** The bytes of a shared secret, `whsec_` and base64 of 24 to 64 bytes, or `undefined`. */
export function parseWebhookSecret(text: string): Buffer | undefined {
  const bytes = prefixed('whsec_', text);
  const { min, max } = webhookSecretBytes;
  return bytes && bytes.length >= min && bytes.length <= max ? bytes : undefined;
}

/** The raw public half of an Ed25519 key, base64url. */
function publicHalf(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'jwk' }).x ?? '';
}

function read(text: string): KeyObject | undefined {
  if (text.startsWith('{')) {
    const jwk = JSON.parse(text) as JWK;
    const key = createPrivateKey({ key: jwk, format: 'jwk' });
    return jwk.x === publicHalf(key) ? key : undefined;
  }
  if (text.startsWith('-----')) return createPrivateKey(text);
  const bytes = prefixed('whsk_', text);
  if (bytes?.length !== 32 && bytes?.length !== 64) return undefined;
  const key = ed25519FromSeed(bytes.subarray(0, 32));
  // Some write the public half behind the seed.
  const written = bytes.subarray(32).toString('base64url');
  return written === '' || written === publicHalf(key) ? key : undefined;
}

/**
 * An Ed25519 private key from `whsk_` and base64 of its 32-byte seed (or of seed and public key),
 * from PKCS #8 in PEM, or from a JWK; `undefined` when it is none.
 */
export function parseWebhookKey(text: string): KeyObject | undefined {
  try {
    const key = read(text);
    return key?.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}
