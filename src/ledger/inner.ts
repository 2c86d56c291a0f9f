/**
 * A detail that speaks of a person is sealed once more beneath the sealing key, under a key of that
 * person alone: entries cannot be changed, but a key can be destroyed, and the salt goes with it.
 */
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';

/** Whose a detail is: the random id that the ledger knows (UUID), and the 32 bytes of its key. */
export interface Person {
  id: string;
  key: Buffer;
}

/** An inner layer as it lies in an unsealed detail. */
export interface Inner {
  /**
   * By which id whose it is can be looked up; null: by the transfer that the leaf speaks of.
   * Random, one for each entry: two entries of one person share nothing that outlives the key.
   */
  link: string | null;
  bytes: Buffer;
}

/**
 * Layout: link (16, zeros for none), nonce (12), text, tag (16), mark. What has no inner layer ends
 * as every JSON object does.
 */
const mark = 0x01;
const linkBytes = 16;
const headBytes = linkBytes + 12;
const tagBytes = 16;

/** Seals `plain` (salt and content) under a person's key, bound to the hash in the leaf. */
export function sealInner(
  deps: { randomBytes: (size: number) => Buffer },
  input: { plain: Buffer; key: Buffer; detailHash: Buffer; link: string | null },
): Buffer {
  const link = input.link === null ? Buffer.alloc(linkBytes) : uuidBytes(input.link);
  const nonce = deps.randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(input.key), nonce);
  cipher.setAAD(innerAad(link, input.detailHash));
  const text = cipher.update(input.plain);
  cipher.final();
  return Buffer.concat([link, nonce, text, cipher.getAuthTag(), Buffer.of(mark)]);
}

/** The inner layer of an unsealed detail; null where it has none. */
export function innerOf(plain: Buffer): Inner | null {
  if (plain.at(-1) !== mark || plain.length < headBytes + tagBytes + 1) return null;
  const link = plain.subarray(0, linkBytes);
  const bytes = plain.subarray(0, -1);
  return { link: link.every((byte) => byte === 0) ? null : uuidText(link), bytes };
}

/** Opens an inner layer. Throws when the key, or one bit of it, is another. */
export function openInner({ bytes }: Inner, key: Buffer, detailHash: Buffer): Buffer {
  const nonce = bytes.subarray(linkBytes, headBytes);
  const decipher = createDecipheriv('aes-256-gcm', createSecretKey(key), nonce);
  decipher.setAAD(innerAad(bytes.subarray(0, linkBytes), detailHash));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  return Buffer.concat([decipher.update(bytes.subarray(headBytes, -tagBytes)), decipher.final()]);
}

function innerAad(link: Buffer, detailHash: Buffer): Buffer {
  return Buffer.concat([Buffer.from('waybill/person-detail', 'utf8'), link, detailHash]);
}

/** 16 bytes as a UUID. */
export function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const uuidBytes = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');
