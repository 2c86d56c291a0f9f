/** The matrix of contracts and each contract's page, in a real browser at a real gateway. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signCompact } from '#test/support/client.ts';
import { addVersion } from '#test/flows/support.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { shippedContracts } from '#test/support/signing.ts';
import { order, posting } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';
import { openOffice, type Office } from './support.ts';

let world: World;
let gateway: TestGateway;
let office: Office;
/** The matrix, as an auditor has it open. */
let page: Page;
/** What a spreadsheet would run, as the name of a consignee. */
const formula = '=HYPERLINK("https://example.invalid","click")';
/** What a browser would run, if it were taken for HTML. */
const hostile = '<img src=x onerror="document.title=1">';

beforeAll(async () => {
  world = await makeWorld({
    editConsignee: (consignee) => {
      if (consignee['id'] === 'korea-post') consignee['name'] = { en: formula, ko: formula };
    },
  });
  await addVersion(world, 'samkwang', { how: null, without: 'attendingPhysicianName' });
  const draft = join(world.contractsDir, 'samkwang/v2.yaml');
  const text = readFileSync(draft, 'utf8');
  writeFileSync(draft, text.replace(/(?<=purpose:\n +en: ).*/, `'${hostile}'`));
  gateway = await startGateway(world);
  await order(gateway, 'samkwang');
  await order(gateway, 'engitech');
  office = await openOffice(world, gateway);
  page = await openMatrix();
});

afterAll(async () => {
  await office?.close();
  await gateway?.stop();
  await world?.close();
});

/** The matrix as it stands in the page: for each consignee what each marked cell says. */
async function readMatrix(of: Page): Promise<Record<string, Record<string, string>>> {
  return of.evaluate(`(() => {
    const texts = (row, which) => [...row.querySelectorAll(which)].map((one) => one.innerText);
    const table = document.querySelector('[role=grid]');
    const items = texts(table.querySelector('tr.items'), 'th');
    return Object.fromEntries([...table.querySelectorAll('tbody tr')].map((row) => {
      const said = [...row.querySelectorAll('td[data-at]')].map((cell) => cell.textContent);
      const marked = items.map((item, at) => [item, said[at]]);
      return [row.querySelector('a').getAttribute('href').split('/').at(-1),
        Object.fromEntries(marked.filter(([, what]) => what !== 'not in the contract'))];
    }));
  })()`);
}

async function openMatrix(): Promise<Page> {
  const opened = await office.seat('auditor', { path: '/console/contracts' });
  await opened.waitForSelector('[role=grid]');
  await office.settled(opened);
  return opened;
}

test('the matrix marks what the contracts in force list, and nothing else', async () => {
  const shown = await readMatrix(page);
  // That these are the published table is what test/agreements/shipped.test.ts proves.
  const expected = shippedContracts().map(({ consignee, items, dictionary }) => {
    const isSent = consignee === 'samkwang' || consignee === 'engitech';
    const cells = items.map(({ item, required }) => {
      const said = isSent ? 'used 1 time' : 'nothing was sent';
      const need = required ? 'required' : 'optional';
      return [dictionary.items.get(item)?.label.en, `${need}, ${said}`];
    });
    return [consignee, Object.fromEntries(cells)] as const;
  });
  expect(Object.keys(shown)).toHaveLength(17);
  expect(shown).toEqual(Object.fromEntries(expected));
  expect(await page.locator('tr.items th').count()).toBe(30);
  expect(await page.textContent('.findings')).toContain(
    'Engitech: counsel has not confirmed the law that allows Resident Registration Number',
  );
});

test('the matrix is saved as a table for Excel, in which nothing is a formula', async () => {
  const saving = page.waitForEvent('download');
  await page.click('text=Save as CSV');
  const file = await saving;
  expect(file.suggestedFilename()).toMatch(/^waybill-contracts-\d{4}-\d{2}-\d{2}\.csv$/);
  const text = readFileSync(await file.path(), 'utf8');
  expect(text.startsWith('\uFEFFConsignee,Id,Contract,')).toBe(true);
  const lines = text.split('\r\n');
  // A head, the consignees, how many may have each item; and the end of the last line.
  expect(lines).toHaveLength(1 + 17 + 1 + 1);
  expect(lines.find((line) => line.includes(',korea-post,'))).toMatch(
    /^"'=HYPERLINK\(""https:\/\/example\.invalid"",""click""\)",korea-post,korea-post\.v1,0,3,0,/,
  );
  expect(lines[0]).toContain(',Resident Registration Number (unique identifier),');
  expect(lines.find((line) => line.startsWith('Engitech,'))).toContain('"optional, used 1 time"');
});

