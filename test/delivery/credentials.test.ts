/** How a push proves itself: signatures, passwords, access tokens, and mutual TLS. */
import { generateKeyPairSync, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, test } from 'vitest';
import type { ClientCredentials, PushSettings } from '#src/base/push-words.ts';
import { createPushAgent, type PushAgent } from '#src/delivery/agent.ts';
import type { PushOutcome } from '#src/delivery/outcome.ts';
import { pushOnce } from '#src/delivery/push.ts';
import { webhookHeaders } from '#src/delivery/webhook-signature.ts';
import { until } from '#test/support/wait.ts';
import { closedPort, httpConsignee, httpsConsignee, tcpConsignee } from './misbehaving.ts';

const at = new Date('2026-03-02T01:02:03.004Z');
const id = '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60';
const body = '{"transfer":"x"}';
const signing = { scheme: 'hmac', secrets: [Buffer.alloc(32, 7)] } as const;

const started: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.close()));
});

async function start<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const one = await starting;
  started.push(one);
  return one;
}

interface Line {
  push: (later?: { seconds?: number; timeoutSeconds?: number }) => Promise<PushOutcome>;
}

/** A line to a receiver, over which one push or several are sent. */
function lineTo(settings: PushSettings, concurrencyMax = 4): Line {
  const timeoutSeconds = 10;
  const agent: PushAgent = createPushAgent({ settings, concurrencyMax, timeoutSeconds });
  started.push(agent);
  return {
    push: ({ seconds = 0, timeoutSeconds: deadline = timeoutSeconds } = {}) =>
      pushOnce(
        { agent, now: () => new Date(at.getTime() + seconds * 1000) },
        { id, body, settings, timeoutSeconds: deadline },
      ),
  };
}

/** A receiver that answers with these statuses in turn, then 204, and what it was shown. */
async function receiver(...statuses: number[]) {
  const shown: (string | undefined)[] = [];
  const server = await start(
    httpConsignee((request, response) => {
      shown.push(request.headers.authorization);
      request.resume().on('end', () => response.writeHead(statuses.shift() ?? 204).end());
    }),
  );
  return { url: `http://127.0.0.1:${server.port}/waybill`, shown };
}

describe('a signature', () => {
  test('under two secrets verifies with either, and with no third', () => {
    const [newest, older, other] = [1, 2, 3].map((fill) => Buffer.alloc(32, fill));
    if (!newest || !older || !other) throw new Error('three secrets');
    const now = new Date();
    const headers = webhookHeaders(
      { scheme: 'hmac', secrets: [newest, older] },
      { id, at: now, body },
    );
    const verifies = (secret: Buffer) =>
      new Webhook(secret, { format: 'raw' }).verify(body, headers);
    expect(verifies(newest)).toEqual({ transfer: 'x' });
    expect(verifies(older)).toEqual({ transfer: 'x' });
    expect(() => verifies(other)).toThrow();
    const alone = new Webhook(newest, { format: 'raw' }).sign(id, now, body);
    expect(headers['webhook-signature']?.split(' ')[0]).toBe(alone);
  });

  test('by Ed25519 verifies with the public key alone', () => {
    const { privateKey: key, publicKey } = generateKeyPairSync('ed25519');
    const headers = webhookHeaders({ scheme: 'ed25519', key }, { id, at, body });
    const [scheme, signature = ''] = (headers['webhook-signature'] ?? '').split(',');
    expect(scheme).toBe('v1a');
    const signed = (text: string) => Buffer.from(`${id}.${headers['webhook-timestamp']}.${text}`);
    const bytes = Buffer.from(signature, 'base64');
    expect(verify(null, signed(body), publicKey, bytes)).toBe(true);
    expect(verify(null, signed(`${body} `), publicKey, bytes)).toBe(false);
  });
});

test.each<[NonNullable<PushSettings['credentials']>, string]>([
  [{ kind: 'bearer', token: 'token-of-theirs' }, 'Bearer token-of-theirs'],
  [
    { kind: 'basic', username: '검사소', password: 'a:b' },
    `Basic ${Buffer.from('검사소:a:b').toString('base64')}`,
  ],
])('a push shows its credentials: %j', async (credentials, header) => {
  const { url, shown } = await receiver();
  await lineTo({ url, signing, credentials }).push();
  expect(shown).toEqual([header]);
});

