/** What each sealed thing is bound to, so that moving it to another row makes it unreadable. */
import { canonicalBytes } from '#src/base/canonical.ts';

/** Law 1: a payload opens only as this transfer, for this consignee, contract and commitment. */
export function payloadAad(of: {
  owner: string;
  consignee: string;
  contractDigest: Buffer;
  commitment: Buffer;
}): Buffer {
  return canonicalBytes({
    use: 'waybill/payload',
    owner: of.owner,
    consignee: of.consignee,
    contract: of.contractDigest.toString('base64'),
    commitment: of.commitment.toString('base64'),
  });
}

/** The stored reply of an accepted request opens only for its client and key. */
export function replyAad(client: string, keyHmac: Buffer): Buffer {
  return canonicalBytes({ use: 'waybill/reply', client, key: keyHmac.toString('base64') });
}

/** The EMR's own reference of a transfer. */
export function referenceAad(transfer: string): Buffer {
  return canonicalBytes({ use: 'waybill/reference', transfer });
}

/** One piece of a file: it opens at its place only, and the last one says that it is the last. */
export function pieceAad(of: {
  attachment: string;
  number: number;
  isLast: boolean;
  consignee: string;
  transfer: string;
  mediaType: string;
}): Buffer {
  return canonicalBytes({ use: 'waybill/attachment', ...of });
}
