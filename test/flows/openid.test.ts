/** People sign in at the hospital's own OpenID provider, which says who they are, and no more. */
import { generateKeyPair, SignJWT, UnsecuredJWT, decodeJwt, type JWTPayload } from 'jose';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openidCallbackPath } from '#api/oauth/openid-sign-in.ts';
import { axeSource, startBrowser } from '#test/support/browser.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import {
  openidClient,
  signed,
  startOpenidProvider,
  type OpenidProvider,
} from '#test/support/openid-provider.ts';
import { posted } from '#test/support/orders.ts';
import {
  beginSignIn,
  makePerson,
  openSignIn,
  password,
  redeem,
  signInPerson,
  Visitor,
  walk,
} from '#test/support/people.ts';
import { asOwner } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';

let world: World;
let gateway: TestGateway;
let hospital: OpenidProvider;
const reason = 'a sentence';

beforeAll(async () => {
  hospital = await startOpenidProvider();
  world = await makeWorld();
  gateway = await startGateway(world, {
    WAYBILL_OPENID_ISSUER: hospital.issuer,
    WAYBILL_OPENID_CLIENT_ID: openidClient.id,
    WAYBILL_OPENID_CLIENT_SECRET: openidClient.secret,
    WAYBILL_OPENID_NAME: '예시병원',
    WAYBILL_OPENID_ACR: 'two-factors',
    WAYBILL_OPENID_MAX_AGE_MINUTES: '60',
  });
});
afterAll(async () => {
  await gateway?.stop();
  await world?.close();
  await hospital?.close();
});

/** An account that nobody has set up: it has no password. */
async function grantAccount(roles: readonly string[] = ['auditor']): Promise<string> {
  const operator = await gateway.as('operator');
  type Begun = { account: { id: string } };
  const asked = posted({ roles, reason }, 'grant');
  return (await operator.json<Begun>('/v1/access/staff', asked)).account.id;
}

/** A browser on its way: at the gateway, and at the hospital, whose cookies are others. */
interface Way {
  visitor: Visitor;
  begun: ReturnType<typeof beginSignIn>;
  form: string;
}

async function setOut(visitor = new Visitor(gateway.url)): Promise<Way> {
  const begun = beginSignIn(gateway.url);
  return { visitor, begun, form: await openSignIn(visitor, begun) };
}

/** Clicks the button; where the gateway then sends the browser. */
async function leave({ visitor, form }: Way): Promise<URL> {
  const response = await visitor.ask(`${form}/openid?lang=en`);
  expect(response.status).toBe(303);
  return new URL(response.headers.get('location') ?? '');
}

/** Signs in at the hospital: the address at the gateway that it sends the browser to. */
async function beSentBack(there: URL): Promise<URL> {
  const visitor = new Visitor(hospital.issuer);
  let location: string | null = there.href;
  while (location?.startsWith(hospital.issuer) || location?.startsWith('/')) {
    location = (await visitor.ask(location)).headers.get('location');
  }
  return new URL(location ?? 'none:');
}

/** Follows the gateway from the registered address to what the answer comes to. */
async function arrive(visitor: Visitor, back: URL): Promise<Response> {
  const response = await visitor.ask(back.href);
  const location = response.headers.get('location');
  return location === null ? response : visitor.ask(location);
}

const attempt = async (way: Way) => arrive(way.visitor, await beSentBack(await leave(way)));

/** From the button to the token. */
async function signInThere(account: unknown, visitor?: Visitor): Promise<string> {
  hospital.says.account = account;
  const way = await setOut(visitor);
  const callback = await walk(way.visitor, await attempt(way));
  const { body } = await redeem(way.visitor, way.begun, callback);
  return String(body['access_token']);
}

