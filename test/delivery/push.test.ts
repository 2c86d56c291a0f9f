/** One attempt to push, against consignees that behave in every way there is. */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import fc from 'fast-check';
import nock from 'nock';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, test } from 'vitest';
import type { PushSettings } from '#src/base/push-words.ts';
import { createPushAgent } from '#src/delivery/agent.ts';
import { meanings, retryAfterSeconds, type PushOutcome } from '#src/delivery/outcome.ts';
import { pushOnce } from '#src/delivery/push.ts';
import { until } from '#test/support/wait.ts';
import {
  closedPort,
  httpConsignee,
  selfSignedConsignee,
  tcpConsignee,
  type Misbehaving,
} from './misbehaving.ts';

const webhookSecret = Buffer.alloc(32, 7);
const at = new Date('2026-03-02T01:02:03.004Z');
const canary = '가나다라 840229-1234567';

const started: { close(): Promise<void> }[] = [];
afterEach(async () => {
  nock.cleanAll();
  nock.restore();
  await Promise.all(started.splice(0).map((one) => one.close()));
});

async function start<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const one = await starting;
  started.push(one);
  return one;
}

interface Attempt {
  settings?: Partial<PushSettings>;
  timeoutSeconds?: number;
  body?: string;
  now?: Date;
}

/** Pushes once to a URL, through an agent of its own as the dispatcher does. */
async function pushTo(url: string, attempt: Attempt = {}): Promise<PushOutcome> {
  const settings: PushSettings = {
    ...{ url, signing: { scheme: 'hmac', secrets: [webhookSecret] } },
    ...attempt.settings,
  };
  const timeoutSeconds = attempt.timeoutSeconds ?? 10;
  const agent = createPushAgent({ settings, timeoutSeconds, concurrencyMax: 2 });
  try {
    return await pushOnce(
      { agent, now: () => attempt.now ?? at },
      {
        id: '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60',
        body: attempt.body ?? '{"transfer":"x"}',
        ...{ settings, timeoutSeconds },
      },
    );
  } finally {
    await agent.close();
  }
}

const on = ({ port }: { port: number }, scheme = 'http') => `${scheme}://127.0.0.1:${port}/waybill`;

/** What comes of a server that answers like this. */
async function outcomeOf(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
  attempt: Attempt = {},
): Promise<{ outcome: PushOutcome; server: Misbehaving; tookMs: number }> {
  const server = await start(
    httpConsignee((request, response) => {
      response.on('error', () => undefined);
      request.resume().on('end', () => answer(response, request));
    }),
  );
  const startedMs = performance.now();
  const outcome = await pushTo(on(server), attempt);
  return { outcome, server, tookMs: performance.now() - startedMs };
}

