/** Accepts certificates and keys in PEM that TLS can use, before a connection needs them. */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';

const certificateText = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** All certificates of a PEM text in their order; `undefined` when it holds none or broken ones. */
export function parseCertificates(text: string): X509Certificate[] | undefined {
  const blocks = text.match(certificateText);
  // Every BEGIN must be of one that was read: half a chain is worse than none.
  if (!blocks || blocks.length !== text.split('-----BEGIN').length - 1) return undefined;
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

/** A private key that needs no passphrase. */
export function parsePrivateKey(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined;
  }
}
