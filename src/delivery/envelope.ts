/** What a consignee gets, pushed or claimed: the only bytes that leave are made of a `Released`. */
import type { ParcelContents } from '#src/base/words.ts';
import type { EncryptTo } from '#src/sealing/jwe.ts';
import type { Released } from '#src/minimise/released.ts';
import { wireRecord } from '#src/minimise/wire.ts';

/** An inclusion proof as it travels (all bytes in base64). */
export interface WireProof {
  leaf: string;
  index: number;
  hashes: string[];
  checkpoint: string;
}

/** The body of a push and the core of an inbox item. */
export interface Envelope {
  transfer: string;
  contract: string;
  record: Record<string, unknown>;
  salt: string;
  proof: WireProof;
  /** For a courier only: what may be written on the parcel, and nothing else. */
  parcel?: { contents: ParcelContents };
}

/**
 * Makes the envelope; unique identifiers are encrypted to the key that is current now.
 *
 * @param content.parcel as the consignee's file says: never taken from the record, so that nothing
 *   of a person's health can come to stand on a parcel
 */
export async function makeEnvelope(
  encrypt: EncryptTo | null,
  content: {
    transfer: string;
    released: Released;
    proof: WireProof;
    parcel?: ParcelContents | null;
  },
): Promise<Envelope> {
  const { transfer, released, proof, parcel } = content;
  const record = await wireRecord(released, async (item, plaintext) => {
    if (encrypt === null) throw new Error(`no key to encrypt ${item} to`);
    return encrypt(plaintext);
  });
  const salt = released.salt.toString('base64');
  const envelope = { transfer, contract: released.contract, record, salt, proof };
  return parcel ? { ...envelope, parcel: { contents: parcel } } : envelope;
}
