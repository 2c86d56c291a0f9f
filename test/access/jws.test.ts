import { readFileSync } from 'node:fs';
import { compactVerify, importJWK } from 'jose';
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { onlyMembers, readCompactJws } from '#src/access/jws.ts';

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/jws/rfc.json', import.meta.url), 'utf8'),
) as Record<string, { jws: string; key: JWK; readable: boolean }>;

const [header = '', claims = '', signature = ''] =
  vectors['RFC 7515 A.3 (ES256)']?.jws.split('.') ?? [];
const encoded = (text: string): string => Buffer.from(text).toString('base64url');

describe('reading a compact JWS', () => {
  it.each(Object.entries(vectors))('%s is read as far as it is JSON', async (_name, vector) => {
    const { alg } = JSON.parse(
      Buffer.from(vector.jws.split('.')[0] ?? '', 'base64url').toString(),
    ) as { alg: string };
    await compactVerify(vector.jws, await importJWK(vector.key, alg));
    const read = readCompactJws(vector.jws);
    expect(read !== undefined).toBe(vector.readable);
    if (read) expect(read).toMatchObject({ header: { alg }, claims: { iss: 'joe' } });
  });

  it.each([
    ['two parts', `${header}.${claims}`],
    ['four parts', `${header}.${claims}.${signature}.`],
    ['five parts, as a JWE has', `${header}.${claims}.${signature}.${claims}.${signature}`],
    ['an empty signature', `${header}.${claims}.`],
    ['an empty header', `.${claims}.${signature}`],
    ['a padded signature', `${header}.${claims}.${signature}==`],
    ['a space', `${header}.${claims}.${signature} `],
    ['a line feed inside', `${header}.${claims.slice(0, 8)}\n${claims.slice(8)}.${signature}`],
    ['unused bits set', `${header}.${claims}.${signature.slice(0, -1)}R`],
    ['the other base64 alphabet', `${header}.${claims}.${signature.replaceAll('-', '+')}`],
    ['a header that is a list', `${encoded('[]')}.${claims}.${signature}`],
    ['claims that are null', `${header}.${encoded('null')}.${signature}`],
    ['a header name twice', `${encoded('{"alg":"none","alg":"ES256"}')}.${claims}.${signature}`],
    ['a claim twice', `${header}.${encoded('{"sub":"a","s\\u0075b":"b"}')}.${signature}`],
    ['a byte order mark', `${encoded('\ufeff{"alg":"ES256"}')}.${claims}.${signature}`],
    ['nothing', ''],
  ])('refuses %s, though the same signature would verify', (_what, text) => {
    expect(readCompactJws(`${header}.${claims}.${signature}`)).toBeDefined();
    expect(readCompactJws(text)).toBeUndefined();
  });

  it('knows a header that says more than it may', () => {
    expect(onlyMembers({ alg: 'EdDSA', kid: 'k' }, ['alg', 'kid', 'typ'])).toBe(true);
    expect(onlyMembers({ alg: 'EdDSA', jwk: {} }, ['alg', 'kid', 'typ'])).toBe(false);
  });
});
