/** The impact of a change and over-contracting, counted from what really went. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ContractDiff } from '#src/agreements/diff.ts';
import { seoulDate } from '#src/base/seoul.ts';
import type { ImpactReport } from '#src/oversight/impact.ts';
import type { Matrix } from '#src/oversight/matrix.ts';
import type { UsageReport } from '#src/oversight/usage.ts';
import { runCommand } from '#test/flows/support.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { orderFor, posted } from '#test/support/orders.ts';
import { asOwner } from '#test/support/transfers.ts';

let world: World;
let gateway: TestGateway;

/** Three orders to samkwang: one without a phone number, one without a birth date. */
beforeAll(async () => {
  world = await makeWorld();
  draftSecondVersion();
  gateway = await startGateway(world);
  const emr = await gateway.as('emr');
  const orders = [
    orderFor('samkwang'),
    orderFor('samkwang', { phoneNumber: null, contactInformation: null }),
    orderFor('samkwang', { birthDate: null, residentRegistrationNumber: null }),
  ];
  for (const [at, order] of orders.entries()) {
    await emr.json('/v1/transfers', posted(order, `impact-${at}`));
  }
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
});

/** Adds the phone number, drops the birth date, and makes the collection date required. */
function draftSecondVersion(): void {
  const folder = join(world.contractsDir, 'samkwang');
  const text = parse(readFileSync(join(folder, 'v1.yaml'), 'utf8')) as {
    items: { item: string; required: boolean }[];
  };
  const items = text.items
    .filter(({ item }) => item !== 'birthDate')
    .map(({ item, required }) => ({ item, required: required || item === 'age' }));
  items.push({ item: 'phoneNumber', required: true });
  const draft = { ...text, version: 2, validFrom: '2099-01-01', items };
  writeFileSync(join(folder, 'v2.yaml'), stringify(draft));
}

test('a draft is compared with what is in force, and its impact counted by transfers', async () => {
  const operator = await gateway.as('operator');
  const diff = await operator.json<ContractDiff & { impact: ImpactReport }>(
    '/v1/contracts/samkwang/diff?from=1&to=2&days=30',
  );
  expect(diff.added.map(({ item }) => item)).toEqual(['phoneNumber']);
  expect(diff.removed.map(({ item }) => item)).toEqual(['birthDate']);
  expect(diff.terms).toEqual(['validFrom']);
  expect(diff.impact).toMatchObject({ days: 30, transfers: 3 });
  expect(diff.impact.items).toEqual([
    { item: 'phoneNumber', effect: 'wouldBeReleased', transfers: 2 },
    { item: 'phoneNumber', effect: 'wouldBeRefused', transfers: 1 },
    { item: 'birthDate', effect: 'wouldBeWithheld', transfers: 2 },
  ]);
});

test('a draft that no gateway has read shows its impact on the command line', async () => {
  const folder = join(world.contractsDir, 'samkwang');
  const second = readFileSync(join(folder, 'v2.yaml'), 'utf8');
  writeFileSync(
    join(folder, 'v3.yaml'),
    second.replace('version: 2', 'version: 3').replace('2099', '2100'),
  );
  const keyFile = join(world.contractsDir, '..', 'auditor.jwk.json');
  writeFileSync(keyFile, JSON.stringify(world.keys.get('auditor')));
  const asked = ['--url', gateway.url, '--client-key', keyFile];
  const { code, output } = await runCommand(world, [
    'contract',
    'diff',
    'samkwang',
    '1',
    '3',
    ...asked,
  ]);
  rmSync(join(folder, 'v3.yaml'));
  expect(output).toContain('phoneNumber: withheld in 2 transfers, would be released');
  expect(output).toContain('birthDate: released in 2 transfers, would be withheld');
  expect(code).toBe(0);
});

test('a version that does not exist has no diff', async () => {
  const operator = await gateway.as('operator');
  const missing = await operator.fetch('/v1/contracts/samkwang/diff?from=1&to=3');
  expect(missing.status).toBe(404);
  const unsaid = await operator.fetch('/v1/contracts/samkwang/diff?from=1');
  expect(unsaid.status).toBe(400);
});

