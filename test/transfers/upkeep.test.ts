/** What time does to transfers: expired, withdrawn, purged, forgotten; each step with its entry. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addVersion, entriesOf } from '#test/flows/support.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { orderFor, posted } from '#test/support/orders.ts';
import {
  asOwner,
  claim,
  order,
  posting,
  reached,
  setPaused,
  trailWith,
  transferOf,
} from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';

let world: World;
let gateway: TestGateway;
const ids = { outdated: '', unclaimed: '', leased: '', retained: '', settled: '', unknown: '' };

/** While the gateway is down, a month goes by and Samkwang's second version begins. */
beforeAll(async () => {
  world = await makeWorld();
  gateway = await startGateway(world);
  await setPaused(gateway, 'samkwang', true);
  await setPaused(gateway, 'infinite', true);
  ids.outdated = await order(gateway, 'samkwang');
  ids.unclaimed = await order(gateway, 'engitech');
  ids.unknown = await order(gateway, 'infinite');
  for (const key of ['settled', 'retained', 'leased'] as const) {
    ids[key] = await order(gateway, 'areumnuri');
  }
  for (const id of Object.values(ids)) await reached(gateway, id, 'ready');
  const vendor = await gateway.as('areumnuri');
  for (const { transfer, lease } of await claim(gateway, 'areumnuri')) {
    if (transfer === ids.leased) continue;
    await vendor.json(`/v1/inbox/${transfer}/ack`, posting({ lease: lease.token }));
  }
  await gateway.stop();
  const past = async (column: string, id: string) =>
    asOwner(world, `UPDATE transfers SET ${column} = now() WHERE id = $1`, [id]);
  await past('expires_at', ids.unclaimed);
  await past('expires_at', ids.leased);
  await past('purge_at', ids.settled);
  await past('purge_at', ids.leased);
  await asOwner(world, `UPDATE transfers SET contract = 'infinite.v9' WHERE id = $1`, [
    ids.unknown,
  ]);
  const sql = `UPDATE idempotency_keys SET created_at = now() - interval '31 days' WHERE owner = $1`;
  await asOwner(world, sql, [ids.settled]);
  await addVersion(world, 'samkwang', { without: 'birthDate' });
  gateway = await startGateway(world);
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
});

async function detailOf(id: string, kind: string) {
  const { entries } = await trailWith(gateway, id, kind);
  return entries.filter((entry) => entry.kind === kind).map(({ detail }) => detail);
}

const system = { client: null, kind: 'system' };

test('what waits under a version that was superseded is withdrawn, and never sent', async () => {
  expect(await reached(gateway, ids.outdated, 'withdrawn')).toMatchObject({ attempts: 0 });
  const outcome = { outcome: 'contract-superseded', actor: system };
  expect(await detailOf(ids.outdated, 'withdrawn')).toEqual([outcome]);
});

test('new orders are decided by the version now in force', async () => {
  const emr = await gateway.as('emr');
  const reply = await emr.json('/v1/transfers', posted(orderFor('samkwang'), 'under v2'));
  expect(reply).toMatchObject({ contract: 'samkwang.v2' });
});

test('what nobody claimed in its time expires', async () => {
  await reached(gateway, ids.unclaimed, 'expired');
  const outcome = { outcome: 'not-claimed-in-time', actor: system };
  expect(await detailOf(ids.unclaimed, 'expired')).toEqual([outcome]);
});

test('what is held under a lease does not expire before the lease ends', async () => {
  await reached(gateway, ids.unclaimed, 'expired');
  expect((await transferOf(gateway, ids.leased)).status).toBe('leased');
});

test('a payload whose time has come is destroyed; its row and its entries stay', async () => {
  const transfer = await until('the purge', async () => {
    const found = await transferOf(gateway, ids.settled);
    return (found as { purgedAt?: string | null }).purgedAt ? found : null;
  });
  expect(transfer.status).toBe('delivered');
  const { rows } = await world.db.query<{ id: string }>('SELECT id FROM payloads');
  const kept = rows.map(({ id }) => id);
  expect(kept).not.toContain(ids.settled);
  expect(kept).toContain(ids.retained);
  // whatever its row says: it is under way
  expect(kept).toContain(ids.leased);
  const outcome = { outcome: 'retention-ended', actor: system };
  expect(await detailOf(ids.settled, 'purged')).toEqual([outcome]);
});

test('a key and its sealed reply are forgotten after 30 days, no other, and an entry counts', async () => {
  const owners = await until('the key to be forgotten', async () => {
    const { rows } = await world.db.query<{ owner: string }>('SELECT owner FROM idempotency_keys');
    const left = rows.map(({ owner }) => owner);
    return left.includes(ids.settled) ? null : left;
  });
  expect(owners).toContain(ids.retained);
  const cleared = await until('the entry', async () => {
    const entries = await entriesOf(gateway);
    return entries.find(({ kind }) => kind === 'cleared');
  });
  expect(cleared.detail).toEqual({ actor: system, what: 'idempotency-replies', count: 1 });
});

test('a row that names a version nobody knows does not stop the rest, and is never sent', async () => {
  await setPaused(gateway, 'infinite', false);
  expect(await claim(gateway, 'infinite')).toEqual([]);
  const transfer = await reached(gateway, ids.unknown, 'failed');
  expect(transfer.lastOutcome).toBe('integrity');
});
