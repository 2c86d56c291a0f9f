/** A privacy officer's day at the console: inspects a month, answers a person, tries a record. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { daysAfter, seoulDate } from '#src/base/seoul.ts';
import { periodAt, type Period } from '#src/oversight/period.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { entriesOf } from '#test/flows/support.ts';
import { canary } from '#test/support/orders.ts';
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

describe('the inspection of a month', () => {
  test('is signed with a finding on each anomaly; nothing typed is lost on the way', async () => {
    const page = await office.seat('privacy-officer', { path: '/console/reviews' });
    await page.waitForSelector('tbody tr');
    expect(await page.locator('tbody tr').count()).toBe(3);
    expect(await page.textContent('main p.bad')).toMatch(/overdue/);
    await page.click(`a[href$="/reviews/${last.name}"]`);
    const fields = page.locator('.rule textarea');
    await until('the anomalies', async () => (await fields.count()) === 4);
    expect(await office.faultsOf(page)).toEqual([]);
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
    // The gateway is not there for a moment.
    await page.route('**/v1/audit/reviews', (route) => route.abort());
    await sign(page);
    await page.waitForSelector('.failure a');
    await page.unroute('**/v1/audit/reviews');
    expect(await page.inputValue('textarea[name=measures]')).toBe('The desk was told.');
    expect(await page.evaluate(leaving)).toBe('is asked');
    // Meanwhile another export of that month is counted.
    await asOwner(
      world,
      `INSERT INTO audit_reads VALUES (4, $1, 'exported', 'operator', 'csv', NULL, 9)`,
      [`${last.from}T04:00:00Z`],
    );
    await sign(page);
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
    expect(await page.evaluate(leaving)).toBe('is free');
    const said = (await page.locator('.said').allTextContents()).join('\n');
    expect(said).toContain(hostile);
    expect(said).toContain('Conclusion: Nothing left that should not.');
    expect(await page.title()).toBe('Review · Waybill');
    const officer = await gateway.as('privacy-officer');
    const found = await officer.json<{ findings: string; state: string }>(
      `/v1/audit/reviews/${last.name}`,
    );
    expect(found.state).toBe('signed');
    expect(found.findings).toContain('No. 1: Two charts mixed up');
    await page.context().close();
    // The request that was cut off, and the 409.
    expect(office.complaints.splice(0)).toHaveLength(2);
  });
});

/** Whether the browser would let go of the page. */
const leaving =
  "dispatchEvent(new Event('beforeunload', { cancelable: true })) ? 'is free' : 'is asked'";

async function sign(page: Page): Promise<void> {
  await page.click('#sign button.main');
  await page.click('[role=dialog] button.main');
}

describe('what one person is told', () => {
  const reason = `Asked for at the desk ${hostile}`;
  const secrets = [canary.chartNumber, 'Asked for'];

  async function lookUp(page: Page, identifier: string): Promise<void> {
    await page.fill('input[name=identifier]', identifier);
    await page.fill('input[name=reason]', reason);
    await page.click('form.person button.main');
  }

  test('is looked up for a reason, listed with its transfers, and gone on leaving', async () => {
    const page = await office.seat('privacy-officer', { path: '/console/person' });
    await lookUp(page, canary.chartNumber);
    await page.waitForSelector('.totals');
    const text = await page.textContent('main');
    expect(text).toContain('Samkwang Medical Foundation');
    expect(text).toContain('received: 1');
    await page.click('text=List them');
    await page.waitForSelector('main tbody .chip.good');
    const link = page.locator(`a[href="/console/transfers/${delivered}"]`);
    expect(await link.count()).toBe(2);
    expect(await office.faultsOf(page)).toEqual([]);
    for (const secret of secrets) expect(await kept(page)).not.toContain(secret);
    const reads = (await entriesOf(gateway)).filter(({ kind }) => kind === 'disclosures-read');
    expect(reads.map(({ detail }) => detail['reason'])).toEqual([reason]);
    await page.click('.bar nav a[href$="/reviews"]');
    await page.waitForSelector('tbody tr');
    await page.goBack();
    await page.waitForSelector('form.person');
    expect(await page.locator('.totals').count()).toBe(0);
    expect(await page.inputValue('input[name=identifier]')).toBe('');
    expect(await page.inputValue('input[name=reason]')).toBe('');
    await page.context().close();
  });

  test('is printed from a window that has an address of nothing and the look of the page', async () => {
    const page = await office.seat('privacy-officer', { path: '/console/person' });
    await page.context().addInitScript('window.print = () => { window.isPrinted = true; }');
    await lookUp(page, canary.chartNumber);
    await page.waitForSelector('.totals');
    const [paper] = await Promise.all([
      page.waitForEvent('popup'),
      page.click('text=Print in Korean'),
    ]);
    await paper.waitForSelector('h1');
    expect(paper.url()).toBe('about:blank');
    expect(await paper.textContent('h1')).toBe('내 개인정보를 받은 곳');
    expect(await paper.textContent('main')).not.toContain(canary.chartNumber);
    const border = 'getComputedStyle(document.querySelector("table")).borderCollapse';
    expect(await paper.evaluate(border)).toBe('collapse');
    await until('it to be printed', () => paper.evaluate('window.isPrinted === true'));
    await page.click('text=Forget');
    await until('the window to close', () => paper.isClosed());
    expect(await page.inputValue('input[name=identifier]')).toBe('');
    await page.context().close();
  });

  test('is destroyed only by who may, with the identifier typed again and a reason', async () => {
    const auditor = await office.seat('auditor', { path: '/console/person' });
    await lookUp(auditor, canary.chartNumber);
    await auditor.waitForSelector('.totals');
    expect(await auditor.locator('text=Destroy').count()).toBe(0);
    await auditor.context().close();
    const page = await office.seat('privacy-officer', { path: '/console/person' });
    await lookUp(page, canary.chartNumber);
    await page.click('button:text-is("Destroy…")');
    const dialog = page.locator('[role=dialog]');
    expect(await dialog.textContent()).toContain('What stays');
    expect(await office.faultsOf(page)).toEqual([]);
    await dialog.locator('input[name=reason]').fill('Their time is over.');
    await dialog.locator('input[name=again]').fill('C0048214');
    await dialog.locator('button.grave').click();
    expect(await page.locator('.erased').count()).toBe(0);
    await dialog.locator('input[name=again]').fill(canary.chartNumber);
    await dialog.locator('button.grave').click();
    await page.waitForSelector('.erased');
    expect(await page.textContent('.erased')).toContain('1 transfer of theirs is nobody’s now');
    expect(await page.locator('.totals').count()).toBe(0);
    await lookUp(page, canary.chartNumber);
    await page.waitForSelector('text=Nothing that is kept can be tied');
    await page.context().close();
    expect(office.complaints).toEqual([]);
  });
});

