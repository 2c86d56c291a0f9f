/**
 * An evidence file taken apart: RFC 8785 text of a closed form, so that no byte of it can be
 * another and still say the same. Imports only `verify.ts`, so that a browser reads it too.
 */
import type { KeyTurn } from './key-turn.ts';
import { fromBase64 } from './verify.ts';
import type { Bytes } from './verify.ts';

export const evidenceFormat = 'waybill-evidence/v1';

/** A sentence in the two languages of the clinic. */
export interface Sentence {
  en: string;
  ko: string;
}

/** An entry of the ledger with its place in the tree. */
export interface EvidenceEntry {
  index: number;
  /** The text of the leaf (RFC 8785), whose UTF-8 bytes were hashed. */
  leaf: string;
  /** Hashes from the leaf to the root of the checkpoint, base64, deepest first. */
  proof: string[];
  /**
   * Salt (base64) and text of the detail. Null: destroyed with the key of its person (`erased`), or
   * it could not be opened. Left out where somebody only read: see `readingKinds`.
   */
  detail?: { salt: string; content: string } | null;
  erased?: true;
}

/** A public key as a JWK with the members that make it, and no others. */
export interface EvidenceKey {
  kty: string;
  crv: string;
  x: string;
  y?: string;
}

export interface Evidence {
  format: typeof evidenceFormat;
  /** What the file proves, and what it does not. */
  says: Sentence;
  /** How whoever has the record and the salt recomputes the commitment. */
  recompute: Sentence;
  /** RFC 3339: when the gateway made the file. */
  madeAt: string;
  transfer: string;
  /** The company, as it was registered when the file was made. */
  consignee: { id: string; name: Sentence; address: Sentence };
  /**
   * Its name, the keys that signed the file and, of a ledger whose key has turned, how its keys
   * came one after the other, oldest first: whoever holds any of them gets to the newest.
   */
  ledger: { origin: string; vkeys: string[]; turns?: KeyTurn[] };
  /** C2SP signed note with every cosignature that was known. */
  checkpoint: string;
  /** Every entry that speaks of the transfer below the checkpoint, oldest first. */
  entries: EvidenceEntry[];
  contract: {
    id: string;
    /** SHA-256 of the UTF-8 bytes of `text`, base64. */
    digest: string;
    /** The text as it was hashed: RFC 8785 of `{contract, dictionary}`. */
    text: string;
    /** `v<N>.jws` (RFC 7515 section 7.2.1); null where nothing was kept. */
    signatures: ContractSignatures | null;
    /** What the signatures were made with. */
    keys: EvidenceKey[];
    /** The version's own life: drafted, signed, noticed, activated, superseded, ended. */
    entries: EvidenceEntry[];
  };
  /** What the consignee signed its receipts with. */
  receiptKeys: EvidenceKey[];
  /** The same once more for people; made of the entries and held against them. */
  summary: Record<string, unknown>;
  /** The gateway's signed note over all of this (see `statementText`). */
  statement: string;
}

/** A JWS in general JSON serialization. */
export interface ContractSignatures {
  payload: string;
  signatures: { protected: string; signature: string }[];
}

/** Entries of whoever looked: their details are about the reader and hold the reader's words. */
export const readingKinds: ReadonlySet<string> = new Set([
  ...['audit-read', 'disclosures-read', 'quarantine-read', 'exported', 'reconciled'],
]);

/** A file of more than that is none of ours: a trail of 10,000 entries takes 20 MB. */
export const evidenceBytesMax = 64 * 1024 * 1024;

const utf8 = new TextEncoder();
const depthMax = 16;

/** The RFC 8785 text of plain JSON data. Throws a TypeError for what has none. */
export function plainCanonical(value: unknown, depth = 0): string {
  if (depth > depthMax) throw new TypeError('nested too deeply');
  if (Array.isArray(value)) {
    return `[${value.map((each) => plainCanonical(each, depth + 1)).join(',')}]`;
  }
  if (typeof value !== 'object' || value === null) return scalar(value);
  const members = Object.keys(value)
    .sort()
    .map((name) => {
      const member = (value as Record<string, unknown>)[name];
      return `${scalar(name)}:${plainCanonical(member, depth + 1)}`;
    });
  return `{${members.join(',')}}`;
}

