/** One contract's signatures, made and judged to the letter: whatever a file holds has a state. */
import { calculateJwkThumbprint, FlattenedSign, flattenedVerify, importJWK, type JWK } from 'jose';
import { isRealDate } from '#src/base/seoul.ts';
import { parseStrictJson } from '#src/base/strict-json.ts';
import type { Contract, ContractSignature, Party, Words } from '#src/base/words.ts';
import { fileFaults, missingWords, partyFaults } from './signature-words.ts';

/** What is signed, and its name. */
export type Signable = Pick<Contract, 'id' | 'canonical'>;

/** One element of `signatures` (RFC 7515 section 7.2.1); nothing stands in an open header. */
export interface SignatureEntry {
  protected: string;
  signature: string;
}

/** A JWS in general JSON serialization. Nothing in it is verified yet. */
export interface SignatureFile {
  payload: string;
  signatures: readonly SignatureEntry[];
}

/** The protected header of one signature. */
interface Header {
  alg: string;
  kid: string;
  party: Party;
  contract: string;
  signedAt: string;
  noticedOn: string | null;
}

/** A contract and its dictionary take some 30 kB: whatever is larger is no file of signatures. */
export const signatureBytesMax = 1_048_576;

const parties: readonly Party[] = ['clinic', 'consignee'];
const mediaType = 'waybill-contract+jws';
const algorithms = ['EdDSA', 'Ed25519', 'ES256'];
const headerMembers = ['alg', 'kid', 'typ', 'party', 'contract', 'signedAt', 'noticedOn'];
const signaturesMax = 8;
const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

const none = { isDemo: false, clinic: null, consignee: null, noticedOn: null };

/** The state of a version beside which no signature lies. */
export const nobodySigned: ContractSignature = {
  ...none,
  state: 'unsigned',
  why: missingWords(parties),
};

/** A version whose signatures count for nothing, and why. */
export function invalidSignature(why: Words): ContractSignature {
  return { ...none, state: 'invalid', why };
}

function objectOf(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value = parseStrictJson(bytes);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The bytes of base64url in its one canonical form (no padding, unused bits zero), not empty. */
function bytesOf(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === text ? bytes : undefined;
}

const hasOnly = (value: object, members: readonly string[]) =>
  Object.keys(value).every((name) => members.includes(name));

function isEntry(value: unknown): value is SignatureEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { protected: header, signature } = value as Partial<SignatureEntry>;
  const formed = bytesOf(header) !== undefined && bytesOf(signature) !== undefined;
  return formed && hasOnly(value, ['protected', 'signature']);
}

/** Reads a file of signatures without verifying any; undefined for all that is not one. */
export function readSignatureFile(bytes: Buffer): SignatureFile | undefined {
  const file = bytes.length > signatureBytesMax ? undefined : objectOf(bytes);
  if (!file || !hasOnly(file, ['payload', 'signatures'])) return undefined;
  const { payload, signatures } = file;
  if (typeof payload !== 'string' || !Array.isArray(signatures)) return undefined;
  if (signatures.length === 0 || signatures.length > signaturesMax) return undefined;
  return signatures.every(isEntry) ? { payload, signatures } : undefined;
}

/** True when the file is over this contract's text, byte for byte. */
export function isOver(file: SignatureFile, contract: Signable): boolean {
  return file.payload === contract.canonical.toString('base64url');
}

function readHeader(entry: SignatureEntry): Header | undefined {
  const header = objectOf(bytesOf(entry.protected) ?? Buffer.alloc(0));
  if (!header || !hasOnly(header, headerMembers) || header['typ'] !== mediaType) return undefined;
  const { alg, kid, party, contract, signedAt, noticedOn = null } = header;
  const texts = [alg, kid, contract, signedAt];
  if (!texts.every((text) => typeof text === 'string')) return undefined;
  if (!algorithms.includes(alg as string) || !parties.includes(party as Party)) return undefined;
  if (!rfc3339.test(signedAt as string) || Number.isNaN(Date.parse(signedAt as string))) {
    return undefined;
  }
  // Only the clinic can say what its notice shows.
  const stated = typeof noticedOn === 'string' && isRealDate(noticedOn) && party === 'clinic';
  return Object.hasOwn(header, 'noticedOn') && !stated
    ? undefined
    : ({ alg, kid, party, contract, signedAt, noticedOn } as Header);
}

