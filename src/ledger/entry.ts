/**
 * An entry is a public leaf, which holds no personal data (law 4),
 * and the sealed detail it commits to.
 */
import { strict as assert } from 'node:assert';
import { canonicalBytes, sha256 } from '#src/base/canonical.ts';
import { leafNeeds } from './kinds.ts';
import { innerOf, openInner, sealInner, uuidText, type Inner, type Person } from './inner.ts';
import type { DetailByKind, EntryKind, LeafFields } from './kinds.ts';

export interface Entry {
  kind: EntryKind;
  /** RFC 8785 bytes, 65,535 at most: what the tree hashes and everyone may see. */
  leaf: Buffer;
  /** Sealed salt and content: what auditors may see. */
  detail: Buffer;
  /** Whose the detail is, where no transfer says so: stored with it, see `inner.ts`. */
  link?: { id: string; subject: string };
}

/** What an entry says, before sealing. `detail` follows the kind. */
export type EntryInput = {
  [K in EntryKind]: {
    kind: K;
    at: Date;
    transfer?: string | undefined;
    consignee?: string | undefined;
    contract?: LeafFields['contract'] | undefined;
    items?: readonly string[] | undefined;
    commitment?: Buffer | undefined;
    /**
     * Whose data the detail speaks of. Given wherever it names a subject, holds words that somebody
     * wrote about a transfer, or fingerprints of files: it is destroyed with this person's key.
     */
    person?: Person | undefined;
    detail: DetailByKind[K];
  };
}[EntryKind];

/** The detail of an entry, opened: `content` is RFC 8785 JSON. */
export interface OpenedDetail {
  salt: Buffer;
  content: Buffer;
}

const leafBytesMax = 65_535;
const detailBytesMax = 65_535;
const saltBytes = 32;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const consigneeId = /^[a-z0-9-]{1,40}$/;
const contractId = /^[a-z0-9-]{1,40}\.v[1-9][0-9]{0,5}$/;
const itemCode = /^[A-Za-z]{1,40}$|^UNKNOWN_ITEM$/;

/**
 * Makes an entry. Every text of a leaf has a closed form, so that nothing a caller wrote can get
 * into it: a violation is a bug of ours and throws an AssertionError.
 *
 * @param deps.sealDetail encrypts `plain` bound to `aad`
 * @param deps.randomBytes the salt's source: nobody can guess a detail from its hash
 */
export function makeEntry(
  deps: {
    sealDetail: (plain: Buffer, aad: Buffer) => Buffer;
    randomBytes: (size: number) => Buffer;
  },
  input: EntryInput,
): Entry {
  for (const field of leafNeeds[input.kind]) {
    assert(input[field] !== undefined, `an entry of kind ${input.kind} needs ${field}`);
  }
  const salt = deps.randomBytes(saltBytes);
  const content = canonicalBytes(input.detail);
  assert(salt.length === saltBytes, 'a salt has 32 bytes');
  assert(content.length <= detailBytesMax, 'a detail has 65,535 bytes at most');
  const detailHash = sha256(salt, content);
  const leaf = leafBytes(input, detailHash);
  assert(leaf.length <= leafBytesMax, 'a leaf has 65,535 bytes at most');
  const plain = Buffer.concat([salt, content]);
  const { kind, person } = input;
  if (person === undefined) {
    return { kind, leaf, detail: deps.sealDetail(plain, detailAad(detailHash)) };
  }
  const link = input.transfer === undefined ? uuidText(deps.randomBytes(16)) : null;
  const inner = sealInner(deps, { plain, key: person.key, detailHash, link });
  const detail = deps.sealDetail(inner, detailAad(detailHash));
  return { kind, leaf, detail, ...(link ? { link: { id: link, subject: person.id } } : {}) };
}

function leafBytes(input: EntryInput, detailHash: Buffer): Buffer {
  const { transfer, consignee, contract, commitment, items = [] } = input;
  assert(transfer === undefined || uuid.test(transfer), 'a transfer is a UUID');
  assert(consignee === undefined || consigneeId.test(consignee), 'a consignee is an id');
  assert(contract === undefined || contractId.test(contract.id), 'a contract is <id>.v<N>');
  assert(contract === undefined || contract.digest.length === 32, 'a digest has 32 bytes');
  assert(commitment === undefined || commitment.length === 32, 'a commitment has 32 bytes');
  for (const item of items) assert(itemCode.test(item), 'an item is a code of the dictionary');
  return canonicalBytes({
    v: 1,
    kind: input.kind,
    at: input.at.toISOString(),
    transfer: transfer ?? null,
    consignee: consignee ?? null,
    contract: contract ? { id: contract.id, digest: contract.digest.toString('base64') } : null,
    items,
    commitment: commitment?.toString('base64') ?? null,
    detail: detailHash.toString('base64'),
  });
}

/** A stored detail without its outer layer. */
export interface UnsealedDetail {
  /** The hash that the leaf commits to. */
  hash: Buffer;
  plain: Buffer;
  /** Null: it speaks of no person, and `plain` is salt and content. */
  inner: Inner | null;
}

/** Takes the outer layer away; null when it cannot be: whoever tampers must not stop a reader. */
export function unsealDetail(
  deps: { openDetail: (sealed: Buffer, aad: Buffer) => Buffer },
  row: { leaf: Buffer; detail: Buffer },
): UnsealedDetail | null {
  try {
    const said = (JSON.parse(row.leaf.toString('utf8')) as { detail?: unknown }).detail;
    const hash = Buffer.from(String(said), 'base64');
    const plain = deps.openDetail(row.detail, detailAad(hash));
    return { hash, plain, inner: innerOf(plain) };
  } catch {
    return null;
  }
}

/**
 * Salt and content of an unsealed detail. Null when they are not what the leaf committed to, or the
 * key of its person is not the one.
 */
export function readDetail(
  { hash, plain, inner }: UnsealedDetail,
  personKey?: Buffer,
): OpenedDetail | null {
  try {
    if (inner && !personKey) return null;
    const open = inner && personKey ? openInner(inner, personKey, hash) : plain;
    const salt = open.subarray(0, saltBytes);
    const content = open.subarray(saltBytes);
    return sha256(salt, content).equals(hash) ? { salt, content } : null;
  } catch {
    return null;
  }
}

function detailAad(detailHash: Buffer): Buffer {
  return Buffer.concat([Buffer.from('waybill/entry-detail', 'utf8'), detailHash]);
}

/** `makeEntry` with its dependencies given: what the rooms above are handed. */
export type EntryMaker = (input: EntryInput) => Entry;
