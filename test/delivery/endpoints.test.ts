/** Endpoints in trouble, between processes on one database: breaker, hold, end and rate. */
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '#src/base/log.ts';
import { readSettings } from '#src/bin/settings.ts';
import { createPushAgent } from '#src/delivery/agent.ts';
import { deliver } from '#src/delivery/deliver.ts';
import { createDispatcher, type Dispatcher } from '#src/delivery/dispatcher.ts';
import { createEndpoints } from '#src/delivery/endpoints.ts';
import { openGateway } from '#src/gateway.ts';
import { claimDue, type Claim, type Slots } from '#src/transfers/claim.ts';
import { addTransfer, openRelations, version, type Relations } from '#test/lifecycle/relations.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { asOwner, order, reached, setPaused, transferOf } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';

let world: World;
let gateway: TestGateway;
/** A second process, whose rounds the test can also ask for. */
let second: Awaited<ReturnType<typeof openGateway>>;
let rounds: Dispatcher;
let lab: ConsigneeServer;
let other: ConsigneeServer;
let healthy: ConsigneeServer;

beforeAll(async () => {
  lab = await startConsigneeServer();
  other = await startConsigneeServer();
  healthy = await startConsigneeServer();
  world = await makeWorld({
    pushUrls: { samkwang: lab.url, eone: other.url, mediage: healthy.url },
    editConsignee(consignee) {
      consignee['retry'] = { scheduleSeconds: [3600, 3600, 3600], timeoutSeconds: 30 };
      if (consignee['id'] === 'samkwang') {
        consignee['breaker'] = { failuresMax: 3, openSeconds: 600 };
      }
      if (consignee['id'] === 'eone') consignee['rate'] = { perSecondMax: 20 };
    },
  });
  gateway = await startGateway(world);
  second = await openSecond();
  rounds = createDispatcher({ ...second, random: Math.random }, () => undefined);
});

afterAll(async () => {
  await Promise.all([lab?.close(), other?.close()]);
  await rounds?.drain();
  await Promise.all([gateway?.stop(), second?.close()]);
  await world?.close();
  await healthy?.close();
});

async function openSecond() {
  const { config, ...read } = await readSettings(world.env);
  return openGateway({
    ...{ ...read, log: createLog({ level: 'silent' }), ledgerOrigin: config.ledgerOrigin },
    ...{ databaseUrl: world.database.url, databaseConnectionsMax: 4 },
    reviewing: config.reviewing,
    onSettled: () => undefined,
  });
}

const status = (code: number, headers: Record<string, string> = {}) =>
  function answer(response: ServerResponse): void {
    response.writeHead(code, headers).end();
  };

interface Delivery {
  state: string;
  failures: number;
  lastOutcome: string | null;
  nextAttemptAt: string | null;
  openedAt: string | null;
  oldestWaitingAt: string | null;
}

const deliveryTo = async (consignee: string): Promise<Delivery> => {
  const operator = await gateway.as('operator');
  return (await operator.json<{ delivery: Delivery }>(`/v1/consignees/${consignee}`)).delivery;
};

const inState = (consignee: string, state: string) =>
  until(`the endpoint of ${consignee} to be ${state}`, async () => {
    const delivery = await deliveryTo(consignee);
    return delivery.state === state ? delivery : null;
  });

const secondsUntil = (at: string | null) => (Date.parse(at ?? '') - Date.now()) / 1000;

const probeNow = () =>
  asOwner(world, 'UPDATE endpoints SET probe_at = now() WHERE opened_at < now()');

const dueNow = (ids: readonly string[]) =>
  asOwner(world, `UPDATE transfers SET due_at = now() WHERE id = ANY($1) AND status = 'ready'`, [
    ids,
  ]);

interface RowOf {
  id: string;
  attempts: number;
  tries: number;
  wait: number;
}

const rowsOf = async (ids: readonly string[]): Promise<RowOf[]> => {
  const { rows } = await world.db.query<RowOf>(
    `SELECT id, attempts, attempts - attempts_before AS tries,
       extract(epoch FROM due_at - now())::float8 AS wait
     FROM transfers WHERE id = ANY($1) ORDER BY id`,
    [ids],
  );
  return rows;
};

/** Every process has looked for work since. */
async function allLooked(): Promise<void> {
  await rounds.dispatch();
  await reached(gateway, await order(gateway, 'mediage'), 'delivered');
  await rounds.dispatch();
}

