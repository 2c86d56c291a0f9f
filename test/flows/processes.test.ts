/**
 * Several processes on one database are one gateway: one answer, one ledger, one list of clients.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateClientKey } from '#src/access/keys.ts';
import { manageClients } from '#src/bin/client.ts';
import { startServer } from '#src/bin/server.ts';
import { claimDue } from '#src/transfers/claim.ts';
import { assertion, postTokenForm, tokenForm } from '#test/support/client.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import {
  makeWorld,
  spawnGateway,
  startGateway,
  type GatewayProcess,
  type World,
} from '#test/support/gateway.ts';
import { orderFor, posted } from '#test/support/orders.ts';
import { until } from '#test/support/wait.ts';
import { addVersion, entriesOf, freePort, runCommand, verifyAll } from './support.ts';

let lab: ConsigneeServer;
let world: World;
let one: GatewayProcess;
let two: GatewayProcess;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-processes-'));
  lab = await startConsigneeServer();
  world = await makeWorld({ pushUrls: { samkwang: lab.url } });
  // Both start first: contracts are registered once and the empty ledger is signed once.
  [one, two] = await Promise.all([spawnGateway(world), spawnGateway(world)]);
});

afterAll(async () => {
  await Promise.all([one?.kill('SIGKILL'), two?.kill('SIGKILL')]);
  await world?.close();
  await lab?.close();
  rmSync(folder, { recursive: true, force: true });
});

const everywhere = <T>(ask: (gateway: GatewayProcess) => Promise<T>) =>
  Promise.all([one, two].map(ask));

test('two processes that start first together register each contract once', async () => {
  // Ready is said before the sequencer's first round has numbered what a start recorded.
  const activated = await until('the entries of the contracts', async () => {
    const found = (await entriesOf(one)).filter(({ kind }) => kind === 'contract-activated');
    return found.length >= 17 ? found : undefined;
  });
  const ids = activated.map(({ contract }) => contract?.id);
  expect(ids).toHaveLength(17);
  expect(new Set(ids).size).toBe(17);
});

test('a hundred requests with one key at two processes are one transfer and one answer', async () => {
  const emrs = await everywhere((gateway) => gateway.as('emr'));
  const send = posted(orderFor('samkwang'), 'hundred');
  const replies = await Promise.all(
    Array.from({ length: 100 }, async (_, at) => {
      const reply = await emrs[at % 2]?.fetch('/v1/transfers', send);
      return { status: reply?.status, body: await reply?.text() };
    }),
  );
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([202]));
  expect(new Set(replies.map(({ body }) => body)).size).toBe(1);
  const { id } = JSON.parse(replies[0]?.body ?? '') as { id: string };
  const { rows } = await world.db.query('SELECT id FROM transfers');
  expect(rows).toEqual([{ id }]);
  await until('the delivery', () => lab.received.find(({ body }) => body.transfer === id));
  const released = (await entriesOf(two)).filter(({ kind }) => kind === 'released');
  expect(released.map(({ transfer }) => transfer)).toEqual([id]);
});

test('two processes number one ledger without gap, and share out its deliveries', async () => {
  const emrs = await everywhere((gateway) => gateway.as('emr'));
  const ids = await Promise.all(
    Array.from({ length: 80 }, async (_, at) => {
      const send = posted(orderFor('samkwang'), `shared-${at}`);
      return (await emrs[at % 2]?.json<{ id: string }>('/v1/transfers', send))?.id;
    }),
  );
  await until('all deliveries', async () => {
    const { rows } = await world.db.query<{ count: number }>(
      "SELECT count(*) FROM transfers WHERE status = 'delivered' AND id = ANY($1)",
      [ids],
    );
    return rows[0]?.count === ids.length;
  });
  const state = join(folder, 'both.checkpoint');
  expect((await verifyAll(world, one, state)).faults).toEqual([]);
  // What the other process shows is the same ledger or a later one of it.
  expect((await verifyAll(world, two, state)).faults).toEqual([]);
  const entries = await entriesOf(two);
  expect(entries.map(({ index }) => index)).toEqual(entries.map((_, at) => at));
  for (const kind of ['released', 'delivered']) {
    const told = entries.filter((entry) => entry.kind === kind && ids.includes(entry.transfer));
    expect(new Set(told.map(({ transfer }) => transfer)).size).toBe(80);
    expect(told).toHaveLength(80);
  }
  const sent = lab.received.map(({ headers }) => headers['webhook-id']);
  expect(sent.filter((id) => ids.includes(id as string))).toHaveLength(80);
});

test('an assertion that was used at one process is refused at the other', async () => {
  const port = await freePort();
  const three = await startGateway(world, { PORT: String(port), PUBLIC_URL: one.url });
  try {
    const privateJwk = world.keys.get('auditor') ?? {};
    const form = async () =>
      tokenForm(await assertion({ clientId: 'auditor', privateJwk, audience: one.url }));
    const endpoints = [`${one.url}/oauth2/token`, `http://127.0.0.1:${port}/oauth2/token`];
    for (const [first = '', then = ''] of [endpoints, endpoints.toReversed()]) {
      const used = await form();
      expect((await postTokenForm(first, used)).status).toBe(200);
      const replayed = await postTokenForm(then, used);
      expect(replayed).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    }
    // At the same moment, too, only one of them takes it.
    const raced = await form();
    const statuses = await Promise.all(
      [...endpoints, ...endpoints, ...endpoints].map(
        async (endpoint) => (await postTokenForm(endpoint, raced)).status,
      ),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  } finally {
    await three.stop();
  }
});

describe('the client command, while gateways run', () => {
  const accessEntries = async () =>
    (await entriesOf(one)).filter(({ kind }) => kind.startsWith('access-'));
  const statusOf = async (gateway: GatewayProcess, client: string) =>
    (await (await gateway.as(client)).fetch('/v1/transfers')).status;

  test('a revoked client is refused everywhere within 5 s, and an entry says why', async () => {
    expect(await everywhere((gateway) => statusOf(gateway, 'emr-two'))).toEqual([200, 200]);
    const reason = 'the machine was stolen';
    const { code } = await runCommand(world, ['client', 'revoke', 'emr-two', '--reason', reason]);
    expect(code).toBe(0);
    const refused = async () => {
      const statuses = await everywhere((gateway) => statusOf(gateway, 'emr-two'));
      return statuses.every((status) => status === 401);
    };
    await until('the refusal of old tokens', refused, 5_000);
    const privateJwk = world.keys.get('emr-two') ?? {};
    await everywhere(async ({ url }) => {
      const form = tokenForm(await assertion({ clientId: 'emr-two', privateJwk, audience: url }));
      expect((await postTokenForm(`${url}/oauth2/token`, form)).status).toBe(401);
    });
    const entry = await until('the entry', async () => (await accessEntries()).at(-1));
    expect(entry).toMatchObject({
      kind: 'access-revoked',
      detail: { client: 'emr-two', reason, actor: { client: null, kind: 'system' } },
    });
    const again = await runCommand(world, ['client', 'revoke', 'emr-two', '--reason', reason]);
    expect(again.code).toBe(1);
    expect(await accessEntries()).toHaveLength(1);
  });

  test('an added client may call, is an entry, and a taken id changes nothing', async () => {
    const file = join(folder, 'auditor-two.jwk');
    const add = async (id: string) => {
      const made = await generateClientKey();
      writeFileSync(file, JSON.stringify(made.publicJwk));
      const asked = ['--role', 'auditor', '--jwk', file, '--reason', 'a second pair of eyes'];
      return { ...made, ...(await runCommand(world, ['client', 'add', id, ...asked])) };
    };
    const before = (await accessEntries()).length;
    const { privateJwk, code } = await add('auditor-two');
    expect(code).toBe(0);
    world.keys.set('auditor-two', privateJwk);
    const read = async (gateway: GatewayProcess) =>
      (await (await gateway.as('auditor-two')).fetch('/v1/ledger/checkpoint')).status;
    expect(await everywhere(read)).toEqual([200, 200]);
    const granted = await until('the entry', async () => (await accessEntries())[before]);
    expect(granted).toMatchObject({
      kind: 'access-granted',
      detail: { client: 'auditor-two', role: 'auditor', reason: 'a second pair of eyes' },
    });
    const account = () => world.db.query("SELECT * FROM clients WHERE id = 'auditor-two'");
    const { rows } = await account();
    expect((await add('auditor-two')).code).toBe(1);
    expect((await account()).rows).toEqual(rows);
    expect(await accessEntries()).toHaveLength(before + 1);
  });

  const clientCommand = (env: Record<string, string>, ...args: string[]) =>
    manageClients({ ...world.env, ...env }, args).catch((error: unknown) => String(error));

  test('a revoked client that gets a new key has what was its own again', async () => {
    const before = (await accessEntries()).length;
    const file = join(folder, 'emr-two.jwk');
    const made = await generateClientKey();
    writeFileSync(file, JSON.stringify(made.publicJwk));
    const asked = ['client', 'rotate', 'emr-two', '--jwk', file, '--reason', 'a lost key'];
    expect((await runCommand(world, asked)).code).toBe(0);
    const old = world.keys.get('emr-two') ?? {};
    const signIn = async ({ url }: GatewayProcess, privateJwk: JWK) => {
      const form = tokenForm(await assertion({ clientId: 'emr-two', privateJwk, audience: url }));
      return (await postTokenForm(`${url}/oauth2/token`, form)).status;
    };
    expect(await everywhere((gateway) => signIn(gateway, old))).toEqual([401, 401]);
    expect(await everywhere((gateway) => signIn(gateway, made.privateJwk))).toEqual([200, 200]);
    const granted = await until('the entry', async () => (await accessEntries())[before]);
    expect(granted).toMatchObject({ kind: 'access-granted', detail: { client: 'emr-two' } });
    const nobody = ['client', 'rotate', 'nobody', '--jwk', file, '--reason', 'a slip'];
    expect((await runCommand(world, nobody)).code).toBe(1);
  });

  test('a key file that is not one is refused without showing what is in it', async () => {
    const file = join(folder, 'broken.jwk');
    const args = ['add', 'x-client', '--role', 'emr', '--jwk', file, '--reason', 'a trial'];
    writeFileSync(file, '{"kty":"OKP","d":"canary-of-a-private-key" oops');
    const broken = await clientCommand({}, ...args);
    expect(broken).toContain('--jwk');
    expect(broken).not.toContain('canary');
    const made = await generateClientKey();
    writeFileSync(file, JSON.stringify(made.privateJwk));
    const secret = await clientCommand({}, ...args);
    expect(secret).toContain('private');
    expect(secret).not.toContain(made.privateJwk.d);
  });

  test('with another sealing key it writes nothing, or no gateway could start again', async () => {
    const wrong = { WAYBILL_SEALING_KEY: Buffer.alloc(32, 1).toString('base64') };
    const told = await clientCommand(wrong, 'revoke', 'operator', '--reason', 'a trial');
    expect(told).toContain('the sealing key does not open');
    const { rows } = await world.db.query("SELECT revoked_at FROM clients WHERE id = 'operator'");
    expect(rows).toEqual([{ revoked_at: null }]);
  });
});

describe('a process refuses to start, at once and saying why,', () => {
  const refused = async (env: Record<string, string>) => {
    const started = startServer({ ...world.env, ...env });
    return started.then((server) => server.close().then(() => 'it started'), String);
  };

  test('as a role that could rewrite the ledger', async () => {
    const { ownerUrl, superuserUrl } = world.database;
    const owner = await runCommand(world, ['serve'], { DATABASE_URL: ownerUrl });
    expect(owner.code).toBe(1);
    expect(owner.output).toMatch(/has more than it may have: ownership of access_changes/);
    // Nothing of it, such as an idle connection, keeps the process alive.
    expect(owner.lingeredMs).toBeLessThan(5_000);
    expect(await refused({ DATABASE_URL: superuserUrl })).toMatch(/superuser|SUPERUSER/);
  });

  test('with another HMAC key, under which repeated orders would be new ones', async () => {
    const other = Buffer.alloc(32, 9).toString('base64');
    expect(await refused({ WAYBILL_HMAC_KEY: other })).toContain(
      'WAYBILL_HMAC_KEY: is not the key',
    );
  });

  test('without a database that answers or lets it in', async () => {
    const closed = new URL(world.database.url);
    closed.port = String(await freePort());
    const { code, output } = await runCommand(world, ['serve'], { DATABASE_URL: closed.href });
    expect(code).toBe(1);
    expect(output).toMatch(/DATABASE_UNAVAILABLE.*ECONNREFUSED/);
    const guessed = new URL(world.database.url);
    guessed.password = 'canary-password';
    const locked = await refused({ DATABASE_URL: guessed.href });
    expect(locked).toContain('DATABASE_UNAVAILABLE');
    expect(locked).not.toContain('canary-password');
  });

  test('with another text of a registered contract', async () => {
    const changed = join(folder, 'changed');
    cpSync(world.contractsDir, changed, { recursive: true });
    const path = join(changed, 'bioage/v1.yaml');
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace('expireAfterDays: 30', 'expireAfterDays: 31'),
    );
    expect(await refused({ WAYBILL_CONTRACTS: changed })).toMatch(/bioage\.v1 .*was changed/);
  });

  test('without a registered contract; and one that runs without it serves no more', async () => {
    const newer = join(folder, 'newer');
    cpSync(world.contractsDir, newer, { recursive: true });
    for (const consignee of ['samkwang', 'lctech']) {
      await addVersion({ ...world, contractsDir: newer }, consignee);
    }
    const emr = await one.as('emr');
    const send = (key: string) => emr.fetch('/v1/transfers', posted(orderFor('samkwang'), key));
    expect((await send('before-v2')).status).toBe(202);
    const three = await startGateway(world, { WAYBILL_CONTRACTS: newer });
    try {
      expect(await refused({})).toMatch(/lctech\.v2 is registered but this process lacks it/);
      // Deciding by v1 now would be deciding by a contract that is no longer in force.
      const refusal = await until('the refusal', async () => {
        const reply = await send('after-v2');
        return reply.status === 503 ? reply : null;
      });
      expect(refusal.headers.get('retry-after')).toBeTruthy();
      // The other notices by itself, at its own pace.
      const unready = async () => (await fetch(`${two.url}/readyz`)).status === 503;
      await until('the other process to be unready', unready);
      expect((await fetch(`${two.url}/healthz`)).status).toBe(200);

      const answer = await (
        await three.as('emr')
      ).json<{ id: string; contract: string }>(
        '/v1/transfers',
        posted(orderFor('samkwang'), 'with-v2'),
      );
      expect(answer.contract).toBe('samkwang.v2');
      const arrived = await until('the delivery under v2', () =>
        lab.received.find(({ body }) => body.transfer === answer.id),
      );
      expect(arrived.body.contract).toBe('samkwang.v2');

      // In the moment before it notices, too, a process leaves alone what it does not know: to it
      // such a transfer would look like one without a contract, and have failed.
      const waits = await (
        await three.as('emr')
      ).json<{ id: string }>('/v1/transfers', posted(orderFor('lctech'), 'waits'));
      const signed = { isDemo: false, clinic: null, consignee: null, noticedOn: null, why: null };
      const claimAs = (id: string) =>
        claimDue(world.db, {
          ...{ slots: new Map([['lctech', 10]]), status: 'leased', leaseSeconds: 60 },
          contracts: [{ id, signature: { state: 'signed', ...signed } }],
        });
      const claims = await until('what v2 released', async () => {
        expect(await claimAs('lctech.v1')).toEqual([]);
        const found = await claimAs('lctech.v2');
        return found.length > 0 ? found : null;
      });
      expect(claims.map(({ id }) => id)).toEqual([waits.id]);
      expect((await verifyAll(world, three)).faults).toEqual([]);
    } finally {
      await three.stop();
    }
  });
});
