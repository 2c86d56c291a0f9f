/** Accepts a consignee's public key for unique identifiers, and nothing that is a secret. */
import { createPublicKey } from 'node:crypto';
import type { JWK } from 'jose';

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const curves: Readonly<Record<string, readonly string[]>> = {
  EC: ['P-256', 'P-384', 'P-521'],
  OKP: ['X25519'],
};
const algorithms: Readonly<Record<string, readonly string[]>> = {
  EC: ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW'],
  OKP: ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW'],
  RSA: ['RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512'],
};
const rsaBitsMin = 2048;

/**
 * What is wrong with a JWK (RFC 7517) as an encryption key, as "what; what would be right", or
 * `undefined` for a usable public key: EC P-256/384/521, OKP X25519, or RSA of 2048 bits or more.
 */
export function publicKeyFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'is not a JWK; give a JSON object with kty';
  }
  const jwk = value as JWK;
  if (privateMembers.some((member) => Object.hasOwn(jwk, member))) {
    return 'holds a private key; give the public half only, and replace this key: it was exposed';
  }
  const kty = jwk.kty ?? '';
  const allowed = Object.hasOwn(algorithms, kty) ? algorithms[kty] : undefined;
  if (!allowed) return 'has an unknown key type; use EC, OKP or RSA';
  if (Object.hasOwn(curves, kty) && !curves[kty]?.includes(jwk.crv ?? '')) {
    return `has an unsuitable curve; use ${curves[kty]?.join(', ')}`;
  }
  if (jwk.use !== undefined && jwk.use !== 'enc') return 'is not for encryption; use must be enc';
  if (jwk.alg !== undefined && !allowed.includes(jwk.alg)) {
    return `has an unsuitable alg; use ${allowed.join(', ')}`;
  }
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const bits = key.asymmetricKeyDetails?.modulusLength;
    if (bits !== undefined && bits < rsaBitsMin) return `is short; use ${rsaBitsMin} bits or more`;
  } catch {
    return 'is not a valid public key; export it again as a JWK';
  }
  return undefined;
}
