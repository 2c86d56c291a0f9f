/** Accepts public keys, for unique identifiers or for signatures, and nothing that is a secret. */
import { createPublicKey } from 'node:crypto';
import type { JWK } from 'jose';
import { say, type Said } from './sentences/said.ts';

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const rsaBitsMin = 2048;

/** What a key may be for one purpose: its algorithms by key type, and the curves of a type. */
interface Purpose {
  use: 'enc' | 'sig';
  name: { en: string; ko: string };
  algorithms: Readonly<Record<string, readonly string[]>>;
  curves: Readonly<Record<string, readonly string[]>>;
}

const agreements = ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW'];
const encryption: Purpose = {
  use: 'enc',
  name: { en: 'encryption', ko: '암호화' },
  algorithms: {
    EC: agreements,
    OKP: agreements,
    RSA: ['RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512'],
  },
  curves: { EC: ['P-256', 'P-384', 'P-521'], OKP: ['X25519'] },
};
const signing: Purpose = {
  use: 'sig',
  name: { en: 'signatures', ko: '서명' },
  algorithms: { EC: ['ES256'], OKP: ['EdDSA', 'Ed25519'] },
  curves: { EC: ['P-256'], OKP: ['Ed25519'] },
};

const sentences = {
  notAJwk: () =>
    say(
      ['is not a JWK', 'give a JSON object with kty'],
      ['JWK가 아닙니다', 'kty가 있는 JSON 객체를 쓰십시오'],
    ),
  privateKey: () =>
    say(
      ['holds a private key', 'give the public half only, and replace this key: it was exposed'],
      ['개인키가 들어 있습니다', '공개키만 쓰십시오. 노출된 키이므로 새 키로 바꾸십시오'],
    ),
  keyType: (types: string) =>
    say(
      ['has an unknown key type', `use ${types}`],
      ['모르는 키 종류입니다', `쓸 수 있는 종류: ${types}`],
    ),
  curve: (curves: string) =>
    say(
      ['has an unsuitable curve', `use ${curves}`],
      ['맞지 않는 곡선입니다', `쓸 수 있는 곡선: ${curves}`],
    ),
  use: (name: Purpose['name'], use: string) =>
    say(
      [`is not for ${name.en}`, `use must be ${use}`],
      [`${name.ko}용 키가 아닙니다`, `use는 ${use}여야 합니다`],
    ),
  algorithm: (allowed: string) =>
    say(
      ['has an unsuitable alg', `use ${allowed}`],
      ['맞지 않는 alg입니다', `쓸 수 있는 alg: ${allowed}`],
    ),
  short: () =>
    say(
      ['is short', `use ${rsaBitsMin} bits or more`],
      ['키가 짧습니다', `${rsaBitsMin}비트 이상을 쓰십시오`],
    ),
  notValid: () =>
    say(
      ['is not a valid public key', 'export it again as a JWK'],
      ['올바른 공개키가 아닙니다', 'JWK로 다시 내보내십시오'],
    ),
};

function keyFault(purpose: Purpose, value: unknown): Said | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return sentences.notAJwk();
  }
  const jwk = value as JWK;
  if (privateMembers.some((member) => Object.hasOwn(jwk, member))) {
    return sentences.privateKey();
  }
  const kty = jwk.kty ?? '';
  const { algorithms, curves, use, name } = purpose;
  const allowed = Object.hasOwn(algorithms, kty) ? algorithms[kty] : undefined;
  if (!allowed) {
    const types = Object.keys(algorithms)
      .join(', ')
      .replace(/, (\w+)$/, ' or $1');
    return sentences.keyType(types);
  }
  if (Object.hasOwn(curves, kty) && !curves[kty]?.includes(jwk.crv ?? '')) {
    return sentences.curve(curves[kty]?.join(', ') ?? '');
  }
  if (jwk.use !== undefined && jwk.use !== use) return sentences.use(name, use);
  if (jwk.alg !== undefined && !allowed.includes(jwk.alg)) {
    return sentences.algorithm(allowed.join(', '));
  }
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const bits = key.asymmetricKeyDetails?.modulusLength;
    if (bits !== undefined && bits < rsaBitsMin) return sentences.short();
  } catch {
    return sentences.notValid();
  }
  return undefined;
}

/**
 * What is wrong with a JWK (RFC 7517) as an encryption key, and what would be right, or
 * `undefined` for a usable public key: EC P-256/384/521, OKP X25519, or RSA of 2048 bits or more.
 */
export function encryptionKeyFault(value: unknown): Said | undefined {
  return keyFault(encryption, value);
}

/** The same for a key that signatures are checked with: OKP Ed25519 or EC P-256. */
export function signingKeyFault(value: unknown): Said | undefined {
  return keyFault(signing, value);
}
