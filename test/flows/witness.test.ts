/** Witnesses of a real gateway: cosigned notes for everyone, and a cry where a ledger is two. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rootDir } from '#src/bin/settings.ts';
import { verifyCosignature } from '#src/ledger/cosignature.ts';
import { nodeCrypto } from '#src/ledger/node-crypto.ts';
import { ledgerKeyFromSeed, signCheckpoint } from '#src/ledger/note.ts';
import { verifyCheckpoint } from '#src/ledger/verify.ts';
import { cosign, cosigningKeyFromSeed, encodeWitnessVkey } from '#src/ledger/witness-key.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { orderFor, posted } from '#test/support/orders.ts';
import { answered, claim, order, posting, reached } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';
import { runCommand, vkeyOf } from './support.ts';

let folder: string;
let world: World;
let gateway: TestGateway;
let ledgerVkey: string;
/** The vkey of the clinic's own witness, whose key is in a file. */
let officerVkey: string;
const lab = cosigningKeyFromSeed('witness.test/engitech', Buffer.alloc(32, 5));
const running: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-witness-'));
  const witnesses = join(folder, 'witnesses');
  world = await makeWorld({ env: { WAYBILL_WITNESSES: witnesses } });
  const made = await runCommand(world, ['witness', 'key', 'witness.test/officer', at('key')]);
  officerVkey = made.output.trim();
  const lines = ['# client, vkey', `privacy-officer ${officerVkey}`];
  writeFileSync(witnesses, [...lines, `engitech ${encodeWitnessVkey(lab)}`, ''].join('\n'));
  writeFileSync(at('client'), JSON.stringify(world.keys.get('privacy-officer')));
  gateway = await startGateway(world);
  await until('it to be ready', async () => (await fetch(`${gateway.url}/readyz`)).ok);
  ledgerVkey = await vkeyOf(gateway);
});

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await gateway?.stop();
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string) => join(folder, name);

/** The arguments of a witness of the privacy officer. */
const asOfficer = (...more: string[]) => [
  ...['witness', '--url', gateway.url, '--client-key', at('client')],
  ...['--client-id', 'privacy-officer', '--key', at('key'), '--vkey', ledgerVkey],
  ...['--state', at('state'), '--interval', '0.1', ...more],
];