describe('the outcome of a status', () => {
  test.each([200, 201, 202, 204, 299])('%i is accepted', async (status) => {
    const { outcome } = await outcomeOf((response) => response.writeHead(status).end());
    expect(outcome).toEqual({ kind: 'accepted', code: `http-${status}` });
  });

  test.each([400, 402, 403, 404, 405, 406, 409, 411, 413, 415, 422, 424, 426, 428, 431, 451, 499])(
    '%i is rejected',
    async (status) => {
      const { outcome } = await outcomeOf((response) => response.writeHead(status).end(canary));
      expect(outcome).toEqual({ kind: 'rejected', code: `http-${status}` });
    },
  );

  test.each([300, 301, 304, 307, 401, 407, 408, 421, 425, 500, 501, 502, 504, 599, 600])(
    '%i is tried again',
    async (status) => {
      const { outcome } = await outcomeOf((response) => response.writeHead(status).end());
      expect(outcome).toEqual({ kind: 'retry', code: `http-${status}` });
    },
  );

  test.each([429, 503])('%i is tried again, and is about the endpoint', async (status) => {
    const { outcome } = await outcomeOf((response) => response.writeHead(status).end());
    expect(outcome).toEqual({ kind: 'retry', code: `http-${status}`, hold: true });
  });

  test('410 ends the endpoint, and does not reject the order', async () => {
    const { outcome } = await outcomeOf((response) => response.writeHead(410).end(canary));
    expect(outcome).toEqual({ kind: 'gone', code: 'http-410' });
  });

  test('is what docs/consignees.md tells', () => {
    const page = readFileSync(new URL('../../docs/consignees.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| ([\dx, ]*\w) +\| (\w+) +\|/gm)];
    const told = new Map(
      rows.flatMap(([, statuses = '', kind = '']) =>
        statuses.split(', ').map((one): [string, string] => [one, kind]),
      ),
    );
    for (let status = 200; status <= 599; status += 1) {
      const meant = meanings.find(({ from, to }) => status >= from && status <= to);
      const said = told.get(String(status)) ?? told.get(`${String(status)[0]}xx`);
      expect([status, said]).toEqual([status, meant?.kind ?? 'retry']);
    }
  });

  test('an early hint is no outcome: the final status decides', async () => {
    const { outcome } = await outcomeOf((response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      response.writeHead(500).end();
    });
    expect(outcome).toEqual({ kind: 'retry', code: 'http-500' });
  });

  test('a flood of interim replies is given up long before the deadline', async () => {
    const server = await start(
      tcpConsignee((socket) => {
        const flood = () => {
          while (!socket.destroyed && socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50)));
        };
        socket.on('drain', flood);
        flood();
      }),
    );
    expect(await pushTo(on(server))).toEqual({ kind: 'retry', code: 'reply-too-large' });
    await until('the connection to be given up', () => server.open() === 0);
  });
});

describe('what is sent', () => {
  test('is the body as it is, signed so that a Standard Webhooks library verifies it', async () => {
    let seen: { headers: Record<string, string>; text: string; method: string } | undefined;
    const server = await start(
      httpConsignee((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const headers = request.headers as Record<string, string>;
          const text = Buffer.concat(chunks).toString('utf8');
          seen = { headers, text, method: request.method ?? '' };
          response.writeHead(204).end();
        });
      }),
    );
    const body = JSON.stringify({ transfer: 'x', record: { name: '가나다라' } });
    await pushTo(on(server), { body, now: new Date() });
    if (!seen) throw new Error('nothing came');
    const { headers, text, method } = seen;
    expect({ method, text }).toEqual({ method: 'POST', text: body });
    expect(headers['content-type']).toBe('application/json');
    expect(headers['webhook-id']).toBe('019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60');
    expect(headers).not.toHaveProperty('authorization');
    const webhook = new Webhook(`whsec_${webhookSecret.toString('base64')}`);
    expect(webhook.verify(text, headers)).toEqual(JSON.parse(body));
    expect(() => webhook.verify(text.replace('가', '나'), headers)).toThrow();
    const other = new Webhook(`whsec_${Buffer.alloc(32, 8).toString('base64')}`);
    expect(() => other.verify(text, headers)).toThrow();
  });
});

describe('a receipt', () => {
  const receipt = 'eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl';
  const withReceipt = async (header: string, status = 200) => {
    const headers = { 'waybill-receipt': header };
    return (await outcomeOf((response) => response.writeHead(status, headers).end())).outcome;
  };

  test('that comes with a 2xx is handed on', async () => {
    expect(await withReceipt(receipt)).toEqual({ kind: 'accepted', code: 'http-200', receipt });
  });

  test.each([
    ['is empty', ''],
    ['has other characters', `${receipt}=`],
    ['is too long', `${receipt}${'A'.repeat(4096)}`],
    ['is there twice', `${receipt}, ${receipt}`],
  ])('that %s is left out', async (_, header) => {
    expect(await withReceipt(header)).toEqual({ kind: 'accepted', code: 'http-200' });
  });

  test('that comes with a refusal is none', async () => {
    expect(await withReceipt(receipt, 422)).toEqual({ kind: 'rejected', code: 'http-422' });
  });
});

test.each([301, 302, 303, 307, 308])(
  'a %i is not followed: its target hears nothing',
  async (s) => {
    const target = await start(
      httpConsignee((_request, response) => response.writeHead(200).end()),
    );
    const { outcome } = await outcomeOf((response) =>
      response.writeHead(s, { location: on(target) }).end(),
    );
    expect(outcome).toEqual({ kind: 'retry', code: `http-${s}` });
    expect(target.connections()).toBe(0);
  },
);