/** The members that make a key, and no others: what else stands in a JWK has no say. */
function bare({ kty, crv, x, y }: JWK): JWK {
  return { kty, crv, x, ...(y !== undefined && { y }) } as JWK;
}

/** RFC 7638 thumbprint of a key, public or private. */
export function thumbprint(jwk: JWK): Promise<string> {
  return calculateJwkThumbprint(bare(jwk), 'sha256');
}

/** The registered key with a thumbprint; what its `kid` member says is not asked. */
export async function keyByThumbprint(keys: readonly JWK[], kid: string): Promise<JWK | undefined> {
  for (const key of keys) if ((await thumbprint(key)) === kid) return key;
  return undefined;
}

async function holds(file: SignatureFile, entry: SignatureEntry, header: Header, key: JWK) {
  try {
    const imported = await importJWK(bare(key), header.alg);
    await flattenedVerify({ payload: file.payload, ...entry }, imported, { algorithms });
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with one signature, or null: who signed it stands in its header. */
async function entryFault(
  input: SignatureInput,
  file: SignatureFile,
  entry: SignatureEntry,
): Promise<Words | null> {
  const header = readHeader(entry);
  if (!header) return fileFaults.header;
  if (header.contract !== input.contract.id) return fileFaults.otherContract;
  const key = await keyByThumbprint(input.keys[header.party], header.kid);
  if (!key) return partyFaults.unknownKey(header.party);
  const isSound = await holds(file, entry, header, key);
  return isSound ? null : partyFaults.broken(header.party);
}

export interface SignatureInput {
  contract: Signable;
  /** The public keys registered for each party: no other key counts for it. */
  keys: Readonly<Record<Party, readonly JWK[]>>;
  /** Thumbprints of keys that the embedded default made. */
  demoKids?: ReadonlySet<string>;
}

/**
 * Judges a file of signatures. Signed is a version only when both parties have, each once, by a
 * key registered for it, over this very text; one signature that is not right spoils them all.
 * Never rejects.
 */
export async function judgeSignatures(
  input: SignatureInput,
  bytes: Buffer,
): Promise<ContractSignature> {
  const file = readSignatureFile(bytes);
  if (!file) return invalidSignature(fileFaults.malformed);
  if (!isOver(file, input.contract)) return invalidSignature(fileFaults.otherText);
  const found = new Map<Party, Header>();
  for (const entry of file.signatures) {
    const wrong = await entryFault(input, file, entry);
    if (wrong) return invalidSignature(wrong);
    const header = readHeader(entry) as Header;
    if (found.has(header.party)) return invalidSignature(partyFaults.twice(header.party));
    found.set(header.party, header);
  }
  const missing = parties.filter((party) => !found.has(party));
  const by = (party: Party) => {
    const header = found.get(party);
    return header ? { kid: header.kid, signedAt: header.signedAt } : null;
  };
  return {
    state: missing.length === 0 ? 'signed' : 'unsigned',
    isDemo: [...found.values()].some(({ kid }) => input.demoKids?.has(kid)),
    clinic: by('clinic'),
    consignee: by('consignee'),
    noticedOn: found.get('clinic')?.noticedOn ?? null,
    why: missing.length === 0 ? null : missingWords(missing),
  };
}

/**
 * Signs a contract for one party.
 *
 * @param input.key private JWK, Ed25519 or P-256
 * @param input.noticedOn clinic only: the Seoul day since which its notice shows this version
 */
export async function signContract(
  deps: { now: () => number },
  input: { contract: Signable; party: Party; key: JWK; noticedOn?: string | undefined },
): Promise<SignatureEntry> {
  const { contract, party, key, noticedOn } = input;
  const alg = key.kty === 'EC' ? 'ES256' : 'EdDSA';
  const signed = await new FlattenedSign(contract.canonical)
    .setProtectedHeader({
      ...{ alg, kid: await thumbprint(key), typ: mediaType, party, contract: contract.id },
      signedAt: new Date(deps.now()).toISOString(),
      ...(noticedOn !== undefined && { noticedOn }),
    })
    .sign(await importJWK({ ...bare(key), d: key.d } as JWK, alg));
  return { protected: signed.protected ?? '', signature: signed.signature };
}

/** The text of a file of signatures over a contract. */
export function signatureText(contract: Signable, signatures: readonly SignatureEntry[]): string {
  return `${JSON.stringify({ payload: contract.canonical.toString('base64url'), signatures })}\n`;
}
