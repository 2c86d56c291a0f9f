/**
 * What left stays recorded: a gateway that is killed before its checkpoint is outside the database
 * goes on without losing it, and one whose database was put back signs and sends nothing.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApiClient } from '#src/bin/api-client.ts';
import { rootDir } from '#src/bin/settings.ts';
import { grantConnect } from '#src/store/grants.ts';
import type { News, Order } from '#test/faults/serve.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { orderFor, posted } from '#test/support/orders.ts';
import { answered, claim, order, reached, transferOf } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';
import { withDatabase } from '#test/support/server.ts';
import { entriesOf, runCommand, verifyAll } from './support.ts';

let lab: ConsigneeServer;
let world: World;
let gateway: TestGateway | undefined;
let admin: Client;
let name: string;

beforeAll(async () => {
  lab = await startConsigneeServer();
  world = await makeWorld({ pushUrls: { samkwang: lab.url } });
  name = new URL(world.database.superuserUrl).pathname.slice(1);
  admin = new Client({
    connectionString: withDatabase(world.database.superuserUrl, 'postgres'),
  });
  await admin.connect();
});

afterAll(async () => {
  await gateway?.stop();
  await admin?.query(`DROP DATABASE IF EXISTS ${name}_later WITH (FORCE)`);
  await admin?.end();
  await world?.close();
  await lab?.close();
});

const edge = async () => {
  const { rows } = await world.db.query<{ signed: number; noted: number }>(
    'SELECT max(checkpoints.size) AS signed, max(noted.size) AS noted FROM checkpoints, noted',
  );
  return rows[0] ?? { signed: 0, noted: 0 };
};

const claimedOf = async (asked: TestGateway) => (await claim(asked, 'engitech'))[0]?.transfer;

/** A gateway of this world, once it takes orders: on a busy machine later than it starts. */
async function start(): Promise<TestGateway> {
  const started = await startGateway(world);
  await until('it to be ready', async () => (await fetch(`${started.url}/readyz`)).ok);
  return started;
}

/** Ends every session of a database, and lets none begin. */
async function close(database: string): Promise<void> {
  await admin.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
  await until('its sessions to end', async () => {
    const { rows } = await admin.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
      [database],
    );
    return rows.length === 0;
  });
}

async function copy(from: string, to: string): Promise<void> {
  await close(from);
  await admin.query(`CREATE DATABASE ${to} TEMPLATE ${from} OWNER waybill_owner`);
  const owner = new Client({ connectionString: withDatabase(world.database.superuserUrl, to) });
  await owner.connect();
  await grantConnect(owner, 'waybill_gateway');
  await owner.end();
  await admin.query(`ALTER DATABASE ${from} ALLOW_CONNECTIONS true`);
}

test('killed between commit and file, it goes on and delivers once it has kept the checkpoint', async () => {
  const child = fork(join(rootDir, 'test/faults/serve.ts'), { env: world.env, silent: true });
  const news = async () => ((await once(child, 'message')) as [News])[0];
  const said = await news();
  const url = 'listening' in said ? said.listening : '';
  await until('it to be ready, and its first entries sequenced', async () => {
    const { rows } = await world.db.query('SELECT FROM submissions');
    return rows.length === 0 && (await fetch(`${url}/readyz`)).ok;
  });
  const as = (clientId: string) =>
    createApiClient({ url, clientId, clientKey: world.keys.get(clientId) ?? {} });
  const first = { url, as, stop: async () => undefined };
  // What is signed and not in the file yet is not handed out, and not shown.
  child.send({ arm: 'sequence:committed', harm: 'hang' } satisfies Order);
  const held = await order(first, 'engitech');
  const { signed, noted } = await until('it to be signed, and not kept', async () => {
    const now = await edge();
    return now.signed > now.noted ? now : null;
  });
  expect((await transferOf(first, held)).status).toBe('accepted');
  expect(await claim(first, 'engitech')).toEqual([]);
  const auditor = await as('auditor');
  const shown = Number((await auditor.text('/v1/ledger/checkpoint')).split('\n')[1]);
  expect([shown, signed > noted]).toEqual([noted, true]);
  child.send({ disarm: true } satisfies Order);
  expect(await until('it in the inbox', () => claimedOf(first))).toBe(held);

  child.send({ arm: 'sequence:committed', harm: 'kill' } satisfies Order);
  const killed = once(child, 'exit');
  const sender = await as('emr');
  const sent = posted(orderFor('samkwang'), 'cut-off');
  // Its reply may be cut off, too.
  await sender.fetch('/v1/transfers', sent).catch(() => undefined);
  expect((await killed)[1]).toBe('SIGKILL');
  const before = await edge();
  expect(before.noted).toBeLessThan(before.signed);
  expect(lab.received).toEqual([]);
  gateway = await start();
  const emr = await gateway.as('emr');
  const { id } = await until('it to be accepted', async () => {
    const reply = await emr.fetch('/v1/transfers', sent);
    return reply.ok ? ((await reply.json()) as { id: string }) : null;
  });
  await reached(gateway, id, 'delivered');
  expect(lab.received.map(({ body }) => body.transfer)).toEqual([id]);
  expect((await verifyAll(world, gateway)).faults).toEqual([]);
});

test('a database put back under a running gateway stops it, and is signed no further', async () => {
  await gateway?.stop();
  await copy(name, `${name}_backup`);
  gateway = await start();
  await reached(gateway, await order(gateway, 'samkwang'), 'delivered');
  const arrived = lab.received.length;
  await close(name);
  await admin.query(`ALTER DATABASE ${name} RENAME TO ${name}_later`);
  await admin.query(`ALTER DATABASE ${name}_backup RENAME TO ${name}`);
  const readiness = await until('the fork to be found', async () => {
    const reply = await fetch(`${gateway?.url}/readyz`);
    const body = (await reply.json()) as { checks: { ledger: { detail?: string } } };
    return body.checks.ledger.detail?.includes('forked') ? reply.status : null;
  });
  expect(readiness).toBe(503);
  const { signed } = await edge();
  const emr = await gateway.as('emr');
  const refused = emr.fetch('/v1/transfers', posted(orderFor('samkwang'), 'too-late'));
  expect(await answered(refused)).toEqual({ status: 503, code: 'LEDGER_FORKED' });
  expect((await edge()).signed).toBe(signed);
  expect(lab.received.length).toBe(arrived);
});

test('nor does one start on it, until a person has said so in the ledger itself', async () => {
  await gateway?.stop();
  gateway = undefined;
  await expect(startGateway(world)).rejects.toThrow(/LEDGER_FORKED.*older backup/s);
  const blank = await runCommand(world, ['ledger', 'accept-fork']);
  expect([blank.code, blank.output]).toEqual([1, expect.stringContaining('--reason')]);
  const reason = ['--reason', 'the newer backup is lost'];
  const accepted = await runCommand(world, ['ledger', 'accept-fork', ...reason]);
  expect([accepted.output, accepted.code]).toEqual([expect.stringContaining('accepted'), 0]);
  gateway = await start();
  await reached(gateway, await order(gateway, 'samkwang'), 'delivered');
  const verdict = await verifyAll(world, gateway);
  expect(verdict.faults).toEqual([]);
  const kinds = (await entriesOf(gateway)).map(({ kind }) => kind);
  expect(kinds).toContain('fork-accepted');
});
