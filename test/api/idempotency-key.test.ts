/** The key of a request is one quoted string, read as RFC 9651 says and in no other way. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readIdempotencyKey, repeatableOf } from '#api/idempotency-key.ts';
import { GatewayError } from '#src/base/errors.ts';
import { createFingerprint } from '#src/sealing/fingerprint.ts';

interface Case {
  suite: string;
  name: string;
  raw: string[];
  key: string | null;
}

const path = new URL('../vectors/structured-fields/items.json', import.meta.url);
const cases = JSON.parse(readFileSync(path, 'utf8')) as Case[];

/** The key, or the code of the refusal. */
function read(lines: readonly string[]): { key: string } | { code: string } {
  try {
    return { key: readIdempotencyKey(lines) };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    expect(error.facts).toEqual({});
    expect(error.problems).toEqual([]);
    return { code: error.code };
  }
}

const invalid = { code: 'INVALID_IDEMPOTENCY_KEY' };
const hexOf = (code: number) => `0x${code.toString(16).padStart(2, '0')}`;
const ascii = Array.from({ length: 128 }, (_, code) => code);

describe('the public vectors of structured fields', () => {
  it.each(cases)('$suite: $name', ({ raw, key }) => {
    expect(read(raw)).toEqual(key === null ? invalid : { key });
  });

  it.each(ascii)('string-generated: character %i in a string', (code) => {
    const character = String.fromCharCode(code);
    const allowed = code >= 0x20 && code < 0x7f && character !== '"' && character !== '\\';
    const expected = allowed ? { key: ` ${character} ` } : invalid;
    expect(read([`" ${character} "`]), hexOf(code)).toEqual(expected);
  });

  it.each(ascii)('string-generated: character %i behind a backslash', (code) => {
    const character = String.fromCharCode(code);
    const expected = character === '"' || character === '\\' ? { key: character } : invalid;
    expect(read([`"\\${character}"`]), hexOf(code)).toEqual(expected);
  });
});

describe('a key', () => {
  it('is asked for by name when there is no header at all', () => {
    expect(read([])).toEqual({ code: 'IDEMPOTENCY_KEY_REQUIRED' });
    expect(read([''])).toEqual(invalid);
  });

  it('comes back as it was written, whatever printable ASCII it is made of', () => {
    const printable = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1024 });
    fc.assert(
      fc.property(printable, (key) => {
        const quoted = `"${key.replaceAll(/["\\]/g, (character) => `\\${character}`)}"`;
        expect(read([quoted])).toEqual({ key });
      }),
    );
  });

  it('is never guessed: any line gives a key or the one refusal, and never another error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (line) => {
        const found = read([line]);
        if ('code' in found) expect(found).toEqual(invalid);
        else expect(line.trim()).toMatch(/^"[\x20-\x7e]*"/);
      }),
    );
  });
});

describe('a repeatable request', () => {
  const fingerprint = createFingerprint({ key: Buffer.alloc(32, 1) });
  const request = { client: 'emr', key: '"order-1"', body: '{}', operation: 'releaseTransfer' };
  const made = (change: Partial<typeof request> = {}) => {
    const { client, key, body, operation } = { ...request, ...change };
    const bytes = Buffer.from(body);
    return repeatableOf(fingerprint, operation, {
      caller: { client },
      idempotencyKey: [key],
      bytes,
    });
  };

  it('is known by its key and its bytes, and holds neither', () => {
    const one = made();
    expect(made()).toEqual(one);
    expect(made({ key: ' "order-1";a=1' })).toEqual(one);
    expect(made({ key: '"order-2"' }).keyHmac).not.toEqual(one.keyHmac);
    expect(made({ operation: 'returnResult' }).keyHmac).not.toEqual(one.keyHmac);
    expect(made({ body: '{ }' })).toMatchObject({ keyHmac: one.keyHmac });
    expect(made({ body: '{ }' }).requestHmac).not.toEqual(one.requestHmac);
    const held = Buffer.concat([one.keyHmac, one.requestHmac]).toString('latin1');
    expect(held).not.toContain('order-1');
    expect(one.client).toBe('emr');
  });
});