describe('a consignee that fails so many times in a row', () => {
  const failing: string[] = [];
  const waiting: string[] = [];

  test('gets nothing more, while others do; what waits keeps its attempts', async () => {
    lab.answerWith(status(500));
    for (let count = 0; count < 3; count += 1) failing.push(await order(gateway, 'samkwang'));
    const open = await inState('samkwang', 'open');
    expect(open).toMatchObject({ failures: 3, lastOutcome: 'http-500' });
    expect(secondsUntil(open.nextAttemptAt)).toBeGreaterThan(560);
    expect(secondsUntil(open.nextAttemptAt)).toBeLessThanOrEqual(601);
    waiting.push(await order(gateway, 'samkwang'), await order(gateway, 'samkwang'));
    for (const id of waiting) await reached(gateway, id, 'ready');
    await allLooked();
    expect(lab.received).toHaveLength(3);
    expect((await rowsOf(waiting)).map(({ attempts }) => attempts)).toEqual([0, 0]);
    expect((await deliveryTo('mediage')).state).toBe('closed');
  });

  test('is told of in the metrics', async () => {
    // Each process counts what it pushed itself: this one goes while the second is not asked.
    await reached(gateway, await order(gateway, 'mediage'), 'delivered');
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(text).toContain('waybill_breaker_state{consignee="samkwang"} 2');
    expect(text).toContain('waybill_breaker_state{consignee="bml"} 0');
    expect(text).toMatch(/waybill_pushes_total\{consignee="mediage",outcome="accepted"\} \d/);
    expect(text).toContain('waybill_pushes_in_flight{consignee="mediage"} 0');
    // Whoever pulls has no endpoint.
    expect(await deliveryTo('engitech')).toBeNull();
    expect(text).not.toContain('waybill_breaker_state{consignee="engitech"}');
  });

  test('is asked by one probe of all processes, and not again before its answer', async () => {
    const held: ServerResponse[] = [];
    lab.answerWith((response) => held.push(response));
    await probeNow();
    await until('the probe', () => lab.received.length === 4);
    expect(await deliveryTo('samkwang')).toMatchObject({
      ...{ state: 'half-open', lastOutcome: 'probing', failures: 3 },
    });
    await allLooked();
    expect(lab.received).toHaveLength(4);
    expect(held).toHaveLength(1);
    held.map(status(500));
    const open = await inState('samkwang', 'open');
    expect(open).toMatchObject({ failures: 4, lastOutcome: 'http-500' });
    // Twice as long.
    expect(secondsUntil(open.nextAttemptAt)).toBeGreaterThan(1_160);
    expect(secondsUntil(open.nextAttemptAt)).toBeLessThanOrEqual(1_201);
    const rows = await rowsOf([lab.received[3]?.body.transfer ?? '']);
    expect(rows).toMatchObject([{ attempts: 1, tries: 0 }]);
  });

  test('gets everything once a probe succeeds, and soon what was to wait for hours', async () => {
    lab.answerWith(status(204));
    await probeNow();
    expect(await inState('samkwang', 'closed')).toMatchObject({ failures: 0, openedAt: null });
    const probed = lab.received[3]?.body.transfer ?? '';
    for (const id of waiting.filter((each) => each !== probed))
      await reached(gateway, id, 'delivered');
    const late = [...failing, probed];
    await until('them to be due within a minute', async () =>
      (await rowsOf(late)).every(({ wait }) => wait < 61),
    );
    await dueNow(late);
    for (const id of late) await reached(gateway, id, 'delivered');
    const rows = await rowsOf(failing);
    expect(rows.map(({ attempts, tries }) => [attempts, tries])).toEqual(
      [2, 2, 2].map((n) => [n, n]),
    );
  });

  test('and again minutes later may flap: what it postponed keeps its time', async () => {
    lab.answerWith(status(500));
    const ids = [await order(gateway, 'samkwang'), await order(gateway, 'samkwang')];
    ids.push(await order(gateway, 'samkwang'));
    await inState('samkwang', 'open');
    lab.answerWith(status(204));
    // Nothing is due: the probe takes what would be next.
    await probeNow();
    await inState('samkwang', 'closed');
    const rest = (await rowsOf(ids)).filter(({ attempts }) => attempts === 1);
    expect(rest).toHaveLength(2);
    expect(Math.min(...rest.map(({ wait }) => wait))).toBeGreaterThan(3_000);
  });

  test('is sent to again as soon as an operator resumes it', async () => {
    lab.answerWith(status(500));
    for (let count = 0; count < 3; count += 1) await order(gateway, 'samkwang');
    await inState('samkwang', 'open');
    lab.answerWith(status(204));
    const id = await order(gateway, 'samkwang');
    await setPaused(gateway, 'samkwang', false);
    await reached(gateway, id, 'delivered');
    expect((await deliveryTo('samkwang')).state).toBe('closed');
  });

  test('by its own refusal does not fail: a 4xx opens nothing', async () => {
    lab.answerWith(status(422));
    const ids = await Promise.all([1, 2, 3, 4].map(() => order(gateway, 'samkwang')));
    for (const id of ids) await reached(gateway, id, 'rejected');
    expect(await deliveryTo('samkwang')).toMatchObject({ state: 'closed', failures: 0 });
  });
});