test('over-contracting is seen from both sides', async () => {
  const auditor = await gateway.as('auditor');
  const report = await auditor.json<UsageReport>('/v1/contracts/usage?days=90');
  const samkwang = report.consignees.find(({ consignee }) => consignee === 'samkwang');
  expect(samkwang).toMatchObject({ contract: 'samkwang.v1', transfers: 3, neverReleased: [] });
  const mediage = report.consignees.find(({ consignee }) => consignee === 'mediage');
  expect(mediage?.transfers).toBe(0);
  // everything in the full record is contracted for somebody
  expect(report.sentForNobody).toEqual([]);
});

describe('the matrix', () => {
  const read = async (days = 90) =>
    (await gateway.as('privacy-officer')).json<Matrix>(`/v1/contracts/matrix?days=${days}`);

  test('is the published table: every consignee, every item that can leave', async () => {
    const { items, consignees } = await read();
    const listed = await (
      await gateway.as('privacy-officer')
    ).json<{ version: number; items: Matrix['items'] }>('/v1/items');
    expect(listed.version).toBe(1);
    expect(items).toEqual(listed.items.filter((one) => one.class !== 'returned'));
    expect(items).toHaveLength(30);
    expect(items.slice(0, 2)).toEqual([
      { item: 'date', label: { en: 'Date', ko: '의뢰일' }, class: 'general' },
      { item: 'chartNumber', label: { en: 'Chart Number', ko: '차트번호' }, class: 'general' },
    ]);
    expect(consignees).toHaveLength(17);
    const contracted = consignees.flatMap((row) => row.items.map(({ item }) => item));
    expect(new Set(contracted)).toEqual(new Set(items.map(({ item }) => item)));
    const samkwang = consignees.find(({ consignee }) => consignee === 'samkwang');
    expect(samkwang).toMatchObject({ contract: 'samkwang.v1', transfers: 3, earlier: [] });
    expect(samkwang?.name.ko).toBe('삼광의료재단');
    const birthDate = samkwang?.items.find(({ item }) => item === 'birthDate');
    const lastReleasedOn = seoulDate(Date.now());
    expect(birthDate).toEqual({ item: 'birthDate', required: false, transfers: 2, lastReleasedOn });
  });

  test('counts what the rows say, of these days, and keeps what is not listed apart', async () => {
    await asOwner(
      world,
      `INSERT INTO transfers (id, client, consignee, contract, subject, status, released, derived,
         withheld, commitment, due_at, created_at, expires_at)
       SELECT uuidv7(ago), client, consignee, contract, subject, 'cancelled', released || 'fax'::text,
         derived, withheld, commitment, due_at, created_at, expires_at
       FROM (SELECT * FROM transfers WHERE consignee = 'samkwang' ORDER BY id LIMIT 1) AS one,
         unnest(ARRAY['-1 minute', '-3 days']::interval[]) AS ago`,
    );
    const { rows } = await world.db.query<{ item: string; transfers: number }>(
      `SELECT item, count(*)::integer AS transfers FROM transfers, unnest(released || derived) AS item
       WHERE consignee = 'samkwang' GROUP BY item`,
    );
    const { consignees } = await read();
    const samkwang = consignees.find(({ consignee }) => consignee === 'samkwang');
    expect(samkwang?.transfers).toBe(5);
    const counted = [...(samkwang?.items ?? []), ...(samkwang?.earlier ?? [])]
      .filter(({ transfers }) => transfers > 0)
      .map(({ item, transfers }) => ({ item, transfers }));
    const byItem = (one: { item: string }, other: { item: string }) =>
      one.item < other.item ? -1 : 1;
    expect(counted.sort(byItem)).toEqual(rows.sort(byItem));
    expect(samkwang?.earlier).toMatchObject([{ item: 'fax', transfers: 2 }]);
    const lately = (await read(1)).consignees.find(({ consignee }) => consignee === 'samkwang');
    expect(lately).toMatchObject({ transfers: 4, earlier: [{ item: 'fax', transfers: 1 }] });
    const neverSent = consignees.find(({ consignee }) => consignee === 'mediage');
    expect(neverSent?.items[0]).toMatchObject({ transfers: 0, lastReleasedOn: null });
  });
});
