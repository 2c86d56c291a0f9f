/**
 * PostgreSQL goes away, hangs, or tells another time: nothing leaves, nothing hangs, all goes on.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClock } from '#src/base/clock.ts';
import { removeEngineData, startEngine, type Engine } from '#src/store/engine.ts';
import { migrate } from '#src/store/migrate.ts';
import { assertion, postTokenForm, tokenForm } from '#test/support/client.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, spawnGateway, type GatewayProcess, type World } from '#test/support/gateway.ts';
import { orderFor, posted } from '#test/support/orders.ts';
import { until } from '#test/support/wait.ts';
import { verifyAll } from './support.ts';

let home: string;
let postmaster: number;
let engine: Engine | undefined;
let lab: ConsigneeServer;
let world: World;
let gateway: GatewayProcess;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), `waybill-test-${process.pid}-`));
  const gatewayUrl = await startOrphan();
  const ownerUrl = (await readFile(join(home, 'owner.url'), 'utf8')).trim();
  await migrate({ ownerUrl, gatewayRole: 'waybill_gateway' });
  lab = await startConsigneeServer();
  world = await makeWorld({
    pushUrls: { samkwang: lab.url },
    database: { url: gatewayUrl, ownerUrl, superuserUrl: '', drop: async () => undefined },
  });
  gateway = await spawnGateway(world, { NODE_OPTIONS: `--import=${clockThatCanJump}` });
});

afterAll(async () => {
  await gateway?.kill('SIGKILL');
  await world?.close();
  await lab?.close();
  await engine?.stop({ force: true });
  await removeEngineData(home);
  await rm(home, { recursive: true, force: true });
});

/** An engine that nobody holds, so that it stays away until the test starts it again. */
async function startOrphan(): Promise<string> {
  const script = fileURLToPath(new URL('../store/holder.ts', import.meta.url));
  const holder = spawn(process.execPath, [script, home], { stdio: ['pipe', 'pipe', 'ignore'] });
  for await (const line of createInterface({ input: holder.stdout })) {
    const told = JSON.parse(line) as { pid: number; gatewayUrl: string };
    postmaster = told.pid;
    const gone = once(holder, 'exit');
    holder.kill('SIGKILL');
    await gone;
    return told.gatewayUrl;
  }
  throw new Error('the engine did not start');
}

/** SIGUSR2 sets the process's clock ten seconds ahead, SIGUSR1 would start a debugger. */
const clockThatCanJump = `data:text/javascript,${encodeURIComponent(`
  const now = Date.now;
  let ahead = 0;
  process.on('SIGUSR2', () => { ahead = ahead ? 0 : 10_000; });
  Date.now = () => now() + ahead;
`)}`;

interface Reply {
  status: number;
  code: string | undefined;
  retryAfter: string | null;
  durationMs: number;
  text: string;
}

/** Far beyond every limit of the gateway: a request that hangs fails the test, not the run. */
const giveUp = () => AbortSignal.timeout(25_000);

async function timed(ask: Promise<Response>): Promise<Reply> {
  const started = performance.now();
  const reply = await ask;
  const text = await reply.text();
  const durationMs = performance.now() - started;
  const { code } = text.startsWith('{') ? (JSON.parse(text) as { code?: string }) : {};
  const retryAfter = reply.headers.get('retry-after');
  return { status: reply.status, code, retryAfter, durationMs, text };
}

const send = async (key: string, consignee = 'samkwang') =>
  timed(
    (await gateway.as('emr')).fetch('/v1/transfers', {
      ...posted(orderFor(consignee), key),
      signal: giveUp(),
    }),
  );

const probe = (path: string) => timed(fetch(`${gateway.url}${path}`, { signal: giveUp() }));

const ready = (limitMs?: number) =>
  until('the gateway to be ready', async () => (await probe('/readyz')).status === 200, limitMs);

/** One request of every kind that needs the database. */
async function everyKind(): Promise<Reply[]> {
  const claim = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"limit":1,"leaseSeconds":60}',
  };
  const asked: [string, string, RequestInit?][] = [
    ['emr', '/v1/transfers', posted(orderFor('bioage'), 'of-every-kind')],
    ['emr', '/v1/transfers'],
    ['emr', '/v1/results'],
    ['engitech', '/v1/inbox/claim', claim],
    ['auditor', '/v1/ledger/checkpoint'],
    ['auditor', '/v1/audit/transfers'],
    ['operator', '/v1/consignees'],
  ];
  return Promise.all(
    asked.map(async ([client, path, init]) =>
      timed((await gateway.as(client)).fetch(path, { ...init, signal: giveUp() })),
    ),
  );
}

const delivered = (id: string) =>
  until(`the delivery of ${id}`, async () => {
    const reply = await (await gateway.as('emr')).fetch(`/v1/transfers/${id}`);
    return reply.ok && ((await reply.json()) as { status: string }).status === 'delivered';
  });

