/** `waybill contract key`: makes the key that a party signs contracts with, or reads one. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { JWK } from 'jose';
import { thumbprint } from '#src/agreements/signature-file.ts';
import { StartupError } from '#src/base/errors.ts';
import { makeSigningKey } from '#src/base/made-secrets.ts';
import { readSecret, writeSecret } from '#src/base/secrets.ts';
import type { Words } from '#src/base/words.ts';
import { languageOf, refusals, told } from './signing-words.ts';

/** A private key for signatures, or undefined; what a file that is none holds is not told. */
export function parseSigningKey(text: string): JWK | undefined {
  try {
    const jwk = JSON.parse(text) as JsonWebKey;
    const { asymmetricKeyType: type, asymmetricKeyDetails } = createPrivateKey({
      ...{ key: jwk, format: 'jwk' },
    });
    const isP256 = type === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1';
    return type === 'ed25519' || isP256 ? jwk : undefined;
  } catch {
    return undefined;
  }
}

/** The private key in a file, or why there is none. */
export function readSigningKey(file: string): { key: JWK } | { fault: Words } {
  let text: string | null;
  try {
    text = readSecret(file);
  } catch {
    return { fault: refusals.notAKey(file) };
  }
  if (text === null) return { fault: refusals.noFile(file) };
  const key = parseSigningKey(text);
  return key ? { key } : { fault: refusals.notAKey(file) };
}

/** The public half of a private key as a line of `signingKeys` in a YAML file. */
export async function registerLine(key: JWK): Promise<string> {
  const publicKey = createPublicKey(createPrivateKey({ key: key, format: 'jwk' }));
  const jwk = publicKey.export({ format: 'jwk' }) as JWK;
  const alg = jwk.kty === 'EC' ? 'ES256' : 'EdDSA';
  return `  - ${JSON.stringify({ ...jwk, kid: await thumbprint(jwk), alg, use: 'sig' })}`;
}

/** Makes a key in a file that others cannot read, and prints its public half to register. */
export async function makeKeyFile(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { lang: { type: 'string' } },
  });
  const [file] = positionals;
  if (!file) throw new StartupError(['say contract key FILE']);
  const language = languageOf(values.lang);
  const isMade = readSecret(file) === null;
  if (isMade) writeSecret(file, `${JSON.stringify(makeSigningKey())}\n`);
  const read = readSigningKey(file);
  if ('fault' in read) {
    process.stderr.write(`waybill contract key: ${read.fault[language]}\n`);
    return 1;
  }
  process.stderr.write(`${(isMade ? told.keyMade(file) : told.keyThere(file))[language]}\n`);
  process.stdout.write(`${await registerLine(read.key)}\n`);
  return 0;
}
