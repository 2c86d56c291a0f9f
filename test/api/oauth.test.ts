import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import type { JWK } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createAuthorizationServer } from '#api/oauth/authorization-server.ts';
import { createTokenVerifier } from '#api/token.ts';
import { createClientRegistry } from '#src/access/clients.ts';
import type { ClientRegistry } from '#src/access/clients.ts';
import { generateClientKey, generateTokenKey } from '#src/access/keys.ts';
import { ALL_SCOPES, scopesOf } from '#src/access/roles.ts';
import { createStaffSessions } from '#src/access/staff-sessions.ts';
import { createStaffRegistry } from '#src/access/staff.ts';
import { GatewayError } from '#src/base/errors.ts';
import { createFingerprint } from '#src/sealing/fingerprint.ts';
import { createSealer } from '#src/sealing/seal.ts';
import { openDatabase } from '#src/store/pool.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import {
  assertion,
  postTokenForm,
  signCompact,
  tokenFor,
  tokenForm,
} from '#test/support/client.ts';
import type { AssertionInput, TokenReply } from '#test/support/client.ts';
import { freshDatabase } from '#test/support/database.ts';
import { beginSignIn } from '#test/support/people.ts';

const issuer = 'http://waybill.invalid';
const emrKey = await generateClientKey();
const otherKey = await generateClientKey();
const labKey = await generateClientKey();
const tokenKey = await generateTokenKey();
const fingerprint = createFingerprint({ key: Buffer.alloc(32, 1) });
const now = (): number => Date.now();
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** What every process of the gateway wrote to its log, as text. */
const logged: string[] = [];
const log = {
  info: (fields: object, message: string) => void logged.push(JSON.stringify([fields, message])),
  error: (fields: object, message: string) => void logged.push(JSON.stringify([fields, message])),
};

/** One process of the gateway: its own pool, registry and provider; database and key are shared. */
interface Process {
  origin: string;
  clients: ClientRegistry;
  db: Database;
  server: Server;
}

async function startProcess(url: string, database?: Queryable): Promise<Process> {
  const db = openDatabase({ url });
  const clients = createClientRegistry({ db: database ?? db, now, fingerprint });
  const app = express();
  app.use(
    createAuthorizationServer({
      db,
      clients,
      issuer,
      signingKeys: () => [tokenKey.privateJwk],
      now,
      log,
    }),
  );
  app.use((_request, response) => void response.status(404).json({ passedOn: true }));
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, clients, db, server };
}

async function stopProcess({ server, db }: Process): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await db.end();
}

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
let here: Process;
let there: Process;

beforeAll(async () => {
  fresh = await freshDatabase();
  here = await startProcess(fresh.url);
  there = await startProcess(fresh.url);
  await here.clients.add({
    id: 'emr',
    role: 'emr',
    consignee: null,
    scopes: scopesOf('emr'),
    jwks: { keys: [emrKey.publicJwk, otherKey.publicJwk] },
  });
  await here.clients.add({
    id: 'samkwang',
    role: 'consignee',
    consignee: 'samkwang',
    scopes: ['inbox:claim', 'results:return'],
    jwks: { keys: [labKey.publicJwk] },
  });
});
afterAll(async () => {
  await stopProcess(here);
  await stopProcess(there);
  await fresh.drop();
});
afterEach(() => void logged.splice(0));

const emr = { clientId: 'emr', privateJwk: emrKey.privateJwk, audience: issuer };
const ask = (form: Record<string, string>, at = here): Promise<TokenReply> =>
  postTokenForm(`${at.origin}/oauth2/token`, form);
const askWith = async (input: Partial<AssertionInput>, scope?: string): Promise<TokenReply> =>
  ask(tokenForm(await assertion({ ...emr, ...input }), scope));

