/** How a consignee is pushed to, as its file says it: what is read, and what is refused. */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collectFaults } from '#src/agreements/faults.ts';
import { readPush, type PushText } from '#src/agreements/push-settings.ts';
import { urlFault } from '#src/agreements/push-url.ts';
import type { PushSettings } from '#src/base/push-words.ts';
import { resolveStandIn } from '#src/bin/stand-ins.ts';

const pem = (name: string) =>
  readFileSync(new URL(`../vectors/tls/${name}`, import.meta.url), 'utf8');
const pair = generateKeyPairSync('ed25519');
const seed = Buffer.from(pair.privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
const half = Buffer.from(pair.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
const secret = (fill: number) => `whsec_${Buffer.alloc(32, fill).toString('base64')}`;

/** What the names that the tests use stand for; each holds a canary for what must not be told. */
const secrets: Record<string, string> = {
  ...{ ONE: secret(1), TWO: secret(2), SHORT: 'whsec_c2hvcnQ=', PASSWORD: 'pass-canary' },
  ...{ CONTROL: 'canary\r\nx-more: 1', COLON: 'canary:1', TOKEN: 'token-canary' },
  SEED: `whsk_${seed.toString('base64')}`,
  BOTH: `whsk_${Buffer.concat([seed, half]).toString('base64')}`,
  MIXED: `whsk_${Buffer.concat([seed, seed]).toString('base64')}`,
  JWK: JSON.stringify(pair.privateKey.export({ format: 'jwk' })),
  PKCS8: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  EC: generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ format: 'pem', type: 'pkcs8' })
    .toString(),
  ...{ CERT: pem('client.crt'), KEY: pem('client.key'), OTHER: pem('stranger.key') },
  ...{ CA: pem('ca.crt'), CHAIN: `${pem('client.crt')}${pem('ca.crt')}` },
};
const named = (name: string) => `\${env:${name}}`;

function read(push: Partial<PushText>): { settings: PushSettings | undefined; faults: string[] } {
  const faults = collectFaults();
  const settings = readPush(
    {
      report: (place, said) => faults.add(place.join('.'), 1, said),
      resolve: (_place, reference) => secrets[/\w+(?=\}$)/.exec(reference)?.[0] ?? ''],
    },
    { url: 'https://lab.example/waybill', ...push },
  );
  return { settings, faults: faults.list().map(({ rule, file }) => `${file} ${rule}`) };
}

const signed = { webhookSecret: named('ONE') };

describe('a signature is made with', () => {
  test('one secret, or two of which the newest is first', () => {
    const hmac = (...fills: number[]) => ({
      ...{ scheme: 'hmac', secrets: fills.map((fill) => Buffer.alloc(32, fill)) },
    });
    expect(read(signed).settings?.signing).toEqual(hmac(1));
    const two = { webhookSecrets: [named('TWO'), named('ONE')] };
    expect(read(two).settings?.signing).toEqual(hmac(2, 1));
  });

  test.each(['SEED', 'BOTH', 'JWK', 'PKCS8'])('an Ed25519 key, written as %s', (name) => {
    const { settings, faults } = read({ signingKey: named(name) });
    expect(faults).toEqual([]);
    const signing = settings?.signing;
    expect(signing?.scheme === 'ed25519' && signing.key.equals(pair.privateKey)).toBe(true);
  });

  test.each(['EC', 'MIXED', 'ONE', 'TOKEN', 'CERT'])('no other key, such as %s', (name) => {
    expect(read({ signingKey: named(name) }).faults).toEqual(['push.signingKey push.signing-key']);
  });

  test.each<[Partial<PushText>, string[]]>([
    [{}, ['push push.signing']],
    [{ ...signed, signingKey: named('SEED') }, ['push push.signing']],
    [{ webhookSecret: named('SHORT') }, ['push.webhookSecret push.webhook-secret']],
    [{ webhookSecrets: [named('ONE'), named('ONE')] }, ['push.webhookSecrets.1 push.same-secrets']],
  ])('neither none, nor several, nor a weak one: %j', (push, faults) => {
    expect(read(push)).toEqual({ settings: undefined, faults });
  });
});

