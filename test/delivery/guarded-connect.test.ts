/** Where a push may lead, whatever names answer. */
import type { LookupAddress } from 'node:dns';
import { afterEach, describe, expect, test } from 'vitest';
import type { PushSettings } from '#src/base/push-words.ts';
import { createPushAgent } from '#src/delivery/agent.ts';
import type { Resolve } from '#src/delivery/guarded-connect.ts';
import type { PushOutcome } from '#src/delivery/outcome.ts';
import { pushOnce } from '#src/delivery/push.ts';
import { until } from '#test/support/wait.ts';
import { httpConsignee, type Misbehaving } from './misbehaving.ts';

const started: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.close()));
});

/** A server on loopback that must hear nothing unless a test says so. */
async function inside(): Promise<Misbehaving & { requests: () => number }> {
  let requests = 0;
  const server = await httpConsignee((_request, response) => {
    requests += 1;
    response.writeHead(204, { connection: 'close' }).end();
  });
  started.push(server);
  return { ...server, requests: () => requests };
}

interface Line {
  push: (timeoutSeconds?: number) => Promise<PushOutcome>;
  /** How often the name was looked up. */
  lookups: () => number;
}

/** A line to a URL whose name answers with each of these lists in turn, the last one for ever. */
function lineTo(
  url: string,
  answers: (string[] | Promise<LookupAddress[]>)[],
  networks: string[] = [],
): Line {
  let lookups = 0;
  const resolve: Resolve = async () => {
    const answer = answers[Math.min(lookups, answers.length - 1)] ?? [];
    lookups += 1;
    if (!Array.isArray(answer)) return answer;
    return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  const settings: PushSettings = {
    ...{ url, signing: { scheme: 'hmac', secrets: [Buffer.alloc(32, 7)] } },
    allowedNetworks: networks,
  };
  const agent = createPushAgent({ settings, concurrencyMax: 4, timeoutSeconds: 10, resolve });
  started.push(agent);
  const push = { id: '019b8be1', body: '{}', settings };
  return {
    push: (timeoutSeconds = 10) =>
      pushOnce({ agent, now: () => new Date(0) }, { ...push, timeoutSeconds }),
    lookups: () => lookups,
  };
}

const refused = { kind: 'retry', code: 'address-refused' };

describe('a name', () => {
  test.each([
    ['loopback', ['127.0.0.1']],
    ['loopback in IPv6', ['::1']],
    ['loopback, mapped', ['::ffff:127.0.0.1']],
    ['a private address', ['10.0.0.1']],
    ['metadata', ['169.254.169.254']],
    ['a public and a private address', ['2d00::1', '127.0.0.1']],
    ['no address in any form', ['localhost']],
  ])('that answers %s is not connected to', async (_, addresses) => {
    const server = await inside();
    const { push } = lineTo(`https://lab.example:${server.port}/`, [addresses]);
    expect(await push()).toEqual(refused);
    expect(server.connections()).toBe(0);
  });

  test('that answers a public address first and then an inner one is refused at the latter', async () => {
    const server = await inside();
    const answers = [['2d00::1'], ['127.0.0.1'], ['::1']];
    const line = lineTo(`https://lab.example:${server.port}/`, answers);
    expect(await line.push(0.3)).not.toEqual(refused);
    expect(line.lookups()).toBe(1);
    expect(await line.push()).toEqual(refused);
    expect(await line.push()).toEqual(refused);
    expect(server.connections()).toBe(0);
  });

  test('is looked up once for a connection: what was checked is what is connected to', async () => {
    const server = await inside();
    const answers = [['127.0.0.1'], ['10.0.0.1']];
    const line = lineTo(`http://localhost:${server.port}/`, answers);
    expect(await line.push()).toEqual({ kind: 'accepted', code: 'http-204' });
    expect(line.lookups()).toBe(1);
    await until('the connection to end', () => server.open() === 0);
    expect(await line.push()).toEqual(refused);
    expect(server.requests()).toBe(1);
  });

  test('of this machine that leads elsewhere is refused, since it goes in clear', async () => {
    const { push } = lineTo('http://localhost/', [['2d00::1']]);
    expect(await push()).toEqual(refused);
  });

  test('in a listed network is connected to, and only there', async () => {
    const networks = ['fd12:3456::/32'];
    const listed = lineTo('https://lab.example/', [['fd12:3456::1']], networks);
    expect(await listed.push(0.3)).not.toEqual(refused);
    const beside = lineTo('https://lab.example/', [['fd12:3457::1']], networks);
    expect(await beside.push()).toEqual(refused);
  });

  test('that answers with nothing is tried again', async () => {
    const { push } = lineTo('https://lab.example/', [[]]);
    expect(await push()).toEqual({ kind: 'retry', code: 'dns' });
  });

  test('that does not answer meets the deadline, holds up one lookup, and gets nothing late', async () => {
    const server = await inside();
    const { promise, resolve } = Promise.withResolvers<LookupAddress[]>();
    const line = lineTo(`http://localhost:${server.port}/`, [promise]);
    const startedMs = performance.now();
    const outcomes = await Promise.all([line.push(0.3), line.push(0.3), line.push(0.3)]);
    expect(outcomes).toEqual(Array(3).fill({ kind: 'retry', code: 'timeout' }));
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(line.lookups()).toBe(1);
    resolve([{ address: '127.0.0.1', family: 4 }]);
    expect(await line.push()).toMatchObject({ kind: 'accepted' });
    expect(server.requests()).toBe(1);
  });
});

describe('an address instead of a name', () => {
  test.each(['https://10.0.0.1/', 'https://[fd00:ec2::254]/', 'https://169.254.169.254/'])(
    '%s is refused without a connection',
    async (url) => {
      const line = lineTo(url, [['8.8.8.8']]);
      expect(await line.push()).toEqual(refused);
      expect(line.lookups()).toBe(0);
    },
  );

  test('in whatever form it reaches the agent is refused', async () => {
    const server = await inside();
    for (const host of ['[::127.0.0.1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '127.0.0.2']) {
      expect(await lineTo(`https://${host}:${server.port}/`, [[]]).push()).toEqual(refused);
    }
    expect(server.connections()).toBe(0);
  });
});

test('a proxy in the environment is not used', async () => {
  const [server, proxy] = [await inside(), await inside()];
  const before = { ...process.env };
  Object.assign(process.env, {
    ...{ HTTP_PROXY: `http://127.0.0.1:${proxy.port}`, NODE_USE_ENV_PROXY: '1' },
    http_proxy: `http://127.0.0.1:${proxy.port}`,
  });
  try {
    const { push } = lineTo(`http://127.0.0.1:${server.port}/`, [[]]);
    expect(await push()).toMatchObject({ kind: 'accepted' });
  } finally {
    process.env = before;
  }
  expect([server.requests(), proxy.connections()]).toEqual([1, 0]);
});
