/** `waybill ledger verify` as an auditor runs it: from outside, with a key and nothing else. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mirrorLedger } from '#src/bin/mirror.ts';
import { rootDir } from '#src/bin/settings.ts';
import { verifyMirror } from '#src/bin/verify-folder.ts';
import { makeWorld, spawnGateway, type GatewayProcess, type World } from '#test/support/gateway.ts';
import { orderFor, posted } from '#test/support/orders.ts';
import { until } from '#test/support/wait.ts';

let world: World;
let gateway: GatewayProcess;
let owner: Client;
let folder: string;
let vkey: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-verify-'));
  world = await makeWorld();
  gateway = await spawnGateway(world);
  owner = new Client({ connectionString: world.database.ownerUrl });
  await owner.connect();
  const emr = await gateway.as('emr');
  for (let at = 0; at < 3; at += 1) {
    await emr.json('/v1/transfers', posted(orderFor('engitech'), `verify-${at}`));
  }
  const auditor = await gateway.as('auditor');
  vkey = (await auditor.json<{ vkey: string }>('/v1/ledger/key')).vkey;
  await until('all entries to be numbered', async () => {
    const { rows } = await owner.query('SELECT FROM submissions LIMIT 1');
    return rows.length === 0;
  });
  writeFileSync(join(folder, 'auditor.jwk.json'), JSON.stringify(world.keys.get('auditor')));
});

afterAll(async () => {
  await owner?.end();
  await gateway?.stop();
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
});

function verify(args: readonly string[] = []): { status: number | null; out: string } {
  const program = join(rootDir, 'src/bin/waybill.ts');
  const key = join(folder, 'auditor.jwk.json');
  const given = ['--url', gateway.url, '--client-key', key, '--vkey', vkey];
  const run = [program, 'ledger', 'verify', ...given, '--state', join(folder, 'kept'), ...args];
  const { status, stdout } = spawnSync(process.execPath, run, { encoding: 'utf8' });
  return { status, out: stdout };
}

test('an untouched ledger is verified, and again from the checkpoint that was kept', () => {
  expect(verify()).toMatchObject({
    status: 0,
    out: expect.stringMatching(/^verified: \d+ entries/) as string,
  });
  expect(verify()).toMatchObject({ status: 0 });
});

test('a copy that was mirrored verifies without the gateway, whole or as a witness keeps it', async () => {
  for (const [clientId, entries] of [
    ['auditor', true],
    ['samkwang', false],
  ] as const) {
    const dir = join(folder, clientId);
    const clientKey = world.keys.get(clientId) ?? {};
    const as = { url: gateway.url, clientId, clientKey, dir, vkeys: [vkey], entries };
    const { size } = await mirrorLedger({ ...as, details: entries, witnessesMin: 0 });
    const offline = { dir, vkeys: [vkey], stateFile: null, entries };
    expect(await verifyMirror(offline)).toMatchObject({ size, faults: [], details: entries });
    expect(await mirrorLedger({ ...as, details: entries, witnessesMin: 0 })).toMatchObject({
      gained: expect.any(Number) as number,
    });
  }
});

test.each(['leaf', 'detail'])(
  'one changed byte of a stored %s is found and named',
  async (column) => {
    const flip = `UPDATE entries SET ${column} = set_byte(${column}, 40, get_byte(${column}, 40) # 1)
                WHERE index = 18`;
    await owner.query(flip);
    const { status, out } = verify();
    await owner.query(flip);
    expect(status).toBe(1);
    expect(out).toMatch(/^entry 18: /);
    expect(out).toContain('NOT VERIFIED');
    expect(verify()).toMatchObject({ status: 0 });
  },
);

test('a ledger that was rolled back is found by the checkpoint that was kept', async () => {
  await owner.query(
    'CREATE TABLE kept_checkpoint AS SELECT * FROM checkpoints ORDER BY size DESC LIMIT 1',
  );
  await owner.query('DELETE FROM checkpoints WHERE size = (SELECT size FROM kept_checkpoint)');
  const { status, out } = verify();
  await owner.query('INSERT INTO checkpoints SELECT * FROM kept_checkpoint');
  expect(status).toBe(1);
  expect(out).toMatch(/the ledger has shrunk from \d+ to \d+ entries/);
});

test('another key, or a key that may not read, is told so plainly', () => {
  const other = 'waybill.invalid/ledger+7cd5d3cb+AWBZDeqNdgdEPWgUWcrHrUEQy6RVsZDyMHVAgSmPwNXj';
  expect(verify(['--vkey', other]).status).toBe(1);
  writeFileSync(join(folder, 'emr.jwk.json'), JSON.stringify(world.keys.get('emr')));
  expect(verify(['--client-key', join(folder, 'emr.jwk.json')]).status).toBe(1);
});