test('whoever asks to be left alone is, with every transfer and by every process', async () => {
  other.answerWith(status(503, { 'retry-after': '3000' }));
  const first = await order(gateway, 'eone');
  const held = await inState('eone', 'held');
  expect(held).toMatchObject({ failures: 0, lastOutcome: 'http-503' });
  expect(secondsUntil(held.nextAttemptAt)).toBeGreaterThan(2_900);
  const second = await order(gateway, 'eone');
  await reached(gateway, second, 'ready');
  await allLooked();
  expect(other.received).toHaveLength(1);
  expect((await transferOf(gateway, second)).attempts).toBe(0);
  other.answerWith(status(204));
  await setPaused(gateway, 'eone', false);
  await reached(gateway, second, 'delivered');
  expect((await rowsOf([first]))[0]?.wait).toBeLessThan(61);
  await dueNow([first]);
  await reached(gateway, first, 'delivered');
});

test('whoever is gone is disabled once, loses nothing, and goes on when an operator says so', async () => {
  const held: ServerResponse[] = [];
  const before = other.received.length;
  other.answerWith((response) => held.push(response));
  const ids = [await order(gateway, 'eone'), await order(gateway, 'eone')];
  await until('both pushes', () => held.length === 2);
  held.map(status(410));
  await until('both to wait again', async () =>
    (await rowsOf(ids)).every(({ tries, wait }) => tries === 0 && wait <= 0),
  );
  expect(await deliveryTo('eone')).toMatchObject({ state: 'disabled', nextAttemptAt: null });
  await setPaused(gateway, 'eone', true);
  await allLooked();
  expect(other.received).toHaveLength(before + 2);
  other.answerWith(status(204));
  await setPaused(gateway, 'eone', false);
  for (const id of ids)
    expect(await reached(gateway, id, 'delivered')).toMatchObject({ attempts: 2 });
  const { rows } = await world.db.query<{ leaf: Buffer }>(
    'SELECT leaf FROM entries ORDER BY index',
  );
  const leaves = rows.map(({ leaf }) => JSON.parse(leaf.toString()) as Record<string, unknown>);
  const kinds = leaves.map(({ kind, consignee }) => `${String(kind)} ${String(consignee)}`);
  expect(kinds.filter((kind) => kind.startsWith('endpoint-'))).toEqual([
    ...['endpoint-disabled eone', 'endpoint-enabled eone'],
  ]);
});

test('a rate is kept by all processes together', async () => {
  await setPaused(gateway, 'eone', true);
  const ids = await Promise.all(Array.from({ length: 12 }, () => order(gateway, 'eone')));
  for (const id of ids) await reached(gateway, id, 'ready');
  const times: number[] = [];
  other.answerWith((response) => {
    times.push(performance.now());
    status(204)(response);
  });
  await setPaused(gateway, 'eone', false);
  for (const id of ids) await reached(gateway, id, 'delivered');
  // Five at once, a quarter of a second's worth, and the other seven 50 ms apart.
  expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(250);
});

