/** What an operator does at 3 a.m., by the console alone; and what an auditor is not offered. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { order, reached, transferOf } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';
import { entriesOf } from '#test/flows/support.ts';
import { openOffice, type Office } from './support.ts';

let world: World;
let gateway: TestGateway;
let lab: ConsigneeServer;
let office: Office;
let page: Page;

beforeAll(async () => {
  lab = await startConsigneeServer();
  world = await makeWorld({
    pushUrls: { samkwang: lab.url },
    editConsignee(consignee) {
      consignee['retry'] = { scheduleSeconds: [3600, 3600], timeoutSeconds: 30 };
    },
  });
  gateway = await startGateway(world);
  office = await openOffice(world, gateway);
  page = await office.seat('operator', { path: '/console/deliveries/samkwang' });
  await office.settled(page);
});

afterAll(async () => {
  await office?.close();
  await gateway?.stop();
  await world?.close();
  await lab?.close();
});

/** Opens a window by its button, writes the reason, and sends it. */
async function act(button: string, fill: () => Promise<unknown> = () => Promise.resolve()) {
  await page.getByRole('button', { name: button }).first().click();
  const dialog = page.getByRole('dialog');
  await fill();
  await dialog.locator('input[name=reason]').fill('the night desk saw to it');
  await dialog.getByRole('button', { name: button }).click();
  await dialog.waitFor({ state: 'detached' });
}

test('pausing and resuming ask for a reason, and say what is so now', async () => {
  await act('Pause…');
  await page.locator('.facts .chip', { hasText: 'paused' }).waitFor();
  const waiting = await order(gateway, 'samkwang');
  await act('Resume…');
  await page.locator('.facts .chip', { hasText: 'well' }).waitFor();
  await reached(gateway, waiting, 'delivered');
});

test('what waits for its next attempt goes at once when somebody says so', async () => {
  lab.answerWith((response) => response.writeHead(500).end());
  const stuck = await order(gateway, 'samkwang');
  await until('the first attempt to be over', async () => {
    const { attempts, status } = await transferOf(gateway, stuck);
    return attempts === 1 && status === 'ready';
  });
  lab.answerWith((response) => response.writeHead(204).end());
  await page.reload();
  await page.locator('code', { hasText: stuck }).waitFor();
  expect(await page.locator('tbody tr', { hasText: stuck }).textContent()).toContain(
    'answered 500',
  );
  await page.locator('tbody tr', { hasText: stuck }).getByRole('button').click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('input[name=reason]').fill('their disk is back');
  await dialog.getByRole('button', { name: 'Retry now…' }).click();
  await reached(gateway, stuck, 'delivered');
  const entry = await until('its entry', async () =>
    (await entriesOf(gateway)).find(({ kind }) => kind === 'consignee-retried'),
  );
  expect(entry.detail).toMatchObject({ reason: 'their disk is back' });
});

test('what was rejected is delivered again, and what failed is replayed', async () => {
  lab.answerWith((response) => response.writeHead(400).end());
  const rejected = await order(gateway, 'samkwang');
  await reached(gateway, rejected, 'rejected');
  lab.answerWith((response) => response.writeHead(204).end());
  await page.getByRole('link', { name: 'Failed, rejected, expired' }).click();
  await page.locator('code', { hasText: rejected }).waitFor();
  await act('Deliver again…');
  await reached(gateway, rejected, 'delivered');
  await act('Replay…', () => page.fill('input[name=since]', '2026-01-01T00:00'));
  await page.getByText('0 wait again').waitFor();
});

test('an auditor sees how it does, and is offered nothing to do', async () => {
  const other = await office.seat('auditor', { path: '/console/deliveries/samkwang' });
  await office.settled(other);
  const buttons = await other.locator('main button').allTextContents();
  expect(buttons).toEqual([]);
  await other.context().close();
});

test('no page broke its policy, or anything else', () => {
  expect(office.complaints).toEqual([]);
});
