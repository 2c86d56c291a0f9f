/** The impact of a change and over-contracting, counted from what really went. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ContractDiff } from '#src/agreements/diff.ts';
import type { ImpactReport } from '#src/oversight/impact.ts';
import type { UsageReport } from '#src/oversight/usage.ts';
import { runCommand } from '#test/flows/support.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { orderFor, posted } from '#test/support/orders.ts';

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