describe('a process that stood still until its lease was over', () => {
  test('does not push: another may have taken or withdrawn the transfer', async () => {
    await setPaused(gateway, 'mediage', true);
    const id = await order(gateway, 'mediage');
    await reached(gateway, id, 'ready');
    const { rows } = await world.db.query<Claim>(
      `SELECT transfers.*, sealed FROM transfers JOIN payloads USING (id) WHERE id = $1`,
      [id],
    );
    const taken = rows[0]!;
    const lease = { lease: Buffer.alloc(16), tries: 1, probe: false, tells: false };
    const [leaf] = await second.ledger.leavesAt([taken.entry]);
    const [proof] = await second.ledger.proofsFor([taken.entry]);
    const settings = second.agreements.consignees.get('mediage')!.push!;
    const agent = createPushAgent({ concurrencyMax: 1, timeoutSeconds: 30, settings });
    const before = healthy.received.length;
    const deps = { ...second, random: Math.random, endpoints: createEndpoints(second) };
    const deliverBy = (leaseUntil: Date) => {
      const claim = { ...taken, ...lease, leaseUntil };
      return deliver(deps, new Map([['mediage', agent]]), { claim, leaf, proof });
    };
    expect(await deliverBy(new Date(Date.now() + 29_000))).toBeNull();
    expect(healthy.received.length).toBe(before);
    expect(await deliverBy(new Date(Date.now() + 60_000))).toBe('accepted');
    expect(healthy.received.length).toBe(before + 1);
    await agent.close();
    await setPaused(gateway, 'mediage', false);
  });
});

describe('of claims at the same time', () => {
  let of: Relations;
  beforeAll(async () => {
    of = await openRelations([version(1)]);
    for (let count = 0; count < 30; count += 1) {
      await addTransfer(of, { status: 'ready', attempts: 0 });
    }
  });
  afterAll(() => of?.close());

  const claimAtOnce = async (slot: Partial<Slots> = {}) => {
    const free = { free: 4, perSecondMax: null, leaseSeconds: 60, ...slot };
    const want = { status: 'sending', leaseSeconds: 60, contracts: [version(1)] } as const;
    const slots = new Map([['samkwang', free]]);
    const lanes = Array.from({ length: 5 }, () => claimDue(of.db, { ...want, slots }));
    return (await Promise.all(lanes)).flat();
  };
  const endpointIs = (sql: string) =>
    of.db.query(`INSERT INTO endpoints (consignee) VALUES ('samkwang') ON CONFLICT (consignee)
      DO UPDATE SET ${sql}`);

  test('none gets anything while the endpoint is held or disabled, or before its probe', async () => {
    expect(await claimAtOnce({ perSecondMax: 100 })).toEqual([]);
    await endpointIs('failures = 0');
    const soon = `now() + interval '1 hour'`;
    for (const perSecondMax of [null, 100]) {
      await endpointIs(`held_until = ${soon}`);
      expect(await claimAtOnce({ perSecondMax })).toEqual([]);
      await endpointIs(`held_until = NULL, disabled_at = now()`);
      expect(await claimAtOnce({ perSecondMax })).toEqual([]);
      await endpointIs(`disabled_at = NULL, opened_at = now(), probe_at = ${soon}`);
      expect(await claimAtOnce({ perSecondMax })).toEqual([]);
      await endpointIs('opened_at = NULL, probe_at = NULL');
    }
  });

  test('one is the probe', async () => {
    await endpointIs('opened_at = now(), probe_at = now()');
    const claims = await claimAtOnce();
    expect(claims).toMatchObject([{ probe: true, tries: 1, tells: true }]);
    expect(await claimAtOnce()).toEqual([]);
  });

  test('none is a probe of what waits for a key: nothing could be sent', async () => {
    const waiting = (due: string, outcome: string | null) =>
      of.db.query(
        `UPDATE transfers SET due_at = now() + $1::interval, last_outcome = $2
         WHERE status = 'ready'`,
        [due, outcome],
      );
    await endpointIs('opened_at = now(), probe_at = now()');
    await waiting('1 minute', 'no-consignee-key');
    expect(await claimAtOnce()).toEqual([]);
    await waiting('1 hour', 'http-503');
    expect(await claimAtOnce()).toMatchObject([{ probe: true }]);
    await waiting('0', null);
  });

  test('none gets what the rate has not earned yet', async () => {
    await endpointIs(`opened_at = NULL, probe_at = NULL, next_at = now() - interval '1 hour'`);
    // A quarter of a second's worth is kept, and no more comes in a few milliseconds.
    expect((await claimAtOnce({ perSecondMax: 12 })).length).toBe(3);
    expect(await claimAtOnce({ perSecondMax: 0.1 })).toEqual([]);
  });
});
