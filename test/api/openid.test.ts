/** What the gateway believes of an OpenID provider, and how little it lets one do. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createOpenidFetch } from '#api/oauth/openid-http.ts';
import { createOpenid, type Asked } from '#api/oauth/openid.ts';
import type { OpenidSettings } from '#src/base/openid-settings.ts';
import {
  openidClient,
  startOpenidProvider,
  type OpenidProvider,
} from '#test/support/openid-provider.ts';

const redirectUri = 'http://127.0.0.1:1/oauth2/openid/callback';
const uid = 'u'.repeat(21);
let hospital: OpenidProvider;
let nowMs = 1_700_000_000_000;

beforeAll(async () => {
  hospital = await startOpenidProvider();
  hospital.register(redirectUri);
});
afterAll(() => hospital.close());
beforeEach(() => {
  hospital.reset();
  hospital.asked.length = 0;
});

const settings = (more: Partial<OpenidSettings> = {}): OpenidSettings => ({
  ...{ issuer: hospital.issuer, clientId: openidClient.id, clientSecret: openidClient.secret },
  ...{ name: 'a hospital', accountClaim: 'waybill_account', acr: null, maxAgeSeconds: null },
  ...more,
});

const make = (more: Partial<OpenidSettings> = {}, answerSeconds = 5) =>
  createOpenid({
    ...{ settings: settings(more), redirectUri, randomBytes, answerSeconds },
    now: () => nowMs,
  });

const faultOf = async (openid = make()) => {
  const asked = await openid.ask(uid);
  return asked.ok ? null : asked.fault;
};

describe('a question', () => {
  test('goes to the endpoint that the metadata names, with PKCE, state and nonce', async () => {
    const [first, second] = [await make().ask(uid), await make().ask(uid)];
    if (!first.ok || !second.ok) throw new Error('not asked');
    expect(first.url.origin + first.url.pathname).toBe(`${hospital.issuer}/auth`);
    const {
      code_challenge: challenge,
      state,
      nonce,
      ...said
    } = Object.fromEntries(first.url.searchParams);
    expect(said).toEqual({
      ...{ client_id: openidClient.id, response_type: 'code', scope: 'openid' },
      ...{ redirect_uri: redirectUri, code_challenge_method: 'S256' },
    });
    expect([state, nonce]).toEqual([first.asked.state, first.asked.nonce]);
    expect(state).toMatch(new RegExp(`^${uid}\\.[\\w-]{43}$`));
    expect(challenge).toMatch(/^[\w-]{43}$/);
    expect(first.url.href).not.toContain(first.asked.verifier);
    const chance = ({ state, nonce, verifier }: Asked) => [state, nonce, verifier];
    const all = [...chance(first.asked), ...chance(second.asked)];
    expect(new Set(all).size).toBe(6);
  });

  test('asks for how and when a person is to be checked, where that is configured', async () => {
    const asked = await make({ acr: 'urn:strict', maxAgeSeconds: 900 }).ask(uid);
    const said = asked.ok ? Object.fromEntries(asked.url.searchParams) : {};
    expect(said).toMatchObject({ acr_values: 'urn:strict', max_age: '900' });
  });

  test('reads the metadata once in ten minutes, however many ask, and never a failure', async () => {
    const openid = make();
    hospital.says.instead = (_request, response) => response.writeHead(500).end();
    expect(await Promise.all([faultOf(openid), faultOf(openid)])).toEqual([
      ...['UNREACHABLE', 'UNREACHABLE'],
    ]);
    expect(hospital.asked).toHaveLength(1);
    hospital.reset();
    expect(await Promise.all([faultOf(openid), faultOf(openid)])).toEqual([null, null]);
    nowMs += 599_000;
    expect(await faultOf(openid)).toBe(null);
    expect(hospital.asked).toHaveLength(2);
    nowMs += 2_000;
    expect(await faultOf(openid)).toBe(null);
    expect(hospital.asked).toHaveLength(3);
  });
});

describe('a provider is not believed', () => {
  test.each<[string, Record<string, unknown>]>([
    ['of another issuer', { issuer: 'https://elsewhere.invalid' }],
    ['of an issuer by another name', { issuer: 'http://localhost:1/' }],
    ['without an authorization endpoint', { authorization_endpoint: undefined }],
    ['that sends people on in clear', { authorization_endpoint: 'http://elsewhere.invalid/auth' }],
    ['that runs a script', { authorization_endpoint: 'javascript:alert(1)' }],
  ])('%s', async (_what, lie) => {
    hospital.says.metadata = (told) => ({ ...told, ...lie });
    expect(await faultOf()).toBe('UNTRUSTED');
  });

  test('whose issuer differs by a slash', async () => {
    hospital.says.metadata = (told) => ({ ...told, issuer: `${hospital.issuer}/` });
    expect(await faultOf()).toBe('UNTRUSTED');
  });

  test('that sends the gateway elsewhere', async () => {
    hospital.says.instead = (request, response) => {
      const location = `${hospital.issuer}/elsewhere`;
      response.writeHead(request.url === '/elsewhere' ? 200 : 302, { location }).end('{}');
    };
    expect(await faultOf()).toBe('UNTRUSTED');
    expect(hospital.asked).toEqual(['/.well-known/openid-configuration']);
  });

  test('that is asked for a token in clear', async () => {
    const endpoint = 'http://elsewhere.invalid/token';
    hospital.says.metadata = (told) => ({ ...told, token_endpoint: endpoint });
    const openid = make();
    const asked = await openid.ask(uid);
    if (!asked.ok) throw new Error('not asked');
    const answer = { state: asked.asked.state, code: 'a', iss: hospital.issuer };
    const read = await openid.read(new URLSearchParams(answer), asked.asked);
    expect(read).toMatchObject({ ok: false, fault: 'UNTRUSTED' });
    expect(hospital.asked).toHaveLength(1);
  });
});

test.each([
  ['client_secret_basic', true],
  ['client_secret_post', false],
])('a provider that takes %s is shown the secret that way', async (method, isBasic) => {
  const methods = [method, 'private_key_jwt'];
  hospital.says.metadata = (told) => ({
    ...told,
    token_endpoint_auth_methods_supported: methods,
  });
  const openid = make();
  const asked = await openid.ask(uid);
  if (!asked.ok) throw new Error('not asked');
  let seen: Promise<{ request: IncomingMessage; form: URLSearchParams }> | undefined;
  hospital.says.instead = (request, response) => {
    seen = text(request).then((body) => ({ request, form: new URLSearchParams(body) }));
    response.writeHead(503).end();
  };
  const answer = { state: asked.asked.state, code: 'a-code', iss: hospital.issuer };
  await openid.read(new URLSearchParams(answer), asked.asked);
  const { request, form } = (await seen) ?? {};
  expect(form?.get('code_verifier')).toBe(asked.asked.verifier);
  expect(form?.get('redirect_uri')).toBe(redirectUri);
  expect([request?.headers.authorization !== undefined, form?.get('client_secret')]).toEqual([
    ...[isBasic, isBasic ? null : openidClient.secret],
  ]);
});

describe('an answer', () => {
  test('is waited for no longer than its time', async () => {
    hospital.says.instead = () => undefined;
    expect(await faultOf(make({}, 0.1))).toBe('UNREACHABLE');
    hospital.says.instead = (_request, response) => void response.writeHead(200).write('{');
    expect(await faultOf(make({}, 0.1))).toBe('UNREACHABLE');
  });

  test('is not read on beyond its size', async () => {
    const type = { 'content-type': 'application/json' };
    hospital.says.instead = (_request, response) => {
      response.writeHead(200, type).end(JSON.stringify({ told: 'x'.repeat(256 * 1024) }));
    };
    expect(await faultOf()).toBe('UNREACHABLE');
  });

  test('is asked for by so many at once, and no more', async () => {
    hospital.says.instead = () => undefined;
    const ask = createOpenidFetch({ issuer: hospital.issuer, answerSeconds: 0.3 });
    const init = { method: 'GET', headers: {}, body: undefined, redirect: 'manual' } as const;
    const began = performance.now();
    const ends = await Promise.all(
      Array.from({ length: 20 }, async () => {
        await ask(`${hospital.issuer}/keys`, init).catch(() => undefined);
        return performance.now() - began;
      }),
    );
    expect(ends.filter((ms) => ms < 250)).toHaveLength(4);
    hospital.reset();
    expect((await ask(`${hospital.issuer}/jwks`, init)).status).toBe(200);
  });
});
