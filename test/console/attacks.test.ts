/** What others try: markup in every field that lets in a text, and other sites' pages. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { orderFor, posted } from '#test/support/orders.ts';
import { order, posting } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';
import { makePerson } from '#test/support/people.ts';
import { openOffice, signIn, type Office } from './support.ts';

/** Were it markup anywhere, this element would be there; whether its script ran or not. */
const markup = '<img src=x class=broke-out onerror="document.title=1"><script>1</script>{{7*7}}';

let world: World;
let gateway: TestGateway;
let office: Office;
/** Another site, which somebody who is signed in also visits. */
let evil: Server;
let evilUrl: string;

beforeAll(async () => {
  world = await makeWorld({
    editConsignee(consignee) {
      if (consignee['id'] !== 'engitech') return;
      consignee['name'] = { en: `Engitech ${markup}`, ko: `엔지테크 ${markup}` };
      consignee['address'] = { en: markup, ko: markup };
    },
  });
  gateway = await startGateway(world);
  office = await openOffice(world, gateway);
  evil = createServer((request, response) => {
    response.setHeader('content-type', 'text/html').end(evilPages[request.url ?? ''] ?? '');
  });
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  // Another site, and not only another port of ours.
  evilUrl = `http://localhost:${(evil.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await office?.close();
  await gateway?.stop();
  await world?.close();
  await new Promise((resolve) => evil?.close(resolve));
});

const evilPages: Record<string, string> = {};

/** Fills every text that the API lets in and a page may show. */
async function poison(): Promise<string> {
  const emr = await gateway.as('emr');
  const operator = await gateway.as('operator');
  const sent = {
    ...orderFor('engitech', { [markup]: markup, companyName: markup }),
    reference: 'x',
  };
  const { id } = await emr.json<{ id: string }>('/v1/transfers', posted(sent, 'poisoned'));
  const reason = posting({ reason: markup });
  await operator.json('/v1/consignees/engitech/pause', reason);
  await operator.json('/v1/consignees/engitech/resume', reason);
  await operator.json('/v1/access/staff', posting({ roles: ['auditor'], reason: markup }));
  return id;
}

test('markup stays text on every page, whoever looks', async () => {
  const id = await poison();
  const paths = {
    'privacy-officer': [
      ...['/', '/transfers', `/transfers/${id}`, '/contracts', '/contracts/engitech'],
      ...['/deliveries', '/deliveries/engitech', '/reviews', '/person', '/try'],
      `/transfers?consignee=${encodeURIComponent(markup)}`,
      `/contracts/${encodeURIComponent(markup)}`,
    ],
    operator: ['/', '/contracts/engitech', '/deliveries', '/deliveries/engitech'],
  } as const;
  let shown = 0;
  for (const role of ['privacy-officer', 'operator'] as const) {
    const page = await office.seat(role);
    for (const path of paths[role]) {
      await page.goto(`${gateway.url}/console${path}`);
      await page.waitForSelector('main > *');
      await page.waitForSelector('.waiting', { state: 'detached' });
      expect([path, await page.locator('.broke-out, main script').count()]).toEqual([path, 0]);
      expect(await page.title()).not.toBe('1');
      shown += await page.getByText('onerror=').count();
    }
    await page.context().close();
  }
  // The name at least must have been on pages, or nothing was tried.
  expect(shown).toBeGreaterThan(3);
  office.complaints.splice(0);
});

test('no other site can show the console, or the sign-in, in a frame', async () => {
  const page = await office.seat('auditor');
  evilPages['/frame'] = ['/console/', '/oauth2/enrol']
    .map((path) => `<iframe src="${gateway.url}${path}"></iframe>`)
    .join('');
  await page.goto(`${evilUrl}/frame`);
  await page.waitForLoadState('networkidle');
  const framed = page.frames().filter((frame) => frame !== page.mainFrame());
  expect(framed).toHaveLength(2);
  for (const frame of framed) expect(frame.url()).toMatch(/^chrome-error:/);
  expect(office.complaints.splice(0).join()).toContain("frame-ancestors 'none'");
  await page.context().close();
});

test('no other site can sign somebody out, read with their session, or act with it', async () => {
  const page = await office.seat('auditor');
  evilPages['/forge'] = `<form method=post action="${gateway.url}/oauth2/sign-out"></form>`;
  await page.goto(`${evilUrl}/forge`);
  const [reply] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith('/oauth2/sign-out')),
    page.evaluate('document.forms[0].submit()'),
  ]);
  expect(reply.status()).toBe(403);
  await page.waitForURL('**/oauth2/sign-out');
  await page.goto(`${evilUrl}/forge`);
  for (const [path, method] of [
    ['/v1/audit/transfers', 'GET'],
    ['/v1/consignees/samkwang/pause', 'POST'],
    ['/oauth2/token', 'POST'],
  ]) {
    const init = JSON.stringify({ method, credentials: 'include' });
    const read = `fetch('${gateway.url}${path}', ${init}).then(() => 'read', () => 'kept')`;
    expect([path, await page.evaluate(read)]).toEqual([path, 'kept']);
  }
  const operator = await gateway.as('operator');
  const { paused } = await operator.json<{ paused: boolean }>('/v1/consignees/samkwang');
  expect(paused).toBe(false);
  await page.goto(`${gateway.url}/console/`);
  await page.waitForSelector('header.bar');
  office.complaints.splice(0);
  await page.context().close();
});

test('a session from before the sign-in is not taken over', async () => {
  const [id, phone] = await makePerson(world, gateway, ['auditor']);
  const page = await office.open();
  await page.goto(`${gateway.url}/console/`);
  await page.waitForSelector('input[name=account]');
  // What whoever sat here before could have written down, signed by the gateway itself.
  const before = await page.context().cookies();
  expect(before.length).toBeGreaterThan(0);
  await signIn(page, page.url(), id, phone);
  const after = await page.context().cookies();
  const session = after.filter(({ name }) => name.includes('session'));
  expect(session.length).toBeGreaterThan(0);
  for (const { value, httpOnly, sameSite } of session) {
    expect(before.map((cookie) => cookie.value)).not.toContain(value);
    expect([httpOnly, sameSite]).toEqual([true, 'Lax']);
  }
  const other = await office.open();
  await other.context().addCookies(before);
  await other.goto(`${gateway.url}/console/`);
  await other.waitForSelector('input[name=account]');
  await Promise.all([page.context().close(), other.context().close()]);
});

test('a page never goes on as somebody else who has signed in beside it', async () => {
  const page = await office.open();
  const people = [
    await makePerson(world, gateway, ['auditor']),
    await makePerson(world, gateway, ['auditor']),
  ] as const;
  await signIn(page, `${gateway.url}/console/transfers`, ...people[0]);
  const beside = await page.context().newPage();
  await beside.goto(`${gateway.url}/console/`);
  await beside.getByRole('button', { name: 'Sign out' }).click();
  await beside.waitForSelector('input[name=account]');
  await signIn(beside, beside.url(), ...people[1]);
  // Within seconds the token of the first is refused; the next question asks for another.
  const choices = page.locator('select[name=status] option');
  let asked = 0;
  await until('the page to stop', async () => {
    asked = (asked + 1) % (await choices.count());
    await page.locator('select[name=status]').selectOption({ index: asked });
    await page.click('button.main');
    return (await page.getByText('Somebody else is signed in').count()) > 0;
  });
  office.complaints.splice(0);
  await page.context().close();
});

test('a code that was given to another browser signs nobody in', async () => {
  const page = await office.open();
  await page.goto(`${gateway.url}/console/callback?code=somebody-elses&state=theirs`);
  await page.waitForSelector('input[name=account]');
  expect(page.url()).not.toContain('somebody-elses');
  await page.context().close();
});

test('while nothing can be reached the page says so, and goes on by itself afterwards', async () => {
  await order(gateway, 'samkwang');
  const page = await office.seat('auditor', { path: '/console/transfers' });
  await office.settled(page);
  await page.context().setOffline(true);
  await page.getByText('You are offline').waitFor();
  await page.selectOption('select[name=consignee]', 'samkwang');
  await page.click('button.main');
  await page.context().setOffline(false);
  await page.getByText('You are offline').waitFor({ state: 'detached' });
  await page.locator('tbody td', { hasText: 'Samkwang' }).waitFor();
  await page.context().close();
});

test('everything is reached by keyboard, and where one is can be seen', async () => {
  const page = await office.seat('operator', { path: '/console/deliveries/samkwang' });
  await office.settled(page);
  const seen: string[] = [];
  for (let steps = 0; steps < 40 && !seen.includes('Pause…'); steps += 1) {
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    seen.push((await focused.textContent())?.trim() ?? '');
    expect(await focused.evaluate('(e) => getComputedStyle(e).outlineStyle')).not.toBe('none');
  }
  expect(seen).toEqual(expect.arrayContaining(['Skip to the content', 'Overview', 'Pause…']));
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(await page.locator(':focus').textContent()).toBe('Pause…');
  await page.context().close();
});
