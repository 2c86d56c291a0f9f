/** The embedded default's own secrets: what a consignee's file names and nobody has given yet. */
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { StartupError } from './errors.ts';
import { keepSecret, readSecret, resolveReference, writeSecret, type Resolved } from './secrets.ts';

/** What a named secret of a consignee is for. */
export interface SecretUse {
  consignee: string;
  use:
    | ('webhookSecret' | 'olderWebhookSecret' | 'webhookSigningKey' | 'bearerToken')
    | ('username' | 'password' | 'clientId' | 'clientSecret')
    | ('tlsCertificate' | 'tlsKey' | 'tlsAuthorities')
    | ('encryptionKey' | 'signingKey');
}

/**
 * How a missing one is made. What is not here is given by somebody else: a signing key that was
 * made here would let the gateway sign in another's name, a certificate would prove nothing.
 */
const makers: Partial<Record<SecretUse['use'], (random: Buffer) => string>> = {
  webhookSecret: (random) => `whsec_${random.toString('base64')}`,
  olderWebhookSecret: (random) => `whsec_${random.toString('base64')}`,
  webhookSigningKey: (random) => `whsk_${random.toString('base64')}`,
  bearerToken: (random) => random.toString('hex'),
  password: (random) => random.toString('hex'),
  clientSecret: (random) => random.toString('hex'),
};

/**
 * Resolves the secrets that consignees' files name. With `home` (the embedded default) a missing
 * one is made and kept under it: `secrets/<consignee>.<use>`, and
 * `consignees/<id>.private.jwk.json` beside the public half,
 * so that a trial can play the consignee too.
 */
export function createSecretResolver(options: {
  env: Readonly<Record<string, string | undefined>>;
  /** Folder that `${file:…}` is relative to. */
  baseDir: string;
  home: string | null;
}): (reference: string, use: SecretUse) => Resolved {
  return (reference, { consignee, use }) => {
    const found = resolveReference(reference, options);
    if (found.ok || options.home === null || !/^\$\{(env|file):/.test(reference)) return found;
    if (use === 'encryptionKey') {
      return { ok: true, value: keepEncryptionKey(options.home, consignee) };
    }
    const make = makers[use];
    if (!make) return found;
    const path = join(options.home, 'secrets', `${consignee}.${use}`);
    return { ok: true, value: keepSecret(path, () => make(randomBytes(32))) };
  };
}

/** The public JWK (P-256, for ECDH-ES) of a consignee of the embedded default. */
function keepEncryptionKey(home: string, consignee: string): string {
  const path = (half: string) => join(home, 'consignees', `${consignee}.${half}.jwk.json`);
  const kept = readSecret(path('public'));
  if (kept) return kept;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y, d } = privateKey.export({ format: 'jwk' });
  // RFC 7638: the members in this order, and no others.
  const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x, y }));
  const publicJwk = { kty, crv, x, y, kid: thumbprint.digest('base64url'), use: 'enc' };
  const text = keepSecret(path('private'), () => JSON.stringify({ ...publicJwk, d }));
  // Another process may have been first: the public half follows the private one that was kept.
  const publicHalf = JSON.parse(text) as Record<string, string>;
  delete publicHalf['d'];
  try {
    writeSecret(path('public'), `${JSON.stringify(publicHalf)}\n`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return JSON.stringify(publicHalf);
}

/** A new private key for signatures: JWK, Ed25519, `kid` is its RFC 7638 thumbprint. */
export function makeSigningKey(): JWK {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { kty, crv, x, d } = privateKey.export({ format: 'jwk' });
  const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x }));
  const kid = thumbprint.digest('base64url');
  return { kty, crv, x, kid, alg: 'EdDSA', use: 'sig', d } as JWK;
}

/**
 * The private key that a trial signs contracts with for `owner`, `clinic` or a consignee's id;
 * made and kept as `signing/<owner>.jwk.json` below the home. Only for the embedded default: a
 * gateway that signs in the names of others proves nothing.
 */
export function keepSigningKey(home: string, owner: string): JWK {
  const path = join(home, 'signing', `${owner}.jwk.json`);
  const text = keepSecret(path, () => JSON.stringify(makeSigningKey()));
  try {
    const jwk = JSON.parse(text) as JWK;
    // Held against itself, so that a damaged file is told now and not as a broken signature.
    createPrivateKey({ key: jwk, format: 'jwk' });
    return jwk;
  } catch {
    throw new StartupError([`${path}: is not a private key (JWK); remove it, and one is made`]);
  }
}