test('PostgreSQL dies under load: 503 at once, and all goes on when it is back', async () => {
  expect((await everyKind()).map(({ status }) => status)).not.toContain(503);
  // One push whose answer will come while the database is away.
  let answerFirst: (() => void) | undefined;
  lab.answerWith((response) => {
    if (answerFirst) response.writeHead(204).end();
    else answerFirst = () => void response.writeHead(204).end();
  });
  const { id } = JSON.parse((await send('answered-in-the-outage')).text) as { id: string };
  await until('its push to be under way', () => answerFirst);
  const replies = new Map<string, Reply>();
  let stopped = false;
  const lane = async (name: number) => {
    for (let at = 0; !stopped; at += 1) {
      const key = `load-${name}-${at}`;
      replies.set(key, await send(key));
    }
  };
  const load = [0, 1, 2].map(lane);
  await until('some answers', () => replies.size > 10);
  process.kill(postmaster, 'SIGQUIT');
  await until('the first refusal', () =>
    [...replies.values()].some(({ status }) => status === 503),
  );
  stopped = true;
  await Promise.all(load);
  answerFirst?.();

  const during = await everyKind();
  for (const reply of [...replies.values(), ...during].filter(({ status }) => status !== 202)) {
    expect(reply).toMatchObject({ status: 503, code: 'DATABASE_UNAVAILABLE' });
    expect(Number(reply.retryAfter)).toBeGreaterThan(0);
  }
  expect(during.map(({ status }) => status)).toEqual(during.map(() => 503));
  expect(Math.max(...[...replies.values(), ...during].map((one) => one.durationMs))).toBeLessThan(
    5_000,
  );
  const privateJwk = world.keys.get('emr') ?? {};
  const signed = await assertion({ clientId: 'emr', privateJwk, audience: gateway.url });
  const token = await postTokenForm(`${gateway.url}/oauth2/token`, tokenForm(signed));
  expect(token.status).toBe(503);
  expect(Number(token.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await probe('/healthz')).status).toBe(200);
  expect((await probe('/metrics')).status).toBe(200);
  const unready = await probe('/readyz');
  expect(unready.status).toBe(503);
  expect(JSON.parse(unready.text)).toMatchObject({ checks: { database: { ok: false } } });

  engine = await startEngine({ home, log: () => undefined });
  await ready();
  expect(gateway.child.exitCode).toBeNull();
  // Whoever was told to come back does, with the same key; nobody's order became two.
  for (const [key, { status, text }] of replies) {
    const again = await send(key);
    expect(again.status).toBe(202);
    if (status === 202) expect(again.text).toBe(text);
  }
  const { rows } = await world.db.query<{ id: string }>(
    "SELECT id FROM transfers WHERE consignee = 'samkwang'",
  );
  expect(rows).toHaveLength(replies.size + 1);
  await world.db.query("UPDATE transfers SET due_at = now() WHERE status = 'sending'");
  await Promise.all(rows.map(({ id }) => delivered(id)));
  // Nobody could note down its answer: it was sent again, and its consignee can tell.
  const pushes = lab.received.filter(({ headers }) => headers['webhook-id'] === id);
  expect(pushes.length).toBeGreaterThan(1);
  expect((await verifyAll(world, gateway)).faults).toEqual([]);
});

test('PostgreSQL hangs without closing a connection: bounded answers, and all goes on', async () => {
  // Everybody has a token, and the gateway its connections.
  expect((await everyKind()).map(({ status }) => status)).not.toContain(503);
  const { rows } = await world.db.query<{ pid: number }>('SELECT pid FROM pg_stat_activity');
  const server = [engine?.pid ?? postmaster, ...rows.map(({ pid }) => pid)];
  const signal = (name: 'SIGSTOP' | 'SIGCONT') => {
    for (const pid of server) {
      try {
        process.kill(pid, name);
      } catch {
        // That one of its processes has ended since.
      }
    }
  };
  signal('SIGSTOP');
  try {
    const waiting = [everyKind(), Promise.all([0, 1, 2, 3].map((at) => send(`hung-${at}`)))];
    const health = await probe('/healthz');
    const unready = await probe('/readyz');
    expect(health).toMatchObject({ status: 200 });
    expect(health.durationMs).toBeLessThan(500);
    expect(unready).toMatchObject({ status: 503 });
    expect(unready.durationMs).toBeLessThan(3_500);
    const replies = (await Promise.all(waiting)).flat();
    for (const reply of replies) {
      expect(reply).toMatchObject({ status: 503, code: 'DATABASE_UNAVAILABLE' });
      expect(reply.durationMs).toBeLessThan(16_000);
    }
  } finally {
    signal('SIGCONT');
  }
  await ready();
  expect(gateway.child.exitCode).toBeNull();
  const reply = await send('hung-0');
  expect(reply.status).toBe(202);
  await delivered((JSON.parse(reply.text) as { id: string }).id);
  expect((await verifyAll(world, gateway)).faults).toEqual([]);
}, 60_000);

test('a clock that jumps away from that of PostgreSQL stops everything that would leave', async () => {
  gateway.child.kill('SIGUSR2');
  const unready = await until('the jump to be noticed', async () => {
    const reply = await probe('/readyz');
    return reply.status === 503 ? reply : null;
  });
  expect(JSON.parse(unready.text)).toMatchObject({
    checks: { database: { ok: true }, ledger: { ok: true }, clock: { ok: false } },
  });
  const refused = await send('in-another-time');
  expect(refused).toMatchObject({ status: 503, code: 'CLOCK_SKEWED', retryAfter: '5' });
  gateway.child.kill('SIGUSR2');
  await ready();
  expect((await send('in-another-time')).status).toBe(202);
});

test.each([
  [0, true],
  [4_900, true],
  [-4_900, true],
  [5_100, false],
  [-5_100, false],
  [86_400_000, false],
  [NaN, false],
])('a clock %d ms away from that of PostgreSQL agrees: %s', async (aheadMs, agrees) => {
  const database = Date.UTC(2026, 0, 5);
  const clock = createClock({
    databaseNow: () => Promise.resolve(database),
    localNow: () => database + aheadMs,
  });
  expect(() => clock.assertAgrees()).toThrow('CLOCK_SKEWED');
  await clock.measure();
  if (agrees) {
    clock.assertAgrees();
    // Corrected by what was measured: leases and dates are PostgreSQL's.
    expect(clock.now().getTime()).toBe(database);
    expect(clock.today()).toBe('2026-01-05');
  } else expect(() => clock.assertAgrees()).toThrow('CLOCK_SKEWED');
});
