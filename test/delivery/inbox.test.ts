/**
 * The inbox: leases in database time, one holder at a time, and answers that only the holder gives.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { canary } from '#test/support/orders.ts';
import {
  answered,
  asOwner,
  claim,
  holdSequencer,
  order,
  posting,
  reached,
  setPaused,
  trailWith,
  transferOf,
  type Item,
} from '#test/support/transfers.ts';

let world: World;
let gateway: TestGateway;
let second: TestGateway;
let lab: ConsigneeServer;

beforeAll(async () => {
  lab = await startConsigneeServer();
  world = await makeWorld({ pushUrls: { samkwang: lab.url } });
  gateway = await startGateway(world);
  second = await startGateway(world);
});

afterAll(async () => {
  await Promise.all([gateway?.stop(), second?.stop()]);
  await world?.close();
  await lab?.close();
});

/** A new transfer that waits in the consignee's inbox. */
async function waiting(consignee: string): Promise<string> {
  const id = await order(gateway, consignee);
  await reached(gateway, id, 'ready');
  return id;
}

/** Claims the one transfer that waits. */
async function claimOne(consignee: string, leaseSeconds = 60): Promise<Item> {
  const [item, ...more] = await claim(gateway, consignee, 100, leaseSeconds);
  if (!item || more.length > 0) throw new Error(`${more.length + (item ? 1 : 0)} items wait`);
  return item;
}

async function ack(item: Item, consignee: string, through = gateway) {
  const client = await through.as(consignee);
  const body = posting({ lease: item.lease.token });
  return answered(client.fetch(`/v1/inbox/${item.transfer}/ack`, body));
}

async function reject(item: Item, consignee: string, message?: string) {
  const client = await gateway.as(consignee);
  const body = posting({
    ...{ lease: item.lease.token, code: 'SPECIMEN_MISSING' },
    ...(message === undefined ? {} : { message }),
  });
  return answered(client.fetch(`/v1/inbox/${item.transfer}/reject`, body));
}

const done = { status: 200 };
const leaseLost = { status: 409, code: 'LEASE_LOST' };

/** Ends a lease now, without waiting for its time. */
const endLease = (id: string) =>
  asOwner(world, `UPDATE transfers SET due_at = now() - interval '1 ms' WHERE id = $1`, [id]);

test('two gateways that hand out at the same time never hand out the same transfer', async () => {
  const ids = await Promise.all(Array.from({ length: 30 }, () => order(gateway, 'infinite')));
  for (const id of ids) await reached(gateway, id, 'ready');
  const worker = async (through: TestGateway): Promise<string[]> => {
    const items = await claim(through, 'infinite', 2);
    if (items.length === 0) return [];
    return [...items.map(({ transfer }) => transfer), ...(await worker(through))];
  };
  const claimed = await Promise.all([gateway, second, gateway, second].map(worker));
  expect(claimed.flat().sort()).toEqual(ids.sort());
});

test('nothing can be claimed before a signed checkpoint covers it', async () => {
  const release = await holdSequencer(world);
  const id = await order(gateway, 'engitech');
  expect(await claim(gateway, 'engitech')).toEqual([]);
  expect(await claim(second, 'engitech')).toEqual([]);
  expect(await transferOf(gateway, id)).toMatchObject({ status: 'accepted', entry: null });
  await release();
  await reached(gateway, id, 'ready');
  const item = await claimOne('engitech');
  expect(item.transfer).toBe(id);
  expect(await ack(item, 'engitech')).toEqual(done);
});

