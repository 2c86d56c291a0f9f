/** The verifier in an auditor's browser: the same files as everywhere, with WebCrypto. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rootDir } from '#src/bin/settings.ts';
import { encodeVkey } from '#src/ledger/note.ts';
import { detailsPath, tilePath } from '#src/ledger/tile-tree.ts';
import { startBrowser } from '#test/support/browser.ts';
import { writeLedgerFolder } from '#test/support/ledger-folder.ts';
import { ledgerLives } from '#test/support/ledger-lives.ts';
import { ledgerKey } from './support.ts';

const size = 300;
/** As a gateway made them after its ledger's key had turned; the old vkey is on the first line. */
const vectors = join(rootDir, 'test/vectors/evidence');
const [oldVkey = '', newVkey = ''] = readFileSync(join(vectors, 'turned.vkeys'), 'utf8').split(
  '\n',
);
let folder: string;
let files: Map<string, Buffer>;
let server: Server;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-browser-ledger-'));
  writeLedgerFolder(folder, ledgerLives(3), { size, key: ledgerKey });
  const names = ['checkpoint', detailsPath(0), detailsPath(1), tilePath(0, 0), tilePath(0, 1, 44)];
  names.push(tilePath(1, 0, 1), tilePath('entries', 0), tilePath('entries', 1, 44));
  files = new Map(names.map((name) => [`/copy/${name}`, readFileSync(join(folder, name))]));
  files.set('/evidence', readFileSync(join(vectors, 'turned.json')));
  server = createServer((request, response) => {
    const path = request.url ?? '/';
    const file = files.get(path);
    const isSource = /^\/src\/ledger\/[a-z-]+\.ts$/.test(path);
    response.setHeader('content-type', isSource ? 'text/javascript' : 'application/octet-stream');
    if (path === '/') response.setHeader('content-type', 'text/html');
    if (!isSource) response.statusCode = path === '/' || file ? 200 : 404;
    const source = isSource ? readFileSync(join(rootDir, path), 'utf8') : '';
    response.end(isSource ? stripTypeScriptTypes(source) : file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  browser = await startBrowser();
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});

afterAll(async () => {
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A browser's own cryptography, as the verifiers ask for it. */
const webCrypto = `{
    sha256: async (data) => new Uint8Array(await self.crypto.subtle.digest('SHA-256', data)),
    async verifySignature(publicKey, message, signature) {
      const { subtle } = self.crypto;
      const key = await subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']);
      return subtle.verify('Ed25519', key, signature, message);
    },
    async verifyP256({ x, y }, message, signature) {
      const { subtle } = self.crypto;
      const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
      const point = new Uint8Array([4, ...x, ...y]);
      const key = await subtle.importKey('raw', point, algorithm, false, ['verify']);
      return subtle.verify(algorithm, key, signature, message);
    },
  }`;

/** What a page of an auditor would do: fetch the files, and verify them by WebCrypto. */
const program = `async (vkey) => {
  const { verifyCheckpoint } = await import('/src/ledger/verify.ts');
  const { verifyFolder } = await import('/src/ledger/folder.ts');
  const { checkTile } = await import('/src/ledger/span.ts');
  const { verifyCosignature } = await import('/src/ledger/cosignature.ts');
  await Promise.all(['walk', 'proof-file'].map((name) => import('/src/ledger/' + name + '.ts')));
  const crypto = ${webCrypto};
  const readFile = async (path) => {
    const reply = await fetch('/copy/' + path);
    return reply.ok ? new Uint8Array(await reply.arrayBuffer()) : undefined;
  };
  const note = new TextDecoder().decode(await readFile('checkpoint'));
  const checkpoint = await verifyCheckpoint(crypto, vkey, note);
  async function* check(asks) {
    for (const ask of asks) yield await checkTile(crypto, readFile, ask);
  }
  const verdict = await verifyFolder({ crypto, readFile, check }, { checkpoint, entries: true });
  const witness = await verifyCosignature(crypto, vkey, note).catch((error) => error.name);
  return { ...verdict, size: checkpoint.size, witness };
}`;

const verdict = (): Promise<unknown> =>
  page.evaluate(`(${program})(${JSON.stringify(encodeVkey(ledgerKey))})`);

test('verifies a whole copy of a ledger, its details and its sense', async () => {
  expect(await verdict()).toEqual({ faults: [], details: true, size, witness: 'TypeError' });
});

test('names the first bad entry', async () => {
  const path = `/copy/${tilePath('entries', 0)}`;
  const bundle = Buffer.from(files.get(path)!);
  const at = bundle.indexOf('"kind":"released"');
  bundle.write('"kind":"exported"', at);
  const whole = files.get(path)!;
  files.set(path, bundle);
  let [index, end] = [0, 0];
  while ((end += 2 + bundle.readUInt16BE(end)) <= at) index += 1;
  expect(await verdict()).toMatchObject({
    faults: [{ index, problem: 'the entry is not what was signed' }],
  });
  files.set(path, whole);
});

describe('an evidence file', () => {
  const evidenceProgram = `async (vkeys) => {
    const { verifyEvidence } = await import('/src/ledger/evidence.ts');
    const text = await (await fetch('/evidence')).text();
    const { verified, checks } = await verifyEvidence(${webCrypto}, { text, vkeys });
    return { verified, wrong: checks.filter(({ ok }) => !ok), checks };
  }`;
  const judged = (vkeys: string[]): Promise<{ verified: boolean; checks: object[] }> =>
    page.evaluate(`(${evidenceProgram})(${JSON.stringify(vkeys)})`);

  test('verifies from the old key of its ledger, from the new one, and from no other', async () => {
    for (const vkeys of [[oldVkey], [newVkey], [oldVkey, newVkey]]) {
      expect(await judged(vkeys)).toMatchObject({ verified: true, wrong: [] });
    }
    expect(await judged([encodeVkey(ledgerKey)])).toMatchObject({ verified: false });
  });

  test('of which one byte was changed is refused, and the entry is named', async () => {
    const whole = files.get('/evidence')!;
    const changed = Buffer.from(whole);
    const { entries } = JSON.parse(whole.toString('utf8')) as { entries: { index: number }[] };
    const at = whole.indexOf('commitment', whole.lastIndexOf('"entries":'));
    const byte = whole.indexOf(String.raw`:\"`, at) + 3;
    changed[byte] = changed[byte] === 0x41 ? 0x42 : 0x41;
    files.set('/evidence', changed);
    const { verified, checks } = await judged([oldVkey]);
    files.set('/evidence', whole);
    expect(verified).toBe(false);
    expect(checks).toContainEqual({
      ...{ step: 'entries', ok: false },
      says: `entry ${entries[0]!.index}: is not in the tree of the checkpoint`,
    });
  });
});
