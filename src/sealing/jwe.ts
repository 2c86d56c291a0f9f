/** Unique identifiers on the wire: compact JWE (RFC 7516) to the consignee's key then current. */
import { CompactEncrypt, importJWK, type JWK } from 'jose';

/** Encrypts one value to a consignee; the result is a compact JWE. */
export type EncryptTo = (plaintext: Uint8Array) => Promise<string>;

/** What fits a public key, the one we would choose first. */
function algorithmsOf({ kty, crv = '' }: JWK): readonly string[] {
  if (kty === 'RSA') return ['RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512'];
  const agrees = kty === 'EC' ? ['P-256', 'P-384', 'P-521'].includes(crv) : crv === 'X25519';
  if ((kty !== 'EC' && kty !== 'OKP') || !agrees) return [];
  return ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW'];
}

/** The key management algorithm for a public key, or null where none fits. */
function algorithmFor(jwk: JWK): string | null {
  if (jwk.use !== undefined && jwk.use !== 'enc') return null;
  // Whoever has seen the list has this key: nothing may be encrypted to it.
  if (jwk.d !== undefined || jwk.k !== undefined) return null;
  const fitting = algorithmsOf(jwk);
  // The key's own word first (RFC 7517 section 4.4): its holder may take nothing else.
  return (jwk.alg === undefined ? fitting[0] : fitting.find((alg) => alg === jwk.alg)) ?? null;
}

/**
 * An encryptor to the first usable of a consignee's public keys.
 * @returns null when there is none: the release is refused, never sent in clear
 */
export async function encryptorFor(keys: readonly JWK[]): Promise<EncryptTo | null> {
  for (const jwk of keys) {
    const alg = algorithmFor(jwk);
    if (alg === null) continue;
    const key = await importJWK(jwk, alg);
    const header = { alg, enc: 'A256GCM', ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) };
    return (plaintext) => new CompactEncrypt(plaintext).setProtectedHeader(header).encrypt(key);
  }
  return null;
}

/** The encryptor to each of the consignees, by id; null where one has no usable key. */
export async function encryptorsOf(
  consignees: Iterable<{ id: string; encryptionKeys: readonly JWK[] }>,
): Promise<ReadonlyMap<string, EncryptTo | null>> {
  const made = [...consignees].map(
    async ({ id, encryptionKeys }) => [id, await encryptorFor(encryptionKeys)] as const,
  );
  return new Map(await Promise.all(made));
}