describe('a record that is tried', () => {
  const counts = async () => {
    const { rows } = await world.db.query<{ kind: string }>(
      `SELECT (SELECT count(*) FROM transfers) AS transfers, (SELECT count(*) FROM payloads) AS kept,
         (SELECT count(*) FROM entries) + (SELECT count(*) FROM submissions) AS entries`,
    );
    return rows[0];
  };

  test('tells where it is no JSON', async () => {
    const page = await office.seat('privacy-officer', { path: '/console/try' });
    await page.fill('textarea[name=record]', '{\n  "name": "홍길동"\n  "age": 3\n}');
    await page.waitForSelector('.choices input');
    await page.click('form.try button.main');
    expect(await page.textContent('#fault')).toBe(
      'Line 3, column 3: a comma or the closing bracket was expected here.',
    );
    await page.context().close();
  });

  test('shows what every consignee would receive; nothing is stored, sent or recorded', async () => {
    const page = await office.seat('privacy-officer', { path: '/console/try' });
    const before = await counts();
    await page.click('text=Load an example');
    const example = await page.inputValue('textarea[name=record]');
    const trick = '<img src=x>';
    const tricked = example.replace('예시상사', trick).replace('bloodType', trick);
    await page.fill('textarea[name=record]', tricked);
    await page.waitForSelector('.choices input');
    await page.click('form.try button.main');
    await page.waitForSelector('.comparison');
    expect(await page.textContent('main > p[role=status]')).toBe('17 would receive it, 0 refused.');
    expect(await page.locator('.payload').count()).toBe(17);
    await page.locator('.payload > details > summary').first().click();
    expect(await page.isVisible('.payload pre')).toBe(true);
    expect(await page.textContent('.payload pre')).toMatch(/^\{\n {2}"/);
    expect(await page.textContent('.payload')).toContain(`"companyName": "${trick}"`);
    expect(await page.textContent('.comparison tbody tr:last-child th')).toBe(trick);
    expect(await page.locator('main img').count()).toBe(0);
    expect(await office.faultsOf(page)).toEqual([]);
    expect(await counts()).toEqual(before);
    expect(await kept(page)).not.toMatch(/홍길동|EXAMPLE-0001/);
    await page.click('.bar nav a[href$="/person"]');
    await page.goBack();
    await page.waitForSelector('textarea[name=record]');
    expect(await page.inputValue('textarea[name=record]')).toBe('');
    await page.context().close();
  });

  test('tells a refusal with its places, beside the answers of the others', async () => {
    const page = await office.seat('privacy-officer', { path: '/console/try' });
    const record = { chartNumber: 'X1', name: hostile, gender: 'M', birthDate: '2001-02-30' };
    const text = JSON.stringify({ ...record, [hostile]: hostile, date: '2026-01-05' });
    const file = { name: '홍길동.json', mimeType: 'application/json', buffer: Buffer.from(text) };
    await page.setInputFiles('input[type=file]', file);
    await until('the text', async () => (await page.inputValue('textarea')) === text);
    await page.waitForSelector('.choices input');
    await page.click('button:text-is("None")');
    for (const one of ['samkwang', 'korea-post', 'engitech']) await page.check(`[value=${one}]`);
    await page.click('form.try button.main');
    await page.waitForSelector('.refused');
    expect(await page.locator('.refused code').allTextContents()).toContain('/record/birthDate');
    expect(await page.title()).toBe('Try a record · Waybill');
    expect(await kept(page)).not.toMatch(/X1|홍길동/);
    await page.context().close();
  });
});

test('no page broke its policy, or anything else', () => {
  expect(office.complaints.filter((text) => !/422/.test(text))).toEqual([]);
});
