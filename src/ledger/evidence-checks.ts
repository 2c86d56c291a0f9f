/**
 * What the proven entries of an evidence file must say for it to be one. Imports only pure files,
 * so that a browser runs it too. Each check answers a plain sentence, or throws one.
 */
import { bytesOf, plainCanonical, readingKinds, toBase64 } from './evidence-form.ts';
import type { Evidence, EvidenceEntry, EvidenceKey } from './evidence-form.ts';
import { verifyContractSignatures, verifyReceipt } from './evidence-jws.ts';
import type { EvidenceCrypto } from './evidence-jws.ts';
import { summarise } from './evidence-summary.ts';
import type { LeafFacts } from './leaf.ts';
import { createLifeCheck } from './life.ts';
import { fromBase64, joined } from './verify.ts';

type ReadEntry = EvidenceEntry & { facts: LeafFacts };

/** A file whose entries stand in the tree. */
export interface Read {
  evidence: Evidence;
  /** Those of the transfer, and those of its contract version. */
  entries: ReadEntry[];
  versions: ReadEntry[];
}

/** How long after a release the entries may come that say its contract was signed and in force. */
const laterMsMax = 60_000;

const where = ({ index, facts }: ReadEntry): string => `entry ${index} (${facts.kind})`;

/** Every detail is the one that its leaf commits to, or was destroyed with its person's key. */
export async function checkDetails(
  crypto: EvidenceCrypto,
  { entries, versions }: Read,
): Promise<string> {
  const erased = entries.filter((entry) => entry.erased);
  for (const entry of [...entries, ...versions]) {
    const { detail, facts } = entry;
    if (readingKinds.has(facts.kind)) {
      if (detail !== undefined) throw new TypeError(`${where(entry)}: has a detail`);
      continue;
    }
    if (entry.erased && entry.facts.transfer !== null) continue;
    if (!detail) throw new TypeError(`${where(entry)}: its detail is missing`);
    const hash = await crypto.sha256(joined(fromBase64(detail.salt), bytesOf(detail.content)));
    if (toBase64(hash) !== facts.detail) {
      throw new TypeError(`${where(entry)}: the detail is not the one that the leaf commits to`);
    }
  }
  // A person is destroyed wholly: what was released of them is gone before anything else.
  const isGone = entries.some(({ facts, erased: gone }) => facts.kind === 'released' && gone);
  if (erased.length > 0 && !isGone) {
    throw new TypeError('some details are called destroyed while the release has its own');
  }
  const kept = 'every detail is the one that its leaf commits to';
  if (erased.length === 0) return kept;
  const lost = `${erased.length} that were destroyed together with the data of the person`;
  return `${kept}, but for ${lost}`;
}

/** The steps make a life: released once and first, settled once, under a version in force. */
export function checkLife({ evidence, entries, versions }: Read): string {
  const strange = entries.find(({ facts }) => facts.transfer !== evidence.transfer);
  if (strange) throw new TypeError(`${where(strange)}: is not of this transfer`);
  const [first] = entries.filter(({ facts }) => !readingKinds.has(facts.kind));
  if (first?.facts.kind !== 'released') throw new TypeError('does not begin with its release');
  const life = createLifeCheck();
  for (const entry of [...entries, ...versions].sort((a, b) => a.index - b.index)) {
    const detail = entry.detail ? (JSON.parse(entry.detail.content) as object) : undefined;
    const problem = life.step(entry.index, entry.facts, detail);
    if (problem !== undefined) throw new TypeError(`${where(entry)}: ${problem}`);
  }
  const [late] = life.finish();
  if (late) throw new TypeError(`entry ${late.index}: ${late.problem}`);
  return `released at ${first.facts.at}, ${entries.length} entries that make sense together`;
}

function releaseOf({ entries }: Read): ReadEntry {
  const released = entries.find(({ facts }) => facts.kind === 'released');
  if (!released) throw new TypeError('there is no release');
  return released;
}

/** The contract text is the one that was recorded, it was in force, and it names every item. */
export async function checkContract(crypto: EvidenceCrypto, read: Read): Promise<string> {
  const { contract, consignee } = read.evidence;
  const released = releaseOf(read);
  const digest = toBase64(await crypto.sha256(bytesOf(contract.text)));
  const isRecorded = released.facts.contract?.digest === digest && contract.digest === digest;
  if (!isRecorded || released.facts.contract?.id !== contract.id) {
    throw new TypeError('the contract text is not the one that was released under');
  }
  const { contract: text } = JSON.parse(contract.text) as { contract: ContractText };
  const isOf = `${text.consignee}.v${text.version}` === contract.id;
  if (!isOf || consignee.id !== text.consignee || released.facts.consignee !== text.consignee) {
    throw new TypeError('the contract is with another consignee');
  }
  const items = new Set(text.items.map(({ item }) => item));
  const beyond = itemsOf(released).find((item) => !items.has(item));
  if (beyond !== undefined) throw new TypeError(`${beyond} was released and is not contracted`);
  checkVersions(read.versions, contract.id, released);
  return `${contract.id} was in force, and names every item that was released`;
}

