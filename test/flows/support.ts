/** What the flows ask of a gateway from outside: its ledger whole, its commands, its processes. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { seoulDate } from '#src/base/seoul.ts';
import { rootDir } from '#src/bin/settings.ts';
import { verifyGateway, type Verdict } from '#src/bin/verify.ts';
import type { TestGateway, World } from '#test/support/gateway.ts';
import { signVersion, type HowSigned, type SigningWorld } from '#test/support/signing.ts';

export interface SeenEntry {
  index: number;
  kind: string;
  transfer?: string;
  consignee?: string;
  contract?: { id: string; digest: string };
  /** Empty where it cannot be opened. */
  detail: Record<string, unknown>;
  erased?: true;
}

/** Every entry that the newest checkpoint covers, as an auditor reads them. */
export async function entriesOf(gateway: TestGateway): Promise<SeenEntry[]> {
  const auditor = await gateway.as('auditor');
  const seen: SeenEntry[] = [];
  for (let start: number | null = 0; start !== null;) {
    const page: EntryPage = await auditor.json(`/v1/ledger/entries?start=${start}&limit=1000`);
    for (const { index, leaf, detail, ...more } of page.items) {
      const said = JSON.parse(text(leaf)) as Omit<SeenEntry, 'index' | 'detail'>;
      const sealed = detail ? (JSON.parse(text(detail.content)) as SeenEntry['detail']) : {};
      seen.push({ ...said, ...more, index, detail: sealed });
    }
    start = page.next;
  }
  return seen;
}

interface EntryPage {
  items: { index: number; leaf: string; detail: { content: string } | null; erased?: true }[];
  next: number | null;
}

const text = (base64: string) => Buffer.from(base64, 'base64').toString('utf8');

/** The public key of the ledger, as the gateway tells it. */
export async function vkeyOf(gateway: TestGateway): Promise<string> {
  const auditor = await gateway.as('auditor');
  return (await auditor.json<{ vkey: string }>('/v1/ledger/key')).vkey;
}

/** Checks the whole ledger from outside, and its growth since the checkpoint in `stateFile`. */
export async function verifyAll(
  world: World,
  gateway: TestGateway,
  stateFile: string | null = null,
): Promise<Verdict> {
  return verifyGateway({
    url: gateway.url,
    clientId: 'auditor',
    clientKey: world.keys.get('auditor') ?? {},
    vkey: await vkeyOf(gateway),
    stateFile,
  });
}

/** Runs one `waybill` command in this world; `lingeredMs`: from its last word to its end. */
export async function runCommand(
  world: World,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; output: string; lingeredMs: number }> {
  const child = spawn(process.execPath, [join(rootDir, 'src/bin/waybill.ts'), ...args], {
    env: { ...world.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let toldAt = performance.now();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      toldAt = performance.now();
    });
  }
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output, lingeredMs: performance.now() - toldAt };
}

export interface AddedVersion {
  /** How it is signed; null: not at all. Both parties, noticed in time, unless told. */
  how?: HowSigned | null;
  /** An item that it no longer lists. */
  without?: string;
}

/** Writes v2 of a contract, in force from today on, into a folder of contracts. */
export async function addVersion(
  world: SigningWorld,
  consignee: string,
  { how = {}, without = 'nothing' }: AddedVersion = {},
): Promise<void> {
  const folder = join(world.contractsDir, consignee);
  const text = readFileSync(join(folder, 'v1.yaml'), 'utf8')
    .replace('version: 1', 'version: 2')
    .replace(/validFrom: .*/, `validFrom: ${seoulDate(Date.now())}`)
    .replace(new RegExp(`^ +- \\{ item: ${without},.*\n`, 'm'), '');
  writeFileSync(join(folder, 'v2.yaml'), text);
  if (how) await signVersion(world, consignee, 2, how);
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
