/** `waybill ledger mirror`: a copy that only ever follows one ledger, and verifies without it. */
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { generateClientKey } from '#src/access/keys.ts';
import { mirrorLedger, type MirrorRequest } from '#src/bin/mirror.ts';
import { rootDir } from '#src/bin/settings.ts';
import { verifyMirror, type FolderRequest } from '#src/bin/verify-folder.ts';
import { encodeVkey, ledgerKeyFromSeed } from '#src/ledger/note.ts';
import { cosign, cosigningKeyFromSeed, encodeWitnessVkey } from '#src/ledger/witness-key.ts';
import { openLedgerSite, siteKey, type LedgerSite } from '#test/support/ledger-site.ts';
import { until } from '#test/support/wait.ts';

const vkeys = [encodeVkey(siteKey)];
let site: LedgerSite;
let clientKey: JWK;
let folder: string;
let dir: string;

beforeAll(async () => {
  site = await openLedgerSite();
  clientKey = (await generateClientKey()).privateJwk;
});
afterAll(() => site.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-mirror-'));
  dir = join(folder, 'copy');
  site.show({ seed: 1, size: 300 });
  site.onRequest = () => undefined;
  site.erased.clear();
  site.lies.clear();
  site.asked();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function mirror(more: Partial<MirrorRequest> = {}) {
  const as = { url: site.url, clientId: 'auditor', clientKey };
  const what = { entries: true, details: true, witnessesMin: 0 };
  return mirrorLedger({ ...as, ...what, dir, vkeys, ...more });
}

const verify = (more: Partial<FolderRequest> = {}) =>
  verifyMirror({ dir, vkeys, stateFile: join(folder, 'kept'), entries: true, ...more });

const filesOf = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name).slice(path.length + 1))
    .toSorted();

describe('a copy', () => {
  test('is the static files of tlog-tiles, and the details beside them, for one pair of eyes', async () => {
    expect(await mirror()).toEqual({ size: 300, gained: 300 });
    expect(filesOf(dir)).toEqual([
      ...['checkpoint', 'details/000.ndjson', 'details/001.ndjson', 'key', 'tile/0/000'],
      ...['tile/0/001.p/44', 'tile/1/000.p/1', 'tile/entries/000', 'tile/entries/001.p/44'],
    ]);
    const modes = filesOf(dir).map((file) => statSync(join(dir, file)).mode & 0o777);
    expect(new Set(modes)).toEqual(new Set([0o600]));
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(await verify()).toMatchObject({ size: 300, faults: [], details: true });
  });

  test('grows by what it lacks, and beginnings of tiles go when the whole is there', async () => {
    await mirror();
    site.asked();
    site.show({ seed: 1, size: 600 });
    expect(await mirror({ vkeys: [] })).toEqual({ size: 600, gained: 300 });
    expect(
      site
        .asked()
        .filter((path) => path.includes('/tile/'))
        .toSorted(),
    ).toEqual(
      ['0/001', '0/002.p/88', '1/000.p/2', 'entries/001', 'entries/002.p/88'].map(
        (name) => `/v1/ledger/tile/${name}`,
      ),
    );
    expect(filesOf(dir).filter((file) => file.includes('.p/'))).toEqual([
      ...['tile/0/002.p/88', 'tile/1/000.p/2', 'tile/entries/002.p/88'],
    ]);
    expect(await verify()).toMatchObject({ size: 600, faults: [], details: true });
    site.asked();
    expect(await mirror()).toEqual({ size: 600, gained: 0 });
    expect(site.asked()).toEqual(['/oauth2/token', '/v1/ledger/checkpoint']);
  });

  test('of a witness holds hashes only, and details can be left out', async () => {
    await mirror({ entries: false, details: false });
    expect(filesOf(dir).filter((file) => /entries|details/.test(file))).toEqual([]);
    expect(await verify({ entries: false })).toMatchObject({ size: 300, faults: [] });
    expect((await verify()).faults[0]).toEqual({ index: 0, problem: 'the entry is missing' });
    await mirror({ details: false });
    expect(await verify()).toMatchObject({ faults: [], details: false });
  });

  test('destroys what the ledger has destroyed with its person', async () => {
    await mirror();
    site.erased.add(7);
    site.show({ seed: 1, size: 450 });
    await mirror();
    const details = () => readFileSync(join(dir, 'details/000.ndjson'), 'utf8').split('\n');
    expect(details()[7]).toContain('"salt"');
    site.show({ seed: 1, size: 510 });
    await mirror();
    expect(details()[7]).toBe('{"index":7,"erased":true}');
    expect(await verify()).toMatchObject({ size: 510, faults: [] });
    for (let index = 8; index < 11; index += 1) site.erased.add(index);
    rmSync(join(dir, 'details/000.ndjson'));
    await mirror();
    expect((await verify()).faults).toEqual([
      { index: null, problem: 'more details are destroyed than entries say so' },
    ]);
  });

  test('that holds details goes on with them only: else it would keep what was destroyed', async () => {
    await mirror();
    site.erased.add(7);
    site.show({ seed: 1, size: 510 });
    for (const entries of [true, false]) {
      await expect(mirror({ entries, details: false })).rejects.toThrow(/give --details/);
    }
    await mirror();
    const details = readFileSync(join(dir, 'details/000.ndjson'), 'utf8').split('\n');
    expect(details[7]).toBe('{"index":7,"erased":true}');
    rmSync(join(dir, 'details'), { recursive: true });
    site.show({ seed: 1, size: 600 });
    await mirror({ details: false });
    expect(await verify()).toMatchObject({ size: 600, faults: [], details: false });
  });

  test('keeps what was fetched before the network failed', async () => {
    site.show({ seed: 1, size: 900 });
    const last = '/v1/ledger/tile/1/000.p/3';
    site.onRequest = async (path) => {
      if (path === last) throw new Error('the network');
    };
    await expect(mirror()).rejects.toThrow(/cannot be reached/);
    site.onRequest = () => undefined;
    site.asked();
    await mirror();
    expect(site.asked().filter((path) => /\/tile\/\d/.test(path))).toEqual([last]);
    expect(await verify()).toMatchObject({ size: 900, faults: [] });
  });
});

