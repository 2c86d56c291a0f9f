/** People sign in: by the gateway's own pages, with a password and one-time codes, for a while. */
import { decodeJwt } from 'jose';
import type { Browser } from 'playwright-core';
import { decodeQR } from 'qr/decode.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeAt } from '#src/access/one-time-code.ts';
import { axeSource, pixelsOf, startBrowser } from '#test/support/browser.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { posted } from '#test/support/orders.ts';
import {
  Authenticator,
  beginSignIn,
  makePerson,
  openSignIn,
  password,
  redeem,
  signInPerson,
  Visitor,
  walk,
  whileBusy,
} from '#test/support/people.ts';
import { asOwner } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';

let world: World;
let gateway: TestGateway;

interface Begun {
  account: { id: string };
  enrolment: { token: string };
}

const reason = 'a sentence';
const grant = async (roles: readonly string[], more: object = {}) => {
  const operator = await gateway.as('operator');
  const asked = posted({ roles, reason, ...more }, 'grant');
  return operator.json<Begun>('/v1/access/staff', asked);
};

const person = (roles: readonly string[]) => makePerson(world, gateway, roles);

const api = (token: string, path: string, init: RequestInit = {}) =>
  fetch(`${gateway.url}${path}`, {
    ...init,
    headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${token}` },
  });

beforeAll(async () => {
  world = await makeWorld();
  gateway = await startGateway(world);
});
afterAll(async () => {
  await gateway?.stop();
  await world?.close();
});

describe('signing in', () => {
  test('gives a token of the account, its roles and its session, for five minutes', async () => {
    const [id, phone] = await person(['auditor', 'operator']);
    const visitor = new Visitor(gateway.url);
    const token = await signInPerson(visitor, id, phone);
    const { sub, sid, scope, exp = 0, iat = 0, client_id: client } = decodeJwt(token);
    expect({ sub, client, scope }).toEqual({
      ...{ sub: id, client: 'console', scope: 'ledger:read audit:read access:admin' },
    });
    expect([exp - iat, typeof sid]).toEqual([300, 'string']);
    expect((await api(token, '/v1/ledger/entries')).status).toBe(200);
    expect((await api(token, '/v1/consignees')).status).toBe(200);
    const refused = await api(token, '/v1/transfers');
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
      ...[403, 'INSUFFICIENT_SCOPE'],
    ]);
  });

  test('is renewed without a form while the session goes on, until a sign-out', async () => {
    const [id, phone] = await person(['auditor']);
    const visitor = new Visitor(gateway.url);
    const token = await signInPerson(visitor, id, phone);
    const again = beginSignIn(gateway.url, { prompt: 'none' });
    const callback = await walk(visitor, await visitor.ask(`/oauth2/authorize?${again.query}`));
    expect(callback.pathname).toBe('/console/callback');
    expect(callback.searchParams.get('state')).toBe(again.state);
    const renewed = await redeem(visitor, again, callback);
    expect(decodeJwt(String(renewed.body['access_token']))['sid']).toBe(decodeJwt(token)['sid']);

    const foreign = { origin: 'https://elsewhere.invalid' };
    expect((await visitor.post('/oauth2/sign-out', {}, foreign)).status).toBe(403);
    expect((await visitor.post('/oauth2/sign-out', {})).status).toBe(303);
    const none = beginSignIn(gateway.url, { prompt: 'none' });
    const refused = await walk(visitor, await visitor.ask(`/oauth2/authorize?${none.query}`));
    expect(refused.searchParams.get('error')).toBe('login_required');
    await until('the token to be refused', async () => {
      return (await api(token, '/v1/ledger/entries')).status === 401;
    });
  });

  test.each<[string, Record<string, string | undefined>, string]>([
    [
      'without PKCE',
      { code_challenge: undefined, code_challenge_method: undefined },
      'invalid_request',
    ],
    ['with a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['for a scope of machines', { scope: 'transfers:write' }, 'invalid_scope'],
    ['for another resource', { resource: 'https://elsewhere.invalid' }, 'invalid_target'],
    ['for a token at once', { response_type: 'token' }, 'unsupported_response_type'],
  ])('is refused %s', async (_what, more, code) => {
    const visitor = new Visitor(gateway.url);
    const { query } = beginSignIn(gateway.url, more);
    const response = await visitor.ask(`/oauth2/authorize?${query}`);
    const location = new URL(response.headers.get('location') ?? 'none:', gateway.url);
    expect(location.pathname + location.hash).toContain('/console/callback');
    const said = new URLSearchParams(location.search || location.hash.slice(1));
    expect(said.get('error')).toBe(code);
  });

  test('never leads to another address', async () => {
    const more = { redirect_uri: 'https://elsewhere.invalid/console/callback' };
    const { query } = beginSignIn(gateway.url, more);
    const response = await new Visitor(gateway.url).ask(`/oauth2/authorize?${query}`);
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
  });

  test('a code counts once, with its verifier, and for the browser that asked', async () => {
    const [id, phone] = await person(['auditor']);
    const visitor = new Visitor(gateway.url);
    await signInPerson(visitor, id, phone);
    const begun = beginSignIn(gateway.url, { prompt: 'none' });
    const callback = await walk(visitor, await visitor.ask(`/oauth2/authorize?${begun.query}`));
    const other = beginSignIn(gateway.url);
    expect((await redeem(visitor, other, callback)).body['error']).toBe('invalid_grant');
    const both = await Promise.all([
      redeem(visitor, begun, callback),
      redeem(visitor, begun, callback),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 400]);
    expect((await redeem(visitor, begun, callback)).body['error']).toBe('invalid_grant');
  });

  test('its form belongs to the browser that began, and to no other page', async () => {
    const visitor = new Visitor(gateway.url);
    const form = await openSignIn(visitor, beginSignIn(gateway.url));
    const shown = await visitor.ask(form);
    expect(shown.status).toBe(200);
    expect(shown.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(shown.headers.get('content-security-policy')).not.toContain('unsafe');
    expect(shown.headers.get('x-frame-options')).toBe('DENY');
    expect(await shown.text()).not.toContain('<script');
    expect((await new Visitor(gateway.url).ask(form)).status).toBe(400);
    const given = { account: 'nobody', password, code: '123456' };
    expect((await new Visitor(gateway.url).post(form, given)).status).toBe(400);
    const origin = { origin: 'https://elsewhere.invalid' };
    expect((await visitor.post(form, given, origin)).status).toBe(403);
    expect((await visitor.post(form, given, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });

  test('its session gets a new name, and the cookie is out of the reach of scripts', async () => {
    const [id, phone] = await person(['auditor']);
    const visitor = new Visitor(gateway.url);
    await signInPerson(visitor, id, phone);
    const before = visitor.cookies.get('waybill-session')?.value;
    const begun = beginSignIn(gateway.url);
    await openSignIn(new Visitor(gateway.url), begun);
    await visitor.post('/oauth2/sign-out', {});
    await signInPerson(visitor, id, phone);
    expect(visitor.cookies.get('waybill-session')?.value).not.toBe(before);
    const { rows } = await world.db.query<{ row: string }>(
      "SELECT encode(id, 'escape') || encode(sealed, 'escape') AS row FROM sign_ins",
    );
    const stored = rows.map(({ row }) => row).join();
    expect(stored).not.toContain(visitor.cookies.get('waybill-session')?.value);
    expect(stored).not.toContain(id);
  });
});

describe('a person who is refused', () => {
  const attempt = async (given: Record<string, string>) => {
    const visitor = new Visitor(gateway.url);
    const form = await openSignIn(visitor, beginSignIn(gateway.url));
    const response = await visitor.post(`${form}?lang=en`, given);
    const text = (await response.text()).replaceAll(form, '');
    return { status: response.status, text };
  };

  test('is told the same whatever was wrong, also of an account that is not there', async () => {
    const [id, phone] = await person(['auditor']);
    const right = { account: id, password, code: phone.next() };
    const answers = [
      await attempt({ ...right, account: 'nobody-here' }),
      await attempt({ ...right, account: '../../etc' }),
      await attempt({ ...right, password: 'another long sentence' }),
      await attempt({ ...right, code: '000000' }),
    ];
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    const visitor = new Visitor(gateway.url);
    const form = await openSignIn(visitor, beginSignIn(gateway.url));
    expect((await visitor.post(form, right)).status).toBe(303);
    // the same code again, from another browser
    expect((await attempt(right)).status).toBe(401);
  });

  test('is locked after five in a row, however many at once, until it is unlocked', async () => {
    const [id, phone] = await person(['auditor']);
    const right = { account: id, password, code: phone.next() };
    const wrong = { account: id, password: 'not the sentence', code: '123456' };
    const statuses = await Promise.all(Array.from({ length: 7 }, () => attempt(wrong)));
    expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set([401]));
    expect((await attempt(right)).status).toBe(401);
    const operator = await gateway.as('operator');
    type Staff = { items: { id: string; lockedUntil: string | null }[] };
    const locked = (await operator.json<Staff>('/v1/access/staff')).items.find(
      (one) => one.id === id,
    );
    const minutes = (Date.parse(locked?.lockedUntil ?? '') - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(13);
    expect(minutes).toBeLessThan(16);
    const unlock = posted({ reason }, 'unlock');
    await operator.json(`/v1/access/staff/${id}/unlock`, unlock);
    expect((await attempt({ ...right, code: phone.next() })).status).toBe(303);
    const { items } = await operator.json<{ items: { kind: string }[] }>(
      `/v1/access/history?staff=${id}`,
    );
    expect(items.map(({ kind }) => kind)).toEqual([
      ...['staff-unlocked', 'staff-locked', 'staff-changed', 'staff-granted'],
    ]);
  });
});

describe('while more come at once than can be checked', () => {
  test('a person is told to try again, at the first time too, and a lock is recorded', async () => {
    const { account, enrolment } = await grant(['auditor']);
    const { token } = enrolment;
    const visitor = new Visitor(gateway.url);
    const enrol = (form: Record<string, string>) => visitor.post('/oauth2/enrol?lang=en', form);
    const shown = await (await enrol({ token })).text();
    const secret = /name="secret" value="([^"]+)"/.exec(shown)?.[1] ?? '';
    const key = /<code class="secret">([A-Z2-7 ]+)</.exec(shown)?.[1] ?? '';
    const phone = new Authenticator(key.replaceAll(' ', ''));
    const chosen = { token, secret, password, repeat: password, code: phone.next() };
    const turnedAway = await whileBusy(() => enrol(chosen));
    expect(turnedAway.status).toBe(503);
    expect(await turnedAway.text()).toContain('Too many sign-ins at once');
    expect((await enrol(chosen)).status).toBe(200);

    const form = await openSignIn(visitor, beginSignIn(gateway.url));
    const wrong = { account: account.id, password, code: '000000' };
    const statuses = await whileBusy(async () => {
      const attempts = [];
      for (let count = 0; count < 5; count += 1) attempts.push(await visitor.post(form, wrong));
      return attempts.map(({ status }) => status);
    });
    expect(statuses).toEqual([503, 503, 503, 503, 503]);
    const operator = await gateway.as('operator');
    const { items } = await operator.json<{ items: { kind: string }[] }>(
      `/v1/access/history?staff=${account.id}`,
    );
    expect(items.map(({ kind }) => kind)).toContain('staff-locked');
  });
});

describe('a session', () => {
  test('ends within five seconds of a revocation, and takes its tokens with it', async () => {
    const [id, phone] = await person(['auditor']);
    const visitor = new Visitor(gateway.url);
    const token = await signInPerson(visitor, id, phone);
    expect((await api(token, '/v1/ledger/entries')).status).toBe(200);
    const operator = await gateway.as('operator');
    const began = performance.now();
    await operator.json(`/v1/access/staff/${id}/revoke`, posted({ reason }, 'revoke'));
    await until('the token to be refused', async () => {
      return (await api(token, '/v1/ledger/entries')).status === 401;
    });
    // no answer is older than 4 s (`state-cache.test.ts`); the rest is this machine's
    expect(performance.now() - began).toBeLessThan(10_000);
    const none = beginSignIn(gateway.url, { prompt: 'none' });
    const refused = await walk(visitor, await visitor.ask(`/oauth2/authorize?${none.query}`));
    expect(refused.searchParams.get('error')).toBe('login_required');
  });

  test.each([
    ['without a sign of life', 'seen_at', '16 minutes'],
    ['eight hours after it began', 'created_at', '481 minutes'],
  ])('ends %s', async (_what, column, ago) => {
    const [id, phone] = await person(['auditor']);
    const visitor = new Visitor(gateway.url);
    const token = await signInPerson(visitor, id, phone);
    const sql = `UPDATE sign_ins SET ${column} = now() - interval '${ago}' WHERE staff = $1`;
    await asOwner(world, sql, [id]);
    expect((await api(token, '/v1/ledger/entries')).status).toBe(401);
    const none = beginSignIn(gateway.url, { prompt: 'none' });
    const refused = await walk(visitor, await visitor.ask(`/oauth2/authorize?${none.query}`));
    expect(refused.searchParams.get('error')).toBe('login_required');
  });
});

describe('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => browser?.close());

  test('a person sets up an account and signs in, without a script', async () => {
    const { account, enrolment } = await grant(['auditor']);
    const context = await browser.newContext({ locale: 'ko-KR', javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${gateway.url}/oauth2/enrol`);
    expect(await page.locator('h1').textContent()).toBe('계정 설정');
    await page.fill('#token', enrolment.token.toUpperCase());
    await page.click('button');
    const key = (await page.locator('code.secret').textContent())?.replaceAll(' ', '') ?? '';
    const { Secret } = await import('otpauth');
    const secret = new Uint8Array(Secret.fromBase32(key).buffer);
    await page.fill('#password', 'short');
    await page.fill('#repeat', 'short');
    await page.fill('#code', codeAt(secret, Date.now()));
    await page.click('button');
    expect(await page.getByRole('alert').textContent()).toContain('12자');
    await page.fill('#password', password);
    await page.fill('#repeat', password);
    await page.fill('#code', codeAt(secret, Date.now()));
    await page.click('button');
    expect(await page.locator('h1').textContent()).toBe('계정이 준비되었습니다');

    await page.goto(`${gateway.url}/oauth2/authorize?${beginSignIn(gateway.url).query}`);
    await page.fill('#account', account.id);
    await page.fill('#password', password);
    await page.fill('#code', codeAt(secret, Date.now() + 30_000));
    await page.click('button');
    await page.waitForURL('**/console/callback?**');
    expect(new URL(page.url()).searchParams.get('code')).toMatch(/^[\w-]{20,}$/);
    await context.close();
  }, 60_000);

  test('a camera reads the key off the page, also where it is dark', async () => {
    const { enrolment } = await grant(['auditor']);
    const context = await browser.newContext({ colorScheme: 'dark', javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${gateway.url}/oauth2/enrol?lang=ko`);
    await page.fill('#token', enrolment.token);
    const [answer] = await Promise.all([
      page.waitForResponse('**/enrol?lang=ko'),
      page.click('button'),
    ]);
    expect(answer.headers()['cache-control']).toBe('no-store');
    expect(page.url()).toBe(`${gateway.url}/oauth2/enrol?lang=ko`);
    const code = page.getByRole('img', { name: '키의 QR 코드' });
    const picture = await code.screenshot();
    const link = await page.getByRole('link', { name: '인증 앱에서 열기' }).getAttribute('href');
    const key = (await page.locator('code.secret').textContent())?.replaceAll(' ', '') ?? '';
    expect(link).toContain(`secret=${key}&`);
    const image = await pixelsOf(browser, picture);
    expect([...image.data.subarray(0, 3)]).toEqual([255, 255, 255]);
    expect(decodeQR(image, { timeLimit: 1_000 })).toBe(link);
    await context.close();
  }, 60_000);

  test('the pages have no fault that axe finds, in light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await browser.newContext({ colorScheme, bypassCSP: true });
      const page = await context.newPage();
      for (const path of [`/oauth2/authorize?${beginSignIn(gateway.url).query}`, '/oauth2/enrol']) {
        await page.goto(`${gateway.url}${path}`);
        await page.evaluate(await axeSource());
        const found = await page.evaluate<{ id: string }[]>(
          'axe.run().then(({ violations }) => violations.map(({ id }) => ({ id })))',
        );
        expect(found).toEqual([]);
      }
      await context.close();
    }
  }, 60_000);
});
