/** Unique identifiers on the wire: readable by the holder of the consignee's private key alone. */
import { compactDecrypt, exportJWK, generateKeyPair, type CryptoKey, type JWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { encryptorFor } from '#src/sealing/jwe.ts';

const value = Buffer.from('"840229-1234567"', 'utf8');

interface Pair {
  publicJwk: JWK;
  privateJwk: JWK;
  privateKey: CryptoKey;
}

async function pair(alg: string, crv?: string): Promise<Pair> {
  const options = crv === undefined ? { modulusLength: 2048 } : { crv };
  const made = await generateKeyPair(alg, { ...options, extractable: true });
  return {
    publicJwk: await exportJWK(made.publicKey),
    privateJwk: await exportJWK(made.privateKey),
    privateKey: made.privateKey,
  };
}

async function encryptTo(keys: readonly JWK[]): Promise<string> {
  const encrypt = await encryptorFor(keys);
  if (!encrypt) throw new Error('no usable key');
  return encrypt(value);
}

describe('a value is encrypted', () => {
  test.each([
    ['ECDH-ES', 'P-256'],
    ['ECDH-ES', 'P-384'],
    ['ECDH-ES', 'P-521'],
    ['ECDH-ES', 'X25519'],
    ['RSA-OAEP-256', undefined],
  ])('to a key for %s %s, and to nobody else', async (alg, crv) => {
    const ours = await pair(alg, crv);
    const jwe = await encryptTo([ours.publicJwk]);
    expect(jwe.split('.')).toHaveLength(5);
    expect(jwe).not.toContain('840229');
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, ours.privateKey);
    expect(Buffer.from(plaintext)).toEqual(value);
    expect(protectedHeader).toMatchObject({ alg, enc: 'A256GCM' });
    const theirs = await pair(alg, crv);
    await expect(compactDecrypt(jwe, theirs.privateKey)).rejects.toThrow();
  });

  test('another way every time', async () => {
    const { publicJwk } = await pair('ECDH-ES', 'P-256');
    expect(await encryptTo([publicJwk])).not.toBe(await encryptTo([publicJwk]));
  });

  test('naming the key by its kid, where it has one', async () => {
    const { publicJwk, privateKey } = await pair('ECDH-ES', 'P-256');
    const named = await encryptTo([{ ...publicJwk, kid: 'k-2026' }]);
    expect((await compactDecrypt(named, privateKey)).protectedHeader.kid).toBe('k-2026');
    const unnamed = await encryptTo([publicJwk]);
    expect((await compactDecrypt(unnamed, privateKey)).protectedHeader).not.toHaveProperty('kid');
  });
});

describe('of the keys of a consignee', () => {
  test('the first usable one is taken', async () => {
    const [signing, first, second] = [
      await pair('ES256', 'P-256'),
      await pair('ECDH-ES', 'X25519'),
      await pair('ECDH-ES', 'P-256'),
    ];
    const keys = [{ ...signing.publicJwk, use: 'sig' }, first.publicJwk, second.publicJwk];
    const jwe = await encryptTo(keys);
    expect(Buffer.from((await compactDecrypt(jwe, first.privateKey)).plaintext)).toEqual(value);
  });

  test('two are listed while they rotate: who holds either opens what came in its time', async () => {
    const [old, next] = [await pair('ECDH-ES', 'P-256'), await pair('ECDH-ES', 'X25519')];
    const oldJwk = { ...old.publicJwk, kid: 'k1' };
    const nextJwk = { ...next.publicJwk, kid: 'k2' };
    const periods: [JWK[], Pair, string][] = [
      [[oldJwk], old, 'k1'],
      [[oldJwk, nextJwk], old, 'k1'],
      [[nextJwk, oldJwk], next, 'k2'],
      [[nextJwk], next, 'k2'],
    ];
    for (const [keys, holder, kid] of periods) {
      const opened = await compactDecrypt(await encryptTo(keys), holder.privateKey);
      expect(Buffer.from(opened.plaintext)).toEqual(value);
      expect(opened.protectedHeader.kid).toBe(kid);
    }
  });

  test('a private one is passed over: whoever has seen the list could read with it', async () => {
    const [exposed, good] = [await pair('ECDH-ES', 'P-256'), await pair('RSA-OAEP-256')];
    expect(await encryptorFor([exposed.privateJwk])).toBeNull();
    expect(await encryptorFor([good.privateJwk])).toBeNull();
    const jwe = await encryptTo([exposed.privateJwk, good.publicJwk]);
    expect(Buffer.from((await compactDecrypt(jwe, good.privateKey)).plaintext)).toEqual(value);
  });

  test.each<[string, JWK]>([
    ['a symmetric one', { kty: 'oct', k: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
    ['one for signatures', { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) }],
    ['one on another curve', { kty: 'EC', crv: 'secp256k1', x: 'A'.repeat(43), y: 'A'.repeat(43) }],
    ['one of no known type', { kty: 'XYZ' }],
    ['none at all', {}],
  ])('%s is not usable', async (_, jwk) => {
    expect(await encryptorFor([jwk])).toBeNull();
  });

  test('there may be none: then there is no encryptor, and nothing to fall back on', async () => {
    expect(await encryptorFor([])).toBeNull();
  });

  test('a point that is not on its curve is refused', async () => {
    const { publicJwk } = await pair('ECDH-ES', 'P-256');
    const y = Buffer.from(publicJwk.y ?? '', 'base64url');
    y.writeUInt8(y.readUInt8(31) ^ 1, 31);
    await expect(encryptTo([{ ...publicJwk, y: y.toString('base64url') }])).rejects.toThrow();
  });
});