function scalar(value: unknown): string {
  const isPlain = value === null || ['string', 'boolean', 'number'].includes(typeof value);
  if (!isPlain || (typeof value === 'number' && !Number.isFinite(value))) {
    throw new TypeError('not plain JSON');
  }
  const text = JSON.stringify(value);
  // An escape such as \ud800 is a lone surrogate.
  if (/(?<!\\)(?:\\\\)*\\ud/.test(text)) throw new TypeError('a lone surrogate');
  return text;
}

/**
 * Reads a file. A line feed at its end is forgiven, nothing else.
 *
 * @throws TypeError that says in plain words why it is none
 */
export function parseEvidence(text: string): Evidence {
  if (text.length > evidenceBytesMax) throw new TypeError('larger than an evidence file can be');
  const body = text.endsWith('\n') ? text.slice(0, -1) : text;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new TypeError('not JSON');
  }
  if (plainCanonical(value) !== body) {
    throw new TypeError(
      'not byte for byte as it was written (RFC 8785): somebody changed its form',
    );
  }
  if (!is(value, evidenceShape)) throw new TypeError('not of the form of an evidence file');
  return value as Evidence;
}

/** What a value must be: a test, a list of such, or an object with exactly these members. */
type Shape = ((value: unknown) => boolean) | readonly [Shape] | { readonly [name: string]: Shape };

const text: Shape = (value) => typeof value === 'string';
const wholeNumber: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const hash: Shape = (value) => typeof value === 'string' && bytesLength(value) === 32;
const sentence: Shape = { en: text, ko: text };
const either =
  (...shapes: readonly Shape[]): Shape =>
  (value) =>
    shapes.some((shape) => is(value, shape));
const nothing: Shape = (value) => value === null;
const key = either({ kty: text, crv: text, x: text }, { kty: text, crv: text, x: text, y: text });

const place = { index: wholeNumber, leaf: text, proof: [hash] as const };
const entry = either(
  place,
  { ...place, detail: { salt: hash, content: text } },
  { ...place, detail: nothing },
  { ...place, detail: nothing, erased: (value: unknown) => value === true },
);

const ledger = { origin: text, vkeys: [text] as const };
const turn: Shape = { vkey: text, ...place, checkpoint: text };

const evidenceShape: Shape = {
  format: (value) => value === evidenceFormat,
  says: sentence,
  recompute: sentence,
  madeAt: text,
  transfer: text,
  consignee: { id: text, name: sentence, address: sentence },
  ledger: either(ledger, { ...ledger, turns: [turn] }),
  checkpoint: text,
  entries: [entry],
  contract: {
    ...{ id: text, digest: hash, text, keys: [key], entries: [entry] },
    signatures: either(nothing, {
      payload: text,
      signatures: [{ protected: text, signature: text }],
    }),
  },
  receiptKeys: [key],
  summary: (value) => typeof value === 'object' && value !== null,
  statement: text,
};

function is(value: unknown, shape: Shape): boolean {
  if (typeof shape === 'function') return shape(value);
  if (isList(shape)) return Array.isArray(value) && value.every((each) => is(each, shape[0]));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const names = Object.keys(shape);
  if (Object.keys(value).length !== names.length) return false;
  return names.every((name) => {
    return Object.hasOwn(value, name) && is((value as Record<string, unknown>)[name], shape[name]!);
  });
}

function isList(shape: Exclude<Shape, CallableFunction>): shape is readonly [Shape] {
  return Array.isArray(shape);
}

function bytesLength(base64: string): number {
  try {
    return fromBase64(base64).length;
  } catch {
    return -1;
  }
}

/** UTF-8 bytes of a text. */
export function bytesOf(text: string): Bytes {
  return utf8.encode(text);
}

/** Base64 of bytes (RFC 4648 section 4). */
export function toBase64(bytes: Bytes): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 1) binary += String.fromCharCode(bytes[at]!);
  return btoa(binary);
}

/** Base64url without padding (RFC 4648 section 5). */
export function toBase64url(bytes: Bytes): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Bytes of base64url in its one spelling. Throws a TypeError otherwise. */
export function fromBase64url(text: string): Bytes {
  if (!/^[\w-]*$/.test(text)) throw new TypeError('not base64url');
  const base64 = text.replaceAll('-', '+').replaceAll('_', '/');
  return fromBase64(base64.padEnd(Math.ceil(base64.length / 4) * 4, '='));
}