describe('a lease', () => {
  test('lasts as long as asked, in the time of the database', async () => {
    const id = await waiting('engitech');
    const item = await claimOne('engitech', 1_234);
    const { rows } = await world.db.query<{ until: Date; seconds: number; status: string }>(
      `SELECT due_at AS until, extract(epoch FROM due_at - now())::float8 AS seconds, status
       FROM transfers WHERE id = $1`,
      [id],
    );
    expect(rows[0]?.status).toBe('leased');
    expect(item.lease.until).toBe(rows[0]?.until.toISOString());
    expect(rows[0]?.seconds).toBeGreaterThan(1_200);
    expect(rows[0]?.seconds).toBeLessThanOrEqual(1_234);
    const { entries } = await trailWith(gateway, id, 'pulled');
    expect(entries.find(({ kind }) => kind === 'pulled')?.detail).toMatchObject({
      ...{ via: 'inbox', attempts: 1, leaseUntil: item.lease.until },
      actor: { client: 'engitech', kind: 'consignee' },
    });
    expect(await ack(item, 'engitech')).toEqual(done);
  });

  test('keeps the transfer from everyone while it runs', async () => {
    await waiting('engitech');
    const item = await claimOne('engitech', 5);
    expect(await claim(second, 'engitech')).toEqual([]);
    expect(await ack(item, 'engitech')).toEqual(done);
  });

  test('that ended is claimed again with another token; its first holder has lost it', async () => {
    const id = await waiting('engitech');
    const first = await claimOne('engitech');
    await endLease(id);
    expect(await ack(first, 'engitech')).toEqual(leaseLost);
    const again = await claimOne('engitech');
    expect(again.transfer).toBe(id);
    expect(again.lease.token).not.toBe(first.lease.token);
    expect(await ack(first, 'engitech')).toEqual(leaseLost);
    expect(await reject(first, 'engitech')).toEqual(leaseLost);
    expect((await transferOf(gateway, id)).status).toBe('leased');
    expect(await ack(again, 'engitech', second)).toEqual(done);
    expect(await ack(first, 'engitech')).toEqual(leaseLost);
    expect(await transferOf(gateway, id)).toMatchObject({ status: 'delivered', attempts: 2 });
    const { entries } = await trailWith(gateway, id, 'delivered');
    const kinds = entries.map(({ kind }) => kind).filter((kind) => kind !== 'audit-read');
    expect(kinds).toEqual(['released', 'pulled', 'pulled', 'delivered']);
  });

  test('is answered once: the same again is the same, the contrary is refused', async () => {
    const id = await waiting('engitech');
    const item = await claimOne('engitech');
    const answers = await Promise.all([1, 2, 3, 4].map(() => ack(item, 'engitech')));
    expect(answers).toEqual([done, done, done, done]);
    expect(await reject(item, 'engitech')).toEqual(leaseLost);
    const { entries } = await trailWith(gateway, id, 'delivered');
    expect(entries.filter(({ kind }) => kind === 'delivered')).toHaveLength(1);
  });

  test('raced for by ack and reject goes to one of them', async () => {
    const id = await waiting('engitech');
    const item = await claimOne('engitech');
    const answers = await Promise.all([ack(item, 'engitech', second), reject(item, 'engitech')]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers).toContainEqual(leaseLost);
    const status = answers[0]?.status === 200 ? 'delivered' : 'rejected';
    expect((await transferOf(gateway, id)).status).toBe(status);
  });

  test.each(['AAAAAAAAAAAAAAAAAAAAAA', 'A', '-_-_'])('is not held by %s', async (token) => {
    await waiting('engitech');
    const item = await claimOne('engitech');
    const forged = { ...item, lease: { ...item.lease, token } };
    expect(await ack(forged, 'engitech')).toEqual(leaseLost);
    expect(await reject(forged, 'engitech')).toEqual(leaseLost);
    expect(await ack(item, 'engitech')).toEqual(done);
  });

  test('is unknown to another consignee, even with its token', async () => {
    await waiting('engitech');
    const item = await claimOne('engitech');
    expect(await claim(gateway, 'areumnuri')).toEqual([]);
    expect(await ack(item, 'areumnuri')).toEqual({ status: 404, code: 'NOT_FOUND' });
    expect(await reject(item, 'areumnuri')).toEqual({ status: 404, code: 'NOT_FOUND' });
    expect(await ack(item, 'engitech')).toEqual(done);
  });

  test('that runs keeps the EMR from cancelling', async () => {
    const id = await waiting('engitech');
    const emr = await gateway.as('emr');
    const cancelled = () => answered(emr.fetch(`/v1/transfers/${id}/cancel`, posting({})));
    const item = await claimOne('engitech');
    const refused = { status: 409, code: 'NOT_CANCELLABLE' };
    expect(await cancelled()).toEqual(refused);
    await endLease(id);
    expect(await cancelled()).toEqual(refused);
    expect((await claimOne('engitech')).transfer).toBe(item.transfer);
  });
});

