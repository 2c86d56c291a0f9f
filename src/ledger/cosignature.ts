/**
 * Checks what witnesses have cosigned (C2SP tlog-cosignature v1, Ed25519). Imports `verify.ts`
 * alone, so that an auditor's browser runs this same file.
 */
import { fromBase64, readVkey, same, splitNote } from './verify.ts';
import type { Bytes, NoteKey, VerifierCrypto } from './verify.ts';

export interface Cosigned {
  /** The name of the witness. */
  name: string;
  /** When it said that it had checked this checkpoint: seconds since 1970. */
  timestampSeconds: number;
}

const utf8 = new TextEncoder();

/** Key id, time and signature. */
const lineBytes = 4 + 8 + 64;

/** Reads a witness' vkey (C2SP signed-note, type 0x04). Throws a TypeError when it is none. */
export function parseWitnessVkey(crypto: VerifierCrypto, vkey: string): Promise<NoteKey> {
  return readVkey(crypto, vkey, { type: 0x04, refusal: 'not a vkey of a witness (key type 4)' });
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
  const { text, lines } = splitNote(note);
  let newest: Cosigned | null = null;
  for (const line of lines) {
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

/**
 * Who of several witnesses has cosigned this checkpoint, each key counted once, in their order; of
 * the others the names. Throws as `verifyCosignature` does.
 */
export async function cosignersOf(
  crypto: VerifierCrypto,
  vkeys: readonly string[],
  note: string,
): Promise<{ cosigned: Cosigned[]; lacking: string[] }> {
  const cosigned: Cosigned[] = [];
  const lacking: string[] = [];
  for (const vkey of new Set(vkeys)) {
    const found = await verifyCosignature(crypto, vkey, note);
    if (found) cosigned.push(found);
    else lacking.push(vkey.split('+')[0] ?? '');
  }
  return { cosigned, lacking };
}

/** The time in a signature line, 8 bytes after the key id; null where it can be none. */
function secondsOf(bytes: Bytes): number | null {
  if (bytes.length !== lineBytes) return null;
  const seconds = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(4));
  return Number.isSafeInteger(seconds) ? seconds : null;
}
