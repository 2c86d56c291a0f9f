/**
 * Keys: the same request is recognised,
 * nothing of key or body is stored, replies open for no other.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFingerprint } from '#src/sealing/fingerprint.ts';
import { createSealer } from '#src/sealing/seal.ts';
import { openDatabase, type Database } from '#src/store/pool.ts';
import {
  asInProgress,
  repeatable,
  sealReply,
  storedReply,
  type RepeatableRequest,
} from '#src/transfers/idempotency.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/database.ts';

const fingerprint = createFingerprint({ key: Buffer.alloc(32, 1) });
const sealer = createSealer({ key: Buffer.alloc(32, 2) });
const request = { client: 'emr', operation: 'releaseTransfer', key: 'order-1', body: bytes('{}') };

function bytes(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}

describe('a request is recognised', () => {
  test('as the same when all of it is the same', () => {
    expect(repeatable(fingerprint, { ...request })).toEqual(repeatable(fingerprint, request));
  });

  test('as another under another key, and as changed with another body', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    fc.assert(
      fc.property(text, text, (one, other) => {
        fc.pre(one !== other);
        const keyed = (key: string) => repeatable(fingerprint, { ...request, key });
        expect(keyed(one).keyHmac.equals(keyed(other).keyHmac)).toBe(false);
        const sent = (body: string) => repeatable(fingerprint, { ...request, body: bytes(body) });
        fc.pre(!bytes(one).equals(bytes(other)));
        expect(sent(one).keyHmac).toEqual(sent(other).keyHmac);
        expect(sent(one).requestHmac.equals(sent(other).requestHmac)).toBe(false);
      }),
    );
  });

  test('for one operation: the same key of another one is another key', () => {
    const other = repeatable(fingerprint, { ...request, operation: 'returnResult' });
    expect(other.keyHmac.equals(repeatable(fingerprint, request).keyHmac)).toBe(false);
  });

  test('without its key or its body being in it', () => {
    const key = '가나다라-840229-1234567';
    const stored = JSON.stringify(repeatable(fingerprint, { ...request, key, body: bytes(key) }));
    expect(stored).not.toContain('840229');
    expect(stored).not.toContain(bytes(key).toString('hex'));
  });
});

describe('a reply that was given', () => {
  let fresh: FreshDatabase;
  let db: Database;
  const first = repeatable(fingerprint, request);
  const reply = { id: 'x', status: 'accepted' };

  beforeAll(async () => {
    fresh = await freshDatabase();
    db = openDatabase({ url: fresh.url });
    await store(first, sealReply(sealer, first, reply));
  });

  afterAll(async () => {
    await db?.end();
    await fresh?.drop();
  });

  async function store({ client, keyHmac, requestHmac }: RepeatableRequest, sealed: Buffer) {
    await db.query(
      `INSERT INTO idempotency_keys (client, key_hmac, request_hmac, owner, reply)
       VALUES ($1, $2, $3, gen_random_uuid(), $4)`,
      [client, keyHmac, requestHmac, sealed],
    );
  }

  test('is given again to the same request', async () => {
    expect(await storedReply({ db, sealer }, first)).toEqual(reply);
  });

  test('is not given to another request under its key', async () => {
    const other = repeatable(fingerprint, { ...request, body: bytes('{ }') });
    const reused = expect.objectContaining({ code: 'IDEMPOTENCY_KEY_REUSED' }) as Error;
    await expect(storedReply({ db, sealer }, other)).rejects.toThrow(reused);
  });

  test('is not there for a new key, or for another client', async () => {
    for (const change of [{ key: 'order-2' }, { client: 'emr-two' }]) {
      const other = repeatable(fingerprint, { ...request, ...change });
      expect(await storedReply({ db, sealer }, other)).toBeNull();
    }
  });

  test('opens under no other row: one that was moved is refused', async () => {
    const other = repeatable(fingerprint, { ...request, key: 'order-3' });
    await store(other, sealReply(sealer, first, reply));
    await expect(storedReply({ db, sealer }, other)).rejects.toThrow();
    const theirs = { ...first, client: 'emr-two' };
    await store(theirs, sealReply(sealer, first, reply));
    await expect(storedReply({ db, sealer }, theirs)).rejects.toThrow();
  });
});

describe('a wait for a lock', () => {
  test('that was in vain means that the first request is still under way', () => {
    const cause = Object.assign(new Error('lock timeout'), { code: '55P03' });
    expect(asInProgress(cause)).toMatchObject({ code: 'REQUEST_IN_PROGRESS', cause });
  });

  test.each([new Error('x'), Object.assign(new Error('x'), { code: '23505' }), 'x', null])(
    'is not what %s means',
    (error) => {
      expect(asInProgress(error)).toBe(error);
    },
  );
});