describe('a copy is good by', () => {
  const witnesses = [1, 2].map((seed) => {
    return cosigningKeyFromSeed(`witness.test/${seed}`, Buffer.alloc(32, seed));
  });
  const asked = witnesses.map(encodeWitnessVkey);

  test('as many witnesses as are asked for', async () => {
    await mirror();
    const file = join(dir, 'checkpoint');
    const note = readFileSync(file, 'utf8');
    const text = note.slice(0, note.lastIndexOf('\n\n') + 1);
    writeFileSync(file, note + cosign(witnesses[0]!, text, 1_700_000_000));
    const one = [{ name: 'witness.test/1', timestampSeconds: 1_700_000_000 }];
    const enough = await verify({ witnesses: asked, witnessesMin: 1 });
    expect(enough).toMatchObject({ faults: [], witnesses: one });
    expect(await verify({ witnesses: asked })).toMatchObject({
      faults: [{ index: null, problem: 'the checkpoint is not cosigned by witness.test/2' }],
      witnesses: one,
    });
  });

  test('any key of a ledger that has changed its own', async () => {
    await mirror();
    const other = encodeVkey(ledgerKeyFromSeed(siteKey.origin, Buffer.alloc(32, 6)));
    expect(await verify({ vkeys: [other, ...vkeys] })).toMatchObject({ size: 300, faults: [] });
    const strange = await verify({ vkeys: [other], stateFile: null });
    expect(strange.faults.map(({ problem }) => problem)).toEqual([
      "the checkpoint is not the ledger's: not signed by this key",
      'the key in the folder is another',
    ]);
  });
});

