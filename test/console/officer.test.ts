/** A privacy officer's day at the console: inspects a month, answers a person, tries a record. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { daysAfter, seoulDate } from '#src/base/seoul.ts';
import { periodAt, type Period } from '#src/oversight/period.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { asOwner, order, reached } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';
import { openOffice, type Office } from './support.ts';

let world: World;
let gateway: TestGateway;
let lab: ConsigneeServer;
let office: Office;
let delivered: string;

const today = seoulDate(Date.now());
const before = (period: Period) => periodAt('monthly', daysAfter(period.from, -1));
const last = before(periodAt('monthly', today));
const older = before(last);

/** Runs where it must not: in no field, from no name. */
const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>';

beforeAll(async () => {
  lab = await startConsigneeServer();
  world = await makeWorld({ pushUrls: { samkwang: lab.url } });
  gateway = await startGateway(world);
  delivered = await order(gateway, 'samkwang');
  await reached(gateway, delivered, 'delivered');
  await pastMonths();
  office = await openOffice(world, gateway);
});

afterAll(async () => {
  await office?.close();
  await gateway?.stop();
  await world?.close();
  await lab?.close();
});

/** The ledger began two months ago, and counted this in the month that has ended. */
async function pastMonths(): Promise<void> {
  const at = `${older.from}T03:00:00Z`;
  await asOwner(world, 'UPDATE checkpoints SET signed_at = $1 WHERE size > 0', [at]);
  await counted(older, 'released', '', 90);
  await counted(last, 'released', '', 90);
  await counted(last, 'refused', 'SUBJECT_MISMATCH', 4);
  const read = `INSERT INTO audit_reads VALUES ($2, $1, 'exported', 'auditor', 'csv', NULL, $3)`;
  for (const [entry, rows] of [[1, 1_200] as const, [2, 7] as const, [3, 8] as const]) {
    await asOwner(world, read, [`${last.from}T03:00:00Z`, entry, rows]);
  }
}

/** Adds to what a month came to. */
async function counted(period: Period, kind: string, why: string, count: number): Promise<void> {
  await asOwner(
    world,
    `INSERT INTO activity_days VALUES ($1::date, $2, 'samkwang', 'emr', $3, false, $4)`,
    [period.from, kind, why, count],
  );
}

/** What stays of a page after somebody worked at it: what is stored, the address, the title. */
const kept = (page: Page): Promise<string> =>
  page.evaluate(
    'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.title, location.href, history.state])',
  );

const shot = async (page: Page, name: string) => {
  if (process.env['SHOTS'])
    await page.screenshot({ path: `/tmp/cpages/${name}.png`, fullPage: true });
};

describe('the inspection of a month', () => {
  test('is signed with a finding on each anomaly; nothing typed is lost on the way', async () => {
    const page = await office.seat('privacy-officer', { path: '/console/reviews' });
    await page.waitForSelector('tbody tr');
    expect(await page.locator('tbody tr').count()).toBe(3);
    expect(await page.textContent('main p.bad')).toMatch(/overdue/);
    await shot(page, 'reviews-en');
    await page.click(`a[href$="/reviews/${last.name}"]`);
    const fields = page.locator('.rule textarea');
    await until('the anomalies', async () => (await fields.count()) === 4);
    expect(await office.faultsOf(page)).toEqual([]);
    await shot(page, 'review-en');
    // Without a finding on each there is no signature.
    await page.click('#sign button.main');
    expect(await page.locator('[role=dialog]').count()).toBe(0);
    await fields.nth(0).fill(`Two charts mixed up at the desk. ${hostile}`);
    await fields.nth(1).fill('Asked for by the inspector.');
    await fields.nth(2).fill('The yearly report.');
    await page.click('.rule .writing button');
    expect(await fields.nth(3).inputValue()).toBe('The yearly report.');
    await page.fill('textarea[name=conclusion]', 'Nothing left that should not.');
    await page.fill('textarea[name=measures]', 'The desk was told.');
    // Away and back, as somebody looks something up.
    await page.click('.bar nav a[href$="/reviews"]');
    await page.click(`a[href$="/reviews/${last.name}"]`);
    await until('the anomalies', async () => (await fields.count()) === 4);
    // Meanwhile another export of that month is counted.
    await asOwner(
      world,
      `INSERT INTO audit_reads VALUES (4, $1, 'exported', 'operator', 'csv', NULL, 9)`,
      [`${last.from}T04:00:00Z`],
    );
    await sign(page);
    await page.waitForSelector('.failure');
    await shot(page, 'review-changed');
    await page.click('.failure button');
    await until('the new anomaly', async () => (await fields.count()) === 5);
    expect(await page.locator('.chip', { hasText: 'new since' }).count()).toBe(1);
    expect(await fields.nth(0).inputValue()).toContain('Two charts');
    expect(await page.inputValue('textarea[name=measures]')).toBe('The desk was told.');
    for (const field of await fields.all()) {
      if ((await field.inputValue()) === '') await field.fill('A test of the operator.');
    }
    expect(await kept(page)).not.toMatch(/charts|inspector|desk/);
    await sign(page);
    await page.waitForSelector('.said');
    expect(await fields.count()).toBe(0);
    const said = (await page.locator('.said').allTextContents()).join('\n');
    expect(said).toContain(hostile);
    expect(said).toContain('Conclusion: Nothing left that should not.');
    expect(await page.title()).toBe('Review · Waybill');
    await shot(page, 'review-signed');
    const officer = await gateway.as('privacy-officer');
    const found = await officer.json<{ findings: string; state: string }>(
      `/v1/audit/reviews/${last.name}`,
    );
    expect(found.state).toBe('signed');
    expect(found.findings).toContain('No. 1: Two charts mixed up');
    await page.context().close();
    office.complaints.splice(0, 1);
    expect(office.complaints).toEqual([]);
  });
});

async function sign(page: Page): Promise<void> {
  await page.click('#sign button.main');
  await page.click('[role=dialog] button.main');
}
