/** Many acknowledgements in one request: each is answered for itself, and each end happens once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { settle } from '#src/transfers/settle.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { requireReceipts } from '#test/support/signing.ts';
import {
  answered,
  asOwner,
  claim,
  order,
  posting,
  reached,
  trailWith,
  transferOf,
  type Item,
} from '#test/support/transfers.ts';

let world: World;
let gateway: TestGateway;

beforeAll(async () => {
  world = await makeWorld();
  await requireReceipts(world, 'lctech');
  gateway = await startGateway(world);
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
});

/** As many new transfers of a consignee as asked for, under leases. */
async function leasedTo(consignee: string, count: number): Promise<Item[]> {
  const ids = await Promise.all(Array.from({ length: count }, () => order(gateway, consignee)));
  for (const id of ids) await reached(gateway, id, 'ready');
  const items = await claim(gateway, consignee, 100, 60);
  expect(items).toHaveLength(count);
  return items;
}

type Answered = { transfer: string; status?: string; problem?: { code: string } };

async function ackAll(items: readonly object[], consignee: string) {
  const client = await gateway.as(consignee);
  return client.json<{ items: Answered[] }>('/v1/inbox/ack', posting({ items }));
}
const leased = ({ transfer, lease }: Item) => ({ transfer, lease: lease.token });
const told = ({ items }: { items: Answered[] }) =>
  items.map(({ transfer, status, problem }) => [transfer, status ?? problem?.code]);

test('each is answered for itself, in order, and again the same', async () => {
  const [one, two, three] = (await leasedTo('engitech', 3)) as [Item, Item, Item];
  const [theirs] = (await leasedTo('areumnuri', 1)) as [Item];
  // ended now, without waiting for its time
  const ended = `UPDATE transfers SET due_at = now() - interval '1 ms' WHERE id = $1`;
  await asOwner(world, ended, [two.transfer]);
  const unknown = '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60';
  const all = [theirs, three, { ...three, transfer: unknown }, two, one, three].map(leased);
  const answers = await ackAll(all, 'engitech');
  expect(told(answers)).toEqual([
    [theirs.transfer, 'NOT_FOUND'],
    [three.transfer, 'delivered'],
    [unknown, 'NOT_FOUND'],
    [two.transfer, 'LEASE_LOST'],
    [one.transfer, 'delivered'],
    [three.transfer, 'delivered'],
  ]);
  expect(await ackAll(all, 'engitech')).toEqual(answers);
  for (const { transfer: id } of [one, two, three]) {
    const isTaken = id !== two.transfer;
    const { entries } = await trailWith(gateway, id, isTaken ? 'delivered' : 'pulled');
    const ends = entries.filter(({ kind }) => kind === 'delivered');
    expect(ends).toHaveLength(isTaken ? 1 : 0);
  }
  expect((await transferOf(gateway, theirs.transfer)).status).toBe('leased');
});

test('what asks for a receipt is not taken without one', async () => {
  const [item] = (await leasedTo('lctech', 1)) as [Item];
  expect(told(await ackAll([leased(item)], 'lctech'))).toEqual([
    [item.transfer, 'RECEIPT_REQUIRED'],
  ]);
  expect((await transferOf(gateway, item.transfer)).status).toBe('leased');
});

test.each([[[]], [[{ transfer: 'x', lease: 'y' }]], [Array.from({ length: 501 }, () => ({}))]])(
  'asks for what it can answer (%#)',
  async (items) => {
    const client = await gateway.as('engitech');
    const answer = await answered(client.fetch('/v1/inbox/ack', posting({ items })));
    expect(answer).toEqual({ status: 400, code: 'INVALID_REQUEST' });
  },
);

test('ends once, however many answers are settled together', async () => {
  const [item] = (await leasedTo('infinite', 1)) as [Item];
  const id = item.transfer;
  const lease = Buffer.from(item.lease.token, 'base64url');
  const end = (status: 'delivered' | 'rejected') => ({
    ...{ transfer: id, lease, status, outcome: 'acknowledged', purgeAfterDays: 7 },
    entry: { kind: status, leaf: Buffer.from('leaf'), detail: Buffer.from('detail') },
  });
  const undone = new Error('nothing of this stays');
  const tried = world.db.transaction(async (tx) => {
    const ends = [end('rejected'), end('delivered'), end('rejected')];
    expect(await settle(tx, ends)).toEqual([true, false, false]);
    const { rows } = await tx.query(
      `SELECT kind FROM submissions WHERE owner = $1 AND kind <> 'pulled'`,
      [id],
    );
    expect(rows).toEqual([{ kind: 'rejected' }]);
    throw undone;
  });
  await expect(tried).rejects.toBe(undone);
  expect(told(await ackAll([leased(item)], 'infinite'))).toEqual([[id, 'delivered']]);
});
