/** A witness' own key: how it is written down, and how it cosigns (C2SP tlog-cosignature v1). */
import { strict as assert } from 'node:assert';
import { createPublicKey, sign, type KeyObject } from 'node:crypto';
import { sha256 } from '#src/base/canonical.ts';
import { ed25519FromSeed } from '#src/base/ed25519.ts';
import { cosignedMessage } from './cosignature.ts';

/** The key that cosigns; `name` is the witness' name, by convention a URL without its scheme. */
export interface CosigningKey {
  name: string;
  privateKey: KeyObject;
  /** 32 bytes, RFC 8032. */
  publicKey: Buffer;
}

const cosigner = Buffer.of(0x04);
const keyName = /^[^\s+]{1,200}$/u;

/** True for what can be the name of a witness' key (C2SP signed-note). */
export function isWitnessName(name: string): boolean {
  return keyName.test(name);
}

/** The key from its seed (32 bytes, RFC 8032). */
export function cosigningKeyFromSeed(name: string, seed: Uint8Array): CosigningKey {
  assert(isWitnessName(name), 'a name has no spaces and no plus');
  assert(seed.length === 32, 'an Ed25519 seed has 32 bytes');
  const privateKey = ed25519FromSeed(seed);
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  assert(x, 'an Ed25519 key has a public part');
  return { name, privateKey, publicKey: Buffer.from(x, 'base64url') };
}

function keyIdOf({ name, publicKey }: Pick<CosigningKey, 'name' | 'publicKey'>): Buffer {
  return sha256(Buffer.from(`${name}\n`, 'utf8'), cosigner, publicKey).subarray(0, 4);
}

/** The public key as one word, `name+keyid+key`, to be given to whoever checks or accepts it. */
export function encodeWitnessVkey(key: Pick<CosigningKey, 'name' | 'publicKey'>): string {
  const id = keyIdOf(key).toString('hex');
  return `${key.name}+${id}+${Buffer.concat([cosigner, key.publicKey]).toString('base64')}`;
}

/**
 * The signature line of a witness that has checked this checkpoint at this time. Ends in a newline.
 * @param text the text of the note, up to its last newline; its own signatures are not signed
 */
export function cosign(key: CosigningKey, text: string, timestampSeconds: number): string {
  assert(Number.isSafeInteger(timestampSeconds) && timestampSeconds > 0, 'a time is in seconds');
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(timestampSeconds));
  const signature = sign(null, cosignedMessage(timestampSeconds, text), key.privateKey);
  const payload = Buffer.concat([keyIdOf(key), time, signature]).toString('base64');
  return `— ${key.name} ${payload}\n`;
}
