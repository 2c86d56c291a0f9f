/**
 * Checks what witnesses have cosigned (C2SP tlog-cosignature v1, Ed25519). Imports `verify.ts`
 * alone, so that an auditor's browser runs this same file.
 */
import { fromBase64, joined, same, type Bytes, type VerifierCrypto } from './verify.ts';

/** A witness' key, as its vkey (C2SP signed-note, type 0x04) gives it. */
export interface WitnessKey {
  name: string;
  /** 4 bytes. */
  keyId: Bytes;
  /** 32 bytes, RFC 8032. */
  publicKey: Bytes;
}

export interface Cosigned {
  /** The name of the witness. */
  name: string;
  /** When it said that it had checked this checkpoint: seconds since 1970. */
  timestampSeconds: number;
}

const utf8 = new TextEncoder();

/** The type of keys that cosign, in C2SP signed-note. */
const cosigner = 0x04;

/** Key id, time and signature. */
const lineBytes = 4 + 8 + 64;

/** Reads a witness' vkey. Throws a TypeError when its form, its type or its key id is wrong. */
export async function parseWitnessVkey(crypto: VerifierCrypto, vkey: string): Promise<WitnessKey> {
  const [, name = '', id = '', key = ''] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(vkey) ?? [];
  const bytes = fromBase64(key);
  if (bytes.length !== 33 || bytes[0] !== cosigner) {
    throw new TypeError('not a vkey of a witness (key type 4)');
  }
  const keyId = (await crypto.sha256(joined(utf8.encode(`${name}\n`), bytes))).slice(0, 4);
  const hex = [...keyId].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  if (hex !== id) throw new TypeError('the key id is not that of the vkey');
  return { name, keyId, publicKey: bytes.slice(1) };
}

/** What a witness signs: that at this time it had checked the checkpoint with this text. */
export function cosignedMessage(timestampSeconds: number, text: string): Bytes {
  return utf8.encode(`cosignature/v1\ntime ${timestampSeconds}\n${text}`);
}

/**
 * Whether the witness has cosigned this checkpoint. What other keys have signed is passed over;
 * whether the ledger's own key did is the question of `verifyCheckpoint`.
 *
 * @param witnessVkey a vkey of type 0x04
 * @param note a C2SP signed note with all its signature lines
 * @returns null when no line is the witness', or one that claims to be does not hold
 * @throws TypeError when the vkey is none of a witness, or the note is no note
 */
export async function verifyCosignature(
  crypto: VerifierCrypto,
  witnessVkey: string,
  note: string,
): Promise<Cosigned | null> {
  const key = await parseWitnessVkey(crypto, witnessVkey);
  const cut = note.lastIndexOf('\n\n');
  if (cut < 1 || !note.endsWith('\n') || /[\x00-\x09\x0b-\x1f]/.test(note)) {
    throw new TypeError('not a signed note');
  }
  const text = note.slice(0, cut + 1);
  let newest: Cosigned | null = null;
  for (const line of note.slice(cut + 2, -1).split('\n')) {
    const [, name, base64 = ''] = /^— ([^\s+]+) (\S+)$/u.exec(line) ?? [];
    if (name !== key.name) continue;
    const bytes = fromBase64(base64);
    if (bytes.length < 5) throw new TypeError('not a signature line');
    // Another key of this name: of another type, or a later one of the same witness.
    if (!same(bytes.slice(0, 4), key.keyId)) continue;
    const timestampSeconds = secondsOf(bytes);
    if (timestampSeconds === null) return null;
    const message = cosignedMessage(timestampSeconds, text);
    if (!(await crypto.verifySignature(key.publicKey, message, bytes.slice(12)))) return null;
    if (timestampSeconds > (newest?.timestampSeconds ?? -1)) newest = { name, timestampSeconds };
  }
  return newest;
}

/** The time in a signature line, 8 bytes after the key id; null where it can be none. */
function secondsOf(bytes: Bytes): number | null {
  if (bytes.length !== lineBytes) return null;
  const seconds = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(4));
  return Number.isSafeInteger(seconds) ? seconds : null;
}