describe('credentials', () => {
  test('are a token, a password or a client, whose names are resolved', () => {
    const of = (push: Partial<PushText>) => read({ ...signed, ...push }).settings?.credentials;
    expect(of({})).toBeUndefined();
    expect(of({ bearerToken: named('TOKEN') })).toEqual({ kind: 'bearer', token: 'token-canary' });
    expect(of({ basic: { username: '검사소', password: named('PASSWORD') } })).toEqual({
      ...{ kind: 'basic', username: '검사소', password: 'pass-canary' },
    });
    const oauth2 = {
      ...{ tokenUrl: 'https://sso.example/token', clientId: named('TOKEN') },
      ...{ clientSecret: named('PASSWORD'), scope: 'orders.write' },
    };
    expect(of({ oauth2 })).toEqual({
      ...oauth2,
      ...{ kind: 'oauth2', clientId: 'token-canary', clientSecret: 'pass-canary' },
    });
  });

  const basic = (username: string, password: string) => ({ basic: { username, password } });
  const oauth2 = (tokenUrl: string) => ({
    oauth2: { tokenUrl, clientId: 'waybill', clientSecret: named('PASSWORD') },
  });
  test.each<[string, Partial<PushText>, string]>([
    ['a header of more than one line', { bearerToken: named('CONTROL') }, 'push.bearer-token'],
    ['a colon in a user name', basic(named('COLON'), named('PASSWORD')), 'push.credential'],
    ['a colon in one written out', basic('some:one', named('PASSWORD')), 'push.credential'],
    ['control characters', basic('someone', named('CONTROL')), 'push.credential'],
    ['a token in clear', oauth2('http://sso.example/token'), 'push.in-clear'],
    ['a token server inside', oauth2('https://10.0.0.1/token'), 'push.address'],
    [
      'two kinds',
      { bearerToken: named('TOKEN'), ...basic('someone', named('PASSWORD')) },
      'push.several-credentials',
    ],
  ])('are refused with %s', (_, push, rule) => {
    const { settings, faults } = read({ ...signed, ...push });
    expect(settings).toBeUndefined();
    expect(faults.map((fault) => fault.split(' ')[1])).toEqual([rule]);
    expect(faults.join()).not.toContain('canary');
  });
});

describe('mutual TLS', () => {
  test('takes a certificate with its chain, its key, and who vouches for the consignee', () => {
    const tls = { certificate: named('CHAIN'), key: named('KEY'), ca: named('CA') };
    const { settings, faults } = read({ ...signed, tls });
    expect(faults).toEqual([]);
    const { CHAIN: certificate, KEY: key, CA: ca } = secrets;
    expect(settings?.tls).toEqual({ certificate, key, ca });
  });

  test.each<[string, Record<string, string>, string]>([
    ['what is no certificate', { certificate: 'TOKEN', key: 'KEY' }, 'certificate'],
    ['a key beside the certificate', { certificate: 'KEY', key: 'KEY' }, 'certificate'],
    ['what is no key', { certificate: 'CERT', key: 'CERT' }, 'private-key'],
    ['the key of another', { certificate: 'CERT', key: 'OTHER' }, 'key-of-another'],
    ['no CA', { ca: 'KEY' }, 'certificate'],
  ])('refuses %s', (_, names, rule) => {
    const tls = Object.fromEntries(
      Object.entries(names).map(([member, name]) => [member, named(name)]),
    );
    const { settings, faults } = read({ ...signed, tls });
    expect(settings).toBeUndefined();
    expect(faults.map((fault) => fault.split(' ')[1])).toEqual([`push.${rule}`]);
  });
});

