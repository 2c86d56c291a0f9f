/** What the ledger's tests share: a naive tree to compare with, and entries to put into one. */
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { randomUUID } from 'node:crypto';
import { makeEntry, readDetail, unsealDetail } from '#src/ledger/entry.ts';
import type { Entry, EntryInput, OpenedDetail } from '#src/ledger/entry.ts';
import { ledgerKeyFromSeed } from '#src/ledger/note.ts';
import type { VerifierCrypto } from '#src/ledger/verify.ts';

/** The tree as RFC 9162 section 2.1.1 defines it, word for word; slow. */
export function naiveRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return digest();
  if (leaves.length === 1) return digest(Buffer.of(0), leaves[0]!);
  const k = largestPowerBelow(leaves.length);
  return digest(Buffer.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

/** PATH of section 2.1.3.1. */
export function naivePath(m: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = largestPowerBelow(leaves.length);
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}

/** SUBPROOF of section 2.1.4.1. */
export function naiveSubproof(m: number, leaves: readonly Buffer[], whole = true): Buffer[] {
  if (m === leaves.length) return whole ? [] : [naiveRoot(leaves)];
  const k = largestPowerBelow(leaves.length);
  return m <= k
    ? [...naiveSubproof(m, leaves.slice(0, k), whole), naiveRoot(leaves.slice(k))]
    : [...naiveSubproof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
}

function largestPowerBelow(n: number): number {
  return 2 ** Math.ceil(Math.log2(n) - 1);
}

function digest(...parts: Buffer[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}

/** The verifier's arguments as the command line gives them. */
export const nodeCrypto: VerifierCrypto = {
  sha256: (data) => createHash('sha256').update(data).digest(),
  verifySignature: (publicKey, message, signature) => {
    const x = Buffer.from(publicKey).toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, message, key, signature);
  },
};

/** The same as a browser gives them. */
export const webCrypto: VerifierCrypto = {
  sha256: async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', data)),
  verifySignature: async (publicKey, message, signature) => {
    const key = await crypto.subtle.importKey('raw', new Uint8Array(publicKey), 'Ed25519', false, [
      'verify',
    ]);
    const [text, signed] = [new Uint8Array(message), new Uint8Array(signature)];
    return crypto.subtle.verify('Ed25519', key, signed, text);
  },
};

export const ledgerKey = ledgerKeyFromSeed('ledger.test/waybill', Buffer.alloc(32, 7));

const sealingKey = Buffer.alloc(32, 9);

export function sealDetail(plain: Buffer, aad: Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce);
  cipher.setAAD(aad);
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, text, cipher.getAuthTag()]);
}

export function openSealed(sealed: Buffer, aad: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', sealingKey, sealed.subarray(0, 12));
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
}

/**
 * Opens the detail of a stored entry. Null when it cannot be opened or is not what the leaf
 * committed to.
 */
export function openDetail(
  deps: { openDetail: (sealed: Buffer, aad: Buffer) => Buffer },
  row: { leaf: Buffer; detail: Buffer },
  personKey?: Buffer,
): OpenedDetail | null {
  const unsealed = unsealDetail(deps, row);
  return unsealed && readDetail(unsealed, personKey);
}

export const sealing = { sealDetail, randomBytes };

/** A released entry of a transfer. */
export function released(transfer: string = randomUUID(), more: Partial<EntryInput> = {}): Entry {
  return makeEntry(sealing, {
    kind: 'released',
    at: new Date('2026-03-02T01:02:03.004Z'),
    transfer,
    consignee: 'samkwang',
    contract: { id: 'samkwang.v1', digest: Buffer.alloc(32, 1) },
    items: ['name', 'age'],
    commitment: Buffer.alloc(32, 2),
    detail: {
      actor: { client: 'emr', kind: 'emr' },
      subject: randomUUID(),
      withheld: [{ item: 'address', reason: 'NOT_IN_CONTRACT' }],
      rules: ['age@1'],
    },
    ...more,
  } as EntryInput);
}

export function delivered(transfer: string): Entry {
  return makeEntry(sealing, {
    kind: 'delivered',
    at: new Date('2026-03-02T01:02:04.004Z'),
    transfer,
    consignee: 'samkwang',
    detail: { actor: { client: null, kind: 'system' }, outcome: 'http-200', attempts: 1 },
  });
}