test('the matrix is printed on one landscape page', async () => {
  const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
  expect(pdf.match(/\/Type \/Page\b/g)).toHaveLength(1);
  const [, width, height] = /MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(pdf) ?? [];
  expect(Number(width)).toBeGreaterThan(Number(height));
});

test('every cell says what it means to whoever comes by keyboard', async () => {
  const row = Object.keys(await readMatrix(page)).indexOf('engitech');
  await page.focus('[data-at="0 -1"]');
  for (let at = 0; at < row; at += 1) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  expect(await page.textContent('.readout')).toMatch(
    /^Engitech – Resident Registration Number \(unique identifier\): optional, used 1 time, last/,
  );
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/contracts/engitech');
});

test('a draft shows what it would change, and its text stays text', async () => {
  const path = '/console/contracts/samkwang?version=2';
  await page.goto(gateway.url + path);
  await page.waitForSelector('.impact li');
  expect(await page.textContent('.impact')).toContain(
    "Attending Physician's Name went in 1 of 1 transfer; under samkwang.v2 it would stay here.",
  );
  expect(await page.textContent('main')).toContain(hostile);
  expect(await page.locator('main img').count()).toBe(0);
  expect(await page.title()).not.toBe('1');
  expect(await page.textContent('[role=status].told')).toMatch(/^A draft: it decides nothing/);
  expect(await page.getByText('End the contract').count()).toBe(0);
});

test('an operator ends a contract, and files the certificate that all is destroyed', async () => {
  const desk = await office.seat('operator', { path: '/console/contracts/engitech' });
  await desk.click('text=End the contract…');
  expect(await office.faultsOf(desk)).toEqual([]);
  await desk.getByLabel('Reason').fill('the check-up system is replaced');
  const confirm = desk.locator('form.end button');
  await desk.getByLabel('To confirm').fill('engitec');
  expect(await confirm.isDisabled()).toBe(true);
  await desk.getByLabel('To confirm').fill('engitech');
  await confirm.click();
  await desk.waitForSelector('.order');
  expect(await desk.textContent('[role=status].told')).toMatch(/^Ended: nothing leaves/);
  expect(await desk.getByText('End the contract…').count()).toBe(0);
  const focused = () => desk.evaluate<string>('document.activeElement.id');
  await until('the page to have the focus', async () => (await focused()) === 'content');
  await certify(desk);
  await desk.waitForSelector('.order .good');
  expect(await office.faultsOf(desk)).toEqual([]);
  await desk.context().close();

  await page.goto(`${gateway.url}/console/contracts`);
  await page.waitForSelector('[role=grid]');
  await office.settled(page);
  const left = Object.values((await readMatrix(page))['engitech'] ?? {});
  expect(new Set(left)).toEqual(new Set(['not any more; went 1 time before']));
  expect(await page.textContent('.findings')).toContain(
    'Engitech: no contract is in force, so nothing is sent there',
  );
});

/** Files a certificate as the consignee signs it over what the page asks for. */
async function certify(at: Page): Promise<void> {
  await at.click('.certify summary');
  const file = { name: 'paper.pdf', mimeType: 'application/pdf', buffer: Buffer.from('paper') };
  await at.setInputFiles('.certify input[type=file]', file);
  const ended = (await at.getAttribute('.certify input[type=date]', 'min')) ?? '';
  await at.fill('.certify input[type=date]', ended);
  const over = JSON.parse((await at.textContent('.certify code')) ?? '') as object;
  const key = world.signing.get('engitech') ?? {};
  await at.fill('.certify textarea', await signCompact({ alg: 'EdDSA' }, over, key));
  await at.click('.certify button');
}

test('what an auditor is not shown, the gateway refuses as well', async () => {
  const auditor = await gateway.as('auditor');
  const reply = await auditor.fetch(
    '/v1/contracts/samkwang/end',
    posting({ reason: 'only an operator may' }),
  );
  expect(reply.status).toBe(403);
});

test('no page broke its policy, or anything else', () => {
  expect(office.complaints).toEqual([]);
});
