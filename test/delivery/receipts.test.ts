/** Receipts: only what the consignee's own key says about exactly this handover is one. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Agreements } from '#src/agreements/load.ts';
import { makeSigningKey } from '#src/base/made-secrets.ts';
import { newId } from '#src/base/ids.ts';
import type { Contract } from '#src/base/words.ts';
import { rootDir } from '#src/bin/settings.ts';
import { checkReceipt, type Handover } from '#src/delivery/receipts.ts';
import { makeEntry } from '#src/ledger/entry.ts';
import { signCompact } from '#test/support/client.ts';
import { contractsIn, publicHalf } from '#test/support/signing.ts';

const now = new Date('2026-03-03T00:00:00.000Z');
const accepted = new Date('2026-03-02T23:00:00.000Z');
const transfer = newId(accepted);
const commitment = Buffer.alloc(32, 9);
const said = { transfer, commitment: commitment.toString('base64'), at: now.toISOString() };
const own = makeSigningKey();
const stranger = makeSigningKey();
let p256: JWK;
let rsa: JWK;
let shipped: Contract;

beforeAll(async () => {
  const made = async (alg: string) => {
    const pair = await generateKeyPair(alg, { extractable: true });
    return { ...(await exportJWK(pair.privateKey)), alg };
  };
  [p256, rsa] = [await made('ES256'), await made('RS256')];
  const found = contractsIn(join(rootDir, 'contracts')).find(({ id }) => id === 'lctech.v1');
  if (!found) throw new Error('no contract');
  shipped = found;
});

function check(receipt: string | undefined, change: Partial<Handover & Contract> = {}) {
  const publicRsa = { kty: 'RSA', n: rsa.n, e: rsa.e } as JWK;
  const signingKeys = [publicHalf(p256), publicRsa, publicHalf(own)];
  const agreements = {
    contracts: [{ ...shipped, receipts: change.receipts ?? 'optional' }],
    consignees: new Map([['lctech', { signingKeys }]]),
  } as unknown as Agreements;
  const clock = { now: () => now } as Parameters<typeof checkReceipt>[0]['clock'];
  const sealDetail = (plain: Buffer) => plain;
  return checkReceipt(
    { agreements, clock, makeEntry: (input) => makeEntry({ sealDetail, randomBytes }, input) },
    {
      ...{ consignee: 'lctech', transfer, commitment, contract: 'lctech.v1', receipt },
      ...{ actor: { client: 'lctech', role: 'consignee' }, via: 'inbox' },
      ...(change.commitment ? { commitment: change.commitment } : {}),
    },
  );
}

const invalid = { ok: false, why: 'invalid' };
const sign = (payload: unknown = said, key = own, header: Record<string, unknown> = {}) =>
  signCompact({ alg: key.alg ?? 'EdDSA', ...header }, payload, key);

describe('a receipt holds', () => {
  test.each(['Ed25519', 'P-256'])('by a registered key of %s', async (kind) => {
    const jws = await sign(said, kind === 'P-256' ? p256 : own);
    const checked = await check(jws);
    expect(checked).toMatchObject({ ok: true, receipt: { jws, signedAt: now } });
    if (!checked.ok || !checked.receipt) throw new Error('no receipt');
    expect(checked.receipt.signer).toMatch(/^[\w-]{43}$/);
    const leaf = JSON.parse(checked.receipt.entry.leaf.toString()) as object;
    expect(leaf).toMatchObject({ kind: 'receipt', transfer, commitment: said.commitment });
  });

  test('with a kid and a typ, and in whatever order it says things', async () => {
    const { at, ...rest } = said;
    const jws = await sign({ at, ...rest }, own, { kid: 'mine', typ: 'JWT' });
    expect(await check(jws)).toMatchObject({ ok: true });
  });

  test.each([{ kid: '_'.repeat(64) }, { typ: 'jose' }, { typ: 'JOSE' }])(
    'with a header of %j',
    async (header) =>
      expect(await check(await sign(said, own, header))).toMatchObject({ ok: true }),
  );

  test.each(['2026-03-02T22:55:00Z', '2026-03-03T00:05:00Z', '2026-03-03T09:00:00.5+09:00'])(
    'at %s',
    async (at) => expect(await check(await sign({ ...said, at }))).toMatchObject({ ok: true }),
  );
});

describe('a receipt does not hold', () => {
  test.each([
    ['of another transfer', { ...said, transfer: newId(now) }],
    ['of another commitment', { ...said, commitment: Buffer.alloc(32).toString('base64') }],
    ['in base64url', { ...said, commitment: commitment.toString('base64url') }],
    ['that says more', { ...said, note: 'received in part' }],
    ['without a time', { transfer, commitment: said.commitment }],
    ['from before its transfer', { ...said, at: '2026-03-02T22:54:59Z' }],
    ['from the future', { ...said, at: '2026-03-03T00:05:01Z' }],
    ['of a day that is none', { ...said, at: '2026-02-30T00:00:00Z' }],
    ['of a number', { ...said, at: now.getTime() }],
    ['of a list', [said]],
  ])('%s', async (_what, payload) => expect(await check(await sign(payload))).toEqual(invalid));

  test('by a key that is not registered, or of a kind that may not sign', async () => {
    expect(await check(await sign(said, stranger))).toEqual(invalid);
    expect(await check(await sign(said, rsa))).toEqual(invalid);
  });

  test.each([{ jku: 'https://keys.invalid' }, { b64: true }, { alg: 'none' }, { alg: 'HS256' }])(
    'with a header of %j',
    async (header) => {
      const [, payload, signature] = (await sign()).split('.');
      const text = JSON.stringify({ alg: 'EdDSA', ...header });
      const head = Buffer.from(text).toString('base64url');
      expect(await check([head, payload, signature].join('.'))).toEqual(invalid);
    },
  );

  test.each([
    ...[{ kid: 'Kim Sample' }, { kid: '' }, { kid: 'k'.repeat(65) }, { kid: 7 }, { kid: null }],
    ...[{ typ: 'taken by Kim Sample' }, { typ: null }, { typ: ['JWT'] }, { cty: 'JWT' }],
  ])('that is signed with a header of %j', async (header) => {
    expect(await check(await sign(said, own, header))).toEqual(invalid);
  });

  test('with any character of it changed', async () => {
    const jws = await sign();
    await fc.assert(
      fc.asyncProperty(fc.nat(jws.length - 1), fc.constantFrom(...'A_9.='), async (at, put) => {
        fc.pre(jws[at] !== put);
        expect(await check(jws.slice(0, at) + put + jws.slice(at + 1))).toEqual(invalid);
      }),
      { numRuns: 60 },
    );
  });
});

test('none is missing only where the contract requires one', async () => {
  expect(await check(undefined)).toEqual({ ok: true, receipt: null });
  expect(await check(undefined, { receipts: 'required' })).toEqual({ ok: false, why: 'missing' });
  expect(await check('', { receipts: 'required' })).toEqual(invalid);
});