describe('the token endpoint', () => {
  it('gives a client a token of RFC 9068 with all its scopes', async () => {
    const reply = await askWith({});
    expect(reply.status).toBe(200);
    expect(reply.headers.get('cache-control')).toBe('no-store');
    expect(reply.headers.get('access-control-allow-origin')).toBeNull();
    expect(reply.headers.get('set-cookie')).toBeNull();
    expect(reply.body).toEqual({
      access_token: expect.any(String) as string,
      token_type: 'Bearer',
      expires_in: 300,
      scope: scopesOf('emr').join(' '),
    });
    const token = String(reply.body['access_token']);
    expect(decodeProtectedHeader(token)).toEqual({
      alg: 'EdDSA',
      typ: 'at+jwt',
      kid: tokenKey.publicJwk.kid,
    });
    const { iat = 0, exp, jti, ...rest } = decodeJwt(token);
    expect(exp).toBe(iat + 300);
    expect(jti).toEqual(expect.any(String));
    expect(rest).toEqual({
      iss: issuer,
      aud: issuer,
      sub: 'emr',
      client_id: 'emr',
      scope: scopesOf('emr').join(' '),
    });
  });

  it('gives the scopes that were asked for, and none that the client does not have', async () => {
    expect((await askWith({}, 'transfers:read')).body['scope']).toBe('transfers:read');
    for (const scope of ['audit:read', 'transfers:read audit:read', 'openid', 'canary', '"']) {
      const reply = await askWith({}, scope);
      expect([scope, reply.status, reply.body['error']]).toEqual([scope, 400, 'invalid_scope']);
      expect(JSON.stringify(reply.body)).not.toContain('canary');
    }
    const lab = { clientId: 'samkwang', privateJwk: labKey.privateJwk };
    expect((await askWith(lab)).body['scope']).toBe('inbox:claim results:return');
    expect((await askWith(lab, 'ledger:witness')).body['error']).toBe('invalid_scope');
  });

  it.each<[string, Partial<AssertionInput>]>([
    ['the token endpoint as audience', { audience: `${issuer}/oauth2/token` }],
    ['an audience in a list', { claims: { aud: [issuer] } }],
    ['no typ', { header: { typ: undefined } }],
    ['the typ of draft rfc7523bis', { header: { typ: 'client-authentication+jwt' } }],
    ['no iat', { claims: { iat: undefined } }],
    ['the second key of the client', { privateJwk: otherKey.privateJwk }],
    ['a clock four seconds ahead', { nowMs: Date.now() + 4_000 }],
    ['an nbf', { claims: { nbf: nowSeconds() } }],
    ['claims that nobody asked for', { claims: { note: 'x' } }],
  ])('takes an assertion with %s', async (_what, input) => {
    expect(await askWith(input)).toMatchObject({ status: 200 });
  });

  it.each<[string, Partial<AssertionInput>]>([
    ['another key', { privateJwk: labKey.privateJwk, header: { kid: emrKey.publicJwk.kid } }],
    ['a kid that is not registered', { header: { kid: 'other' } }],
    ['the kid of its other key', { header: { kid: otherKey.publicJwk.kid } }],
    ['no kid', { header: { kid: undefined } }],
    ['a kid that is no string', { header: { kid: 7 } }],
    ['a jku', { header: { jku: 'https://canary.invalid/keys' } }],
    ['an x5u', { header: { x5u: 'https://canary.invalid/keys' } }],
    ['a jwk', { header: { jwk: emrKey.publicJwk } }],
    ['an x5c', { header: { x5c: ['AA'] } }],
    ['an x5t', { header: { x5t: 'AA' } }],
    ['a crit', { header: { crit: ['x-test'], 'x-test': 1 } }],
    ['the typ of an access token', { header: { typ: 'at+jwt' } }],
    ['another typ', { header: { typ: 'jwt' } }],
    ['a cty', { header: { cty: 'JWT' } }],
    ['another issuer', { claims: { iss: 'samkwang' } }],
    ['another subject', { claims: { sub: 'samkwang' } }],
    ['an unknown client', { clientId: 'nobody' }],
    ['an id with a NUL', { clientId: 'emr\u0000' }],
    ['another audience', { audience: 'https://other.invalid' }],
    ['the audience in capitals', { audience: issuer.toUpperCase() }],
    ['one audience too many', { claims: { aud: [issuer, 'https://other.invalid'] } }],
    ['no audience', { claims: { aud: undefined } }],
    ['an empty list of audiences', { claims: { aud: [] } }],
    ['no exp', { claims: { exp: undefined } }],
    ['an exp in the past', { claims: { exp: nowSeconds() - 6 } }],
    ['an exp that is text', { claims: { exp: String(nowSeconds() + 60) } }],
    ['an exp six minutes ahead', { claims: { exp: nowSeconds() + 360 } }],
    ['an iat six minutes ago', { claims: { iat: nowSeconds() - 360 } }],
    ['an iat in the future', { claims: { iat: nowSeconds() + 30 } }],
    ['an nbf in the future', { claims: { nbf: nowSeconds() + 30 } }],
    ['no jti', { claims: { jti: undefined } }],
    ['an empty jti', { claims: { jti: '' } }],
    ['a jti that is a number', { claims: { jti: 7 } }],
  ])('refuses an assertion with %s', async (_what, input) => {
    const reply = await askWith(input);
    expect(reply.status).toBe(401);
    expect(reply.headers.get('cache-control')).toBe('no-store');
    expect(reply.body).toEqual({
      error: 'invalid_client',
      error_description: 'client authentication failed',
    });
    expect(logged.join()).toContain('token refused');
    expect(logged.join()).not.toContain('canary');
  });

  it('refuses alg none, an empty signature, and HS256 with the public key as secret', async () => {
    const good = await assertion(emr);
    const [, claims = '', signature = ''] = good.split('.');
    const part = (value: unknown): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url');
    const none = part({ alg: 'none', kid: emrKey.publicJwk.kid });
    const hmac = await new SignJWT(decodeJwt(good))
      .setProtectedHeader({ alg: 'HS256', kid: String(emrKey.publicJwk.kid) })
      .sign(Buffer.from(JSON.stringify(emrKey.publicJwk)));
    for (const forged of [`${none}.${claims}.`, `${none}.${claims}.${signature}`, hmac]) {
      expect((await ask(tokenForm(forged))).status).toBe(401);
    }
    expect((await ask(tokenForm(good))).status).toBe(200);
  });

  it('refuses every other spelling of an assertion, then takes the right one', async () => {
    const good = await assertion(emr);
    const [header = '', claims = '', signature = ''] = good.split('.');
    const last = signature.at(-1) ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const flipped = (text: string): string =>
      text.slice(0, -1) + alphabet.charAt(alphabet.indexOf(text.at(-1) ?? '') ^ 1);
    expect(alphabet).toContain(last);
    const spellings = [
      `${good}=`,
      `${good}==`,
      `${good} `,
      ` ${good}`,
      `${good}\n`,
      `${header}=.${claims}.${signature}`,
      `${header}.${claims}==.${signature}`,
      `${header}.${claims.slice(0, 9)} ${claims.slice(9)}.${signature}`,
      `${header}.${claims}.${signature.slice(0, 9)}\r\n${signature.slice(9)}`,
      `${header}.${claims}.${flipped(signature)}`,
      `${good}.`,
      `.${good}`,
    ];
    for (const text of spellings) {
      const { status, body } = await ask(tokenForm(text));
      expect([text, status >= 400 && status < 500, body['access_token']]).toEqual([
        text,
        true,
        undefined,
      ]);
    }
    expect((await ask(tokenForm(good))).status).toBe(200);
  });

  it('refuses an assertion whose header or claims name a member twice', async () => {
    const twice = Buffer.from('{"alg":"ES384","typ":"JWT","alg":"ES384"}').toString('base64url');
    const [, claims = '', signature = ''] = (await assertion(emr)).split('.');
    expect((await ask(tokenForm(`${twice}.${claims}.${signature}`))).status).toBe(401);
  });

  it('refuses a second use in the same process and in another', async () => {
    const first = await assertion(emr);
    expect((await ask(tokenForm(first))).status).toBe(200);
    expect((await ask(tokenForm(first))).status).toBe(401);
    expect((await ask(tokenForm(first), there)).status).toBe(401);
    const again = await assertion({ ...emr, claims: { jti: decodeJwt(first).jti } });
    expect(again).not.toBe(first);
    expect((await ask(tokenForm(again), there)).status).toBe(401);
    expect((await ask(tokenForm(await assertion(emr)), there)).status).toBe(200);
  });

  it('gives 50 parallel uses of one assertion, in two processes, exactly one token', async () => {
    const form = tokenForm(await assertion(emr));
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, index) => ask(form, index % 2 ? here : there)),
    );
    const statuses = replies.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 401)).toHaveLength(49);
  });

  it('gives a revoked client no new token at once, in any process', async () => {
    const key = await generateClientKey();
    await here.clients.add({
      id: 'leaver',
      role: 'operator',
      consignee: null,
      scopes: ['access:admin'],
      jwks: { keys: [key.publicJwk] },
    });
    const leaver = { clientId: 'leaver', privateJwk: key.privateJwk };
    const form = async () => tokenForm(await assertion({ ...emr, ...leaver }));
    expect((await ask(await form(), there)).status).toBe(200);
    await here.clients.revoke('leaver');
    expect((await ask(await form(), there)).status).toBe(401);
    expect((await ask(await form(), here)).status).toBe(401);
  });
});

