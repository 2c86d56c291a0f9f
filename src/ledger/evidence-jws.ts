/**
 * Checks what people signed: a contract, by both parties, and a consignee's receipts (RFC 7515,
 * RFC 7638). Imports only pure files, so that a browser runs it too.
 */
import { bytesOf, fromBase64url, plainCanonical, toBase64url } from './evidence-form.ts';
import type { ContractSignatures, EvidenceKey } from './evidence-form.ts';
import type { Bytes, Soon, VerifierCrypto } from './verify.ts';

/** What a ledger is checked with, and ES256 beside it, which people may sign with. */
export interface EvidenceCrypto extends VerifierCrypto {
  /** ECDSA over P-256 with SHA-256; coordinates of 32 bytes each, signature `r ‖ s` of 64. */
  verifyP256(key: { x: Bytes; y: Bytes }, message: Bytes, signature: Bytes): Soon<boolean>;
}

export type Party = 'clinic' | 'consignee';

/** One signature of a contract, which holds. */
export interface SignedBy {
  party: Party;
  /** RFC 7638 thumbprint of the key. */
  kid: string;
}

/** The RFC 7638 thumbprint of a key, base64url. */
async function thumbprintOf(crypto: EvidenceCrypto, key: EvidenceKey): Promise<string> {
  return toBase64url(await crypto.sha256(bytesOf(plainCanonical(key))));
}

/** The keys by their thumbprints. */
async function keysByThumbprint(
  crypto: EvidenceCrypto,
  keys: readonly EvidenceKey[],
): Promise<Map<string, EvidenceKey>> {
  const found = new Map<string, EvidenceKey>();
  for (const key of keys) found.set(await thumbprintOf(crypto, key), key);
  return found;
}

/**
 * Who signed a contract text.
 *
 * @throws TypeError that says which signature is wrong, or whose key is missing
 */
export async function verifyContractSignatures(
  crypto: EvidenceCrypto,
  contract: { id: string; text: string; signatures: ContractSignatures },
  keys: readonly EvidenceKey[],
): Promise<SignedBy[]> {
  const { payload, signatures } = contract.signatures;
  if (payload !== toBase64url(bytesOf(contract.text))) {
    throw new TypeError('the signatures are over another text');
  }
  const known = await keysByThumbprint(crypto, keys);
  const signers: SignedBy[] = [];
  for (const one of signatures) {
    const header = objectOf(one.protected);
    const { party, kid, contract: id } = header;
    if ((party !== 'clinic' && party !== 'consignee') || typeof kid !== 'string') {
      throw new TypeError('a signature names no party or no key');
    }
    if (id !== contract.id || header['typ'] !== 'waybill-contract+jws') {
      throw new TypeError('a signature is not for this contract');
    }
    const key = known.get(kid);
    if (!key) throw new TypeError(`the key ${kid} that signed for the ${party} is not here`);
    if (!(await holds(crypto, key, header['alg'], `${one.protected}.${payload}`, one.signature))) {
      throw new TypeError(`the signature for the ${party} does not hold`);
    }
    signers.push({ party, kid });
  }
  return signers;
}

/** What a receipt states. */
export interface ReceiptClaims {
  transfer: unknown;
  commitment: unknown;
  at: unknown;
}

/**
 * What a receipt (compact JWS) states, signed by the key with this thumbprint.
 *
 * @throws TypeError when the key is not among `keys`, or the signature does not hold
 */
export async function verifyReceipt(
  crypto: EvidenceCrypto,
  receipt: { jws: string; signer: string },
  keys: readonly EvidenceKey[],
): Promise<ReceiptClaims> {
  const [protectedPart = '', payload = '', signature = '', ...rest] = receipt.jws.split('.');
  const key = (await keysByThumbprint(crypto, keys)).get(receipt.signer);
  if (!key) throw new TypeError(`the key ${receipt.signer} that signed the receipt is not here`);
  const { alg } = objectOf(protectedPart);
  const isHeld = await holds(crypto, key, alg, `${protectedPart}.${payload}`, signature);
  if (rest.length > 0 || !isHeld) throw new TypeError('the signature of the receipt does not hold');
  const { transfer, commitment, at } = objectOf(payload);
  return { transfer, commitment, at };
}

/** Ed25519, under either of its names, or P-256: each key by its own algorithm only. */
async function holds(
  crypto: EvidenceCrypto,
  key: EvidenceKey,
  alg: unknown,
  message: string,
  signature: string,
): Promise<boolean> {
  const bytes = fromBase64url(signature);
  const x = fromBase64url(key.x);
  if (bytes.length !== 64 || x.length !== 32) return false;
  if (key.kty === 'OKP' && key.crv === 'Ed25519' && (alg === 'EdDSA' || alg === 'Ed25519')) {
    return crypto.verifySignature(x, bytesOf(message), bytes);
  }
  if (key.kty !== 'EC' || key.crv !== 'P-256' || alg !== 'ES256') return false;
  const y = fromBase64url(key.y ?? '');
  return y.length === 32 && (await crypto.verifyP256({ x, y }, bytesOf(message), bytes));
}

function objectOf(part: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(fromBase64url(part)));
  } catch {
    throw new TypeError('a part of a signature cannot be read');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError('a part of a signature cannot be read');
  }
  return value as Record<string, unknown>;
}
