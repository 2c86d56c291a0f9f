/** The console in a real browser, signed in as people are, against a real gateway. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { canary } from '#test/support/orders.ts';
import { asOwner, order, reached } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';
import { openOffice, type Office } from './support.ts';

let world: World;
let gateway: TestGateway;
let lab: ConsigneeServer;
let office: Office;
/** A transfer that a lab took. */
let delivered: string;

beforeAll(async () => {
  lab = await startConsigneeServer();
  world = await makeWorld({ pushUrls: { samkwang: lab.url } });
  gateway = await startGateway(world);
  delivered = await order(gateway, 'samkwang');
  await order(gateway, 'engitech');
  await reached(gateway, delivered, 'delivered');
  office = await openOffice(world, gateway);
});

afterAll(async () => {
  await office?.close();
  await gateway?.stop();
  await world?.close();
  await lab?.close();
});

test('an operator has no page of an auditor, and is told so', async () => {
  const page = await office.seat('operator');
  await office.settled(page);
  expect(await page.locator('.bar nav a').allTextContents()).not.toContain('Transfers');
  await page.goto(`${gateway.url}/console/transfers/${delivered}`);
  expect(await page.textContent('main')).toBe('Your role does not include this page.');
  await page.context().close();
});

test('search goes by the address, and what is shown is what the API finds', async () => {
  const page = await office.seat('privacy-officer', { path: '/console/transfers' });
  await page.waitForSelector('tbody tr');
  await page.selectOption('select[name=consignee]', 'engitech');
  await page.click('button.main');
  await page.waitForURL('**/transfers?consignee=engitech');
  const count = () => page.locator('tbody tr').count();
  await until('one row', async () => (await count()) === 1);
  expect(await page.textContent('tbody td')).toBe('Engitech');
  await page.goBack();
  await until('two rows', async () => (await count()) === 2);
  await page.goto(`${gateway.url}/console/transfers?released=nonsense`);
  await page.waitForSelector('[role=alert]');
  expect(office.complaints.splice(0)).toEqual([expect.stringContaining('400')]);
  await page.context().close();
});

test('the evidence of a transfer is saved for a reason', async () => {
  const page = await office.seat('auditor', { path: `/console/transfers/${delivered}` });
  await page.waitForSelector('p.good');
  await page.fill('input[name=reason]', 'the monthly inspection');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.click('form.row button'),
  ]);
  const file = JSON.parse(readFileSync(await download.path(), 'utf8')) as { transfer: string };
  expect(file.transfer).toBe(delivered);
  await page.context().close();
});

test('what PostgreSQL was made to say turns the proof red', async () => {
  const other = await order(gateway, 'samkwang');
  await reached(gateway, other, 'delivered');
  const page = await office.seat('auditor', { path: `/console/transfers/${other}` });
  await page.waitForSelector('p.good');
  await tamper(other);
  await page.reload();
  await page.waitForSelector('p.bad');
  expect(await page.textContent('p.bad')).toContain('does NOT hold');
  await page.context().close();
});

test('a row that says something else than its leaves turns the proof red', async () => {
  const other = await order(gateway, 'samkwang');
  await reached(gateway, other, 'delivered');
  const page = await office.seat('auditor', { path: `/console/transfers/${other}` });
  await page.waitForSelector('p.good');
  const changes = {
    'the items that were released': "released = array_remove(released, 'chartNumber')",
    'how it ended': "status = 'rejected', settled_at = now() - interval '1 hour'",
  };
  const before = await world.db.query<{ released: string[] }>(
    'SELECT released FROM transfers WHERE id = $1',
    [other],
  );
  for (const [said, change] of Object.entries(changes)) {
    await asOwner(world, `UPDATE transfers SET ${change} WHERE id = $1`, [other]);
    await page.reload();
    await page.waitForSelector('p.bad');
    expect(await page.textContent('p.bad')).toContain(`does NOT agree with the ledger: ${said}`);
    await asOwner(world, 'UPDATE transfers SET released = $2 WHERE id = $1', [
      ...[other, before.rows[0]?.released],
    ]);
  }
  await page.context().close();
});

/** Changes the time in a leaf, as a hand in the database would. */
async function tamper(transfer: string): Promise<void> {
  const { rows } = await world.db.query<{ index: string; leaf: Buffer }>(
    'SELECT index, leaf FROM entries WHERE leaf_transfer(leaf) = $1 ORDER BY index LIMIT 1',
    [transfer],
  );
  const [{ index, leaf }] = rows as [{ index: string; leaf: Buffer }];
  const changed = Buffer.from(leaf.toString().replace(/"at":"20(\d\d)/, '"at":"19$1'));
  await asOwner(world, 'UPDATE entries SET leaf = $2 WHERE index = $1', [index, changed]);
}

test('a row that no entry speaks of is never shown as proved', async () => {
  // Accepted minutes before the other, by its id; long enough for an entry to have its number.
  const at = parseInt(delivered.replaceAll('-', '').slice(0, 12), 16) - 180_000;
  const hex = at.toString(16).padStart(12, '0');
  const forged = `${hex.slice(0, 8)}-${hex.slice(8)}${delivered.slice(13)}`;
  await asOwner(
    world,
    `INSERT INTO transfers SELECT (jsonb_populate_record(one, jsonb_build_object('id', $2::text,
       'created_at', now() - interval '3 minutes'))).* FROM transfers one WHERE id = $1`,
    [delivered, forged],
  );
  const page = await office.seat('auditor', { path: `/console/transfers/${forged}` });
  await page.waitForSelector('p.bad');
  expect(await page.textContent('p.bad')).toContain('the ledger has no release of it');
  expect(await page.locator('p.good').count()).toBe(0);
  await page.context().close();
});

test('a first visit loads less than 300 KB of scripts, as they come over the wire', async () => {
  const page = await office.seat('auditor');
  await office.settled(page);
  await page.waitForSelector('.chart svg');
  const sizes = await page.evaluate(
    `performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.js'))
       .map(({ transferSize }) => transferSize)`,
  );
  const sum = (sizes as number[]).reduce((total, size) => total + size, 0);
  expect(sum).toBeGreaterThan(50_000);
  expect(sum).toBeLessThan(300_000);
  await page.context().close();
});

test('nothing secret is kept by the browser, and nothing personal is in it', async () => {
  const page = await office.seat('auditor', { path: `/console/transfers/${delivered}` });
  await page.waitForSelector('p.good');
  const text = await page.evaluate(
    'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.title, location.href])',
  );
  expect(text).not.toMatch(/eyJ/);
  for (const secret of [canary.name, canary.chartNumber]) expect(text).not.toContain(secret);
  await page.click('text=Sign out');
  await page.waitForSelector('input[name=account]');
  await page.context().close();
});

test('the page comes under a policy that lets in nothing from elsewhere', async () => {
  const reply = await fetch(`${gateway.url}/console/transfers`);
  const policy = reply.headers.get('content-security-policy') ?? '';
  expect(policy).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
  expect(policy).not.toMatch(/unsafe|\*|http/);
  expect(reply.headers.get('cache-control')).toBe('no-store');
  expect(await reply.text()).not.toMatch(/<script>|style=|https?:/);
});

test('no page broke its policy, or anything else', () => {
  expect(office.complaints).toEqual([]);
});