describe('requests to the token endpoint that are not well formed', () => {
  it.each<[string, Record<string, string | undefined>, number, string]>([
    ['another grant', { grant_type: 'authorization_code' }, 400, 'unsupported_grant_type'],
    ['no grant', { grant_type: undefined }, 400, 'invalid_request'],
    ['another resource', { resource: 'https://other.invalid' }, 400, 'invalid_target'],
    ['no assertion', { client_assertion: undefined }, 400, 'invalid_request'],
    [
      'no assertion but an id',
      { client_assertion: undefined, client_id: 'emr' },
      401,
      'invalid_client',
    ],
    ['an assertion that is none', { client_assertion: 'canary' }, 400, 'invalid_request'],
    ['another assertion type', { client_assertion_type: 'canary' }, 400, 'invalid_request'],
    ['another client id', { client_id: 'samkwang' }, 400, 'invalid_request'],
  ])('are refused as OAuth errors: %s', async (_what, change, status, error) => {
    const form = { ...tokenForm(await assertion(emr)), ...change };
    const kept = Object.entries(form).filter(([, value]) => value !== undefined);
    const reply = await ask(Object.fromEntries(kept) as Record<string, string>);
    expect([reply.status, reply.body['error']]).toEqual([status, error]);
    expect(Object.keys(reply.body).sort()).toEqual(['error', 'error_description']);
    expect(JSON.stringify(reply.body) + logged.join()).not.toContain('canary');
  });

  it('are refused when a parameter comes twice', async () => {
    const form = new URLSearchParams(tokenForm(await assertion(emr)));
    form.append('scope', 'transfers:read');
    form.append('scope', 'transfers:write');
    const reply = await postTokenForm(`${here.origin}/oauth2/token`, form);
    expect([reply.status, reply.body['error']]).toEqual([400, 'invalid_request']);
  });

  it.each<[string, RequestInit & { path?: string }, number]>([
    ['JSON', { body: '{}', headers: { 'content-type': 'application/json' } }, 400],
    ['nothing', {}, 400],
    ['too much', { body: new URLSearchParams({ grant_type: 'x'.repeat(17_000) }) }, 413],
    ['a query', { path: '?grant_type=client_credentials' }, 400],
    ['another origin', { headers: { origin: 'https://other.invalid' } }, 400],
    ['a password', { headers: { authorization: 'Basic ZW1yOng=' } }, 401],
    ['a bad authorization', { headers: { authorization: 'Basic canary' } }, 400],
  ])('are refused as JSON even to a browser: %s', async (_what, { path = '', ...init }, status) => {
    const response = await fetch(`${here.origin}/oauth2/token${path}`, {
      method: 'POST',
      ...init,
      headers: { accept: 'text/html', ...init.headers },
    });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ error: expect.any(String) as string });
    expect(text).not.toMatch(/canary|other\.invalid|node_modules/);
  });

  it('are cut off when a body without a length does not end', async () => {
    const { port } = here.server.address() as AddressInfo;
    const head = 'POST /oauth2/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n';
    const type = 'Content-Type: application/x-www-form-urlencoded\r\n\r\n';
    const socket = connect(port, '127.0.0.1');
    const reply = new Promise<string>((resolve) => {
      socket.once('data', (bytes) => resolve(bytes.toString('latin1')));
    });
    socket.write(head + type);
    for (let chunk = 0; chunk < 16; chunk += 1) socket.write(`1000\r\n${'a'.repeat(4096)}\r\n`);
    expect(await reply).toMatch(/^HTTP\/1\.1 400 /);
    socket.destroy();
  });
});

