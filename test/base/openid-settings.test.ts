/** The clinic's own OpenID provider: named whole, or not at all. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readOpenid } from '#src/base/openid-settings.ts';

const whole = {
  WAYBILL_OPENID_ISSUER: 'https://id.example/realms/clinic',
  WAYBILL_OPENID_CLIENT_ID: 'waybill',
  WAYBILL_OPENID_CLIENT_SECRET: 'a secret',
};

function read(env: Record<string, string>) {
  const faults: string[] = [];
  const settings = readOpenid(env, faults);
  return { settings, faults: faults.map((fault) => fault.split(':', 1)[0]) };
}

test('without an issuer there is none', () => {
  expect(read({})).toEqual({ settings: null, faults: [] });
  expect(read({ WAYBILL_OPENID_ISSUER: '' })).toEqual({ settings: null, faults: [] });
});

test('what is left out has a meaning', () => {
  expect(read(whole)).toEqual({
    settings: {
      ...{ issuer: 'https://id.example/realms/clinic', clientId: 'waybill' },
      ...{ clientSecret: 'a secret', name: 'id.example', accountClaim: 'waybill_account' },
      ...{ acr: null, maxAgeSeconds: null },
    },
    faults: [],
  });
});

test('the secret may stand in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-openid-'));
  const path = join(folder, 'secret');
  writeFileSync(path, 'of a file\n');
  const named = {
    ...{ ...whole, WAYBILL_OPENID_CLIENT_SECRET: '' },
    WAYBILL_OPENID_CLIENT_SECRET_FILE: path,
  };
  expect(read(named).settings?.clientSecret).toBe('of a file');
  rmSync(folder, { recursive: true });
  expect(read(named).faults).toEqual(['WAYBILL_OPENID_CLIENT_SECRET']);
});

test.each([
  ['ISSUER', 'id.example'],
  ['ISSUER', 'http://id.example'],
  ['ISSUER', 'http://127.0.0.1.id.example'],
  ['ISSUER', 'ftp://127.0.0.1'],
  ['ISSUER', 'https://id.example/?realm=clinic'],
  ['ISSUER', 'https://id.example/#clinic'],
  ['ISSUER', 'https://user:secret@id.example'],
  ['ISSUER', 'https://id.example/.well-known/openid-configuration'],
  ['CLIENT_ID', ''],
  ['CLIENT_ID', 'with blanks'],
  ['CLIENT_SECRET', ''],
  ['NAME', 'x'.repeat(61)],
  ['NAME', 'two\nlines'],
  ['ACCOUNT_CLAIM', 'with blanks'],
  ['ACR', 'one two'],
  ['MAX_AGE_MINUTES', '0'],
  ['MAX_AGE_MINUTES', '1.5'],
  ['MAX_AGE_MINUTES', 'an hour'],
])('%s may not be %j', (name, value) => {
  const variable = `WAYBILL_OPENID_${name}`;
  expect(read({ ...whole, [variable]: value }).faults).toEqual([variable]);
});

test.each(['http://localhost:9000', 'http://127.0.0.1:9000/realms/clinic', 'http://[::1]:9000'])(
  'on this machine it may be %s',
  (issuer) => {
    expect(read({ ...whole, WAYBILL_OPENID_ISSUER: issuer }).faults).toEqual([]);
  },
);

test('a setting that would mean nothing is a fault, and no value is repeated', () => {
  const faults: string[] = [];
  readOpenid({ WAYBILL_OPENID_CLIENT_SECRET: 'a secret', WAYBILL_OPENID_ACR: 'x' }, faults);
  expect(faults).toEqual([
    'WAYBILL_OPENID_ISSUER: not set, but WAYBILL_OPENID_ACR, WAYBILL_OPENID_CLIENT_SECRET',
  ]);
});
