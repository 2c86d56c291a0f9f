/** One transfer's evidence: everything that proves it, in a file that is verified without us. */
import type { JWK } from 'jose';
import type { Agreements } from '#src/agreements/load.ts';
import { thumbprint } from '#src/agreements/signature-file.ts';
import { canonicalForm } from '#src/base/canonical.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Actor, Contract } from '#src/base/words.ts';
import type { OpenedRow } from '#src/ledger/details.ts';
import { evidenceFormat, readingKinds } from '#src/ledger/evidence-form.ts';
import type { ContractSignatures, Evidence } from '#src/ledger/evidence-form.ts';
import type { EvidenceEntry, EvidenceKey } from '#src/ledger/evidence-form.ts';
import { signEvidence } from '#src/ledger/evidence-statement.ts';
import { summarise } from '#src/ledger/evidence-summary.ts';
import { evidenceRecompute, evidenceSays } from '#src/ledger/evidence-words.ts';
import { encodeVkey, isCheckpointOf, type LedgerKey } from '#src/ledger/note.ts';
import type { LedgerReader } from '#src/ledger/read.ts';
import type { Witness } from '#src/ledger/witness-file.ts';
import { witnessedCheckpoint, type WitnessedCheckpoint } from '#src/ledger/witness-store.ts';
import { missingTransfer } from '#src/transfers/archived.ts';
import { personOfTransfer } from '#src/transfers/subjects.ts';
import { entriesOfVersion, wholeTrail } from './evidence-entries.ts';
import { keyTurns } from './evidence-turns.ts';
import { readReason } from './export-reason.ts';
import { recordRead, type OversightDeps } from './record-read.ts';

export interface EvidenceDeps extends OversightDeps {
  agreements: Agreements;
  ledger: LedgerReader;
  ledgerKey: LedgerKey;
  witnesses: readonly Witness[];
  sealer: { open: (sealed: Buffer, aad: Buffer) => Buffer };
}

/** Entries are covered within some 25 ms. */
const retryAfterSeconds = 1;

/**
 * Makes the file, and the entry `exported` before it. Its members stand in the order of RFC 8785,
 * so that `JSON.stringify` writes the bytes that are signed.
 *
 * @throws GatewayError `NOT_FOUND`; `ARCHIVED`; `LEDGER_STALLED` while no checkpoint covers the
 *   release; `PAYLOAD_TOO_LARGE` where so much was read of a transfer that no file would hold it
 */
export async function makeEvidence(
  deps: EvidenceDeps,
  ask: { actor: Actor; transfer: string; reason: string; inUrl: boolean },
): Promise<Evidence> {
  const reason = readReason(ask);
  const { transfer, actor } = ask;
  const { rows } = await deps.db.query<{ contract: string }>(
    'SELECT contract FROM transfers WHERE id = $1',
    [transfer],
  );
  const contract = deps.agreements.contracts.find(({ id }) => id === rows[0]?.contract);
  if (!contract) throw await missingTransfer(deps.db, transfer);
  await recordRead(deps, {
    ...{ kind: 'exported', format: 'evidence', query: { what: 'evidence' } },
    // The reason is words about this person, and goes when they do.
    ...{ actor, transfer, reason, person: await personOfTransfer(deps.db, transfer) },
  });
  const found = await gather(deps, { transfer, contract: contract.id });
  const unsigned = await compose(deps, contract, { ...found, transfer });
  const evidence = signEvidence(deps.ledgerKey, unsigned, found);
  return canonicalForm(evidence).value as Evidence;
}

interface Found {
  /** Of the checkpoint. */
  size: number;
  note: string;
  entries: EvidenceEntry[];
  versions: EvidenceEntry[];
}

/**
 * The entries and a checkpoint that covers them: the newest that witnesses have cosigned, unless
 * something but reading has happened to the transfer since.
 */
async function gather(
  deps: EvidenceDeps,
  ask: { transfer: string; contract: string },
): Promise<Found> {
  const source = { db: deps.db, openDetail: deps.sealer.open };
  const latest = await deps.ledger.latestCheckpoint();
  const trail = await wholeTrail(source, { transfer: ask.transfer, size: latest.size });
  if (trail === null) throw new GatewayError('PAYLOAD_TOO_LARGE');
  const versions = await entriesOfVersion(source, { contract: ask.contract, size: latest.size });
  const steps = [...trail, ...versions].filter((row) => !readingKinds.has(kindOf(row)));
  if (!steps.some((row) => kindOf(row) === 'released')) {
    throw new GatewayError('LEDGER_STALLED', { retryAfterSeconds });
  }
  const last = Math.max(...steps.map(({ index }) => index));
  const cosigned = await witnessedCheckpoint(deps, { witnessesMin: 1 });
  // What only a key of before has signed would be nothing to whoever holds the key of today.
  const isCurrent = cosigned !== null && isSignedBy(deps.ledgerKey, cosigned);
  const isEnough = isCurrent && cosigned.size > last && cosigned.size <= latest.size;
  const { size, note } = isEnough ? cosigned : latest;
  const proven = async (rows: readonly OpenedRow[]): Promise<EvidenceEntry[]> => {
    const made: EvidenceEntry[] = [];
    for (const row of rows) if (row.index < size) made.push(await entryOf(deps, row, size));
    return made;
  };
  return { size, note, entries: await proven(trail), versions: await proven(versions) };
}