describe('one deadline covers the whole attempt', () => {
  const timeoutSeconds = 0.4;
  const within = 3_000;

  test('a connection that is taken and never answered', async () => {
    const server = await start(tcpConsignee(() => undefined));
    const startedMs = performance.now();
    const outcome = await pushTo(on(server), { timeoutSeconds });
    expect(outcome).toEqual({ kind: 'retry', code: 'timeout' });
    expect(performance.now() - startedMs).toBeLessThan(within);
    await until('the connection to be given up', () => server.open() === 0);
  });

  test('a reply that drips a byte at a time', async () => {
    const { outcome, tookMs, server } = await outcomeOf(
      (response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write('x'), 20);
        response.on('close', () => clearInterval(drip));
      },
      { timeoutSeconds },
    );
    expect(outcome).toEqual({ kind: 'retry', code: 'timeout' });
    expect(tookMs).toBeLessThan(within);
    await until('the connection to be given up', () => server.open() === 0);
  });

  test('headers that drip', async () => {
    const server = await start(
      tcpConsignee((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        const drip = setInterval(() => socket.write('x-more: 1\r\n'), 20);
        socket.on('close', () => clearInterval(drip));
      }),
    );
    expect(await pushTo(on(server), { timeoutSeconds })).toEqual({
      kind: 'retry',
      code: 'timeout',
    });
  });

  test('a reply that begins well and never ends, although it says 200', async () => {
    const { outcome } = await outcomeOf((response) => response.writeHead(200).write('{"taken":'), {
      timeoutSeconds,
    });
    expect(outcome).toEqual({ kind: 'retry', code: 'timeout' });
  });

  test('a body that the consignee does not read', async () => {
    const server = await start(tcpConsignee((socket) => socket.pause()));
    const body = 'x'.repeat(16_000_000);
    const outcome = await pushTo(on(server), { timeoutSeconds, body });
    expect(outcome).toEqual({ kind: 'retry', code: 'timeout' });
  });
});

describe('a reply of more than 64 KiB', () => {
  test('of exactly 64 KiB is read to its end', async () => {
    const { outcome } = await outcomeOf((response) => response.end('x'.repeat(65_536)));
    expect(outcome).toEqual({ kind: 'accepted', code: 'http-200' });
  });

  test('by one byte is given up, and the connection with it', async () => {
    const { outcome, server } = await outcomeOf((response) => response.end('x'.repeat(65_537)));
    expect(outcome).toEqual({ kind: 'retry', code: 'reply-too-large' });
    await until('the connection to be given up', () => server.open() === 0);
  });

  test('without an end is given up long before the deadline', async () => {
    const { outcome, tookMs } = await outcomeOf((response) => {
      const flood = () => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
      };
      response.on('drain', flood);
      flood();
    });
    expect(outcome).toEqual({ kind: 'retry', code: 'reply-too-large' });
    expect(tookMs).toBeLessThan(5_000);
  });

  test('of headers alone is given up', async () => {
    const { outcome } = await outcomeOf((response) => {
      for (let n = 0; n < 40; n += 1) response.setHeader(`x-more-${n}`, 'x'.repeat(1_000));
      response.end();
    });
    expect(outcome).toEqual({ kind: 'retry', code: 'reply-too-large' });
  });
});

