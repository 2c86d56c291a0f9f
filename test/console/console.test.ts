/** The console in a real browser, signed in as people are, against a real gateway. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rootDir } from '#src/bin/settings.ts';
import { axeSource, startBrowser } from '#test/support/browser.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { canary } from '#test/support/orders.ts';
import { makePerson, password, type Authenticator } from '#test/support/people.ts';
import { asOwner, order, reached } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';

let world: World;
let gateway: TestGateway;
let lab: ConsigneeServer;
let browser: Browser;
let axe: string;
/** A transfer that a lab took. */
let delivered: string;
/** What the pages broke: their policy, a script, an address that is not there. */
const complaints: string[] = [];

const shots = join(rootDir, 'coverage/console');

beforeAll(async () => {
  mkdirSync(shots, { recursive: true });
  axe = await axeSource();
  lab = await startConsigneeServer();
  world = await makeWorld({ pushUrls: { samkwang: lab.url } });
  gateway = await startGateway(world);
  delivered = await order(gateway, 'samkwang');
  await order(gateway, 'engitech');
  await reached(gateway, delivered, 'delivered');
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  await gateway?.stop();
  await world?.close();
  await lab?.close();
});

/** A browser of its own for one person. */
async function open(language: 'en' | 'ko', width = 1280): Promise<[BrowserContext, Page]> {
  const context = await browser.newContext({
    ...{ locale: language === 'ko' ? 'ko-KR' : 'en-GB', viewport: { width, height: 900 } },
  });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return [context, page];
}

/** Signs in as a person would: at the gateway's own page, with a code of the phone. */
async function signIn(page: Page, id: string, phone: Authenticator, path = '/console/') {
  await page.goto(gateway.url + path);
  await page.fill('input[name=account]', id);
  await page.fill('input[name=password]', password);
  await page.fill('input[name=code]', phone.next());
  await page.click('button[type=submit]');
  await page.waitForSelector('header.bar');
}

async function faultsOf(page: Page): Promise<unknown[]> {
  await page.evaluate(axe);
  const found = await page.evaluate('axe.run()');
  return (found as { violations: { id: string; nodes: { html: string }[] }[] }).violations.map(
    ({ id, nodes }) => [id, nodes.map(({ html }) => html)],
  );
}

const pages = {
  overview: '/console/',
  transfers: '/console/transfers',
  transfer: '/console/transfers/:id',
};

/** Goes there by the console's own links where it can, and waits for what it shows. */
async function show(page: Page, name: keyof typeof pages): Promise<void> {
  const path = pages[name].replace(':id', delivered);
  await page.goto(gateway.url + path);
  await page.waitForSelector(name === 'transfer' ? 'p.good, p.bad' : 'tbody tr');
}

describe.each(['en', 'ko'] as const)('in %s', (language) => {
  test.each([1280, 390])('an auditor has every page, at %i pixels', async (width) => {
    const [id, phone] = await makePerson(world, gateway, ['auditor']);
    const [context, page] = await open(language, width);
    await signIn(page, id, phone, `/console/transfers/${delivered}`);
    await page.waitForSelector('p.good');
    expect(new URL(page.url()).pathname).toBe(`/console/transfers/${delivered}`);
    for (const name of Object.keys(pages) as (keyof typeof pages)[]) {
      await show(page, name);
      const path = join(shots, `${name}-${language}-${width}.png`);
      await page.screenshot({ path, fullPage: true });
      expect([name, await faultsOf(page)]).toEqual([name, []]);
      const wide = await page.evaluate('document.documentElement.scrollWidth');
      expect(wide).toBe(width);
      expect(await page.getAttribute('html', 'lang')).toBe(language);
    }
    await context.close();
  });
});

test('an operator has no page of an auditor, and is told so', async () => {
  const [id, phone] = await makePerson(world, gateway, ['operator']);
  const [context, page] = await open('en');
  await signIn(page, id, phone);
  await page.waitForSelector('tbody tr');
  expect(await page.locator('nav a').allTextContents()).toEqual(['Overview']);
  await page.goto(`${gateway.url}/console/transfers/${delivered}`);
  expect(await page.textContent('main')).toBe('Your role does not include this page.');
  await context.close();
});

test('search goes by the address, and what is shown is what the API finds', async () => {
  const [id, phone] = await makePerson(world, gateway, ['privacy-officer']);
  const [context, page] = await open('en');
  await signIn(page, id, phone, '/console/transfers');
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
  expect(complaints.splice(0)).toEqual([expect.stringContaining('400'), expect.any(String)]);
  await context.close();
});

test('the evidence of a transfer is saved for a reason', async () => {
  const [id, phone] = await makePerson(world, gateway, ['auditor']);
  const [context, page] = await open('en');
  await signIn(page, id, phone, `/console/transfers/${delivered}`);
  await page.waitForSelector('p.good');
  await page.fill('input[name=reason]', 'the monthly inspection');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.click('form.row button'),
  ]);
  const file = JSON.parse(readFileSync(await download.path(), 'utf8')) as { transfer: string };
  expect(file.transfer).toBe(delivered);
  await context.close();
});

test('what PostgreSQL was made to say turns the proof red', async () => {
  const [id, phone] = await makePerson(world, gateway, ['auditor']);
  const [context, page] = await open('en');
  const other = await order(gateway, 'samkwang');
  await reached(gateway, other, 'delivered');
  await signIn(page, id, phone, `/console/transfers/${other}`);
  await page.waitForSelector('p.good');
  await tamper(other);
  await page.reload();
  await page.waitForSelector('p.bad');
  expect(await page.textContent('p.bad')).toContain('does NOT hold');
  await context.close();
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

test('nothing secret is kept by the browser, and nothing personal is in it', async () => {
  const [id, phone] = await makePerson(world, gateway, ['auditor']);
  const [context, page] = await open('en');
  await signIn(page, id, phone, `/console/transfers/${delivered}`);
  await page.waitForSelector('p.good');
  const text = await page.evaluate(
    'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.title, location.href])',
  );
  expect(text).not.toMatch(/eyJ/);
  for (const secret of [canary.name, canary.chartNumber]) expect(text).not.toContain(secret);
  await page.click('text=Sign out');
  await page.waitForSelector('input[name=account]');
  await context.close();
});

test('the page comes under a policy that lets in nothing from elsewhere', async () => {
  const reply = await fetch(`${gateway.url}/console/transfers`);
  const policy = reply.headers.get('content-security-policy') ?? '';
  expect(policy).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
  expect(policy).not.toMatch(/unsafe|\*|http/);
  expect(reply.headers.get('cache-control')).toBe('no-store');
  expect(await reply.text()).not.toMatch(/<script>|style=|https?:/);
});

test('what a first visit loads of scripts is less than 300 KB, compressed', () => {
  const dist = join(rootDir, 'console/dist');
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  const scripts = [...html.matchAll(/(?:src|href)="\/console\/(assets\/[^"]+\.js)"/g)];
  const sizes = scripts.map(([, path = '']) => gzipSync(readFileSync(join(dist, path))).length);
  expect(sizes.length).toBeGreaterThan(0);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300_000);
});

test('no page broke its policy, or anything else', () => {
  expect(complaints).toEqual([]);
});