/** Whether the current key of the ledger has signed a checkpoint. */
function isSignedBy({ origin, publicKey }: LedgerKey, tree: WitnessedCheckpoint): boolean {
  return isCheckpointOf({ origin, publicKey }, tree.note, tree);
}

/** An entry as the file holds it. Of whoever only looked, the detail stays where it is. */
async function entryOf(deps: EvidenceDeps, row: OpenedRow, size: number): Promise<EvidenceEntry> {
  const { index, leaf, detail } = row;
  const { hashes } = await deps.ledger.inclusion({ index, size });
  const proof = hashes.map((hash) => hash.toString('base64'));
  const entry = { index, leaf: leaf.toString('utf8'), proof };
  if (readingKinds.has(kindOf(row))) return entry;
  if (!detail) return { ...entry, detail: null, ...(row.erased ? { erased: true } : {}) };
  const salt = detail.salt.toString('base64');
  return { ...entry, detail: { salt, content: detail.content.toString('utf8') } };
}

/** The kind that a leaf names; a leaf that was tampered with names none. */
function kindOf({ leaf }: { leaf: Buffer }): string {
  return /"kind":"([a-z-]+)"/.exec(leaf.toString('latin1'))?.[1] ?? '';
}

async function compose(
  deps: EvidenceDeps,
  contract: Contract,
  found: Found & { transfer: string },
): Promise<Omit<Evidence, 'statement'>> {
  const { ledgerKey, agreements } = deps;
  const { transfer, entries, versions, note } = found;
  const consignee = agreements.consignees.get(contract.consignee);
  const none = { en: '', ko: '' };
  const signatures = signaturesOf(contract);
  const contractKeys = contract.signatureFile?.keys ?? [];
  const turns = await keyTurns(deps);
  return {
    ...{ format: evidenceFormat, says: evidenceSays, recompute: evidenceRecompute, transfer },
    madeAt: deps.clock.now().toISOString(),
    consignee: {
      id: contract.consignee,
      ...{ name: consignee?.name ?? none, address: consignee?.address ?? none },
    },
    ledger: {
      origin: ledgerKey.origin,
      vkeys: [ledgerKey, ...(ledgerKey.others ?? [])].map(encodeVkey),
      ...(turns.length > 0 ? { turns } : {}),
    },
    ...{ checkpoint: note, entries },
    contract: {
      id: contract.id,
      digest: contract.digest.toString('base64'),
      text: contract.canonical.toString('utf8'),
      ...{ signatures, entries: versions },
      keys: await keysNamed(contractKeys, kidsOf(signatures)),
    },
    receiptKeys: await keysNamed(consignee?.signingKeys ?? [], signersOf(entries)),
    summary: summarise(entries),
  };
}

/** The file of signatures, where it is one: it was judged when the gateway started. */
function signaturesOf({ signatureFile, signature }: Contract): ContractSignatures | null {
  if (!signatureFile || signature.state === 'invalid') return null;
  return JSON.parse(signatureFile.text) as ContractSignatures;
}

function kidsOf(signatures: ContractSignatures | null): Set<string> {
  const headers = (signatures?.signatures ?? []).map(
    ({ protected: header }) =>
      JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as { kid: string },
  );
  return new Set(headers.map(({ kid }) => kid));
}

/** The thumbprints of the keys that receipts were signed with. */
function signersOf(entries: readonly EvidenceEntry[]): Set<string> {
  const receipts = entries.filter((entry) => entry.leaf.includes('"kind":"receipt"'));
  return new Set(
    receipts.flatMap(({ detail }) =>
      detail ? [(JSON.parse(detail.content) as { signer: string }).signer] : [],
    ),
  );
}

/** Those of the keys that have one of these thumbprints, each once. */
async function keysNamed(keys: readonly JWK[], names: ReadonlySet<string>): Promise<EvidenceKey[]> {
  const named = new Map<string, EvidenceKey>();
  for (const { kty = '', crv = '', x = '', y, ...rest } of keys) {
    const bare = { kty, crv, x, ...(y === undefined ? {} : { y }) };
    const name = await thumbprint({ ...rest, ...bare });
    if (names.has(name)) named.set(name, bare);
  }
  return [...named.values()];
}
