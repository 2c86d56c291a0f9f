/** Signed checkpoints as text: C2SP signed-note and tlog-checkpoint, with Ed25519. */
import { strict as assert } from 'node:assert';
import { createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { sha256 } from '#src/base/canonical.ts';
import { ed25519PairFromSeed } from '#src/base/ed25519.ts';
import { splitNote } from './verify.ts';

/** The key that signs checkpoints; `origin` is the ledger's name and the key's. */
export interface LedgerKey {
  origin: string;
  privateKey: KeyObject;
  /** 32 bytes, RFC 8032. */
  publicKey: Buffer;
  /**
   * Other keys of the same ledger that sign as well, and whose checkpoints are its own: before and
   * after a change of keys whoever knows one of them can check every checkpoint.
   */
  readonly others?: readonly LedgerKey[];
}

/** What of a ledger's key is needed to know its checkpoints. */
export interface SigningKeys {
  origin: string;
  publicKey: Buffer;
  readonly others?: readonly SigningKeys[];
}

/** A key to check notes with: what a `vkey` says. */
export interface VerifierKey {
  name: string;
  /** 4 bytes. */
  keyId: Buffer;
  publicKey: Buffer;
}

/** A note taken apart. Nothing in it is to be believed before a signature has been verified. */
export interface Note {
  /** Ends in a newline; what is signed. */
  text: string;
  signatures: { name: string; keyId: Buffer; signature: Buffer }[];
}

const ed25519 = Buffer.of(0x01);
const keyName = /^[^\s+]+$/u;

/** The ledger's key from its seed (32 bytes, RFC 8032). */
export function ledgerKeyFromSeed(origin: string, seed: Uint8Array): LedgerKey {
  assert(keyName.test(origin), 'an origin has no spaces and no plus');
  return { origin, ...ed25519PairFromSeed(seed) };
}

/**
 * The ledger's key where its keys may change: `keys` answers the seeds that sign at the moment, the
 * current one first. It is asked again for each signature.
 */
export function turningLedgerKey(origin: string, keys: () => readonly Buffer[]): LedgerKey {
  const made = new Map<string, LedgerKey>();
  const keyOf = (seed: Buffer): LedgerKey => {
    const name = seed.toString('base64');
    const key = made.get(name) ?? ledgerKeyFromSeed(origin, seed);
    made.set(name, key);
    return key;
  };
  const now = (): LedgerKey[] => keys().map(keyOf);
  const current = (): LedgerKey => {
    const [first] = now();
    assert(first, 'a ledger has a key');
    return first;
  };
  return {
    origin,
    get privateKey() {
      return current().privateKey;
    },
    get publicKey() {
      return current().publicKey;
    },
    get others() {
      return now().slice(1);
    },
  };
}

/** First four bytes of SHA-256(name ‖ newline ‖ type of key ‖ public key): C2SP signed-note. */
export function keyIdOf(name: string, publicKey: Uint8Array, type: Uint8Array = ed25519): Buffer {
  return sha256(Buffer.from(`${name}\n`, 'utf8'), type, publicKey).subarray(0, 4);
}

/** The public key as one word, `origin+keyid+key`, to be given to everyone who checks. */
export function encodeVkey(key: { origin: string; publicKey: Uint8Array }): string {
  const id = keyIdOf(key.origin, key.publicKey).toString('hex');
  return `${key.origin}+${id}+${Buffer.concat([ed25519, key.publicKey]).toString('base64')}`;
}

/** Reads a vkey. Throws a TypeError when its form or its key id is wrong. */
export function parseVkey(vkey: string): VerifierKey {
  const parts = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(vkey);
  const bytes = parts ? strictBase64(parts[3]!) : undefined;
  if (!parts || !bytes || bytes.length !== 33 || bytes[0] !== 0x01) {
    throw new TypeError('not a vkey of an Ed25519 key');
  }
  const [, name, id] = parts as unknown as [string, string, string];
  const publicKey = bytes.subarray(1);
  const keyId = keyIdOf(name, publicKey);
  if (keyId.toString('hex') !== id) throw new TypeError('the key id is not that of the vkey');
  return { name, keyId, publicKey };
}

/** The signed checkpoint of a tree: origin, size and root, a line each, and its signatures. */
export function signCheckpoint(key: LedgerKey, tree: { size: number; root: Uint8Array }): string {
  assert(Number.isSafeInteger(tree.size) && tree.size >= 0, 'a tree has a size');
  const root = Buffer.from(tree.root).toString('base64');
  return signNote(key, `${key.origin}\n${tree.size}\n${root}\n`);
}

/** A text with a signature line of each key of the ledger (C2SP signed-note). */
export function signNote(key: LedgerKey, text: string): string {
  const lines = [key, ...(key.others ?? [])].map(({ publicKey, privateKey }) => {
    const signature = sign(null, Buffer.from(text, 'utf8'), privateKey);
    const line = Buffer.concat([keyIdOf(key.origin, publicKey), signature]).toString('base64');
    return `— ${key.origin} ${line}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/** Takes a note apart. Throws a TypeError when it is none. */
export function parseNote(note: string): Note {
  const { text, lines } = splitNote(note);
  const signatures = lines.map((line) => {
    const parts = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line);
    const bytes = parts ? strictBase64(parts[2]!) : undefined;
    if (!parts || !bytes || bytes.length < 5) throw new TypeError('not a signature line');
    return { name: parts[1]!, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4) };
  });
  return { text, signatures };
}

/** True when a key of the ledger signed the note, whose text is the checkpoint of this tree. */
export function isCheckpointOf(
  key: SigningKeys,
  note: string,
  tree: { size: number; root: Uint8Array },
): boolean {
  return [key, ...(key.others ?? [])].some((one) => isSignedBy(one, note, tree));
}

function isSignedBy(
  key: SigningKeys,
  note: string,
  tree: { size: number; root: Uint8Array },
): boolean {
  const { text, signatures } = parseNote(note);
  const keyId = keyIdOf(key.origin, key.publicKey);
  const own = signatures.filter((each) => each.name === key.origin && each.keyId.equals(keyId));
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: key.publicKey.toString('base64url') };
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  const root = Buffer.from(tree.root).toString('base64');
  return (
    text === `${key.origin}\n${tree.size}\n${root}\n` &&
    own.length > 0 &&
    own.every(({ signature }) => verify(null, Buffer.from(text, 'utf8'), publicKey, signature))
  );
}

/** The tree that a note states, where a key of the ledger signed it; null for anything else. */
export function ownCheckpoint(
  key: SigningKeys,
  note: string,
): { size: number; root: Buffer } | null {
  const [, digits = '', inBase64 = ''] = note.split('\n');
  const root = strictBase64(inBase64);
  if (!/^(0|[1-9]\d{0,15})$/.test(digits) || root?.length !== 32) return null;
  const tree = { size: Number(digits), root };
  try {
    return isCheckpointOf(key, note, tree) ? tree : null;
  } catch {
    // Not a note at all.
    return null;
  }
}

/** Undefined unless the text is exactly how its bytes are encoded. */
function strictBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