test('a cancelled transfer cannot be claimed', async () => {
  const id = await waiting('lctech');
  const emr = await gateway.as('emr');
  await emr.json(`/v1/transfers/${id}/cancel`, posting({ reason: 'ordered twice' }));
  expect(await claim(gateway, 'lctech')).toEqual([]);
});

test('a rejection tells the EMR its code; its message is in sealed detail and nowhere else', async () => {
  const id = await waiting('areumnuri');
  const item = await claimOne('areumnuri');
  const message = `관이 없음 ${canary.name}`;
  expect(await reject(item, 'areumnuri', message)).toEqual(done);
  expect(await reject(item, 'areumnuri', message)).toEqual(done);
  const transfer = await reached(gateway, id, 'rejected');
  expect(transfer.lastOutcome).toBe('SPECIMEN_MISSING');
  expect(JSON.stringify(transfer)).not.toContain(canary.name);
  const { entries } = await trailWith(gateway, id, 'rejected');
  const rejected = entries.find(({ kind }) => kind === 'rejected');
  expect(rejected?.detail).toMatchObject({ outcome: 'SPECIMEN_MISSING', reason: message });
  expect(Buffer.from(rejected?.leaf ?? '', 'base64').toString()).not.toContain('SPECIMEN');
  const { rows } = await world.db.query<{ row: string }>(
    `SELECT t::text AS row FROM transfers t WHERE id = $1 UNION ALL
     SELECT convert_from(leaf, 'UTF8') || encode(detail, 'escape') FROM entries`,
    [id],
  );
  for (const { row } of rows) expect(row).not.toContain('관이');
});

test('a paused consignee can claim nothing, but answer what it holds', async () => {
  const held = await waiting('medigene');
  const item = await claimOne('medigene');
  const later = await waiting('medigene');
  await setPaused(gateway, 'medigene', true);
  expect(await claim(gateway, 'medigene')).toEqual([]);
  expect(await ack(item, 'medigene')).toEqual(done);
  await setPaused(gateway, 'medigene', false);
  expect(item.transfer).toBe(held);
  expect((await claimOne('medigene')).transfer).toBe(later);
});

test('a consignee that is pushed to has no inbox', async () => {
  await setPaused(gateway, 'samkwang', true);
  await waiting('samkwang');
  await setPaused(gateway, 'samkwang', false);
  expect(await claim(gateway, 'samkwang')).toEqual([]);
});

test('a transfer that nobody claimed in its time cannot be claimed any more', async () => {
  const id = await waiting('sk-chemicals');
  await asOwner(world, 'UPDATE transfers SET expires_at = now() WHERE id = $1', [id]);
  expect(await claim(gateway, 'sk-chemicals')).toEqual([]);
  const { entries } = await trailWith(gateway, id, 'expired');
  expect(entries.find(({ kind }) => kind === 'expired')?.detail).toMatchObject({
    ...{ outcome: 'not-claimed-in-time', actor: { client: null, kind: 'system' } },
  });
});

test.each([
  { limit: 0, leaseSeconds: 60 },
  { limit: 501, leaseSeconds: 60 },
  { limit: 1, leaseSeconds: 4 },
  { limit: 1, leaseSeconds: 3_601 },
  { limit: 1.5, leaseSeconds: 60 },
  { limit: 1 },
  { limit: 1, leaseSeconds: 60, consignee: 'engitech' },
])('a claim of %j is refused', async (body) => {
  const client = await gateway.as('greencross');
  const reply = await answered(client.fetch('/v1/inbox/claim', posting(body)));
  expect(reply).toEqual({ status: 400, code: 'INVALID_REQUEST' });
});
