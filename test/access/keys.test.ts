import { generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { generateClientKey, generateTokenKey, keyFault, publicPart } from '#src/access/keys.ts';

const { privateJwk, publicJwk } = await generateClientKey();
const rsa = (bits: number, publicExponent = 65537): JWK => ({
  ...(generateKeyPairSync('rsa', { modulusLength: bits, publicExponent }).publicKey.export({
    format: 'jwk',
  }) as JWK),
  kid: 'r',
  alg: 'RS384',
});
const strongRsa = rsa(2048);

describe('keys of clients', () => {
  it('are P-384 for clients and Ed25519 for tokens, named by their thumbprint', async () => {
    expect(privateJwk).toMatchObject({ kty: 'EC', crv: 'P-384', alg: 'ES384', use: 'sig' });
    expect(privateJwk.d).toEqual(expect.any(String));
    expect(privateJwk.kid).toBe(await calculateJwkThumbprint(publicJwk, 'sha256'));
    const token = await generateTokenKey();
    expect(token.privateJwk).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA' });
  });

  it('have a public half that holds nothing private', () => {
    expect(Object.keys(publicJwk).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    expect(publicPart({ ...strongRsa, d: 'x', p: 'x', x5c: ['x'] })).toEqual(strongRsa);
  });

  it.each<[string, unknown]>([
    ['P-384', publicJwk],
    ['RSA of 2048 bits', strongRsa],
    ['RSA for PS384', { ...strongRsa, alg: 'PS384' }],
  ])('may be registered: %s', (_name, jwk) => {
    expect(keyFault(jwk)).toBeNull();
  });

  it.each<[string, unknown, string]>([
    ['a private key', privateJwk, 'PRIVATE_OR_SYMMETRIC'],
    ['an RSA key with one private number', { ...strongRsa, dq: 'AQ' }, 'PRIVATE_OR_SYMMETRIC'],
    ['a secret', { kty: 'oct', kid: 'k', alg: 'HS256' }, 'PRIVATE_OR_SYMMETRIC'],
    ['RSA of 1024 bits', rsa(1024), 'WEAK_KEY'],
    ['RSA with exponent 3', rsa(2048, 3), 'WEAK_KEY'],
    ['an algorithm not on the list', { ...strongRsa, alg: 'RS256' }, 'ALGORITHM_NOT_ALLOWED'],
    ['HS384 over a public key', { ...strongRsa, alg: 'HS384' }, 'ALGORITHM_NOT_ALLOWED'],
    ['alg none', { ...publicJwk, alg: 'none' }, 'ALGORITHM_NOT_ALLOWED'],
    ['the algorithm of another curve', { ...publicJwk, alg: 'ES256' }, 'ALGORITHM_NOT_ALLOWED'],
    ['no algorithm', { ...publicJwk, alg: undefined }, 'ALGORITHM_NOT_ALLOWED'],
    ['another curve', { ...publicJwk, crv: 'secp256k1' }, 'UNSUPPORTED_KEY'],
    ['a key type from the prototype', { ...publicJwk, kty: '__proto__' }, 'UNSUPPORTED_KEY'],
    ['an encryption key', { ...publicJwk, use: 'enc' }, 'NOT_FOR_SIGNATURES'],
    ['no kid', { ...publicJwk, kid: undefined }, 'KEY_ID_MISSING'],
    ['a kid with a line feed', { ...publicJwk, kid: 'a\nb' }, 'KEY_ID_MISSING'],
    ['a point off the curve', { ...publicJwk, x: publicJwk.y }, 'NOT_A_KEY'],
    ['a string', 'key', 'NOT_A_KEY'],
    ['null', null, 'NOT_A_KEY'],
  ])('may not be registered: %s', (_name, jwk, fault) => {
    expect(keyFault(jwk)).toBe(fault);
  });
});
