/** Secrets: named, never written into files that others read, made only where that is allowed. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseWebhookKey } from '#src/agreements/webhook-keys.ts';
import { checkKeySources, keyBytes, keyNames } from '#src/base/key-sources.ts';
import { createSecretResolver, type SecretUse } from '#src/base/made-secrets.ts';
import { keepSecret, readSecret, resolveReference, writeSecret } from '#src/base/secrets.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'waybill-secrets-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const modeOf = (path: string) => statSync(path).mode & 0o777;
const key = Buffer.alloc(32, 9).toString('base64');
const variables = ['SEALING', 'HMAC', 'LEDGER', 'TOKEN'].map((name) => `WAYBILL_${name}_KEY`);

describe('a secret that is written', () => {
  test('can be read by nobody else, whatever the umask allows', () => {
    const before = process.umask(0);
    try {
      writeSecret(join(home, 'inner', 'one.key'), 'secret\n');
    } finally {
      process.umask(before);
    }
    expect(modeOf(join(home, 'inner', 'one.key'))).toBe(0o600);
    expect(modeOf(join(home, 'inner'))).toBe(0o700);
  });

  test('is never written over', () => {
    const path = join(home, 'one.key');
    writeSecret(path, 'first');
    expect(() => writeSecret(path, 'second')).toThrow('EEXIST');
    expect(readSecret(path)).toBe('first');
  });

  test('is made once and kept', () => {
    const path = join(home, 'one.key');
    let made = 0;
    const make = () => `secret-${(made += 1)}`;
    expect([keepSecret(path, make), keepSecret(path, make)]).toEqual(['secret-1', 'secret-1']);
    expect(made).toBe(1);
  });

  test('that another process made meanwhile is the one that counts', () => {
    const path = join(home, 'one.key');
    const kept = keepSecret(path, () => {
      writeSecret(path, 'theirs\n');
      return 'ours';
    });
    expect(kept).toBe('theirs');
  });
});

describe('a reference', () => {
  const where = () => ({ env: { TOKEN: 'from-env', EMPTY: '' }, baseDir: home });

  test('names a variable, or a file beside the one that names it', () => {
    writeFileSync(join(home, 'token.txt'), 'from-file\n');
    expect(resolveReference('${env:TOKEN}', where())).toEqual({ ok: true, value: 'from-env' });
    expect(resolveReference('${file:token.txt}', where())).toEqual({
      ok: true,
      value: 'from-file',
    });
  });

  test.each(['${env:MISSING}', '${env:EMPTY}', '${file:missing.txt}'])(
    '%s to nothing is a fault that names it',
    (reference) => {
      const resolved = resolveReference(reference, where());
      expect(resolved).toMatchObject({ ok: false });
      const name = reference.slice(reference.indexOf(':') + 1, -1);
      expect(JSON.stringify(resolved)).toContain(name);
    },
  );

  test.each(['whsec_c2VjcmV0', 'x ${env:TOKEN}', '${env:TOKEN} x', '${ENV:TOKEN}', '$TOKEN', ''])(
    'is not %j: a secret in the file itself is a fault, which does not repeat it',
    (text) => {
      const resolved = resolveReference(text, where());
      expect(resolved).toMatchObject({ ok: false });
      expect(JSON.stringify(resolved)).not.toContain('c2VjcmV0');
    },
  );
});

describe('the four keys', () => {
  const environment = () => Object.fromEntries(variables.map((name) => [name, key]));
  const strict = () => ({ home, embedded: false });
  const keysIn = (found: ReturnType<typeof checkKeySources>) =>
    'sources' in found ? keyNames.map((name) => keyBytes(found.sources[name])) : [];

  test('come from the environment or from files that it names', () => {
    const path = join(home, 'hmac.key');
    writeFileSync(path, `${key}\n`);
    const env = { ...environment(), WAYBILL_HMAC_KEY: '', WAYBILL_HMAC_KEY_FILE: path };
    const found = checkKeySources(env, strict());
    expect(keysIn(found)).toEqual(keyNames.map(() => [Buffer.alloc(32, 9)]));
  });

  test('are all asked for at once, and none is made, with a database of its own', () => {
    const found = checkKeySources({}, strict());
    const faults = 'faults' in found ? found.faults : [];
    expect(faults.map((fault) => fault.split(':', 1)[0])).toEqual(variables);
    expect(readdirSync(home)).toEqual([]);
  });

  test.each([31, 33, 0])('must have 32 bytes, not %i', (length) => {
    const wrong = Buffer.alloc(length, 1).toString('base64');
    const found = checkKeySources({ ...environment(), WAYBILL_LEDGER_KEY: wrong }, strict());
    const faults = 'faults' in found ? found.faults : [];
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^WAYBILL_LEDGER_KEY: /);
    if (wrong) expect(faults[0]).not.toContain(wrong);
  });

  test('are made under the embedded default, for its user only, and are the same again', () => {
    const options = { home, embedded: true };
    const found = checkKeySources({}, options);
    const keys = keysIn(found);
    expect(keys.map((all) => all.map(({ length }) => length))).toEqual(keyNames.map(() => [32]));
    expect(keysIn(checkKeySources({}, options))).toEqual(keys);
    const files = readdirSync(join(home, 'secrets'));
    expect(files.sort()).toEqual(['hmac.key', 'ledger.key', 'sealing.key', 'token.key']);
    for (const file of files) expect(modeOf(join(home, 'secrets', file))).toBe(0o600);
    const texts = files.map((file) => readFileSync(join(home, 'secrets', file), 'utf8'));
    expect(new Set(texts).size).toBe(4);
  });

  test('are not made where a file is named that is not there: that is a mistake', () => {
    const env = { WAYBILL_SEALING_KEY_FILE: join(home, 'typo.key') };
    const found = checkKeySources(env, { home, embedded: true });
    const faults = 'faults' in found ? found.faults : [];
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^WAYBILL_SEALING_KEY: /);
  });
});

describe('secrets of consignees', () => {
  const hint = { consignee: 'samkwang', use: 'webhookSecret' as const };
  const resolverIn = (made: string | null) =>
    createSecretResolver({ env: {}, baseDir: home, home: made });

  test('that are missing are a fault with a database of its own', () => {
    expect(resolverIn(null)('${env:SECRET}', hint)).toMatchObject({ ok: false });
    expect(readdirSync(home)).toEqual([]);
  });

  test('that are missing are made under the embedded default, once', () => {
    const one = resolverIn(home)('${env:SECRET}', hint);
    expect(one).toEqual(resolverIn(home)('${env:SECRET}', hint));
    expect(one).toMatchObject({ ok: true, value: expect.stringMatching(/^whsec_/) as string });
    const token = resolverIn(home)('${env:TOKEN}', { ...hint, use: 'bearerToken' });
    expect(token).not.toEqual(one);
    for (const file of readdirSync(join(home, 'secrets'))) {
      expect(modeOf(join(home, 'secrets', file))).toBe(0o600);
    }
  });

  test('are made by what they are for, two live ones apart, and not where others give them', () => {
    const made = (use: SecretUse['use']) => resolverIn(home)('${env:X}', { ...hint, use });
    expect(made('olderWebhookSecret')).not.toEqual(made('webhookSecret'));
    const key = made('webhookSigningKey');
    expect(key.ok && parseWebhookKey(key.value)?.asymmetricKeyType).toBe('ed25519');
    for (const use of ['password', 'clientSecret'] as const) expect(made(use).ok).toBe(true);
    const given = ['username', 'clientId', 'tlsCertificate', 'tlsKey', 'tlsAuthorities'] as const;
    for (const use of given) expect(made(use).ok).toBe(false);
  });

  test('are never made of a text that is no reference', () => {
    expect(resolverIn(home)('whsec_c2VjcmV0', hint)).toMatchObject({ ok: false });
    expect(readdirSync(home)).toEqual([]);
  });

  test('of encryption are a pair: the public half is given, the private one kept beside it', () => {
    const resolve = resolverIn(home);
    const use = { consignee: 'bml', use: 'encryptionKey' as const };
    const one = resolve('${file:bml.jwk}', use);
    expect(one).toEqual(resolve('${file:bml.jwk}', use));
    const given = JSON.parse(one.ok ? one.value : '{}') as Record<string, string>;
    expect(given).toMatchObject({ kty: 'EC', crv: 'P-256', use: 'enc' });
    expect(given).not.toHaveProperty('d');
    const path = join(home, 'consignees', 'bml.private.jwk.json');
    expect(modeOf(path)).toBe(0o600);
    const kept = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
    expect(kept).toMatchObject(given);
    expect(kept).toHaveProperty('d');
    // A public half that was lost is made again of the private one.
    rmSync(join(home, 'consignees', 'bml.public.jwk.json'));
    expect(resolve('${file:bml.jwk}', use)).toEqual(one);
  });
});
