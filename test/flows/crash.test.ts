/** A process that is killed or told to end loses nothing that it answered, and repeats no order. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { canonicalText } from '#src/base/canonical.ts';
import { nodeCrypto } from '#src/ledger/node-crypto.ts';
import { verifyProof } from '#src/ledger/verify.ts';
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
import { entriesOf, verifyAll, vkeyOf } from './support.ts';

let lab: ConsigneeServer;
let world: World;
let folder: string;
const running: GatewayProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-crash-'));
  lab = await startConsigneeServer();
  world = await makeWorld({
    pushUrls: { samkwang: lab.url },
    editConsignee: (consignee) => {
      if (consignee['push']) consignee['retry'] = { timeoutSeconds: 8 };
    },
  });
});

afterEach(() => {
  lab.answerWith((response) => response.writeHead(204).end());
});

afterAll(async () => {
  await Promise.all(running.map((gateway) => gateway.kill('SIGKILL')));
  await world?.close();
  await lab?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<GatewayProcess> {
  const gateway = await spawnGateway(world);
  running.push(gateway);
  return gateway;
}

/** The one that a test before this has left alive, or another. */
async function alive(): Promise<GatewayProcess> {
  const isAlive = ({ child }: GatewayProcess) =>
    child.exitCode === null && child.signalCode === null;
  return running.find(isAlive) ?? start();
}

/** Ends every lease now, instead of waiting for its time. */
async function endLeases(): Promise<void> {
  await world.db.query(
    "UPDATE transfers SET due_at = now() WHERE status IN ('ready', 'sending', 'leased')",
  );
}

const settled = (ids: readonly string[]) =>
  until('every transfer to settle', async () => {
    const { rows } = await world.db.query<{ status: string }>(
      'SELECT status FROM transfers WHERE id = ANY($1) AND settled_at IS NOT NULL',
      [ids],
    );
    return rows.length === ids.length ? rows.map(({ status }) => status) : null;
  });

describe('kill -9 in a stream of orders', () => {
  // The seed of when each round is killed: how many answers it may give.
  const rounds = [1, 9, 20];
  const perRound = 30;
  const answered = new Map<string, string>();

  /** Sends orders, some at a time, until the gateway is gone; remembers every 202. */
  async function stream(gateway: GatewayProcess, keys: readonly string[], enough: () => void) {
    const emr = await gateway.as('emr');
    const queue = keys.values();
    const lane = async () => {
      for (const key of queue) {
        const reply = await emr.fetch('/v1/transfers', posted(orderFor('samkwang'), key));
        expect(reply.status).toBe(202);
        const { id } = (await reply.json()) as { id: string };
        if (answered.has(key)) expect(answered.get(key)).toBe(id);
        answered.set(key, id);
        enough();
      }
    };
    await Promise.allSettled(Array.from({ length: 6 }, lane)).then((lanes) => {
      for (const { reason } of lanes.filter((one) => one.status === 'rejected')) {
        // Only what a dead process does to a request: everything else is a fault.
        if (!(reason instanceof TypeError)) throw reason;
      }
    });
  }

  test('loses no answered order, repeats none, and the ledger only grows', async () => {
    const state = join(folder, 'kill.checkpoint');
    const keys: string[] = [];
    let gateway = await start();
    for (const [round, answersMax] of rounds.entries()) {
      expect((await verifyAll(world, gateway, state)).faults).toEqual([]);
      const fresh = Array.from({ length: perRound }, (_, at) => `kill-${round}-${at}`);
      keys.push(...fresh);
      let answers = 0;
      const kills: Promise<unknown>[] = [];
      await stream(gateway, fresh, () => {
        answers += 1;
        if (answers === answersMax) kills.push(gateway.kill('SIGKILL'));
      });
      await Promise.all(kills);
      gateway = await start();
    }
    const before = new Map(answered);
    expect(before.size).toBeLessThan(keys.length);
    // The client does not know what became of the others: it sends all of them again.
    await stream(gateway, keys, () => undefined);
    expect(answered.size).toBe(keys.length);

    const ids = [...answered.values()];
    expect(new Set(ids).size).toBe(keys.length);
    const { rows } = await world.db.query<{ id: string }>('SELECT id FROM transfers');
    expect(rows.map(({ id }) => id).sort()).toEqual([...ids].sort());
    await endLeases();
    expect(new Set(await settled(ids))).toEqual(new Set(['delivered']));
    expect((await verifyAll(world, gateway, state)).faults).toEqual([]);

    const entries = await entriesOf(gateway);
    for (const kind of ['released', 'delivered']) {
      const told = entries.filter((entry) => entry.kind === kind);
      expect(told.map(({ transfer }) => transfer).sort()).toEqual([...ids].sort());
    }
    const arrived = new Set(lab.received.map(({ headers }) => headers['webhook-id']));
    expect([...arrived].sort()).toEqual([...ids].sort());
  }, 90_000);

  test('every byte that arrived was recorded and signed for before it left', async () => {
    const gateway = await alive();
    const vkey = await vkeyOf(gateway);
    const entries = await entriesOf(gateway);
    expect(lab.received.length).toBeGreaterThanOrEqual(rounds.length * perRound);
    for (const { body, headers } of lab.received) {
      const { leaf, checkpoint } = await verifyProof(nodeCrypto, vkey, body.proof);
      const { index } = body.proof;
      const claims = JSON.parse(Buffer.from(leaf).toString()) as Record<string, unknown>;
      const bytes = [Buffer.from(body.salt, 'base64'), Buffer.from(canonicalText(body.record))];
      const commitment = createHash('sha256').update(Buffer.concat(bytes)).digest('base64');
      expect(claims).toMatchObject({ kind: 'released', transfer: body.transfer, commitment });
      expect(headers['webhook-id']).toBe(body.transfer);
      expect(index).toBeLessThan(checkpoint.size);
      expect(entries[index]).toMatchObject({ kind: 'released', transfer: body.transfer });
    }
  });
});