describe('an access token', () => {
  type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

  const grants =
    (expiresIn?: number): Answer =>
    (_request, response, count) => {
      const lasts = expiresIn === undefined ? {} : { expires_in: expiresIn };
      const answer = { access_token: `token-${count}`, token_type: 'Bearer', ...lasts };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    };

  /** A token server and a receiver, and a line to it. */
  async function withTokens(answer: Answer, ...statuses: number[]) {
    const asked: { authorization: string | undefined; form: string }[] = [];
    const tokens = await start(
      httpConsignee((request, response) => {
        let form = '';
        request.on('data', (chunk: Buffer) => (form += chunk.toString()));
        request.on('end', () => {
          asked.push({ authorization: request.headers.authorization, form });
          answer(request, response, asked.length);
        });
      }),
    );
    const { url, shown } = await receiver(...statuses);
    const client: ClientCredentials = {
      tokenUrl: `http://127.0.0.1:${tokens.port}/token`,
      ...{ clientId: 'waybill', clientSecret: 'secret', scope: 'orders', audience: 'lab' },
    };
    const settings: PushSettings = { url, signing, credentials: { kind: 'oauth2', ...client } };
    return { asked, shown, ...lineTo(settings) };
  }

  test('is asked for by client credentials and shown', async () => {
    const { asked, shown, push } = await withTokens(grants(3600));
    expect(await push()).toEqual({ kind: 'accepted', code: 'http-204' });
    expect(shown).toEqual(['Bearer token-1']);
    const authorization = `Basic ${Buffer.from('waybill:secret').toString('base64')}`;
    const form = 'scope=orders&audience=lab&grant_type=client_credentials';
    expect(asked).toEqual([{ authorization, form }]);
  });

  test('is fetched once for all who need it, and again half a minute before its end', async () => {
    const { asked, shown, push } = await withTokens(grants(3600));
    await Promise.all([push(), push(), push()]);
    await push({ seconds: 3569 });
    expect(asked).toHaveLength(1);
    await push({ seconds: 3570 });
    expect(asked).toHaveLength(2);
    expect(shown.at(-1)).toBe('Bearer token-2');
  });

  test('that lasts no longer than that is used once', async () => {
    const { asked, push } = await withTokens(grants(30));
    await push();
    await push();
    expect(asked).toHaveLength(2);
  });

  test('that is answered with 401 is not shown again', async () => {
    const { shown, push } = await withTokens(grants(3600), 401);
    expect(await push()).toEqual({ kind: 'retry', code: 'http-401' });
    expect(await push()).toEqual({ kind: 'accepted', code: 'http-204' });
    expect(shown).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  const says =
    (text: string, status = 200, type = 'application/json'): Answer =>
    (_request, response) =>
      response.writeHead(status, { 'content-type': type }).end(text);
  test.each<[string, string, Answer]>([
    ['a refusal', 'token-http-401', says('{"error":"invalid_client"}', 401)],
    ['a failing server', 'token-http-503', says('', 503)],
    ['a redirect', 'token-http-302', says('', 302)],
    ['no JSON', 'token-invalid', says('<html>')],
    ['another type of content', 'token-invalid', says('{"access_token":"a"}', 200, 'text/html')],
    ['no token', 'token-invalid', says('{"token_type":"bearer"}')],
    ['another kind of token', 'token-invalid', says('{"access_token":"a","token_type":"mac"}')],
    [
      'a token of two lines',
      'token-invalid',
      says('{"access_token":"a\\r\\nx: y","token_type":"bearer"}'),
    ],
    ['a reply without end', 'token-reply-too-large', says(' '.repeat(70_000))],
  ])('is tried again later after %s: %s', async (_, code, answer) => {
    const { shown, push } = await withTokens(answer);
    expect(await push()).toEqual({ kind: 'retry', code });
    expect(shown).toEqual([]);
  });

  test('that does not come meets the deadline of the push', async () => {
    const { shown, push } = await withTokens(() => undefined);
    expect(await push({ timeoutSeconds: 0.3 })).toEqual({ kind: 'retry', code: 'token-timeout' });
    expect(shown).toEqual([]);
  });

  test('is asked for at permitted addresses only', async () => {
    const { url } = await receiver();
    const credentials = {
      ...({ kind: 'oauth2', clientId: 'a', clientSecret: 'b' } as const),
      tokenUrl: 'https://10.0.0.1/token',
    };
    const { push } = lineTo({ url, signing, credentials });
    expect(await push()).toEqual({ kind: 'retry', code: 'token-address-refused' });
    const tokenUrl = `http://127.0.0.1:${await closedPort()}/token`;
    const other = lineTo({ url, signing, credentials: { ...credentials, tokenUrl } });
    expect(await other.push()).toEqual({ kind: 'retry', code: 'token-connection-refused' });
  });
});

describe('mutual TLS', () => {
  const pem = (name: string) =>
    readFileSync(new URL(`../vectors/tls/${name}`, import.meta.url), 'utf8');
  const ca = pem('ca.crt');

  async function strict(host = 'localhost') {
    const peers: string[] = [];
    const server = await start(
      httpsConsignee(
        {
          ...{ key: pem('server.key'), cert: pem('server.crt'), ca },
          ...{ requestCert: true, rejectUnauthorized: true },
        },
        (request, response) => {
          const { subject } = (request.socket as import('node:tls').TLSSocket).getPeerCertificate();
          peers.push(String(subject.CN));
          response.writeHead(204).end();
        },
      ),
    );
    return { url: `https://${host}:${server.port}/waybill`, peers };
  }

  test.each(['localhost', '127.0.0.1'])('lets us in at %s with our certificate', async (host) => {
    const { url, peers } = await strict(host);
    const tls = { certificate: pem('client.crt'), key: pem('client.key'), ca };
    expect(await lineTo({ url, signing, tls }).push()).toMatchObject({ kind: 'accepted' });
    expect(peers).toEqual(['waybill']);
  });

  test.each([
    ['no certificate', { ca }],
    ["a stranger's", { certificate: pem('stranger.crt'), key: pem('stranger.key'), ca }],
  ])('keeps us out with %s', async (_, tls) => {
    const { url, peers } = await strict();
    const { kind, code } = await lineTo({ url, signing, tls }).push();
    // The alert comes after the handshake of TLS 1.3, with the end of the connection or before it.
    expect([kind, ['tls', 'connection-reset'].includes(code)]).toEqual(['retry', true]);
    expect(peers).toEqual([]);
  });

  test('keeps us from a server that our CA does not vouch for', async () => {
    const server = await start(
      httpsConsignee(
        { key: pem('stranger.key'), cert: pem('stranger.crt') },
        (_request, response) => response.writeHead(204).end(),
      ),
    );
    const url = `https://localhost:${server.port}/`;
    expect(await lineTo({ url, signing, tls: { ca } }).push()).toEqual({
      ...{ kind: 'retry', code: 'tls' },
    });
  });

  test('shows our certificate to nobody but the host of the URL', async () => {
    const tokens = await strict('127.0.0.1');
    const { url, peers } = await strict('localhost');
    const tls = { certificate: pem('client.crt'), key: pem('client.key'), ca };
    const client = { clientId: 'waybill', clientSecret: 'secret', tokenUrl: tokens.url };
    const credentials = { kind: 'oauth2', ...client } as const;
    const { kind, code } = await lineTo({ url, signing, tls, credentials }).push();
    // Its server is not vouched for by the public either: it is not even spoken to.
    expect([kind, code]).toEqual(['retry', 'token-tls']);
    expect([tokens.peers, peers]).toEqual([[], []]);
  });
});

test('a connection that was kept and has gone dead meets the deadline, and is not used again', async () => {
  let isDead = false;
  const server = await start(
    tcpConsignee((socket) => {
      const answer = () =>
        isDead || socket.write('HTTP/1.1 204 No Content\r\nconnection: keep-alive\r\n\r\n');
      answer();
      socket.on('data', answer);
    }),
  );
  const { push } = lineTo({ url: `http://127.0.0.1:${server.port}/`, signing }, 1);
  expect(await push()).toMatchObject({ kind: 'accepted' });
  isDead = true;
  expect(await push({ timeoutSeconds: 0.3 })).toEqual({ kind: 'retry', code: 'timeout' });
  await until('the dead connection to be given up', () => server.open() === 0);
  isDead = false;
  expect(await push()).toMatchObject({ kind: 'accepted' });
});
