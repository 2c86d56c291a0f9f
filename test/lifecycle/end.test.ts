/** The end of a relation: once, whoever ends it; only a later version begins anew. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { contractInForce } from '#src/agreements/force.ts';
import type { Contract } from '#src/base/words.ts';
import { claimDue } from '#src/transfers/claim.ts';
import { addTransfer, forgetAll, openRelations, version, type Relations } from './relations.ts';
import { openRooms, type Rooms } from './support.ts';

let rooms: Rooms;
beforeAll(async () => {
  rooms = await openRooms();
});
beforeEach(() => forgetAll(rooms));
afterAll(() => rooms.close());

const open = (...contracts: Contract[]) => openRelations(contracts, rooms);

const alreadyEnded = expect.objectContaining({ code: 'ALREADY_ENDED' }) as Error;
const notFound = expect.objectContaining({ code: 'NOT_FOUND' }) as Error;

const inForce = ({ agreements, standing, clock }: Relations) =>
  contractInForce(
    { contracts: agreements.contracts, standing: standing.current() },
    'samkwang',
    clock.today(),
  )?.id;

async function rows(of: Relations) {
  const { rows: ends } = await of.db.query('SELECT consignee, through, on_date FROM relation_ends');
  const { rows: orders } = await of.db.query<Record<string, unknown>>(
    'SELECT contract, contracts, ended_on, due_on FROM destruction_orders ORDER BY id',
  );
  return { ends, orders };
}

test('an operator ends every version at once, with an entry and a destruction order', async () => {
  const of = await open(version(1), version(2, { validFrom: '2027-01-01' }));
  expect(inForce(of)).toBe('samkwang.v1');
  const end = await of.end();
  expect(end).toMatchObject({ contract: 'samkwang.v1', endedOn: '2026-07-01' });
  expect(inForce(of)).toBeUndefined();
  expect(await rows(of)).toEqual({
    ends: [{ consignee: 'samkwang', through: 2, on_date: '2026-07-01' }],
    orders: [
      {
        ...{ contract: 'samkwang.v1', contracts: ['samkwang.v1'] },
        ...{ ended_on: '2026-07-01', due_on: '2026-07-06' },
      },
    ],
  });
  const entries = (await of.submitted()).slice(-2);
  expect(entries.map(({ kind }) => kind)).toEqual(['contract-ended', 'destruction-ordered']);
  const by = { actor: { client: 'operator', kind: 'operator' }, source: '192.0.2.7' };
  expect(entries[0]?.detail).toEqual({
    ...{ ...by, on: '2026-07-01', outcome: 'operator', reason: '계약 해지' },
  });
  expect(entries[1]?.detail).toEqual({ ...by, order: end.order, dueOn: '2026-07-06' });
  expect(JSON.stringify(entries.map(({ leaf }) => leaf))).not.toContain('해지');
});

test('ending again, and many times at once, changes and records nothing', async () => {
  const of = await open(version(1));
  const ends = await Promise.allSettled([1, 2, 3].map(() => of.end()));
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await expect(of.end()).rejects.toThrow(alreadyEnded);
  expect(await of.kinds()).toEqual(['contract-ended', 'destruction-ordered']);
  expect(await of.watch()).toBe(0);
});

test('nobody ends what nobody knows', async () => {
  const of = await open(version(1));
  await expect(of.end('nobody')).rejects.toThrow(notFound);
  expect((await rows(of)).ends).toEqual([]);
});

test('the last day of a contract without a successor ends the relation by itself', async () => {
  const of = await open(version(1, { validUntil: '2026-07-31' }));
  of.day.today = '2026-07-31';
  expect(await of.watch()).toBe(0);
  of.day.today = '2026-08-03';
  expect(await Promise.all([of.watch(), of.watch()])).toContain(1);
  expect(await rows(of)).toMatchObject({
    ends: [{ through: 1, on_date: '2026-08-01' }],
    orders: [{ ended_on: '2026-08-01', due_on: '2026-08-06' }],
  });
  const [ended, ordered, ...more] = (await of.submitted()).slice(-2);
  expect([ended?.kind, ordered?.kind, more]).toEqual(['contract-ended', 'destruction-ordered', []]);
  const system = { client: null, kind: 'system' };
  expect(ended?.detail).toEqual({ actor: system, on: '2026-08-01', outcome: 'validUntil' });
  expect(ordered?.detail).toMatchObject({ actor: system, dueOn: '2026-08-06' });
  await expect(of.end()).rejects.toThrow(alreadyEnded);
});

test('an operator calls off a version that was to follow, and no second order opens', async () => {
  const of = await open(
    version(1, { validUntil: '2026-07-31' }),
    version(2, { validFrom: '2026-09-01' }),
  );
  of.day.today = '2026-08-15';
  await of.watch();
  expect(await of.end()).toEqual({ contract: null, endedOn: '2026-08-15', order: null });
  of.day.today = '2026-09-15';
  expect(await of.watch()).toBe(0);
  expect(inForce(of)).toBeUndefined();
  expect((await rows(of)).orders).toHaveLength(1);
  await expect(of.end()).rejects.toThrow(alreadyEnded);
});

test('a version that follows another without a gap ends nothing', async () => {
  const fewer = { items: version(1).items.slice(0, 3), validFrom: '2026-08-01' };
  const of = await open(version(1, { validUntil: '2026-07-31' }), version(2, fewer));
  of.day.today = '2026-08-01';
  expect(await of.watch()).toBe(2);
  expect(inForce(of)).toBe('samkwang.v2');
  expect(await rows(of)).toEqual({ ends: [], orders: [] });
});

test('a later version begins anew, and its end has an order of its own versions only', async () => {
  const of = await open(version(1), version(2, { validFrom: '2026-06-01' }));
  await of.end();
  const again = [...of.agreements.contracts, version(3, { validFrom: '2026-08-01' })];
  of.agreements.contracts = again;
  of.day.today = '2026-08-01';
  await of.watch();
  expect(inForce(of)).toBe('samkwang.v3');
  await of.end();
  const { orders } = await rows(of);
  expect(orders.map(({ contracts }) => contracts)).toEqual([
    ['samkwang.v1', 'samkwang.v2'],
    ['samkwang.v3'],
  ]);
});

test('nothing of an ended relation is claimed, whatever the one who claims believes', async () => {
  const of = await open(version(1), version(2, { validFrom: '2026-06-01' }));
  const waiting = { status: 'ready', attempts: 0 };
  const claims = async () => {
    const contracts = [1, 2, 3].map((number) => version(number));
    const slots = new Map([['samkwang', 10]]);
    const want = { slots, status: 'leased', leaseSeconds: 60, contracts } as const;
    return (await claimDue(of.db, want)).map(({ contract }) => contract);
  };
  await addTransfer(of, { ...waiting, contract: 'samkwang.v1' });
  expect(await claims()).toEqual(['samkwang.v1']);
  await addTransfer(of, { ...waiting, contract: 'samkwang.v1' });
  await addTransfer(of, { ...waiting, contract: 'samkwang.v2' });
  await of.end();
  expect(await claims()).toEqual([]);
  await addTransfer(of, { ...waiting, contract: 'samkwang.v3' });
  // A row that was tampered with is taken, to be told as such.
  await addTransfer(of, { ...waiting, contract: 'samkwang' });
  expect(await claims()).toEqual(['samkwang.v3', 'samkwang']);
});