test('a push that was under way at kill -9 is made again once its lease has ended', async () => {
  const gateway = await alive();
  const emr = await gateway.as('emr');
  lab.answerWith(() => undefined);
  const sent = posted(orderFor('samkwang'), 'hanging');
  const { id } = await emr.json<{ id: string }>('/v1/transfers', sent);
  const pushes = () => lab.received.filter(({ body }) => body.transfer === id);
  await until('the push to be under way', () => pushes().length === 1);
  await gateway.kill('SIGKILL');
  lab.answerWith((response) => response.writeHead(204).end());

  const next = await startGateway(world);
  const { rows } = await world.db.query<{ status: string; seconds: number }>(
    `SELECT status, extract(epoch FROM due_at - now())::float8 AS seconds
     FROM transfers WHERE id = $1`,
    [id],
  );
  // Whoever holds a lease may still be sending: until it ends nobody sends beside it.
  expect(rows[0]).toMatchObject({ status: 'sending' });
  expect(rows[0]?.seconds).toBeGreaterThan(1);
  expect(pushes()).toHaveLength(1);
  await endLeases();
  expect(await settled([id])).toEqual(['delivered']);
  const [first, again] = pushes();
  expect(again?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  expect(again?.body.record).toEqual(first?.body.record);
  expect(again?.body.salt).toBe(first?.body.salt);
  await next.stop();
});

describe('SIGTERM', () => {
  test('answers what was taken, refuses what comes, lets pushes end, and exits with 0', async () => {
    const gateway = await start();
    const emr = await gateway.as('emr');
    const send = (key: string) => emr.fetch('/v1/transfers', posted(orderFor('samkwang'), key));
    let release = (): void => undefined;
    lab.answerWith((response) => (release = () => void response.writeHead(204).end()));
    const pushed = (await (await send('before-term')).json()) as { id: string };
    await until('a push under way', () =>
      lab.received.some(({ body }) => body.transfer === pushed.id),
    );
    // It may be there from an earlier run of this test.
    await world.db.query(`DELETE FROM consignee_states WHERE consignee = 'bioage'`);
    // A reply that is under way for sure: its request is waiting for a row that we hold.
    const statuses = await world.db.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO consignee_states (consignee) VALUES ('bioage') ON CONFLICT DO NOTHING`,
      );
      const operator = await gateway.as('operator');
      await operator.fetch('/v1/consignees');
      const held = operator.fetch('/v1/consignees/bioage/pause', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"reason":"a trial"}',
      });
      // Not in our transaction, which would see the activity of its first look for ever.
      await until('the request to wait for the row', async () => {
        const { rows } = await world.db.query(
          `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'
             AND datname = current_database() AND query LIKE '%consignee_states%'`,
        );
        return rows.length > 0;
      });
      gateway.child.kill('SIGTERM');
      const refusals: (number | string)[] = [];
      await until('the door to be shut', async () => {
        const outcome = await send(`late-${refusals.length}`).then(
          async (reply) => {
            const { code } = (await reply.json()) as { code?: string };
            return code ?? reply.status;
          },
          (error: Error) => (error.cause as { code: string }).code,
        );
        refusals.push(outcome);
        return outcome === 'ECONNREFUSED';
      });
      return { held, refusals };
    });
    const reply = await statuses.held;
    expect(reply.status).toBe(200);
    expect(((await reply.json()) as { paused: boolean }).paused).toBe(true);
    expect(statuses.refusals).toContain('SHUTTING_DOWN');
    const known = new Set([202, 'SHUTTING_DOWN', 'ECONNREFUSED']);
    // Whoever knocks in the very moment in which the door is shut is reset by the system.
    if (statuses.refusals.at(-2) === 'ECONNRESET') statuses.refusals.splice(-2, 1);
    expect(statuses.refusals.filter((outcome) => !known.has(outcome))).toEqual([]);
    expect(gateway.child.exitCode).toBeNull();
    release();
    expect(await gateway.kill('SIGCONT')).toBe(0);
    const { rows } = await world.db.query('SELECT status FROM transfers WHERE id = $1', [
      pushed.id,
    ]);
    expect(rows).toEqual([{ status: 'delivered' }]);
  });

  test('is not held up by connections that are idle, chatty or half a request', async () => {
    const gateway = await start();
    const { port } = new URL(gateway.url);
    const sockets = ['', 'POST /v1/tra', 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n'].map((text) =>
      say(Number(port), text),
    );
    await until('the answer on the idle one', () => sockets[2]?.heard.includes('"ok"'));
    const chatty = say(Number(port), 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    const talk = setInterval(() => {
      if (chatty.socket.writable) chatty.socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    }, 20);
    const started = performance.now();
    expect(await gateway.kill('SIGTERM')).toBe(0);
    clearInterval(talk);
    expect(performance.now() - started).toBeLessThan(4_000);
    // The chatty one was told, and not cut off in the middle of an answer.
    expect(chatty.heard.toLowerCase()).toContain('connection: close');
    expect(chatty.heard.trimEnd().endsWith('}')).toBe(true);
  });
});

function say(port: number, text: string): { socket: Socket; heard: string } {
  const socket = connect(port, '127.0.0.1');
  const said = { socket, heard: '' };
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => (said.heard += chunk.toString()));
  if (text) socket.write(text);
  return said;
}
