/**
 * `waybill ledger verify`: an auditor's check of a running gateway, or of a kept copy, from
 * outside, trusting only a key.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { JWK } from 'jose';
import type { Cosigned } from '#src/ledger/cosignature.ts';
import type { EntryToVerify, LedgerFault } from '#src/ledger/entry-check.ts';
import { turnsSay } from '#src/ledger/key-turn.ts';
import { createLifeCheck } from '#src/ledger/life.ts';
import { nodeCrypto } from '#src/ledger/node-crypto.ts';
import { fromBase64, verifyCheckpoint } from '#src/ledger/verify.ts';
import { createLedgerVerifier } from '#src/ledger/walk.ts';
import { createApiClient, type ApiClient } from './api-client.ts';
import { callerOptions, readCaller } from './caller.ts';
import { writeDurably } from './folder-files.ts';
import { keepCheckpoint, keptCheckpoint, stateFileOf } from './kept-checkpoint.ts';
import { fetchEntries } from './mirror-entries.ts';
import { createBar } from './progress-bar.ts';
import { verifyMirror } from './verify-folder.ts';
import { followGateway, turnedBy, type Turned } from './verify-turns.ts';
import { demandOptions, readDemand, witnessesOf, type WitnessDemand } from './witness-demand.ts';

const pageMax = 1_000;

export interface VerifyRequest extends WitnessDemand {
  url: string;
  clientKey: JWK;
  clientId: string;
  /** The ledger's key; several where it was changed, or one that leads to those after it. */
  vkey: string | readonly string[];
  /** Where the checkpoint of the last visit is kept; null: not kept. */
  stateFile: string | null;
  onProgress?: (checked: number, size: number) => void;
}

export interface Verdict {
  size: number;
  /** The lowest index first; none means verified. */
  faults: readonly LedgerFault[];
  /** Who of those that were asked for has cosigned the checkpoint. */
  witnesses: readonly Cosigned[];
  /** Whether the details were checked. */
  details: boolean;
  /** Keys that followed those that were given, and the entries that name them, oldest first. */
  turned: readonly Turned[];
}

/**
 * Checks every entry against the signed checkpoint, growth since the one that was kept, and that
 * the ledger makes sense.
 */
export async function verifyGateway(request: VerifyRequest): Promise<Verdict> {
  const { stateFile, onProgress } = request;
  const api = await createApiClient({ ...request, scope: 'ledger:read' });
  // First: whatever witnesses have signed by now is a beginning of what is asked for next.
  const witnessed = await witnessedNote(api, request);
  const note = await api.text('/v1/ledger/checkpoint');
  const { vkeys, ...followed } = await followGateway(api, { vkeys: [request.vkey].flat(), note });
  const keeping = { stateFile, vkeys };
  const checkpoint = await verifyCheckpoint(nodeCrypto, vkeys, note);
  const { size } = checkpoint;
  const { witnesses, faults: unwitnessed } = await witnessesOf(request, witnessed ?? note);
  const unsure = [...unwitnessed, ...followed.faults];
  const turned = turnedBy(followed);
  const kept = await keptCheckpoint(keeping);
  if (kept && kept.size > size) {
    const problem = `the ledger has shrunk from ${kept.size} to ${size} entries`;
    const faults = [{ index: size, problem }, ...unsure];
    return { size, faults, witnesses, details: false, turned };
  }
  const life = createLifeCheck();
  const trees = kept ? [kept] : [];
  if (witnessed) trees.push(await verifyCheckpoint(nodeCrypto, vkeys, witnessed));
  const verifier = createLedgerVerifier(nodeCrypto, { checkpoint, kept: trees, life });
  for (let start = 0; start < size; start += pageMax) {
    await verifier.add(await entriesFrom(api, start));
    onProgress?.(Math.min(start + pageMax, size), size);
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
  const faults = [...found, ...unsure];
  if (faults.length === 0) keepCheckpoint(keeping, note);
  return { size, faults, witnesses, details: true, turned };
}

/** The newest note that enough witnesses have cosigned; undefined where none has to, or did. */
async function witnessedNote(
  api: ApiClient,
  { witnesses = [], witnessesMin = witnesses.length }: WitnessDemand,
): Promise<string | undefined> {
  if (witnesses.length === 0 || witnessesMin === 0) return undefined;
  const reply = await api.fetch(`/v1/ledger/checkpoint?witnesses=${witnessesMin}`);
  return reply.ok ? reply.text() : undefined;
}

async function entriesFrom(
  api: ApiClient,
  start: number,
  limit = pageMax,
): Promise<EntryToVerify[]> {
  const archived = 'which is not served: verify a copy made by `ledger mirror --archive DIR`';
  const items = await fetchEntries(api, { start, limit, archived });
  return items.map(({ index, leaf, detail, erased }) => ({
    ...{ index, erased },
    leaf: fromBase64(leaf),
    detail: detail && { salt: fromBase64(detail.salt), content: fromBase64(detail.content) },
  }));
}

const options = {
  ...callerOptions,
  ...demandOptions,
  dir: { type: 'string' },
  state: { type: 'string' },
  'hashes-only': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

/** The command: exit status 0 when everything holds, 1 with the first bad index when not. */
export async function verifyLedger(args: readonly string[]): Promise<number> {
  if (args.some((arg) => /^--evidence(=|$)/.test(arg))) {
    return (await import('./verify-evidence.ts')).verifyEvidenceFile(args);
  }
  const { values } = parseArgs({ args: [...args], options });
  const { vkeys, ...witnessed } = readDemand(values);
  const { dir } = values;
  const bar = createBar(process.stderr, 'checked');
  const common = {
    ...{ ...witnessed, onProgress: bar.show },
    stateFile: values.state ?? stateFileOf(vkeys),
  };
  const verdict =
    dir === undefined
      ? await verifyGateway({ ...common, ...readCaller(values), vkey: vkeys })
      : await verifyMirror({ ...common, dir, vkeys, entries: !values['hashes-only'] });
  bar.end();
  if (values.state === undefined) keepForNext(common.stateFile, verdict);
  process.stdout.write(values.json ? asJson(verdict) : asText(verdict, values));
  return verdict.faults.length === 0 ? 0 : 1;
}

/** Where the key has turned, what is kept of this visit is there for one with the new key, too. */
function keepForNext(stateFile: string, { faults, turned }: Verdict): void {
  const newest = turned.at(-1);
  if (faults.length > 0 || newest === undefined) return;
  writeDurably(stateFileOf([newest.vkey]), readFileSync(stateFile));
}

function asJson({ faults, ...verdict }: Verdict): string {
  const first = faults[0] ?? null;
  return `${JSON.stringify({ verified: first === null, ...verdict, first, faults })}\n`;
}

function asText(
  { size, faults, witnesses, details, turned }: Verdict,
  { 'hashes-only': isHashesOnly }: { 'hashes-only'?: boolean | undefined },
): string {
  const lines = faults.map(({ index, problem }) => {
    return `${index === null ? 'ledger' : `entry ${index}`}: ${problem}`;
  });
  for (const { name, timestampSeconds } of witnesses) {
    lines.push(`cosigned by ${name} at ${new Date(timestampSeconds * 1_000).toISOString()}`);
  }
  lines.push(...turnsSay(turned));
  const without = isHashesOnly ? ', their hashes only' : details ? '' : ', without their details';
  const verdict = faults.length === 0 ? 'verified' : 'NOT VERIFIED';
  return `${[...lines, `${verdict}: ${size} entries${without}`].join('\n')}\n`;
}
