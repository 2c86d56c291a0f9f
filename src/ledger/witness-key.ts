/** A witness' own key: how it is written down, and how it cosigns (C2SP tlog-cosignature v1). */
import { strict as assert } from 'node:assert';
import { sign, type KeyObject } from 'node:crypto';
import { ed25519PairFromSeed } from '#src/base/ed25519.ts';
import { cosignedMessage } from './cosignature.ts';
import { keyIdOf } from './note.ts';

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
  return { name, ...ed25519PairFromSeed(seed) };
}

/** The public key as one word, `name+keyid+key`, to be given to whoever checks or accepts it. */
export function encodeWitnessVkey(key: Pick<CosigningKey, 'name' | 'publicKey'>): string {
  const id = keyIdOf(key.name, key.publicKey, cosigner).toString('hex');
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
  const keyId = keyIdOf(key.name, key.publicKey, cosigner);
  const payload = Buffer.concat([keyId, time, signature]).toString('base64');
  return `— ${key.name} ${payload}\n`;
}