const entries = async (token: string) => {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${gateway.url}/v1/ledger/entries`, { headers })).status;
};

/** Whether the browser has a session of anybody's by now. */
async function isSignedIn(visitor: Visitor): Promise<boolean> {
  const { query } = beginSignIn(gateway.url, { prompt: 'none' });
  const answer = await walk(visitor, await visitor.ask(`/oauth2/authorize?${query}`));
  return answer.searchParams.has('code');
}

describe('without its provider', () => {
  test('the gateway starts, says that it cannot be reached, and takes passwords', async () => {
    expect(hospital.asked).toEqual([]);
    const [id, phone] = await makePerson(world, gateway, ['auditor']);
    const way = await setOut();
    const refused = await way.visitor.ask(`${way.form}/openid?lang=en`);
    expect([refused.status, hospital.asked]).toEqual([503, ['/.well-known/openid-configuration']]);
    const page = await refused.text();
    expect(page).toContain(
      '예시병원 cannot be reached. Try again later, or sign in with a Waybill',
    );
    expect(page).toContain(`<form method="post" action="${way.form}?lang=en">`);
    expect(await entries(await signInPerson(way.visitor, id, phone))).toBe(200);
  });
});

describe('with its provider', () => {
  beforeAll(() => hospital.register(`${gateway.url}${openidCallbackPath}`));
  beforeEach(() => hospital.reset());

  describe('a person', () => {
    test('is signed in without a password, with the roles that the account has here', async () => {
      const id = await grantAccount(['auditor', 'operator']);
      const visitor = new Visitor(gateway.url);
      const token = await signInThere(id, visitor);
      expect(decodeJwt(token)).toMatchObject({
        ...{ sub: id, client_id: 'console', scope: 'ledger:read audit:read access:admin' },
      });
      expect(await entries(token)).toBe(200);
      expect(await isSignedIn(visitor)).toBe(true);
      const operator = await gateway.as('operator');
      type Staff = { items: { id: string; isEnrolled: boolean; signedInAt: string | null }[] };
      const { items } = await operator.json<Staff>('/v1/access/staff');
      const own = items.find((one) => one.id === id);
      expect(Date.now() - Date.parse(own?.signedInAt ?? '')).toBeLessThan(60_000);
      // a sign-in is no entry, here as with a password
      type History = { items: { kind: string }[] };
      const history = await operator.json<History>(`/v1/access/history?staff=${id}`);
      expect(history.items.map(({ kind }) => kind)).toEqual(['staff-granted']);
    });

    test('is not kept out by a stranger who locks the account with wrong passwords', async () => {
      const [id] = await makePerson(world, gateway, ['auditor']);
      const { visitor, form } = await setOut();
      const wrong = { account: id, password: 'not the sentence', code: '123456' };
      for (let count = 0; count < 5; count += 1) await visitor.post(form, wrong);
      const locked = async () => {
        const { rows } = await world.db.query(
          'SELECT FROM staff WHERE id = $1 AND locked_until > now()',
          [id],
        );
        return rows.length === 1;
      };
      expect(await locked()).toBe(true);
      expect(await entries(await signInThere(id))).toBe(200);
      expect(await locked()).toBe(true);
    });

    test.each([
      ['without a sign of life', 'seen_at', '16 minutes'],
      ['eight hours after it began', 'created_at', '481 minutes'],
    ])('has a session that ends %s', async (_what, column, ago) => {
      const id = await grantAccount();
      const visitor = new Visitor(gateway.url);
      const token = await signInThere(id, visitor);
      const sql = `UPDATE sign_ins SET ${column} = now() - interval '${ago}' WHERE staff = $1`;
      await asOwner(world, sql, [id]);
      expect([await entries(token), await isSignedIn(visitor)]).toEqual([401, false]);
    });

    test('is signed out by a revocation and by a reset', async () => {
      const operator = await gateway.as('operator');
      const tokens: string[] = [];
      for (const deed of ['revoke', 'reset']) {
        const id = await grantAccount();
        const visitor = new Visitor(gateway.url);
        tokens.push(await signInThere(id, visitor));
        await operator.json(`/v1/access/staff/${id}/${deed}`, posted({ reason }, deed));
        expect(await isSignedIn(visitor)).toBe(false);
      }
      await until('the tokens to be refused', async () => {
        const statuses = await Promise.all(tokens.map(entries));
        return statuses.every((status) => status === 401);
      });
    });

    test('is asked again who it is when a hand in the database changed the account', async () => {
      const id = await grantAccount();
      const visitor = new Visitor(gateway.url);
      await signInThere(id, visitor);
      await asOwner(world, "UPDATE staff SET roles = '{operator}' WHERE id = $1", [id]);
      expect(await isSignedIn(visitor)).toBe(false);
      expect((await setOut(visitor)).form).toMatch(/^\/oauth2\/sign-in\//);
    });

    test('signs out here, and takes no session over that is of somebody else', async () => {
      const [first, second] = [await grantAccount(), await grantAccount()];
      const visitor = new Visitor(gateway.url);
      await signInThere(first, visitor);
      expect((await visitor.post('/oauth2/sign-out', {})).status).toBe(303);
      expect(await isSignedIn(visitor)).toBe(false);
      const early = await setOut(visitor);
      await signInThere(first, visitor);
      hospital.says.account = second;
      const answer = await attempt(early);
      const resumed = await visitor.ask(answer.headers.get('location') ?? '');
      expect(resumed.headers.get('location') ?? '').not.toContain('code=');
      const { query, ...begun } = beginSignIn(gateway.url, { prompt: 'none' });
      const callback = await walk(visitor, await visitor.ask(`/oauth2/authorize?${query}`));
      const { body } = await redeem(visitor, { query, ...begun }, callback);
      expect(decodeJwt(String(body['access_token'])).sub).toBe(first);
    });
  });

  describe('an account that does not count here', () => {
    const told = async (account: unknown) => {
      hospital.says.account = account;
      const way = await setOut();
      const response = await attempt(way);
      const text = (await response.text()).replaceAll(way.form, '');
      return { status: response.status, text };
    };

    test('is refused in the same words whatever is wrong with it, and none is made', async () => {
      const revoked = await grantAccount();
      const forged = await grantAccount();
      const good = await grantAccount();
      const operator = await gateway.as('operator');
      await operator.json(`/v1/access/staff/${revoked}/revoke`, posted({ reason }, 'revoke'));
      await asOwner(world, "UPDATE staff SET roles = '{operator}' WHERE id = $1", [forged]);
      const accounts = [
        ...['staff-nobody', revoked, forged, good.toUpperCase(), ` ${good}`, undefined, null],
        ...[[good], { id: good }, 7, '', '../../etc', "' OR '1'='1"],
      ];
      const answers = [];
      for (const account of accounts) answers.push(await told(account));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([403]));
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect(answers[0]?.text).toContain('You cannot sign in here by 예시병원.');
      const { rows } = await world.db.query('SELECT FROM staff WHERE id = $1', ['staff-nobody']);
      expect(rows).toEqual([]);
      expect((await told(good)).status).toBe(303);
    });
  });

  describe('the word of the provider', () => {
    const answerTo = async () => {
      hospital.says.account = await grantAccount();
      const way = await setOut();
      const answer = await attempt(way);
      if (answer.status === 303) await walk(way.visitor, answer);
      return [answer.status, await isSignedIn(way.visitor)];
    };

    test.each<[string, (claims: JWTPayload) => JWTPayload]>([
      ['for another question', (claims) => ({ ...claims, nonce: 'another' })],
      ['for no question', ({ nonce: _nonce, ...claims }) => claims],
      ['for another client', (claims) => ({ ...claims, aud: 'somebody-else' })],
      [
        'for several clients, of which another asked',
        (claims) => ({ ...claims, aud: [openidClient.id, 'else'], azp: 'else' }),
      ],
      ['of another provider', (claims) => ({ ...claims, iss: 'https://elsewhere.invalid' })],
      ['that is over', (claims) => ({ ...claims, exp: Math.floor(Date.now() / 1000) - 60 })],
      ['about a check of hours ago', (claims) => ({ ...claims, auth_time: 1_000_000_000 })],
      ['about a check of no time', ({ auth_time: _time, ...claims }) => claims],
    ])('does not count when it is %s', async (_what, idToken) => {
      hospital.says.idToken = idToken;
      expect(await answerTo()).toEqual([502, false]);
    });

    test('does not count under the signature of anybody else', async () => {
      const { privateKey } = await generateKeyPair('ES256');
      const secret = new TextEncoder().encode(openidClient.secret);
      const signatures: ((claims: JWTPayload) => Promise<string>)[] = [
        (claims) => signed(claims, privateKey),
        (claims) => Promise.resolve(new UnsecuredJWT(claims).encode()),
        (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(secret),
      ];
      for (const idToken of signatures) {
        hospital.says.idToken = idToken;
        expect(await answerTo()).toEqual([502, false]);
      }
      hospital.says.idToken = signed;
      expect(await answerTo()).toEqual([303, true]);
    });

    test('does not count when it checked less than is asked for', async () => {
      hospital.says.acr = 'password';
      expect(await answerTo()).toEqual([403, false]);
      hospital.reset();
      hospital.says.idToken = ({ acr: _acr, ...claims }) => claims;
      expect(await answerTo()).toEqual([403, false]);
    });

    test('is not waited for when it breaks off meanwhile', async () => {
      const way = await setOut();
      const back = await beSentBack(await leave(way));
      hospital.says.instead = (_request, response) => response.writeHead(503).end();
      const answer = await arrive(way.visitor, back);
      expect([answer.status, await isSignedIn(way.visitor)]).toEqual([503, false]);
    });
  });

  describe('an answer that a browser brings', () => {
    test('counts once, and in the browser that asked', async () => {
      hospital.says.account = await grantAccount();
      const way = await setOut();
      const back = await beSentBack(await leave(way));
      const stranger = new Visitor(gateway.url);
      await openSignIn(stranger, beginSignIn(gateway.url));
      expect((await arrive(stranger, back)).status).toBe(400);
      expect(await isSignedIn(stranger)).toBe(false);
      const both = await Promise.all([arrive(way.visitor, back), arrive(way.visitor, back)]);
      expect(both.map(({ status }) => status).sort()).toEqual([303, 400]);
      expect((await arrive(way.visitor, back)).status).toBe(400);
    });

    test('does not sign anybody else in, to whose sign-in it was turned', async () => {
      hospital.says.account = await grantAccount();
      const [own, stranger] = [await setOut(), await setOut()];
      const { search } = await beSentBack(await leave(own));
      const turned = await stranger.visitor.ask(`${stranger.form}/openid/callback${search}`);
      expect(turned.status).toBe(400);
      expect(await isSignedIn(stranger.visitor)).toBe(false);
    });

    test.each<[string, number, (answer: URLSearchParams) => void]>([
      [
        'with a state that nobody gave out',
        400,
        (it) => it.set('state', `${it.get('state')!.slice(0, -4)}AAAA`),
      ],
      ['without a state', 400, (it) => it.delete('state')],
      ['with two states', 400, (it) => it.append('state', it.get('state') ?? '')],
      ['of another provider', 502, (it) => it.set('iss', 'https://elsewhere.invalid')],
      ['of no provider', 502, (it) => it.delete('iss')],
      ['with a code that is none', 502, (it) => it.set('code', 'none')],
      ['with a token as well', 502, (it) => it.set('id_token', 'none')],
    ])('is refused %s', async (_what, status, change) => {
      hospital.says.account = await grantAccount();
      const way = await setOut();
      const back = await beSentBack(await leave(way));
      change(back.searchParams);
      expect((await arrive(way.visitor, back)).status).toBe(status);
      expect(await isSignedIn(way.visitor)).toBe(false);
    });

    test('may be a refusal, of which nothing is repeated', async () => {
      const way = await setOut();
      const back = await beSentBack(await leave(way));
      back.searchParams.delete('code');
      back.searchParams.set('error', 'access_denied');
      back.searchParams.set('error_description', '<b>ganadara</b>');
      const answer = await arrive(way.visitor, back);
      const page = await answer.text();
      expect([answer.status, page.includes('ganadara')]).toEqual([401, false]);
      expect(page).toContain('예시병원 did not sign you in.');
    });
  });

  test('a password proves nothing any more once it was taken away', async () => {
    const [id, phone] = await makePerson(world, gateway, ['auditor']);
    const { visitor, form } = await setOut();
    const proved = await visitor.post(form, { account: id, password, code: phone.next() });
    expect(proved.status).toBe(303);
    const operator = await gateway.as('operator');
    await operator.json(`/v1/access/staff/${id}/reset`, posted({ reason }, 'reset'));
    const resumed = await visitor.ask(proved.headers.get('location') ?? '');
    expect(resumed.headers.get('location') ?? '').not.toContain('code=');
    expect(await entries(await signInThere(id))).toBe(200);
  });

  describe('in a browser', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await startBrowser();
    });
    afterAll(async () => browser?.close());

    test('the button leads there and back, without a script and in the own language', async () => {
      const context = await browser.newContext({ locale: 'en-US', javaScriptEnabled: false });
      const page = await context.newPage();
      const { query } = beginSignIn(gateway.url);
      await page.goto(`${gateway.url}/oauth2/authorize?${query}`);
      await page.getByRole('link', { name: '한국어' }).click();
      hospital.says.account = 'staff-nobody';
      await page.getByRole('link', { name: '예시병원 계정으로 로그인' }).click();
      expect(await page.getByRole('alert').textContent()).toContain('담당자에게 문의하십시오');
      hospital.says.account = await grantAccount();
      await page.getByRole('link', { name: '예시병원 계정으로 로그인' }).click();
      await page.waitForURL('**/console/callback?**');
      expect(new URL(page.url()).searchParams.get('code')).toMatch(/^[\w-]{20,}$/);
      await context.close();
    }, 60_000);

    test('axe finds no fault in the page, in light and dark', async () => {
      const context = await browser.newContext({ bypassCSP: true });
      const page = await context.newPage();
      await page.goto(`${gateway.url}/oauth2/authorize?${beginSignIn(gateway.url).query}`);
      await page.evaluate(await axeSource());
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const found = await page.evaluate<string[]>(
          'axe.run().then(({ violations }) => violations.map(({ id }) => id))',
        );
        expect(found).toEqual([]);
      }
      await context.close();
    }, 60_000);
  });
});
