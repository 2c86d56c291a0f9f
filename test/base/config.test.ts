/** Configuration: read once, with every fault told at the same time. */
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig } from '#src/base/config.ts';
import { StartupError } from '#src/base/errors.ts';

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env, '/root-of-the-house');
    return [];
  } catch (error) {
    if (error instanceof StartupError) return error.faults;
    throw error;
  }
}

test('an empty environment is the embedded default on loopback', () => {
  expect(readConfig({}, '/house')).toEqual({
    ...{ port: 8080, host: '127.0.0.1', publicUrl: null, databaseUrl: null },
    home: resolve('.waybill'),
    ...{ contractsDir: '/house/contracts', consigneesDir: '/house/consignees' },
    ...{ ledgerOrigin: 'waybill.invalid/ledger', logLevel: 'info' },
    ...{ databaseConnectionsMax: 10, trustedProxies: 0, uploadStallSeconds: 30 },
    subscribersFile: null,
    ledgerFiles: { folder: resolve('.waybill/ledger-checkpoint'), strict: true },
    ...{ witnessesFile: null, ledgerYearsMin: 2, sessionIdleMinutes: 15, sessionHours: 8 },
    ...{ openid: null, requests: { atOnceMax: 16, waitingMax: 256 } },
    reviewing: { cycle: 'monthly', overdueDays: 10, open: { from: 7 * 60, to: 21 * 60 } },
  });
});

test('a variable that is set to nothing is one that is not set', () => {
  const names = ['PORT', 'HOST', 'PUBLIC_URL', 'DATABASE_URL', 'LOG_LEVEL', 'WAYBILL_HOME'];
  const env = Object.fromEntries(names.map((name) => [name, '']));
  expect(readConfig(env, '/house')).toEqual(readConfig({}, '/house'));
});

test('every fault is told at once, each by its variable', () => {
  const faults = faultsOf({
    PORT: '99999',
    PUBLIC_URL: 'waybill.example',
    LOG_LEVEL: 'loud',
    WAYBILL_LEDGER_ORIGIN: 'two words',
    WAYBILL_DATABASE_CONNECTIONS: '1',
    WAYBILL_TRUSTED_PROXIES: 'all',
  });
  const names = faults.map((fault) => fault.split(':', 1)[0]);
  expect(names.sort()).toEqual([
    ...['LOG_LEVEL', 'PORT', 'PUBLIC_URL'],
    ...['WAYBILL_DATABASE_CONNECTIONS', 'WAYBILL_LEDGER_ORIGIN', 'WAYBILL_TRUSTED_PROXIES'],
  ]);
});

describe('PORT', () => {
  test.each(['0', '1', '8080', '65535'])('may be %s', (PORT) => {
    expect(readConfig({ PORT }, '/house').port).toBe(Number(PORT));
  });

  test.each(['-1', '65536', '80.5', 'http', 'NaN', 'Infinity', '80 81'])(
    'may not be %s',
    (PORT) => {
      expect(faultsOf({ PORT })).toEqual(['PORT: must be a whole number from 0 to 65535']);
    },
  );
});

describe('PUBLIC_URL', () => {
  test.each(['https://waybill.example', 'https://waybill.example:8443', 'http://localhost:8080'])(
    'may be %s',
    (PUBLIC_URL) => {
      expect(readConfig({ PUBLIC_URL }, '/house').publicUrl).toBe(PUBLIC_URL);
    },
  );

  test.each([
    ...['http://waybill.example', 'https://waybill.example/path', 'https://a:b@waybill.example'],
    ...['https://waybill.example?x', 'https://waybill.example#x', 'ftp://waybill.example', '/'],
    ...['javascript:alert(1)', 'https://WAYBILL.example'],
  ])('may not be %s', (PUBLIC_URL) => {
    const [fault, ...more] = faultsOf({ PUBLIC_URL });
    expect(more).toEqual([]);
    expect(fault).toMatch(/^PUBLIC_URL: must be /);
  });
});

test.each(['waybill.example/ledger', 'x', 'a'.repeat(200)])('a ledger may be called %s', (name) => {
  expect(readConfig({ WAYBILL_LEDGER_ORIGIN: name }, '/house').ledgerOrigin).toBe(name);
});

// A space, a plus or a line end would break the first line of a signed note.
test.each(['a b', 'a+b', 'a\nb', '삼광', 'a'.repeat(201)])(
  'a ledger may not be called %j',
  (name) => {
    expect(faultsOf({ WAYBILL_LEDGER_ORIGIN: name })).toHaveLength(1);
  },
);

test('no fault repeats the value of a variable that may hold a secret', () => {
  const faults = faultsOf({ PUBLIC_URL: 'https://user:canary@waybill.example', PORT: 'canary' });
  expect(faults).toHaveLength(2);
  expect(faults.join()).not.toContain('canary');
});
