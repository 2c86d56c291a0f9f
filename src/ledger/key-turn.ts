/**
 * Follows a ledger from one of its keys to the next, on the word of the one before. Imports only
 * pure files, so that an auditor's browser runs it too.
 */
import { bytesOf, toBase64 } from './evidence-form.ts';
import { readLeaf } from './leaf.ts';
import { fromBase64, leafHash, splitNote, verifyCheckpoint, verifyInclusion } from './verify.ts';
import type { Checkpoint, VerifierCrypto } from './verify.ts';

/** That a ledger went over to another key, on the word of the key before. */
export interface KeyTurn {
  /** The key from then on. */
  vkey: string;
  /** The entry `key-changed`; the commitment of its leaf is the SHA-256 of the text of `vkey`. */
  index: number;
  leaf: string;
  /** Hashes from the leaf to the root of `checkpoint`, base64, deepest first. */
  proof: string[];
  /** C2SP signed note of a tree that holds the entry, signed by the key before. */
  checkpoint: string;
}

/** Ids (hex) of the keys of this name that a note says it is signed by; nothing is verified. */
export function signersOf(note: string, name: string): string[] {
  const ids: string[] = [];
  for (const line of splitNote(note).lines) {
    const [, signer, base64 = ''] = /^— ([^\s+]+) (\S+)$/u.exec(line) ?? [];
    if (signer !== name) continue;
    const id = [...fromBase64(base64).slice(0, 4)];
    ids.push(id.map((byte) => byte.toString(16).padStart(2, '0')).join(''));
  }
  return ids;
}

/** Ids of keys of the ledger that signed a note and are not among those that are known. */
export function unknownSigners(note: string, vkeys: readonly string[]): string[] {
  const known = vkeys.map((vkey) => vkey.split('+'));
  const names = new Set(known.map(([name = '']) => name));
  const ids = [...names].flatMap((name) => signersOf(note, name));
  return ids.filter((id) => !known.some(([, one]) => one === id));
}

/**
 * Checks one turn: a trusted key signed a tree, and an entry `key-changed` in it names the next.
 *
 * @returns the tree in which the key before says so
 * @throws TypeError that says in plain words where the chain does not hold
 */
export async function verifyTurn(
  crypto: VerifierCrypto,
  vkeys: readonly string[],
  turn: KeyTurn,
): Promise<Checkpoint> {
  const { vkey, index } = turn;
  const tree = await verifyCheckpoint(crypto, vkeys, turn.checkpoint).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    const what = `that the ledger's key has turned at entry ${index}`;
    throw new TypeError(`no key that is trusted says ${what}: ${why}`);
  });
  const leaf = bytesOf(turn.leaf);
  if (readLeaf(leaf)?.kind !== 'key-changed') throw new TypeError(`entry ${index} names no key`);
  const { commitment } = JSON.parse(turn.leaf) as { commitment: string | null };
  const isNamed = commitment === toBase64(await crypto.sha256(bytesOf(vkey)));
  if (!isNamed || !vkey.startsWith(`${tree.origin}+`)) {
    throw new TypeError(`entry ${index} names another key than ${vkey}`);
  }
  const hashes = turn.proof.map(fromBase64);
  const claim = { leafHash: await leafHash(crypto, leaf), index, hashes };
  if (!(await verifyInclusion(crypto, claim, tree))) {
    throw new TypeError(`entry ${index} is not in the tree that the key before has signed`);
  }
  return tree;
}

/**
 * The turns that lead from the keys that are trusted to the newest one, oldest first. What came
 * before a trusted key is passed over: no key speaks for those before it.
 *
 * @param turns in the order in which they came
 * @throws TypeError where one of them does not hold
 */
export async function followTurns(
  crypto: VerifierCrypto,
  vkeys: readonly string[],
  turns: readonly KeyTurn[],
): Promise<{ vkeys: string[]; followed: { turn: KeyTurn; tree: Checkpoint }[] }> {
  const last = turns.findLastIndex(({ vkey }) => vkeys.includes(vkey));
  const trusted = [...vkeys];
  const followed: { turn: KeyTurn; tree: Checkpoint }[] = [];
  for (const turn of turns.slice(last + 1)) {
    followed.push({ turn, tree: await verifyTurn(crypto, trusted, turn) });
    trusted.push(turn.vkey);
  }
  return { vkeys: trusted, followed };
}

/** Sentences for people: each turn, and which key to keep. */
export function turnsSay(turns: readonly Pick<KeyTurn, 'index' | 'vkey'>[]): string[] {
  return turns.map(({ index, vkey }, at) => {
    const says = `the ledger's key has turned at entry ${index}`;
    return at + 1 < turns.length ? says : `${says}; keep this vkey from now on: ${vkey}`;
  });
}
