/**
 * Follows a ledger from the keys that are trusted to those that came after them, as its gateway or
 * a kept copy tells it: on the word of the key before, and on no other.
 */
import type { LedgerFault } from '#src/ledger/entry-check.ts';
import { followTurns, signersOf, unknownSigners, type KeyTurn } from '#src/ledger/key-turn.ts';
import { nodeCrypto } from '#src/ledger/node-crypto.ts';
import type { ReadFile } from '#src/ledger/span.ts';
import { verifyCheckpoint, type Checkpoint } from '#src/ledger/verify.ts';
import type { ApiClient } from './api-client.ts';

export interface Followed {
  /** The keys that are trusted, and after them those that they lead to. */
  vkeys: string[];
  turns: { turn: KeyTurn; tree: Checkpoint }[];
  /** Where the chain does not hold: nothing was followed then. */
  faults: LedgerFault[];
}

/** A key that followed another, and the entry that names it. */
export interface Turned {
  index: number;
  vkey: string;
}

/** What a gateway says of its ledger's keys; nothing of it is to be believed. */
interface ToldKeys {
  vkey: string;
  previous?: { vkey: string; changedBy: number | null }[];
}

/** Of a kept copy, how its ledger's keys came one after the other: a `KeyTurn` a line. */
export const turnsFile = 'key-turns.ndjson';

/**
 * The keys of a gateway's ledger. It is asked only where a key that is not known has signed the
 * checkpoint, too; until it works with that one, there is nothing to follow.
 *
 * @param ask.note the newest checkpoint
 * @throws TypeError where the chain does not hold, and no key that is trusted signed the checkpoint
 */
export async function followGateway(
  api: Pick<ApiClient, 'json' | 'fetch'>,
  ask: { vkeys: readonly string[]; note: string },
): Promise<Followed> {
  const { vkeys, note } = ask;
  const nothing = { vkeys: [...vkeys], turns: [], faults: [] };
  if (unknownSigners(note, vkeys).length === 0) return nothing;
  const { vkey, previous = [] } = await api.json<ToldKeys>('/v1/ledger/key');
  if (vkeys.includes(vkey)) return nothing;
  const told = await fetchTurns(api, [...previous, { vkey, changedBy: null }], ask);
  if (told === null) return nothing;
  try {
    if (typeof told === 'string') throw new TypeError(told);
    const { vkeys: all, followed } = await followTurns(nodeCrypto, vkeys, told);
    // Who is named and does not sign is not the one who keeps the ledger.
    await verifyCheckpoint(nodeCrypto, vkey, note);
    return { vkeys: all, turns: followed, faults: [] };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const problem = `the gateway says that its ledger's key is now ${vkey}: ${error.message}`;
    const signed = verifyCheckpoint(nodeCrypto, vkeys, note);
    await signed.catch(() => Promise.reject(new TypeError(problem)));
    return { ...nothing, faults: [{ index: null, problem }] };
  }
}

/** The turns from a trusted key on; a sentence where there are none; null: not here. */
async function fetchTurns(
  api: Pick<ApiClient, 'json' | 'fetch'>,
  chain: { vkey: string; changedBy: number | null }[],
  { vkeys, note }: { vkeys: readonly string[]; note: string },
): Promise<KeyTurn[] | string | null> {
  const from = chain.findLastIndex(({ vkey }) => vkeys.includes(vkey));
  if (from < 0) return 'it does not show how that one came after yours; ask somebody you trust';
  const size = Number(note.split('\n')[1]);
  const turns: KeyTurn[] = [];
  for (const [at, { changedBy: index }] of chain.slice(from, -1).entries()) {
    if (index === null) return 'no entry names it; if it stays so, do not believe it';
    // The checkpoint is of a moment before; of the next one it will be asked again.
    if (index >= size) return null;
    const reply = await api.fetch(`/v1/ledger/entries?start=${index}&limit=1`);
    if (reply.status === 410) return null;
    if (!reply.ok) throw new Error(`/v1/ledger/entries: HTTP ${reply.status}`);
    const { items } = (await reply.json()) as { items: { leaf: string }[] };
    const path = `/v1/ledger/proof/inclusion?index=${index}&size=${size}`;
    const { hashes: proof } = await api.json<{ hashes: string[] }>(path);
    const leaf = Buffer.from(items[0]?.leaf ?? '', 'base64').toString('utf8');
    turns.push({ vkey: chain[from + at + 1]!.vkey, index, leaf, proof, checkpoint: note });
  }
  return turns;
}

/** The keys of a kept copy, as it tells them itself. */
export async function followFolder(
  readFile: ReadFile,
  vkeys: readonly string[],
): Promise<Followed> {
  try {
    const told = await turnsIn(readFile);
    const { vkeys: all, followed } = await followTurns(nodeCrypto, vkeys, told);
    return { vkeys: all, turns: followed, faults: [] };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const problem = `${turnsFile}: ${error.message}`;
    return { vkeys: [...vkeys], turns: [], faults: [{ index: null, problem }] };
  }
}

/** What is told of keys that were followed. */
export function turnedBy({ turns }: Pick<Followed, 'turns'>): Turned[] {
  return turns.map(({ turn: { index, vkey } }) => ({ index, vkey }));
}

/** Throws a TypeError where a line is none. */
export async function turnsIn(readFile: ReadFile): Promise<KeyTurn[]> {
  const text = Buffer.from((await readFile(turnsFile)) ?? '').toString('utf8');
  const lines = text.split('\n').filter((line) => line !== '');
  try {
    return lines.map((line) => JSON.parse(line) as KeyTurn);
  } catch {
    throw new TypeError('a line cannot be read');
  }
}

/** The keys without those that have passed the ledger on to another of them. */
export function standing(vkeys: readonly string[], turns: readonly KeyTurn[]): string[] {
  const newest = turns.at(-1)?.vkey ?? '';
  if (!vkeys.includes(newest)) return [...vkeys];
  return vkeys.filter((vkey) => {
    const [name = '', id = ''] = vkey.split('+');
    return vkey === newest || !turns.some((one) => signersOf(one.checkpoint, name).includes(id));
  });
}

/** Turns as they are kept. */
export function turnLines(turns: readonly KeyTurn[]): string {
  return turns.map((turn) => `${JSON.stringify(turn)}\n`).join('');
}