/** A witness that runs on; what it says grows in `said`. */
function startWitness(): { child: ChildProcess; said: () => string } {
  const child = spawn(process.execPath, [join(rootDir, 'src/bin/waybill.ts'), ...asOfficer()], {
    env: world.env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.push(child);
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return { child, said: () => said };
}

const ended = (child: ChildProcess) =>
  child.exitCode ?? new Promise<number | null>((resolve) => child.once('exit', resolve));

const checkpoint = async (query = '') =>
  (await gateway.as('engitech')).text(`/v1/ledger/checkpoint${query}`);

const sizeOf = async (note: string) => (await verifyCheckpoint(nodeCrypto, ledgerVkey, note)).size;

async function show(client: string, note: string): Promise<{ status: number; code?: string }> {
  return answered((await gateway.as(client)).fetch('/v1/ledger/cosignatures', posting({ note })));
}

const textOf = (note: string) => note.slice(0, note.lastIndexOf('\n\n') + 1);
const nowSeconds = () => Math.floor(Date.now() / 1000);

test('a witness cosigns what it has checked, and the gateway serves it as one note', async () => {
  await expect(checkpoint('?witnesses=1')).rejects.toThrow('HTTP 404');
  expect((await runCommand(world, asOfficer('--once'))).code).toBe(0);
  const note = await checkpoint('?witnesses=1');
  const cosigned = await verifyCosignature(nodeCrypto, officerVkey, note);
  expect(cosigned?.name).toBe('witness.test/officer');
  expect(Math.abs((cosigned?.timestampSeconds ?? 0) - nowSeconds())).toBeLessThan(60);
  expect(await sizeOf(note)).toBe(await sizeOf(readFileSync(at('state'), 'utf8')));
});

test('only its own client may bring it, and only what holds is taken', async () => {
  const note = await checkpoint();
  const line = cosign(lab, textOf(note), nowSeconds());
  expect(await show('samkwang', note + line)).toEqual({ status: 403, code: 'UNKNOWN_WITNESS' });
  const unsound = { status: 422, code: 'INVALID_SIGNATURE' };
  expect(await show('privacy-officer', note + line)).toEqual(unsound);
  expect(await show('engitech', note)).toEqual(unsound);
  expect(await show('engitech', line)).toEqual(unsound);
  const tomorrow = cosign(lab, textOf(note), nowSeconds() + 86_400);
  expect(await show('engitech', note + tomorrow)).toEqual(unsound);
  const stranger = ledgerKeyFromSeed(textOf(note).split('\n')[0]!, Buffer.alloc(32, 1));
  const foreign = signCheckpoint(stranger, { size: 1e6, root: Buffer.alloc(32) });
  expect(await show('engitech', foreign)).toEqual(unsound);
  expect(await show('engitech', note + line)).toMatchObject({ status: 201 });
});

test('everyone sees who has cosigned what, and how long ago', async () => {
  const size = await sizeOf(await checkpoint('?witnesses=1'));
  const auditor = await gateway.as('auditor');
  type Item = { name: string; vkey: string; last: { size: number }; ageSeconds: number };
  const { items } = await auditor.json<{ items: Item[] }>('/v1/ledger/witnesses');
  expect(items.map(({ name }) => name)).toEqual(['witness.test/officer', lab.name]);
  expect(items[0]?.vkey).toBe(officerVkey);
  expect(items[1]?.last.size).toBe(size);
  for (const { ageSeconds } of items) expect(ageSeconds).toBeLessThan(60);
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(metrics).toMatch(
    /waybill_witness_cosignature_age_seconds\{witness="witness.test\/officer"/,
  );
});

test('one that is killed goes on where it was, and no other runs beside it', async () => {
  const first = startWitness();
  await until('it to cosign', () => first.said().includes('cosigned'));
  const beside = await runCommand(world, asOfficer('--once'));
  expect([beside.code, beside.output]).toEqual([1, expect.stringContaining('another witness')]);
  first.child.kill('SIGKILL');
  await ended(first.child);
  await reached(gateway, await order(gateway, 'engitech'), 'ready');
  const grown = await sizeOf(await checkpoint());
  const second = startWitness();
  await until('it to have cosigned what grew', async () => {
    const note = await checkpoint('?witnesses=1');
    return (await sizeOf(note)) >= grown && verifyCosignature(nodeCrypto, officerVkey, note);
  });
  await until('it to say so', () => second.said().includes('cosigned'));
  second.child.kill('SIGTERM');
  expect(await ended(second.child)).toBe(0);
});

test('a gateway that shows another tree is found out, and both notes are kept', async () => {
  const kept = readFileSync(at('state'), 'utf8');
  const key = ledgerKeyFromSeed(
    textOf(kept).split('\n')[0]!,
    Buffer.from(world.env['WAYBILL_LEDGER_KEY'] ?? '', 'base64'),
  );
  // As a witness that has seen a longer history, which this gateway has lost.
  const lost = signCheckpoint(key, { size: 1_000_000, root: Buffer.alloc(32, 1) });
  writeFileSync(at('state'), lost);
  const { code, output } = await runCommand(world, asOfficer('--once'));
  expect([code, output]).toEqual([3, expect.stringContaining('THE LEDGER IS FORKED')]);
  expect(readFileSync(at('state'), 'utf8')).toBe(lost);
  const [evidence = ''] = readdirSync(folder).filter((name) => name.startsWith('state.forked-'));
  expect(readdirSync(at(evidence)).sort()).toEqual(['kept.note', 'offered.note']);
  expect(existsSync(at('state'))).toBe(true);
});

test('and the gateway, shown what its own key signed, accepts and sends nothing more', async () => {
  const emr = await gateway.as('emr');
  const refused = { status: 503, code: 'LEDGER_FORKED' };
  expect(await answered(emr.fetch('/v1/transfers', posted(orderFor('engitech'), 'late')))).toEqual(
    refused,
  );
  const body = posting({ limit: 10, leaseSeconds: 60 });
  const engitech = await gateway.as('engitech');
  expect(await answered(engitech.fetch('/v1/inbox/claim', body))).toEqual(refused);
  const ready = await fetch(`${gateway.url}/readyz`);
  expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('forked')]);
  // Whoever checks it may go on checking.
  expect(await sizeOf(await checkpoint())).toBeGreaterThan(0);
  const accepting = ['ledger', 'accept-fork', '--reason', 'a rehearsal'];
  expect((await runCommand(world, accepting)).code).toBe(0);
  const claimed = await until('it to go on', () => claim(gateway, 'engitech').catch(() => null));
  expect(claimed.length).toBeGreaterThan(0);
});