describe('the authorization server as a whole', () => {
  it('describes itself truthfully, and nothing that it does not do', async () => {
    const response = await fetch(`${here.origin}/.well-known/oauth-authorization-server`);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toEqual({
      issuer,
      token_endpoint: `${issuer}/oauth2/token`,
      jwks_uri: `${issuer}/oauth2/jwks`,
      grant_types_supported: ['client_credentials'],
      response_types_supported: [],
      scopes_supported: ALL_SCOPES,
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: [
        'ES384',
        'ES256',
        'RS384',
        'PS384',
        'EdDSA',
        'Ed25519',
      ],
    });
  });

  it('publishes the public half of its key and nothing else', async () => {
    const response = await fetch(`${here.origin}/oauth2/jwks`);
    expect(await response.json()).toEqual({ keys: [tokenKey.publicJwk] });
  });

  it.each([
    ['GET', '/oauth2/token', 405, 'POST'],
    ['OPTIONS', '/oauth2/token', 405, 'POST'],
    ['POST', '/oauth2/jwks', 405, 'GET, HEAD'],
    ['DELETE', '/.well-known/oauth-authorization-server', 405, 'GET, HEAD'],
    ['GET', '/oauth2/auth', 404, null],
    ['GET', '/oauth2/token/', 404, null],
    ['POST', '/oauth2/TOKEN', 404, null],
  ])('answers %s %s with %i, as JSON', async (method, path, status, allow) => {
    const response = await fetch(`${here.origin}${path}`, {
      method,
      headers: { accept: 'text/html' },
    });
    expect(response.status).toBe(status);
    expect(response.headers.get('allow')).toBe(allow);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(await response.json()).toMatchObject({ error: expect.any(String) as string });
  });

  it.each([
    ['GET', '/auth'],
    ['GET', '/me'],
    ['POST', '/reg'],
    ['POST', '/request'],
    ['GET', '/session/end'],
    ['POST', '/session/end/confirm'],
    ['POST', '/token/introspection'],
    ['POST', '/token'],
    ['GET', '/jwks'],
    ['GET', '/interaction/x'],
    ['GET', '/.well-known/openid-configuration'],
    ['GET', '/v1/transfers'],
  ])('passes %s %s on: it is no path of its own', async (method, path) => {
    const response = await fetch(`${here.origin}${path}`, { method });
    expect([response.status, await response.json()]).toEqual([404, { passedOn: true }]);
  });

  it('believes no header about who or where it is', async () => {
    const response = await fetch(`${here.origin}/.well-known/oauth-authorization-server`, {
      headers: { 'x-forwarded-host': 'canary.invalid', 'x-forwarded-proto': 'https' },
    });
    expect(await response.text()).not.toContain('canary');
    // the address by which it was reached is not its name either
    expect(await askWith({ audience: `${here.origin}/oauth2/token` })).toMatchObject({
      status: 401,
    });
  });

  it('says 503 as JSON while the database is away', async () => {
    const lost: Queryable = {
      query: () =>
        Promise.reject(new GatewayError('DATABASE_UNAVAILABLE', { retryAfterSeconds: 1 })),
    };
    const cut = await startProcess(fresh.url, lost);
    const reply = await ask(tokenForm(await assertion(emr)), cut);
    expect(reply.status).toBe(503);
    expect(reply.headers.get('retry-after')).toBe('1');
    expect(reply.body).toMatchObject({ error: 'server_error' });
    await stopProcess(cut);
  });

  it('writes nothing to the console, whatever is asked of it', async () => {
    const spies = [
      ...(['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
        vi.spyOn(console, name).mockImplementation(() => undefined),
      ),
      vi.spyOn(process.stdout, 'write').mockReturnValue(true),
      vi.spyOn(process.stderr, 'write').mockReturnValue(true),
    ];
    const quiet = await startProcess(fresh.url);
    await ask(tokenForm(await assertion(emr)), quiet);
    await ask(tokenForm('a.b.c'), quiet);
    await ask({}, quiet);
    await fetch(`${quiet.origin}/oauth2/jwks`);
    await fetch(`${quiet.origin}/.well-known/oauth-authorization-server`);
    await stopProcess(quiet);
    const calls = spies.flatMap((spy) => spy.mock.calls as unknown[][]);
    spies.forEach((spy) => spy.mockRestore());
    expect(calls).toEqual([]);
  });
});

describe('checking an access token', () => {
  const lookups: string[] = [];
  let nowMs = Date.now();
  const verifierAt = (process: Process) =>
    createTokenVerifier({
      issuer,
      publicJwks: () => [tokenKey.publicJwk],
      clients: {
        lookup: (id) => {
          lookups.push(id);
          return process.clients.lookup(id);
        },
      },
      now: () => nowMs,
    });
  const claimsOf = (changes: Record<string, unknown> = {}): Record<string, unknown> => {
    const iat = Math.floor(nowMs / 1000);
    const base = { iss: issuer, aud: issuer, sub: 'emr', client_id: 'emr', jti: randomUUID() };
    return { ...base, scope: 'transfers:read', iat, exp: iat + 300, ...changes };
  };
  const header = { alg: 'EdDSA', typ: 'at+jwt', kid: tokenKey.publicJwk.kid };
  const sign = (
    claims: Record<string, unknown> = {},
    headerChanges: Record<string, unknown> = {},
    key: JWK = tokenKey.privateJwk,
  ): Promise<string> => signCompact({ ...header, ...headerChanges }, claimsOf(claims), key);

  it('knows the caller by a token that another process gave', async () => {
    nowMs = Date.now();
    const token = await tokenFor({
      issuer: there.origin,
      audience: issuer,
      clientId: 'samkwang',
      privateJwk: labKey.privateJwk,
      scope: 'inbox:claim',
    });
    expect(await verifierAt(here).verify(`Bearer ${token}`)).toEqual({
      client: 'samkwang',
      role: 'consignee',
      consignee: 'samkwang',
      scopes: new Set(['inbox:claim']),
    });
    const good = await sign();
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      expect(await verifierAt(here).verify(`${scheme} ${good}`)).toMatchObject({ client: 'emr' });
    }
  });

  it.each<[string, (good: string) => string | undefined, string]>([
    ['no header', () => undefined, 'MISSING'],
    ['an empty header', () => '', 'MALFORMED'],
    ['another scheme', (good) => `Basic ${good}`, 'MALFORMED'],
    ['no scheme', (good) => good, 'MALFORMED'],
    ['two spaces', (good) => `Bearer  ${good}`, 'MALFORMED'],
    ['a trailing space', (good) => `Bearer ${good} `, 'MALFORMED'],
    ['padding', (good) => `Bearer ${good}=`, 'MALFORMED'],
    ['two tokens', (good) => `Bearer ${good}, Bearer ${good}`, 'MALFORMED'],
    ['a fourth part', (good) => `Bearer ${good}.${good.split('.')[1]}`, 'MALFORMED'],
    ['no signature', (good) => `Bearer ${good.slice(0, good.lastIndexOf('.') + 1)}`, 'MALFORMED'],
    ['a token of 5,000 characters', (good) => `Bearer ${good}${'A'.repeat(5_000)}`, 'MALFORMED'],
  ])('refuses %s', async (_what, change, reason) => {
    const good = await sign();
    const verifier = verifierAt(here);
    await expect(verifier.verify(change(good))).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      facts: { reason },
    });
    expect(await verifier.verify(`Bearer ${good}`)).toMatchObject({ client: 'emr' });
  });

  it('refuses unused bits that are set, which jose itself would overlook', async () => {
    const good = await sign();
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const spelled = good.slice(0, -1) + alphabet.charAt(alphabet.indexOf(good.at(-1) ?? '') + 1);
    const bytes = (text: string) => Buffer.from(text.split('.')[2] ?? '', 'base64url');
    expect(bytes(spelled)).toEqual(bytes(good));
    const verifier = verifierAt(here);
    await verifier.verify(`Bearer ${good}`);
    await expect(verifier.verify(`Bearer ${spelled}`)).rejects.toMatchObject({
      facts: { reason: 'MALFORMED' },
    });
  });

  const past = -1_000;
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['another issuer', { iss: 'https://other.invalid' }, {}],
    ['another audience', { aud: 'https://other.invalid' }, {}],
    ['a list of audiences', { aud: [issuer, 'https://other.invalid'] }, {}],
    ['no audience', { aud: undefined }, {}],
    ['no exp', { exp: undefined }, {}],
    ['a life of an hour', { exp: nowSeconds() + 3_600 }, {}],
    ['no iat', { iat: undefined }, {}],
    ['an iat in the future', { iat: nowSeconds() + 60, exp: nowSeconds() + 90 }, {}],
    ['an nbf in the future', { nbf: nowSeconds() + 60 }, {}],
    ['no jti', { jti: undefined }, {}],
    ['an empty jti', { jti: '' }, {}],
    ['no client', { client_id: undefined }, {}],
    ['another client than its subject', { client_id: 'samkwang' }, {}],
    ['no subject', { sub: undefined }, {}],
    ['no scope', { scope: undefined }, {}],
    ['the typ of an ID token', {}, { typ: 'JWT' }],
    ['no typ', {}, { typ: undefined }],
    ['another kid', {}, { kid: 'other' }],
    ['no kid', {}, { kid: undefined }],
    ['the alg Ed25519', {}, { alg: 'Ed25519' }],
    ['a jku', {}, { jku: 'https://other.invalid' }],
    ['an x5u', {}, { x5u: 'https://other.invalid' }],
    ['a jwk', {}, { jwk: tokenKey.publicJwk }],
    ['a crit', {}, { crit: ['x-test'], 'x-test': 1 }],
    ['a cty', {}, { cty: 'JWT' }],
  ])('refuses a token signed by us with %s', async (_what, claims, headerChanges) => {
    nowMs = Date.now();
    const verifier = verifierAt(here);
    await expect(
      verifier.verify(`Bearer ${await sign(claims, headerChanges)}`),
    ).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await verifier.verify(`Bearer ${await sign()}`)).toMatchObject({ client: 'emr' });
  });

  it('refuses what others signed: another key, none, and the public key as a secret', async () => {
    const verifier = verifierAt(here);
    const stranger = (await generateTokenKey()).privateJwk;
    const [head = '', claims = '', signature = ''] = (await sign()).split('.');
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    const hmac = await new SignJWT(claimsOf())
      .setProtectedHeader({ ...header, alg: 'HS256', kid: String(header.kid) })
      .sign(Buffer.from(String(tokenKey.publicJwk.x), 'base64url'));
    const clientSigned = await signCompact(
      { ...header, alg: 'ES384' },
      claimsOf(),
      emrKey.privateJwk,
    );
    const wider = Buffer.from(JSON.stringify(claimsOf({ scope: 'access:admin' })));
    const forged = [
      await sign({}, {}, stranger),
      `${none}.${claims}.${signature}`,
      hmac,
      clientSigned,
      `${head}.${wider.toString('base64url')}.${signature}`,
      await assertion(emr),
    ];
    for (const token of forged) {
      await expect(verifier.verify(`Bearer ${token}`)).rejects.toMatchObject({
        code: 'UNAUTHENTICATED',
        facts: { reason: 'NOT_OURS' },
      });
    }
  });

  it('refuses a token from the second of its expiry, also a verified one', async () => {
    nowMs = Date.now();
    const verifier = verifierAt(here);
    const exp = Math.floor(nowMs / 1000) + 300;
    const token = `Bearer ${await sign({ exp })}`;
    await verifier.verify(token);
    nowMs = exp * 1000 - 1;
    await verifier.verify(token);
    nowMs = exp * 1000;
    const expired = { code: 'UNAUTHENTICATED', facts: { reason: 'EXPIRED' } };
    await expect(verifier.verify(token)).rejects.toMatchObject(expired);
    await expect(verifierAt(here).verify(token)).rejects.toMatchObject(expired);
    nowMs = exp * 1000 + 60_000;
    await expect(verifierAt(here).verify(token)).rejects.toMatchObject(expired);
    nowMs = Date.now() + past;
  });

  it('asks for the state of the client each time, though it verifies a token once', async () => {
    const verifier = verifierAt(here);
    const token = `Bearer ${await sign()}`;
    lookups.splice(0);
    for (let time = 0; time < 3; time += 1) await verifier.verify(token);
    expect(lookups).toEqual(['emr', 'emr', 'emr']);
  });

  it('refuses the tokens of a revoked client everywhere within 5 seconds', async () => {
    const key = await generateClientKey();
    await here.clients.add({
      id: 'goer',
      role: 'auditor',
      consignee: null,
      scopes: ['audit:read', 'ledger:read'],
      jwks: { keys: [key.publicJwk] },
    });
    const clock = { ms: Date.now() };
    const elsewhere = createTokenVerifier({
      issuer,
      publicJwks: () => [tokenKey.publicJwk],
      clients: createClientRegistry({ db: there.db, now: () => clock.ms, fingerprint }),
      now: () => clock.ms,
    });
    nowMs = clock.ms;
    const token = `Bearer ${await sign({ sub: 'goer', client_id: 'goer', scope: 'audit:read' })}`;
    expect(await elsewhere.verify(token)).toMatchObject({ role: 'auditor', consignee: null });
    await here.clients.revoke('goer');
    clock.ms += 5_000;
    await expect(elsewhere.verify(token)).rejects.toMatchObject({ facts: { reason: 'REVOKED' } });
    const unknown = `Bearer ${await sign({ sub: 'ghost', client_id: 'ghost' })}`;
    await expect(elsewhere.verify(unknown)).rejects.toMatchObject({
      facts: { reason: 'REVOKED' },
    });
  });

  it('grants no scope that the client no longer has', async () => {
    const token = await sign({ scope: 'transfers:read audit:read' });
    const caller = await verifierAt(here).verify(`Bearer ${token}`);
    expect(caller.scopes).toEqual(new Set(['transfers:read']));
  });
});