interface ContractText {
  consignee: string;
  version: number;
  items: readonly { item: string }[];
}

function itemsOf({ leaf }: ReadEntry): string[] {
  return (JSON.parse(leaf) as { items: string[] }).items;
}

function checkVersions(versions: readonly ReadEntry[], id: string, released: ReadEntry): void {
  for (const entry of versions) {
    const { facts } = entry;
    const isOf = facts.transfer === null && facts.contract?.id === id;
    if (!isOf || !facts.kind.startsWith('contract-')) {
      throw new TypeError(`${where(entry)}: is not of the life of ${id}`);
    }
    const isEnd = facts.kind === 'contract-ended' || facts.kind === 'contract-superseded';
    if (isEnd && entry.index < released.index) {
      throw new TypeError(`${id} was over when the transfer was released`);
    }
  }
  const latest = Date.parse(released.facts.at) + laterMsMax;
  for (const kind of ['contract-signed', 'contract-activated']) {
    const inTime = versions.some(({ facts }) => {
      return facts.kind === kind && Date.parse(facts.at) <= latest;
    });
    if (!inTime) throw new TypeError(`no entry ${kind} of ${id} stands before the release`);
  }
}

/** Both parties signed the text, with the keys that the ledger recorded. */
export async function checkSignatures(
  crypto: EvidenceCrypto,
  { evidence, versions }: Read,
  keys: readonly EvidenceKey[],
): Promise<string> {
  const { id, text, signatures, keys: own } = evidence.contract;
  if (!signatures) throw new TypeError('no signatures of the contract are here');
  const found = await verifyContractSignatures(crypto, { id, text, signatures }, [...own, ...keys]);
  const kidOf = (wanted: string) => found.filter(({ party }) => party === wanted).map(kid);
  const [clinic, consignee] = [kidOf('clinic'), kidOf('consignee')];
  if (clinic.length !== 1 || consignee.length !== 1) {
    throw new TypeError('the contract is not signed by both parties, once each');
  }
  const recorded = versions
    .filter(({ facts, detail }) => facts.kind === 'contract-signed' && detail)
    .map(({ detail }) => JSON.parse(detail!.content) as SignedDetail)
    .find(({ signers }) => signers.clinic === clinic[0] && signers.consignee === consignee[0]);
  if (!recorded) throw new TypeError('other keys signed the contract than the ledger recorded');
  const said = `clinic (key ${clinic[0]}) and consignee (key ${consignee[0]}) signed ${id}`;
  return recorded.demo ? `${said}, with keys of a trial, which prove nothing of people` : said;
}

const kid = (signed: { kid: string }): string => signed.kid;

interface SignedDetail {
  signers: { clinic: string; consignee: string };
  demo: boolean;
}

/** Each receipt was signed by the consignee, over this transfer and what was committed to. */
export async function checkReceipts(
  crypto: EvidenceCrypto,
  read: Read,
  keys: readonly EvidenceKey[],
): Promise<string> {
  const { commitment } = JSON.parse(releaseOf(read).leaf) as { commitment: string };
  const { transfer, receiptKeys } = read.evidence;
  const receipts = read.entries.filter(({ facts }) => facts.kind === 'receipt');
  const said: string[] = [];
  for (const entry of receipts) {
    if (!entry.detail) continue;
    const given = JSON.parse(entry.detail.content) as Receipt;
    const claims = await verifyReceipt(crypto, given, [...receiptKeys, ...keys]);
    const isOver = claims.transfer === transfer && claims.commitment === commitment;
    if (!isOver || Date.parse(String(claims.at)) !== Date.parse(given.signedAt)) {
      throw new TypeError(`${where(entry)}: the receipt is for something else`);
    }
    said.push(`${given.signedAt} (key ${given.signer})`);
  }
  if (said.length > 0) return `the consignee signed for it: ${said.join(', ')}`;
  if (receipts.length > 0) return 'a receipt was given; what it said was destroyed with the person';
  return 'the consignee signed no receipt: that it was handed over is what the ledger says';
}

interface Receipt {
  jws: string;
  signer: string;
  signedAt: string;
}

/** The summary is what the entries say. */
export function checkSummary({ entries, summary }: Evidence): string {
  const made = summarise(entries);
  if (plainCanonical(made) !== plainCanonical(summary)) {
    throw new TypeError('the summary is not what the entries say');
  }
  const { status, released, derived } = made as unknown as Summary;
  const items = [...released, ...derived.map(({ item }) => item)];
  return `${status}: ${items.join(', ') || 'no item'}`;
}

interface Summary {
  status: string;
  released: string[];
  derived: { item: string }[];
}
