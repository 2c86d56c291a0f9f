/**
 * The end of law 1: what was changed in PostgreSQL between acceptance and delivery never leaves.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import {
  asOwner,
  claim,
  order,
  reached,
  setPaused,
  trailWith,
  transferOf,
} from '#test/support/transfers.ts';
import { tamperings, type Tampering } from './tampering.ts';

let world: World;
let gateway: TestGateway;
let labs: ConsigneeServer;

beforeAll(async () => {
  labs = await startConsigneeServer();
  world = await makeWorld({ pushUrls: { samkwang: labs.url, eone: labs.url } });
  gateway = await startGateway(world);
  // The tokens that are needed once the rows are tampered with.
  await Promise.all(['emr', 'auditor', 'operator'].map((client) => gateway.as(client)));
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
  await labs?.close();
});

/** Makes two covered transfers that wait, and tampers with the first. */
async function tamperWith(consignee: string, { sql }: Tampering): Promise<[string, string]> {
  const ids: [string, string] = [await order(gateway, consignee), await order(gateway, consignee)];
  for (const id of ids) await reached(gateway, id, 'ready');
  await asOwner(world, sql, ids);
  return ids;
}

async function expectIntegrity(id: string): Promise<void> {
  expect(await reached(gateway, id, 'failed')).toMatchObject({ lastOutcome: 'integrity' });
  const { rows } = await world.db.query<{ leaf: Buffer }>(
    `SELECT leaf FROM entries WHERE leaf_transfer(leaf) = $1 UNION ALL
     SELECT leaf FROM submissions WHERE leaf_transfer(leaf) = $1`,
    [id],
  );
  const kinds = rows.map(({ leaf }) => (/"kind":"([a-z-]+)"/.exec(leaf.toString()) ?? [])[1]);
  expect(kinds).toContain('failed');
  expect(kinds).not.toContain('delivered');
  expect(kinds).not.toContain('pulled');
}

describe('nothing is pushed of a transfer when', () => {
  const cases = tamperings('eone');
  const tampered = new Map<string, [string, string]>();
  let intact: string;

  beforeAll(async () => {
    await setPaused(gateway, 'samkwang', true);
    await setPaused(gateway, 'eone', true);
    for (const one of cases) tampered.set(one.name, await tamperWith('samkwang', one));
    intact = await order(gateway, 'samkwang');
    await reached(gateway, intact, 'ready');
    await setPaused(gateway, 'samkwang', false);
    await setPaused(gateway, 'eone', false);
  });

  test.each(cases)('$name', async ({ name }) => {
    const [id] = tampered.get(name) ?? ['', ''];
    await expectIntegrity(id);
    expect(labs.received.filter(({ body }) => body.transfer === id)).toEqual([]);
  });

  test('and both are held back where two were swapped', async () => {
    for (const id of tampered.get(cases[0]?.name ?? '') ?? []) await expectIntegrity(id);
  });

  test('while the intact ones beside them are delivered', async () => {
    await reached(gateway, intact, 'delivered');
    const others = cases.slice(1).map(({ name }) => tampered.get(name)?.[1] ?? '');
    for (const id of others) await reached(gateway, id, 'delivered');
    const received = labs.received.map(({ body }) => body.transfer).sort();
    expect(received).toEqual([intact, ...others].sort());
  });

  test('and the trail tells auditors so', async () => {
    const [id] = tampered.get('its commitment is another') ?? ['', ''];
    const { entries } = await trailWith(gateway, id, 'failed');
    const failed = entries.find(({ kind }) => kind === 'failed');
    expect(failed?.detail).toMatchObject({ outcome: 'integrity', via: 'push' });
  });
});

describe('nothing can be claimed of a transfer when', () => {
  const cases = tamperings('areumnuri');

  test.each(cases)('$name', async (one) => {
    const [id, other] = await tamperWith('engitech', one);
    const claimed = [
      ...(await claim(gateway, 'engitech')),
      ...(await claim(gateway, 'areumnuri')),
    ].map(({ transfer }) => transfer);
    expect(claimed).toEqual(one === cases[0] ? [] : [other]);
    await expectIntegrity(id);
    expect((await transferOf(gateway, other)).status).toBe(one === cases[0] ? 'failed' : 'leased');
  });
});
