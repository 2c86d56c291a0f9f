/**
 * A consignee's own check of what it is handed. A second implementation on purpose: it shares no
 * line with the gateway, so that a mistake there cannot hide itself here.
 */
import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { compactDecrypt } from 'jose';

/** What travels, pushed or claimed. */
export interface Envelope {
  transfer: string;
  contract: string;
  record: Record<string, unknown>;
  salt: string;
  proof: { leaf: string; index: number; hashes: string[]; checkpoint: string };
}

/** What a consignee holds to check with: none of it comes with the envelope. */
export interface Keyring {
  consignee: string;
  contract: string;
  /** Item codes that its contract lists. */
  items: ReadonlySet<string>;
  /** The ledger's public key (C2SP vkey), got from the clinic on another way. */
  vkey: string;
  privateKey: KeyObject | null;
}

export type RefusalReason =
  'malformed' | 'addressee' | 'contract' | 'encryption' | 'commitment' | 'proof' | 'signature';

/** Why an envelope is not accepted. */
export class Refusal extends Error {
  readonly reason: RefusalReason;
  constructor(reason: RefusalReason, cause?: unknown) {
    super(`refused: ${reason}`, { cause });
    this.reason = reason;
  }
}

/** What was accepted: the item codes in its bytes, and the commitment that the ledger holds. */
export interface Accepted {
  codes: string[];
  commitment: string;
}

/** Recomputes everything from the bytes and the keyring. Throws a `Refusal` at the first doubt. */
export async function checkEnvelope(keyring: Keyring, envelope: Envelope): Promise<Accepted> {
  try {
    const { proof } = envelope;
    const leaf = provenLeaf(keyring.vkey, proof);
    const { consignee, contract } = leaf;
    if (leaf.kind !== 'released' || leaf.transfer !== envelope.transfer) demand(false, 'addressee');
    demand(consignee === keyring.consignee, 'addressee');
    demand(contract?.id === keyring.contract && contract.id === envelope.contract, 'contract');
    const record = await inClear(envelope.record, keyring.privateKey);
    const commitment = sha256(base64(envelope.salt), Buffer.from(canonical(record)));
    demand(commitment.toString('base64') === leaf.commitment, 'commitment');
    const codes = codesOf(record);
    demand(canonical(codes) === canonical(leaf.items?.toSorted()), 'contract');
    demand(
      codes.every((code) => keyring.items.has(code)),
      'contract',
    );
    return { codes, commitment: leaf.commitment ?? '' };
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal('malformed', error);
  }
}

/** What a leaf says, as far as a consignee looks at it. */
export interface Leaf {
  kind: string;
  transfer?: string;
  consignee?: string;
  contract?: { id: string };
  items?: string[];
  commitment?: string;
}

/** The leaf, once signature and audit path show that the signed checkpoint covers it. */
export function provenLeaf(vkey: string, proof: Envelope['proof']): Leaf {
  const { size, root } = signedTree(vkey, proof.checkpoint);
  const leaf = base64(proof.leaf);
  const top = climb(sha256([0x00], leaf), proof.index, size, proof.hashes.map(base64));
  demand(top?.equals(root) ?? false, 'proof');
  return JSON.parse(leaf.toString()) as Leaf;
}

/**
 * Size and root that a signed note (C2SP signed-note, tlog-checkpoint) states, if the key signed.
 */
export function signedTree(vkey: string, note: string): { size: number; root: Buffer } {
  const [name = '', id = '', ...rest] = vkey.trim().split('+');
  const key = base64(rest.join('+'));
  const [text = '', signatures = ''] = note.split('\n\n');
  const lines = signatures.split('\n').filter((line) => line.startsWith(`— ${name} `));
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: key.subarray(1).toString('base64url') };
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  const signed = lines.some((line) => {
    const signature = base64(line.slice(`— ${name} `.length));
    if (signature.subarray(0, 4).toString('hex') !== id) return false;
    return verify(null, Buffer.from(`${text}\n`), publicKey, signature.subarray(4));
  });
  demand(signed, 'signature');
  const [origin, size, root = ''] = text.split('\n');
  demand(origin === name, 'signature');
  return { size: Number(size), root: base64(root) };
}

/** RFC 9162 section 2.1.3.2: from a leaf's hash up to the root, or null when the path is odd. */
function climb(leafHash: Buffer, index: number, size: number, path: Buffer[]): Buffer | null {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return null;
  let [at, last, hash] = [index, size - 1, leafHash];
  for (const beside of path) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      hash = sha256([0x01], beside, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      hash = sha256([0x01], hash, beside);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? hash : null;
}

/** The record with every JWE opened; its plaintext is the value, a string without quotes. */
async function inClear(record: Envelope['record'], key: KeyObject | null) {
  const open = async (value: unknown): Promise<unknown> => {
    if (typeof value !== 'string' || !/^eyJ[\w-]+(\.[\w-]*){4}$/.test(value)) return value;
    if (!key) throw new Refusal('encryption');
    const opened = await compactDecrypt(value, key).catch((cause: unknown) => {
      throw new Refusal('encryption', cause);
    });
    return Buffer.from(opened.plaintext).toString();
  };
  const pairs = Object.entries(record).map(async ([code, value]) => [code, await open(value)]);
  return Object.fromEntries((await Promise.all(pairs)) as [string, unknown][]);
}

/** The item codes in a record, those inside `tests` among them, sorted. */
export function codesOf(record: Readonly<Record<string, unknown>>): string[] {
  const { tests = [], ...top } = record;
  return [...new Set([...Object.keys(top), ...(tests as object[]).flatMap(Object.keys)])].sort();
}

/** RFC 8785: keys by their UTF-16 code units; strings and numbers as JSON.stringify writes them. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`;
}

/** SHA-256 over the parts, one after the other. */
export function sha256(...parts: (Uint8Array | number[])[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(Buffer.from(part));
  return hash.digest();
}

/** Bytes of a base64 text that is written the one right way. */
export function base64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  demand(bytes.toString('base64') === text, 'malformed');
  return bytes;
}

function demand(holds: boolean, reason: RefusalReason): asserts holds {
  if (!holds) throw new Refusal(reason);
}