describe('a URL', () => {
  const faultOf = (url: string, networks: string[] = []) =>
    urlFault('push.url', url, networks)?.rule;

  test.each([
    ...['https://lab.example/x', 'https://LAB.example', 'https://lab.example:8443/a?b=c'],
    ...['https://xn--9d0b.example/', 'https://8.8.8.8/', 'https://[2606:4700::1]:9/x'],
    ...['https://localhost/x', 'https://[::1]/', 'http://localhost:80/x', 'https://lab.example?x'],
  ])('%s is taken', (url) => {
    expect(faultOf(url)).toBeUndefined();
  });

  test.each([
    ['is no URL', 'push.no-url', ['lab', 'https:lab.example', ' https://lab.example', 'ftp://lab']],
    ['is no URL', 'push.no-url', ['https://', 'https://[fe80::1%25eth0]/', 'https://1.2.3.4.5/']],
    ['is in clear', 'push.in-clear', ['http://lab.example/', 'http://8.8.8.8', 'http://[::2]/']],
    ['holds a user', 'push.credentials', ['https://a@lab.example/', 'https://a:b@127.0.0.1/']],
    ['writes an address as a number', 'push.host-form', ['https://2130706433/', 'http://0/']],
    ['is octal', 'push.host-form', ['https://0177.0.0.1/', 'https://010.8.8.8/']],
    ['is hexadecimal', 'push.host-form', ['https://0x7f.0.0.1/', 'https://0x08080808/']],
    ['is short', 'push.host-form', ['https://127.1/', 'https://8.8.2056/']],
    ['is escaped', 'push.host-form', ['https://%6cab.example/', 'https://１２７.0.0.1/']],
    ['ends in a dot', 'push.host-form', ['https://lab.example./', 'https://8.8.8.8./']],
    ['holds a tab', 'push.host-form', ['https://la\tb.example/', 'https://lab.example\\@x/']],
    [
      'is long IPv6',
      'push.host-form',
      ['https://[2606:4700:0:0::1]/', 'https://[::ffff:1.2.3.4]/'],
    ],
    ['is not public', 'push.address', ['https://10.0.0.1/', 'https://[fd00:ec2::254]/']],
    ['is not public', 'push.address', ['https://169.254.169.254/', 'https://[::ffff:808:808]/']],
    ['is another loopback', 'push.address', ['https://127.0.0.2/', 'https://0.0.0.0/']],
  ])('that %s is %s', (_, rule, urls) => {
    expect(urls.map((url) => [url, faultOf(url)])).toEqual(urls.map((url) => [url, rule]));
  });

  test('may be an address of a network that the file lists', () => {
    expect(faultOf('https://10.20.0.1/', ['10.20.0.0/16'])).toBeUndefined();
    const push = { ...signed, url: 'https://10.20.0.1/', allowedNetworks: ['10.20.0.0/16'] };
    expect(read(push).settings?.allowedNetworks).toEqual(['10.20.0.0/16']);
    expect(read({ ...signed, allowedNetworks: ['0.0.0.0/0'] }).faults).toEqual([
      'push.allowedNetworks.0 push.network',
    ]);
  });

  test('with an IPv4 address in any other form than its own is refused', () => {
    fc.assert(
      fc.property(fc.ipV4Extended(), (address) => {
        const isPlain = new URL(`https://${address}/`).hostname === address;
        if (isPlain) expect(faultOf(`https://${address}/`)).not.toBe('push.host-form');
        else expect(faultOf(`https://${address}/`)).toBe('push.host-form');
      }),
    );
  });
});

test('every secret has a stand-in that fits, so that a file can be judged without them', () => {
  const faults: string[] = [];
  const reader = {
    report: (_place: unknown, { rule }: { rule: string }) => void faults.push(rule),
    resolve: (_place: unknown, _reference: string, use: string) =>
      resolveStandIn('', { use }).value,
  };
  const url = 'https://lab.example/';
  const name = named('ANY');
  const tls = { certificate: name, key: name, ca: name };
  const client = { tokenUrl: url, clientId: name, clientSecret: name };
  readPush(reader, { url, webhookSecrets: [name, name], tls, oauth2: client });
  readPush(reader, { url, signingKey: name, basic: { username: name, password: name } });
  readPush(reader, { url, webhookSecret: name, bearerToken: name });
  expect(faults).toEqual([]);
});
