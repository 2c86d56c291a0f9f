/** What a consignee gets, pushed or claimed: the only bytes that leave are made of a `Released`. */
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
}

/** Makes the envelope; unique identifiers are encrypted to the key that is current now. */
export async function makeEnvelope(
  encrypt: EncryptTo | null,
  content: { transfer: string; released: Released; proof: WireProof },
): Promise<Envelope> {
  const { transfer, released, proof } = content;
  const record = await wireRecord(released, async (item, plaintext) => {
    if (encrypt === null) throw new Error(`no key to encrypt ${item} to`);
    return encrypt(plaintext);
  });
  const salt = released.salt.toString('base64');
  return { transfer, contract: released.contract, record, salt, proof };
}