describe('the sign-in of people behind TLS', () => {
  it('sets cookies that travel over TLS only, under names that other hosts cannot set', async () => {
    const https = 'https://waybill.invalid';
    const db = openDatabase({ url: fresh.url });
    const sealer = createSealer({ key: Buffer.alloc(32, 2) });
    const ground = { db, now, fingerprint, sealer };
    const clock = { now: () => new Date() };
    const makeEntry = () => {
      throw new Error('nothing is recorded here');
    };
    const staff = createStaffRegistry(ground);
    const people = {
      ...{ ...ground, staff, sessions: createStaffSessions(ground) },
      ...{ clock, makeEntry, randomBytes },
    };
    const app = express();
    const clients = createClientRegistry(ground);
    const signingKeys = () => [tokenKey.privateJwk];
    app.use(
      createAuthorizationServer({ db, clients, issuer: https, signingKeys, now, log, people }),
    );
    const server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const { query } = beginSignIn(https);
      const url = `http://127.0.0.1:${port}/oauth2/authorize?${query}`;
      const response = await fetch(url, { redirect: 'manual' });
      expect(response.status).toBe(303);
      const cookies = response.headers.getSetCookie();
      expect(cookies.length).toBeGreaterThan(0);
      for (const cookie of cookies) {
        expect(cookie).toMatch(/^__Secure-waybill-(sign-in|resume)(\.sig)?=/);
        for (const attribute of ['secure', 'httponly', 'samesite=lax']) {
          expect(cookie.toLowerCase()).toContain(`; ${attribute}`);
        }
      }
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await db.end();
    }
  });
});
