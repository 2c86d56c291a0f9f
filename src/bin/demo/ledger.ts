/**
 * The ledger as an auditor finds it: verified whole from outside, counted, one proof by other code.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { JWK } from 'jose';
import type { ApiClient } from '../api-client.ts';
import { verifyGateway } from '../verify.ts';
import type { Book } from './book.ts';
import { call, type Schemas } from './calls.ts';
import { base64, provenLeaf, signedTree, type Leaf } from './verifier.ts';

export interface LedgerDeps {
  home: string;
  url: string;
  auditor: ApiClient;
  emr: ApiClient;
  book: Book;
  vkey: string;
  signal: AbortSignal;
}

export interface LedgerVerdict {
  entries: number;
  /** Tree size and root hash (base64) of the signed checkpoint that was verified. */
  checkpoint: string;
  faults: string[];
}

const pageMax = 1_000;
/** The last entries are durable when their calls return, and numbered some milliseconds later. */
const coverTries = 40;
const coverPauseMs = 250;

/** Each of these stands once in the ledger for every order of the play. */
const oncePerOrder = ['released', 'delivered', 'result-received', 'result-collected'] as const;

/** Size of the latest checkpoint. */
export async function ledgerSize({ auditor, vkey }: Pick<LedgerDeps, 'auditor' | 'vkey'>) {
  return signedTree(vkey, await auditor.text('/v1/ledger/checkpoint')).size;
}

/**
 * Verifies the whole ledger, and that the entries from `since` on tell of each order what happened.
 * @param onProgress told how many entries have been checked, of how many
 */
export async function verifyFromOutside(
  deps: LedgerDeps,
  since: number,
  onProgress: (checked: number, size: number) => void,
): Promise<LedgerVerdict> {
  const faults = await countEntries(deps, since);
  const keyFile = join(deps.home, 'clients', 'auditor.jwk.json');
  const { size, faults: found } = await verifyGateway({
    ...{ url: deps.url, vkey: deps.vkey, clientId: 'auditor', stateFile: null, onProgress },
    clientKey: JSON.parse(readFileSync(keyFile, 'utf8')) as JWK,
  });
  for (const { index, problem } of found) faults.push(`ledger entry ${index ?? '-'}: ${problem}`);
  const note = await deps.auditor.text('/v1/ledger/checkpoint');
  const tree = signedTree(deps.vkey, note);
  if (tree.size < size) faults.push('the ledger has shrunk while it was verified');
  faults.push(...(await proveOne(deps, note, tree.size)));
  const checkpoint = `${tree.size} ${tree.root.toString('base64')}`;
  return { entries: tree.size, checkpoint, faults };
}

async function countEntries(deps: LedgerDeps, since: number): Promise<string[]> {
  const { ordered } = deps.book.counts;
  const counts = new Map<string, number>();
  let start = since;
  for (let tries = 0; tries < coverTries; tries += 1) {
    start = await countFrom(deps, start, counts);
    if (oncePerOrder.every((kind) => (counts.get(kind) ?? 0) >= ordered)) break;
    await pause(coverPauseMs, undefined, { signal: deps.signal });
  }
  return oncePerOrder.flatMap((kind) => {
    const count = counts.get(kind) ?? 0;
    return count === ordered ? [] : [`${count} entries say "${kind}", for ${ordered} orders`];
  });
}

/**
 * Adds up the kinds of the entries that speak of this play's transfers; returns where to read on.
 */
async function countFrom(deps: LedgerDeps, from: number, counts: Map<string, number>) {
  for (let start = from; ;) {
    const path = `/v1/ledger/entries?start=${start}&limit=${pageMax}`;
    const page = await call<Schemas['EntryList']>(deps.auditor, { path, signal: deps.signal });
    for (const { leaf } of page.items) {
      const { kind, transfer } = JSON.parse(base64(leaf).toString()) as Leaf;
      if (transfer && deps.book.lines.has(transfer)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    start += page.items.length;
    if (page.next === null) return start;
  }
}

/** One release, proven to the checkpoint by the consignees' own verifier. */
async function proveOne(deps: LedgerDeps, note: string, size: number): Promise<string[]> {
  const { auditor, emr, signal } = deps;
  const list = await call<Schemas['TransferList']>(emr, { path: '/v1/transfers?limit=1', signal });
  const [transfer] = list.items;
  if (!transfer || transfer.entry === null) return ['the last transfer has no ledger entry'];
  const index = transfer.entry;
  const at = `/v1/ledger/entries?start=${index}&limit=1`;
  const { items } = await call<Schemas['EntryList']>(auditor, { path: at, signal });
  const path = `/v1/ledger/proof/inclusion?index=${index}&size=${size}`;
  const { hashes } = await call<Schemas['InclusionProof']>(auditor, { path, signal });
  const proof = { leaf: items[0]?.leaf ?? '', index, hashes, checkpoint: note };
  const leaf = provenLeaf(deps.vkey, proof);
  const holds = leaf.transfer === transfer.id && leaf.commitment === transfer.commitment;
  return holds ? [] : [`ledger entry ${index} is not that of transfer ${transfer.id}`];
}
