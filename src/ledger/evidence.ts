/**
 * Verifies a transfer's evidence file alone: from the file and a trusted key, years later, without
 * the gateway. Imports only pure files, so that an auditor's browser runs it too.
 */
import { cosignersOf } from './cosignature.ts';
import {
  checkContract,
  checkDetails,
  checkLife,
  checkReceipts,
  checkSignatures,
  checkSummary,
  type Read,
} from './evidence-checks.ts';
import {
  bytesOf,
  evidenceFormat,
  parseEvidence,
  plainCanonical,
  toBase64,
} from './evidence-form.ts';
import type { Evidence, EvidenceEntry, EvidenceKey } from './evidence-form.ts';
import type { EvidenceCrypto } from './evidence-jws.ts';
import { evidenceRecompute, evidenceSays } from './evidence-words.ts';
import { followTurns, signersOf, turnsSay } from './key-turn.ts';
import { readLeaf } from './leaf.ts';
import { fromBase64, leafHash, verifyCheckpoint, verifyInclusion, verifyNote } from './verify.ts';
import type { Checkpoint } from './verify.ts';

export interface EvidenceClaim {
  /** The file as it is. */
  text: string;
  /**
   * The ledger's keys, from somebody who is trusted: one of them must have signed, or have been
   * followed by the one that has.
   */
  vkeys: readonly string[];
  /** Keys of witnesses (type 0x04); each counts once. */
  witnesses?: readonly string[] | undefined;
  /** How many of them must have cosigned; all of them unless given. */
  witnessesMin?: number | undefined;
  /** Public keys from elsewhere, for signatures whose key the gateway did not have any more. */
  keys?: readonly EvidenceKey[] | undefined;
}

/** One step of the verification: what was found, in plain words. */
export interface EvidenceCheck {
  /** `form`, `statement`, `checkpoint`, `witnesses`, `entries`, `details`, `life`, … */
  step: string;
  ok: boolean;
  says: string;
}

export interface EvidenceVerdict {
  verified: boolean;
  checks: readonly EvidenceCheck[];
  /** Null where the file could not be read at all. */
  evidence: Evidence | null;
}

const noTurn = 'a key that was given is trusted, and no other';

type Step = readonly [step: string, check: () => string | Promise<string>];

/** Every check that can be made; none is left out because another failed. Never rejects. */
export async function verifyEvidence(
  crypto: EvidenceCrypto,
  claim: EvidenceClaim,
): Promise<EvidenceVerdict> {
  let evidence: Evidence;
  try {
    evidence = parseEvidence(claim.text);
  } catch (error) {
    return { verified: false, checks: [failed('form', error)], evidence: null };
  }
  const checks = await run(crypto, claim, evidence);
  return { verified: checks.every(({ ok }) => ok), checks, evidence };
}

async function run(
  crypto: EvidenceCrypto,
  claim: EvidenceClaim,
  evidence: Evidence,
): Promise<EvidenceCheck[]> {
  const { checkpoint: note, contract, entries } = evidence;
  const { turns = [] } = evidence.ledger;
  let tree: Checkpoint | undefined;
  let read: Read | undefined;
  const needed = <T>(what: T | undefined): T => {
    if (what === undefined) throw new TypeError('cannot be checked: see above');
    return what;
  };
  const keys = claim.keys ?? [];
  let { vkeys } = claim;
  const steps: readonly Step[] = [
    ['form', () => checkWords(evidence)],
    [
      'key',
      async () => {
        const { vkeys: all, followed } = await followTurns(crypto, vkeys, turns);
        vkeys = all;
        return turnsSay(followed.map(({ turn }) => turn)).join('; ') || noTurn;
      },
    ],
    ['statement', () => checkStatement(crypto, vkeys, evidence)],
    [
      'checkpoint',
      async () => {
        tree = await readTree(crypto, vkeys, evidence);
        return `${tree.origin} signed a tree of ${tree.size} entries`;
      },
    ],
    ['witnesses', () => checkWitnesses(crypto, claim, note)],
    [
      'entries',
      async () => {
        const own = await provenAll(crypto, entries, needed(tree));
        const versions = await provenAll(crypto, contract.entries, needed(tree));
        read = { evidence, entries: own, versions };
        return `all ${own.length + versions.length} entries stand in the tree of the checkpoint`;
      },
    ],
    ['details', () => checkDetails(crypto, needed(read))],
    ['life', () => checkLife(needed(read))],
    ['contract', () => checkContract(crypto, needed(read))],
    ['signatures', () => checkSignatures(crypto, needed(read), keys)],
    ['receipts', () => checkReceipts(crypto, needed(read), keys)],
    ['summary', () => checkSummary(evidence)],
  ];
  const checks: EvidenceCheck[] = [];
  for (const [step, check] of steps) {
    try {
      checks.push({ step, ok: true, says: await check() });
    } catch (error) {
      checks.push(failed(step, error));
    }
  }
  return checks;
}

