/**
 * Reads the leaf of an entry as nobody who keeps it could have made it read otherwise: byte for
 * byte. Imports only types, so that a browser runs it too.
 */
import type { Bytes } from './verify.ts';

/** What a leaf says of its step. */
export interface LeafFacts {
  kind: string;
  /** RFC 3339, UTC, milliseconds. */
  at: string;
  transfer: string | null;
  consignee: string | null;
  /** `digest` in base64. */
  contract: { id: string; digest: string } | null;
  /** Hash of salt and detail, in base64. */
  detail: string;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * RFC 8785 leaves one order of members and one spelling, and every text has a closed form that
 * needs no escapes. So nothing else can hide in a leaf, personal data least.
 */
const leafForm = (() => {
  // The last character of 32 bytes has two bits that nothing says: they are zero.
  const hash = '[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=';
  const id = '[a-z0-9-]{1,40}';
  const item = '"(?:[A-Za-z]{1,40}|UNKNOWN_ITEM)"';
  const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
  const members = [
    String.raw`"at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"`,
    `"commitment":(?:null|"${hash}")`,
    `"consignee":(?:null|"(${id})")`,
    String.raw`"contract":(?:null|\{"digest":"(${hash})","id":"(${id}\.v[1-9][0-9]{0,5})"\})`,
    `"detail":"(${hash})"`,
    String.raw`"items":\[(?:${item}(?:,${item})*)?\]`,
    `"kind":"([a-z-]{1,40})"`,
    `"transfer":(?:null|"(${uuid})")`,
    `"v":1`,
  ];
  return new RegExp(String.raw`^\{${members.join(',')}\}$`);
})();

/** What a leaf says; undefined unless it has, byte for byte, the form of one. */
export function readLeaf(leaf: Bytes): LeafFacts | undefined {
  let found: RegExpExecArray | null;
  try {
    found = leafForm.exec(strictUtf8.decode(leaf));
  } catch {
    return undefined;
  }
  if (!found) return undefined;
  const [, at = '', consignee, digest, id, detail = '', kind = '', transfer] = found;
  return {
    kind,
    at,
    detail,
    transfer: transfer ?? null,
    consignee: consignee ?? null,
    contract: id === undefined || digest === undefined ? null : { id, digest },
  };
}
