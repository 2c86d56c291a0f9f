/**
 * Checks a ledger without trusting whoever keeps it. Imports nothing: the command line, the tests
 * and an auditor's browser run this same file, each with its own `sha256` and `verifySignature`.
 */

export type Soon<T> = T | Promise<T>;
export type Bytes = Uint8Array;

export interface VerifierCrypto {
  /** Must have read `data` when it returns, as node:crypto and WebCrypto do: it is used again. */
  sha256(data: Bytes): Soon<Bytes>;
  /** Ed25519 (RFC 8032); the public key is its 32 bytes. */
  verifySignature(publicKey: Bytes, message: Bytes, signature: Bytes): Soon<boolean>;
}

export interface Checkpoint {
  origin: string;
  size: number;
  root: Bytes;
}

/** A proof as it travels: texts in base64, the checkpoint as a signed note. */
export interface TravellingProof {
  leaf: string;
  index: number;
  hashes: readonly string[];
  checkpoint: string;
}

const utf8 = new TextEncoder();
const nothing = new Uint8Array();
const scratch = new Uint8Array(4096);

/** Bytes of a base64 text (RFC 4648 section 4, padded). Throws a TypeError unless it is exact. */
export function fromBase64(text: string): Bytes {
  let binary = '';
  try {
    binary = atob(text);
  } catch {
    throw new TypeError('not base64');
  }
  if (btoa(binary) !== text) throw new TypeError('not base64');
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** True when the bytes are the same. Not constant-time: nothing here is secret. */
export function same(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/**
 * One after the other, after a first byte when one is given. The bytes are good until the next
 * call: they are only ever hashed, and making new ones each time costs as much as the hashing.
 */
export function joined(left: Bytes, right: Bytes, prefix?: number): Bytes {
  const start = prefix === undefined ? 0 : 1;
  const length = start + left.length + right.length;
  const bytes = length <= scratch.length ? scratch.subarray(0, length) : new Uint8Array(length);
  if (prefix !== undefined) bytes[0] = prefix;
  bytes.set(left, start);
  bytes.set(right, start + left.length);
  return bytes;
}

/** SHA-256(0x00 ‖ leaf). */
export function leafHash(crypto: VerifierCrypto, leaf: Bytes): Soon<Bytes> {
  return crypto.sha256(joined(leaf, nothing, 0x00));
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(crypto: VerifierCrypto, left: Bytes, right: Bytes): Soon<Bytes> {
  return crypto.sha256(joined(left, right, 0x01));
}

/** The root of a tree from the roots of its perfect subtrees, largest first. */
export async function rootOf(crypto: VerifierCrypto, frontier: readonly Bytes[]): Promise<Bytes> {
  let root = frontier.at(-1) ?? (await crypto.sha256(nothing));
  for (const left of frontier.slice(0, -1).reverse()) root = await nodeHash(crypto, left, root);
  return root;
}

/** A key to check notes with: a key id of 4 bytes, and a public key of 32 (RFC 8032). */
export interface NoteKey {
  name: string;
  keyId: Bytes;
  publicKey: Bytes;
}

/** Reads a vkey (C2SP signed-note, Ed25519). Throws a TypeError when form or key id is wrong. */
export function parseVkey(crypto: VerifierCrypto, vkey: string): Promise<NoteKey> {
  return readVkey(crypto, vkey, { type: 0x01, refusal: 'not a vkey of an Ed25519 key' });
}

/** The same for a key of any one type; the TypeError says `refusal` where it is of another. */
export async function readVkey(
  crypto: VerifierCrypto,
  vkey: string,
  { type, refusal }: { type: number; refusal: string },
): Promise<NoteKey> {
  const [, name = '', id = '', key = ''] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(vkey) ?? [];
  const bytes = fromBase64(key);
  if (bytes.length !== 33 || bytes[0] !== type) throw new TypeError(refusal);
  const keyId = (await crypto.sha256(joined(utf8.encode(`${name}\n`), bytes))).slice(0, 4);
  const hex = [...keyId].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  if (hex !== id) throw new TypeError('the key id is not that of the vkey');
  return { name, keyId, publicKey: bytes.slice(1) };
}

/** A note's text, which is signed, and its signature lines. Throws a TypeError when it is none. */
export function splitNote(note: string): { text: string; lines: string[] } {
  const cut = note.lastIndexOf('\n\n');
  if (cut < 1 || !note.endsWith('\n') || /[\x00-\x09\x0b-\x1f]/.test(note)) {
    throw new TypeError('not a signed note');
  }
  return { text: note.slice(0, cut + 1), lines: note.slice(cut + 2, -1).split('\n') };
}

/**
 * The text of a note that one of the keys signed, up to its last newline. Whoever else signed it is
 * passed over; a signature that claims to be of one of the keys has to hold.
 *
 * @param vkeys one, or several where a ledger has had one key after the other
 * @throws TypeError when the note is none, or not signed by any of them
 */
export async function verifyNote(
  crypto: VerifierCrypto,
  vkeys: string | readonly string[],
  note: string,
): Promise<string> {
  const keys = [];
  for (const vkey of [vkeys].flat()) keys.push(await parseVkey(crypto, vkey));
  const { text, lines } = splitNote(note);
  let signed = false;
  for (const line of lines) {
    const [, name, base64 = ''] = /^— ([^\s+]+) (\S+)$/u.exec(line) ?? [];
    const bytes = fromBase64(base64);
    if (name === undefined || bytes.length < 5) throw new TypeError('not a signature line');
    const key = keys.find((one) => one.name === name && same(bytes.slice(0, 4), one.keyId));
    if (!key) continue;
    signed = await crypto.verifySignature(key.publicKey, utf8.encode(text), bytes.slice(4));
    if (!signed) throw new TypeError('the signature is wrong');
  }
  if (!signed) throw new TypeError('not signed by this key');
  return text;
}

/** The checkpoint that a note states (C2SP tlog-checkpoint), once a signature of `vkeys` holds. */
export async function verifyCheckpoint(
  crypto: VerifierCrypto,
  vkeys: string | readonly string[],
  note: string,
): Promise<Checkpoint> {
  const text = await verifyNote(crypto, vkeys, note);
  const [origin = '', size = '', root = ''] = text.split('\n');
  const hash = fromBase64(root);
  const isOwn = [vkeys].flat().some((vkey) => vkey.startsWith(`${origin}+`));
  if (!isOwn || !/^(0|[1-9]\d{0,15})$/.test(size) || hash.length !== 32) {
    throw new TypeError('not a checkpoint of this ledger');
  }
  return { origin, size: Number(size), root: hash };
}

/**
 * The subtrees beside the path from a leaf to the root, deepest first: `[start, end)` in leaves.
 */
export function siblings(index: number, size: number): [start: number, end: number][] {
  const ranges: [number, number][] = [];
  for (let start = 0, end = size; end - start > 1;) {
    let width = 1;
    while (width * 2 < end - start) width *= 2;
    const middle = start + width;
    ranges.push(index < middle ? [middle, end] : [start, middle]);
    if (index < middle) end = middle;
    else start = middle;
  }
  return ranges.reverse();
}

/** True when the hashes lead from the leaf's hash to the root (RFC 9162 section 2.1.3.2). */
export async function verifyInclusion(
  crypto: VerifierCrypto,
  claim: { leafHash: Bytes; index: number; hashes: readonly Bytes[] },
  tree: { size: number; root: Bytes },
): Promise<boolean> {
  const { index, hashes } = claim;
  if (!Number.isSafeInteger(index) || index < 0 || index >= tree.size) return false;
  const beside = siblings(index, tree.size);
  if (hashes.length !== beside.length || hashes.some((each) => each.length !== 32)) return false;
  let root = claim.leafHash;
  for (const [at, [start]] of beside.entries()) {
    const hash = hashes[at]!;
    root = await (start > index ? nodeHash(crypto, root, hash) : nodeHash(crypto, hash, root));
  }
  return same(root, tree.root);
}

/** True when the later tree begins with the whole earlier one (RFC 9162 section 2.1.4.2). */
export async function verifyConsistency(
  crypto: VerifierCrypto,
  earlier: { size: number; root: Bytes },
  later: { size: number; root: Bytes },
  hashes: readonly Bytes[],
): Promise<boolean> {
  const [from, to] = [earlier.size, later.size];
  if (!(from >= 0 && from <= to) || hashes.some((each) => each.length !== 32)) return false;
  if (from === to) return hashes.length === 0 && same(earlier.root, later.root);
  if (from === 0) return hashes.length === 0 && same(earlier.root, await rootOf(crypto, []));
  let [node, last] = [from - 1, to - 1];
  const rise = (): void => {
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  };
  while (node % 2 === 1) rise();
  // A whole power of two is itself the first hash of the path, and so not sent.
  const [first, ...path] = node === 0 ? [earlier.root, ...hashes] : hashes;
  if (first === undefined) return false;
  let [old, now] = [first, first];
  for (const hash of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      old = await nodeHash(crypto, hash, old);
      now = await nodeHash(crypto, hash, now);
      while (node % 2 === 0 && node !== 0) rise();
    } else {
      now = await nodeHash(crypto, now, hash);
    }
    rise();
  }
  return last === 0 && same(old, earlier.root) && same(now, later.root);
}

/** Checks a proof as consignees get it. Throws a TypeError; returns the leaf and its checkpoint. */
export async function verifyProof(
  crypto: VerifierCrypto,
  vkey: string,
  proof: TravellingProof,
): Promise<{ leaf: Bytes; checkpoint: Checkpoint }> {
  const checkpoint = await verifyCheckpoint(crypto, vkey, proof.checkpoint);
  const leaf = fromBase64(proof.leaf);
  const hash = await leafHash(crypto, leaf);
  const claim = { leafHash: hash, index: proof.index, hashes: proof.hashes.map(fromBase64) };
  if (!(await verifyInclusion(crypto, claim, checkpoint))) {
    throw new TypeError('the checkpoint does not cover this leaf');
  }
  return { leaf, checkpoint };
}