function failed(step: string, error: unknown): EvidenceCheck {
  return { step, ok: false, says: error instanceof Error ? error.message : String(error) };
}

async function readTree(
  crypto: EvidenceCrypto,
  vkeys: readonly string[],
  evidence: Evidence,
): Promise<Checkpoint> {
  assertOurs(evidence, vkeys, evidence.checkpoint);
  const tree = await verifyCheckpoint(crypto, vkeys, evidence.checkpoint);
  if (tree.origin !== evidence.ledger.origin) throw new TypeError('of another ledger');
  return tree;
}

/** Of a note that no key of ours has signed, the reader is told whose key to ask for. */
function assertOurs({ ledger }: Evidence, vkeys: readonly string[], note: string): void {
  const ids = signersOf(note, ledger.origin).map((id) => `${ledger.origin}+${id}`);
  if (ids.some((id) => vkeys.some((vkey) => vkey.startsWith(`${id}+`)))) return;
  throw new TypeError(`no key that was given has signed it; ask for ${ids.join(' or ')}`);
}

/** What the sentences say is part of the format, and nobody's to change. */
function checkWords({ says, recompute }: Evidence): string {
  const same = (one: unknown, other: unknown) => plainCanonical(one) === plainCanonical(other);
  if (!same(says, evidenceSays) || !same(recompute, evidenceRecompute)) {
    throw new TypeError('the sentences of the file are not those of its format');
  }
  return evidenceFormat;
}

/** What the gateway signs of a file: the hash is of its RFC 8785 text without `statement`. */
export function statementText(of: {
  origin: string;
  transfer: string;
  size: number;
  /** SHA-256, base64. */
  hash: string;
}): string {
  return `${evidenceFormat}\n${of.origin}\n${of.transfer}\n${of.size}\n${of.hash}\n`;
}

/** The text over whose hash the statement is made. */
export function statedPart(evidence: Omit<Evidence, 'statement'>): string {
  const stated: Record<string, unknown> = { ...evidence };
  delete stated['statement'];
  return plainCanonical(stated);
}

async function checkStatement(
  crypto: EvidenceCrypto,
  vkeys: readonly string[],
  evidence: Evidence,
): Promise<string> {
  assertOurs(evidence, vkeys, evidence.statement);
  const signed = await verifyNote(crypto, vkeys, evidence.statement);
  const [, size] = evidence.checkpoint.split('\n');
  const { origin, vkeys: named } = evidence.ledger;
  const hash = toBase64(await crypto.sha256(bytesOf(statedPart(evidence))));
  if (signed !== statementText({ origin, transfer: evidence.transfer, size: Number(size), hash })) {
    throw new TypeError('the gateway signed another file than this one');
  }
  if (!named.some((vkey) => vkeys.includes(vkey))) {
    throw new TypeError('the file names other keys than those that are trusted');
  }
  return `${origin} signed the file as the whole trail below entry ${size}`;
}

async function checkWitnesses(
  crypto: EvidenceCrypto,
  { witnesses = [], witnessesMin }: EvidenceClaim,
  note: string,
): Promise<string> {
  const needed = witnessesMin ?? witnesses.length;
  const { cosigned } = await cosignersOf(crypto, witnesses, note);
  if (cosigned.length < needed) {
    throw new TypeError(
      `${cosigned.length} of the ${needed} witnesses that are asked for cosigned`,
    );
  }
  const named = cosigned.map(({ name, timestampSeconds }) => {
    return `${name} at ${new Date(timestampSeconds * 1000).toISOString()}`;
  });
  return named.length === 0 ? 'none was asked for' : `cosigned by ${named.join(', ')}`;
}

/** Reads the leaves, each of which must stand in the tree at the place that it claims. */
async function provenAll(
  crypto: EvidenceCrypto,
  entries: readonly EvidenceEntry[],
  tree: Checkpoint,
): Promise<Read['entries']> {
  const read: Read['entries'] = [];
  let before = -1;
  for (const entry of entries) {
    const { index, proof } = entry;
    if (index <= before) throw new TypeError(`entry ${index}: out of order`);
    before = index;
    const leaf = bytesOf(entry.leaf);
    const facts = readLeaf(leaf);
    if (!facts) throw new TypeError(`entry ${index}: the leaf has not the form of a leaf`);
    const hashes = proof.map(fromBase64);
    const claim = { leafHash: await leafHash(crypto, leaf), index, hashes };
    if (!(await verifyInclusion(crypto, claim, tree))) {
      throw new TypeError(`entry ${index}: is not in the tree of the checkpoint`);
    }
    read.push({ ...entry, facts });
  }
  return read;
}