describe('connections', () => {
  test('that are refused are tried again', async () => {
    const outcome = await pushTo(on({ port: await closedPort() }));
    expect(outcome).toEqual({ kind: 'retry', code: 'connection-refused' });
  });

  test('that are reset are tried again', async () => {
    const server = await start(tcpConsignee((socket) => socket.resetAndDestroy()));
    expect(await pushTo(on(server))).toEqual({ kind: 'retry', code: 'connection-reset' });
  });

  test.each([
    ['nothing was answered', ''],
    ['half of the headers', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['half of a 200 with its length', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'],
    ['half of a chunked 200', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nha'],
  ])('that end when %s are tried again', async (_, bytes) => {
    const server = await start(tcpConsignee((socket) => socket.end(bytes)));
    expect(await pushTo(on(server))).toEqual({ kind: 'retry', code: 'connection-reset' });
  });

  test('on which something else than HTTP is spoken are tried again', async () => {
    const server = await start(tcpConsignee((socket) => socket.end(`${canary}\r\n\r\n`)));
    expect(await pushTo(on(server))).toEqual({ kind: 'retry', code: 'network' });
  });

  test('to a certificate that nobody vouches for are tried again', async () => {
    const server = await start(selfSignedConsignee());
    expect(await pushTo(on(server, 'https'))).toEqual({ kind: 'retry', code: 'tls' });
  });

  test('to a server that speaks no TLS are tried again', async () => {
    const server = await start(tcpConsignee((socket) => socket.end('HTTP/1.1 400 Bad\r\n\r\n')));
    expect(await pushTo(on(server, 'https'))).toEqual({ kind: 'retry', code: 'tls' });
  });

  test.each([
    ['CERT_HAS_EXPIRED', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
    ['ETIMEDOUT', 'timeout'],
    ['EPIPE', 'connection-reset'],
    ['EHOSTUNREACH', 'network'],
  ])('that fail with %s are tried again as %s', async (code, outcome) => {
    if (!nock.isActive()) nock.activate();
    nock('https://lab.invalid')
      .post('/waybill')
      .replyWithError(Object.assign(new Error(canary), { code }));
    expect(await pushTo('https://lab.invalid/waybill')).toEqual({ kind: 'retry', code: outcome });
  });
});

describe('Retry-After', () => {
  test.each([
    ['120', 120],
    ['0', 0],
    [' 7 ', 7],
    ['86400', 86_400],
    ['86401', 86_400],
    ['9'.repeat(400), 86_400],
    ['Mon, 02 Mar 2026 01:03:03 GMT', 60],
    ['Mon, 02 Mar 2026 00:00:00 GMT', 0],
    ['Fri, 01 Jan 2100 00:00:00 GMT', 86_400],
  ])('%j is honoured as %i seconds', (text, seconds) => {
    expect(retryAfterSeconds(text, at)).toBe(seconds);
  });

  test.each([
    ...['', ' ', '-5', '+5', '1.5', '1e3', '0x10', 'soon', 'in 2099', 'Infinity', 'NaN'],
    ...['2026-03-02T01:03:03Z', 'Mon, 02 Mar 2026 01:03:03', 'Xyz, 99 Foo 2026 01:03:03 GMT'],
  ])('%j is ignored', (text) => {
    expect(retryAfterSeconds(text, at)).toBeNull();
  });

  test('comes with the outcome of a reply that is tried again, and of no other', async () => {
    const header = { 'retry-after': '30' };
    const busy = await outcomeOf((response) => response.writeHead(503, header).end());
    const held = { kind: 'retry', code: 'http-503', hold: true };
    expect(busy.outcome).toEqual({ ...held, retryAfterSeconds: 30 });
    const unfit = await outcomeOf((response) => response.writeHead(422, header).end());
    expect(unfit.outcome).toEqual({ kind: 'rejected', code: 'http-422' });
  });

  test('that is there twice is ignored', () => {
    expect(retryAfterSeconds(['30', '60'], at)).toBeNull();
  });

  test('is never more than a day, never negative and never a fraction, whatever it says', () => {
    const written = fc.oneof(
      fc.string(),
      fc.bigInt().map(String),
      fc.double().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    );
    fc.assert(
      fc.property(written, fc.date({ noInvalidDate: true }), (text, moment) => {
        const seconds = retryAfterSeconds(text, moment);
        if (seconds === null) return;
        expect(Number.isInteger(seconds) && seconds >= 0 && seconds <= 86_400).toBe(true);
      }),
    );
  });
});

test('nothing of what the consignee wrote is in the outcome', async () => {
  const words = Buffer.from(canary).toString('base64url');
  const { outcome } = await outcomeOf((response) => {
    response.writeHead(400, words, { 'x-words': words, 'retry-after': words });
    response.end(JSON.stringify({ error: canary }));
  });
  expect(outcome).toEqual({ kind: 'rejected', code: 'http-400' });
});