describe('a copy does not follow', () => {
  const untouched = async (problem: RegExp): Promise<void> => {
    const before = readFileSync(join(dir, 'checkpoint'), 'utf8');
    await expect(mirror()).rejects.toThrow(problem);
    expect(readFileSync(join(dir, 'checkpoint'), 'utf8')).toBe(before);
    expect(await verify()).toMatchObject({ size: 300, faults: [] });
  };

  test('a ledger that has shrunk', async () => {
    await mirror();
    site.show({ seed: 1, size: 299 });
    await untouched(/shrunk from 300 to 299/);
    expect(existsSync(join(dir, 'not-continued.note'))).toBe(true);
  });

  test('another tree that the same key has signed, and goes on with its own', async () => {
    await mirror();
    site.show({ seed: 2, size: 300 });
    await untouched(/does not continue|do not lead/);
    site.show({ seed: 2, size: 600 });
    await untouched(/does not continue the checkpoint that was kept/);
    site.show({ seed: 1, size: 600 });
    expect(await mirror()).toEqual({ size: 600, gained: 300 });
    expect(await verify()).toMatchObject({ size: 600, faults: [] });
  });

  test('hashes and leaves that were there when a run was killed, unless they are signed', async () => {
    site.show({ seed: 2, size: 600 });
    const other = join(folder, 'other');
    await mirror({ dir: other });
    for (const file of ['tile/0/000', 'tile/entries/000']) {
      cpSync(join(other, file), join(dir, file));
    }
    site.show({ seed: 1, size: 600 });
    await expect(mirror()).rejects.toThrow(/tile 0\/0 are not those of the signed tree/);
    expect(await mirror()).toEqual({ size: 600, gained: 600 });
    expect(await verify()).toMatchObject({ size: 600, faults: [], details: true });
  });

  test('a hash that was fetched for one that had been lost, unless it is signed', async () => {
    await mirror();
    rmSync(join(dir, 'tile/0/000'));
    site.lies.set('tile/0/000', Buffer.alloc(256 * 32, 1));
    await expect(mirror()).rejects.toThrow(/tile 0\/0 are not those of the signed tree/);
    expect(existsSync(join(dir, 'tile/entries/000'))).toBe(true);
    site.lies.clear();
    expect(await mirror()).toEqual({ size: 300, gained: 0 });
    expect(await verify()).toMatchObject({ size: 300, faults: [], details: true });
  });

  test('another key', async () => {
    await mirror();
    const other = 'waybill.invalid/ledger+7cd5d3cb+AWBZDeqNdgdEPWgUWcrHrUEQy6RVsZDyMHVAgSmPwNXj';
    await expect(mirror({ vkeys: [other] })).rejects.toThrow(/another key/);
    await expect(mirror({ dir: join(folder, 'new'), vkeys: [other] })).rejects.toThrow(TypeError);
    await expect(mirror({ dir: join(folder, 'new'), vkeys: [] })).rejects.toThrow(/--vkey/);
  });
});

describe('killed at any place, a copy is what it was, and goes on from there', () => {
  const keyFile = (): string => {
    const file = join(folder, 'auditor.jwk.json');
    writeFileSync(file, JSON.stringify(clientKey));
    return file;
  };
  const command = (name: string, ...args: string[]): string[] => [
    ...[join(rootDir, 'src/bin/waybill.ts'), 'ledger', name, '--dir', dir, ...args],
  ];
  const online = (): string[] => ['--url', site.url, '--client-key', keyFile(), '--details'];

  test.each([/tile\/0\/001$/, /ledger\/entries$/])('at %s', async (place) => {
    await mirror();
    site.show({ seed: 1, size: 600 });
    let isThere = false;
    site.onRequest = async (path) => {
      if (!place.test(path)) return;
      isThere = true;
      await new Promise(() => undefined);
    };
    const child = spawn(process.execPath, command('mirror', ...online()), { stdio: 'ignore' });
    const gone = new Promise((resolve) => child.on('exit', resolve));
    await until('the mirror to be there', () => isThere);
    child.kill('SIGKILL');
    await gone;
    site.onRequest = () => undefined;
    expect(await verify()).toMatchObject({ size: 300, faults: [] });
    writeFileSync(join(dir, '.unfinished-1-1'), 'half');
    expect(await mirror()).toEqual({ size: 600, gained: 300 });
    expect(await verify()).toMatchObject({ size: 600, faults: [], details: true });
    expect(existsSync(join(dir, '.unfinished-1-1'))).toBe(false);
  });

  test('and by the command line it is made, verified offline, and its first bad entry named', () => {
    const run = (args: string[]) => spawnSync(process.execPath, args, { encoding: 'utf8' });
    const state = ['--vkey', vkeys[0]!, '--state', join(folder, 'kept')];
    const child = spawn(process.execPath, command('mirror', ...online(), '--vkey', vkeys[0]!));
    return new Promise((resolve) => child.on('exit', resolve)).then((code) => {
      expect(code).toBe(0);
      expect(run(command('verify', ...state))).toMatchObject({
        ...{ status: 0, stdout: 'verified: 300 entries\n' },
      });
      const file = join(dir, 'details/001.ndjson');
      writeFileSync(file, readFileSync(file, 'utf8').replace('"salt":"', '"salt":"A'));
      const { status, stdout } = run(command('verify', ...state, '--json'));
      expect([status, JSON.parse(stdout)]).toMatchObject([
        1,
        { verified: false, size: 300, first: { index: 256, problem: 'the detail cannot be read' } },
      ]);
    });
  });
});
