/** RFC 8785: the one byte form of a JSON value, for everything that is hashed or signed. */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** The RFC 8785 text of a JSON value. Throws on NaN, Infinity, lone surrogates and cycles. */
export function canonicalText(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('only JSON values have a canonical form');
  return text;
}

/** The RFC 8785 text as UTF-8 bytes. */
export function canonicalBytes(value: unknown): Buffer {
  return Buffer.from(canonicalText(value), 'utf8');
}

/** SHA-256 over the parts, one after the other: 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
