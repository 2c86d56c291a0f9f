/**
 * `waybill ledger verify`: an auditor's check of a running gateway,
 * from outside, trusting only a key.
 */
import { createHash, createPublicKey, verify as verifyBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import type { JWK } from 'jose';
import { StartupError } from '#src/base/errors.ts';
import { createOrderCheck } from '#src/ledger/order.ts';
import { fromBase64, verifyCheckpoint, type VerifierCrypto } from '#src/ledger/verify.ts';
import { createLedgerVerifier, type EntryToVerify, type LedgerFault } from '#src/ledger/walk.ts';
import { createApiClient, type ApiClient } from './api-client.ts';
import { callerOptions, readCaller } from './caller.ts';

/** SPKI DER of an Ed25519 public key up to its 32 bytes (RFC 8410 section 4). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const pageMax = 1_000;

/** The hashes and signatures of node:crypto, for the verifier that imports nothing. */
export const nodeCrypto: VerifierCrypto = {
  sha256: (data) => createHash('sha256').update(data).digest(),
  verifySignature(publicKey, message, signature) {
    const key = Buffer.concat([spkiPrefix, publicKey]);
    return verifyBytes(
      null,
      message,
      createPublicKey({ key, format: 'der', type: 'spki' }),
      signature,
    );
  },
};

export interface VerifyRequest {
  url: string;
  clientKey: JWK;
  clientId: string;
  vkey: string;
  /** Where the checkpoint of the last visit is kept; null: not kept. */
  stateFile: string | null;
  onProgress?: (checked: number, size: number) => void;
}

export interface Verdict {
  size: number;
  faults: readonly LedgerFault[];
}

/** Checks every entry against the signed checkpoint, and growth since the one that was kept. */
export async function verifyGateway(request: VerifyRequest): Promise<Verdict> {
  const api = await createApiClient({ ...request, scope: 'ledger:read' });
  const note = await api.text('/v1/ledger/checkpoint');
  const checkpoint = await verifyCheckpoint(nodeCrypto, request.vkey, note);
  const { size } = checkpoint;
  const kept = await keptCheckpoint(request);
  if (kept && kept.size > size) {
    const problem = `the ledger has shrunk from ${kept.size} to ${size} entries`;
    return { size, faults: [{ index: size, problem }] };
  }
  const verifier = createLedgerVerifier(nodeCrypto, { checkpoint, kept });
  const inOrder = createOrderCheck();
  const outOfOrder: LedgerFault[] = [];
  for (let start = 0; start < size; start += pageMax) {
    const entries = await entriesFrom(api, start);
    await verifier.add(entries);
    for (const { index, leaf } of entries) {
      const fault = index < size ? inOrder(index, leaf) : undefined;
      if (fault) outOfOrder.push(fault);
    }
    request.onProgress?.(Math.min(start + pageMax, size), size);
  }
  const found = await verifier.finish({
    async proof(index) {
      const path = `/v1/ledger/proof/inclusion?index=${index}&size=${size}`;
      const { hashes } = await api.json<{ hashes: string[] }>(path);
      return hashes.map(fromBase64);
    },
    async leaves(start, end) {
      const entries = await entriesFrom(api, start, end - start);
      return entries.map(({ leaf }) => leaf);
    },
  });
  const faults = [...found, ...outOfOrder];
  if (faults.length === 0 && request.stateFile) keepCheckpoint(request.stateFile, note);
  return { size, faults };
}

async function entriesFrom(
  api: ApiClient,
  start: number,
  limit = pageMax,
): Promise<EntryToVerify[]> {
  const page = await api.json<{
    items: { index: number; leaf: string; detail: { salt: string; content: string } | null }[];
  }>(`/v1/ledger/entries?start=${start}&limit=${limit}`);
  return page.items.map(({ index, leaf, detail }) => ({
    index,
    leaf: fromBase64(leaf),
    detail: detail && { salt: fromBase64(detail.salt), content: fromBase64(detail.content) },
  }));
}

async function keptCheckpoint({ stateFile, vkey }: VerifyRequest) {
  if (!stateFile || !existsSync(stateFile)) return undefined;
  return verifyCheckpoint(nodeCrypto, vkey, readFileSync(stateFile, 'utf8'));
}

function keepCheckpoint(stateFile: string, note: string): void {
  mkdirSync(dirname(stateFile), { recursive: true });
  writeFileSync(stateFile, note);
}

/** One file for each ledger and key: another key is another ledger, whatever its name. */
function stateFileOf(vkey: string): string {
  const [origin = '', keyId = ''] = vkey.split('+');
  return `.waybill/verified/${origin.replaceAll(/[^\w.-]/g, '_')}-${keyId}.checkpoint`;
}

/** The command: exit status 0 when everything holds, 1 with the first bad index when not. */
export async function verifyLedger(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...callerOptions,
      vkey: { type: 'string' },
      state: { type: 'string' },
    },
  });
  const { vkey = '' } = values;
  if (!vkey) throw new StartupError(['--vkey: not given']);
  const caller = readCaller(values);
  const key = existsSync(vkey) ? readFileSync(vkey, 'utf8').trim() : vkey;
  const { size, faults } = await verifyGateway({
    ...{ ...caller, vkey: key },
    stateFile: values.state ?? stateFileOf(key),
    onProgress: (checked, all) => process.stderr.write(`\rchecked ${checked} of ${all} entries`),
  });
  if (size > 0) process.stderr.write('\n');
  for (const { index, problem } of faults) {
    process.stdout.write(`${index === null ? 'ledger' : `entry ${index}`}: ${problem}\n`);
  }
  const verdict = faults.length === 0 ? 'verified' : 'NOT VERIFIED';
  process.stdout.write(`${verdict}: ${size} entries\n`);
  return faults.length === 0 ? 0 : 1;
}
