/** Destruction orders: what was received, who owes a certificate, and which certificate counts. */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JWK } from 'jose';
import { makeSigningKey } from '#src/base/made-secrets.ts';
import { certify, type Certificate } from '#src/lifecycle/certificate.ts';
import { countOverdue, findOrder, listOrders, orderView } from '#src/lifecycle/destruction.ts';
import { signCompact } from '#test/support/client.ts';
import { publicHalf } from '#test/support/signing.ts';
import { addTransfer, openRelations, operator, version, type Relations } from './relations.ts';

let of: Relations;
/** A new relation is ended for each test, by the next version. */
let order: string;
let number = 0;

beforeAll(async () => {
  of = await openRelations([version(1)]);
});
afterAll(() => of.close());

beforeEach(async () => {
  number += 1;
  of.day.today = '2026-07-01';
  of.agreements.contracts = [
    ...of.agreements.contracts.filter((one) => one.version !== number),
    version(number),
  ];
  await of.watch();
  await addTransfer(of, { contract: `samkwang.v${number}`, settledAt: '2026-06-02T16:00:00Z' });
  order = (await of.end()).order ?? '';
});

const view = async () => orderView(of, await findOrder(of.db, { order }));

describe('what a consignee had received', () => {
  test('is counted by item, apart what it confirmed and what may have arrived', async () => {
    const contract = `samkwang.v${number}`;
    const add = (sample: object) => addTransfer(of, { contract, ...sample });
    await add({ released: ['name', 'gender'], derived: [], settledAt: '2026-06-20T00:00:00Z' });
    await add({ daysOld: 31, status: 'rejected', settledAt: '2026-06-21T00:00:00Z' });
    await add({ status: 'leased', createdAt: '2026-05-31T20:00:00Z', released: ['name'] });
    // None of these ever left, or was the order's own.
    await add({ status: 'withdrawn', attempts: 0, released: ['cctv'] });
    await add({ status: 'expired', attempts: 0 });
    await addTransfer(of, { contract: 'samkwang.v999' });
    const { received } = await view();
    expect(received.transfers).toEqual({ delivered: 2, mayHaveArrived: 2 });
    expect(received.items).toEqual([
      { item: 'age', delivered: 1, mayHaveArrived: 2 },
      { item: 'chartNumber', delivered: 1, mayHaveArrived: 1 },
      { item: 'gender', delivered: 1, mayHaveArrived: 0 },
      { item: 'name', delivered: 2, mayHaveArrived: 2 },
    ]);
    // Days in Seoul; what is still held may arrive today.
    expect(received.from).toBe('2026-06-01');
    expect(received.until).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  });

  test('is nothing where nothing came', async () => {
    of.agreements.contracts = [...of.agreements.contracts, version(number + 1)];
    number += 1;
    await of.watch();
    order = (await of.end()).order ?? '';
    expect((await view()).received).toEqual({
      ...{ transfers: { delivered: 0, mayHaveArrived: 0 }, items: [], from: null, until: null },
    });
  });

  test('is counted while the order is open, and stands still with the certificate', async () => {
    const contract = `samkwang.v${number}`;
    const late = await addTransfer(of, { contract, status: 'leased' });
    expect((await view()).received.transfers).toEqual({ delivered: 1, mayHaveArrived: 1 });
    await of.db.query(`UPDATE transfers SET status = 'delivered' WHERE id = $1`, [late]);
    expect((await view()).received.transfers).toEqual({ delivered: 2, mayHaveArrived: 0 });
    const taken = await hand(await signed());
    await addTransfer(of, { contract });
    expect((await view()).received).toEqual(taken.received);
  });
});

test('an order is overdue from the day after its due date, until its certificate is here', async () => {
  const ids = async (status: 'open' | 'overdue' | 'certified') => {
    const found = await listOrders(of, { consignee: 'samkwang', status, after: null, limit: 100 });
    return found.map(({ id }) => id);
  };
  of.day.today = '2026-07-06';
  expect(await view()).toMatchObject({ dueOn: '2026-07-06', overdue: false, certificate: null });
  expect([await ids('open'), await ids('overdue')]).toEqual([
    expect.arrayContaining([order]),
    expect.not.arrayContaining([order]),
  ]);
  of.day.today = '2026-07-07';
  const overdue = await countOverdue(of.db, of.clock);
  expect((await view()).overdue).toBe(true);
  expect(await ids('overdue')).toContain(order);
  await hand(await signed());
  expect((await view()).overdue).toBe(false);
  expect(await ids('overdue')).not.toContain(order);
  expect(await ids('certified')).toContain(order);
  expect(await countOverdue(of.db, of.clock)).toBe(overdue - 1);
  const others = { consignee: 'eone', after: null, limit: 100 };
  expect(await listOrders(of, others)).toEqual([]);
});

type Said = Omit<Certificate, 'signature'>;
const said: Said = { sha256: 'ab'.repeat(32), method: 'erased', destroyedOn: '2026-07-01' };

interface How {
  key?: JWK;
  header?: object;
  payload?: Record<string, unknown>;
}

/** A certificate whose signature is over what it says, unless told otherwise. */
async function signed(what: Partial<Said> = {}, how: How = {}): Promise<Certificate> {
  const certificate = { ...said, ...what };
  const payload = how.payload ?? { order, ...certificate };
  const key = how.key ?? of.signingKey;
  const signature = await signCompact({ alg: key.alg, ...how.header }, payload, key);
  return { ...certificate, signature };
}

const vendor = { client: 'samkwang', role: 'consignee', source: '192.0.2.8' } as const;
const hand = (certificate: Certificate, consignee: string | null = 'samkwang') =>
  certify(of, { actor: consignee ? vendor : operator, consignee, order, certificate });

const failing = (code: string) => expect.objectContaining({ code }) as Error;

describe('a certificate', () => {
  test('is taken with its signature, and is an entry', async () => {
    const certificate = await signed({}, { header: { kid: 'ours', typ: 'JWT' } });
    expect((await hand(certificate)).certificate).toEqual({
      ...certificate,
      signer: of.signingKey.kid,
      certifiedAt: expect.any(String) as string,
    });
    const entry = (await of.submitted()).at(-1);
    expect(entry).toMatchObject({
      kind: 'destruction-certified',
      leaf: { consignee: 'samkwang', contract: { id: `samkwang.v${number}` }, transfer: null },
      detail: {
        actor: { client: 'samkwang', kind: 'consignee' },
        ...{ order, on: '2026-07-01', signer: of.signingKey.kid },
        file: Buffer.alloc(32, 0xab).toString('base64'),
      },
    });
  });

  test('may be brought by an operator, and signed with any of the registered keys', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const other = { ...pair.privateKey.export({ format: 'jwk' }), alg: 'ES256' } as JWK;
    of.registered.push(publicHalf(other));
    const { certificate } = await hand(await signed({}, { key: other }), null);
    expect(certificate?.signer).toMatch(/^[\w-]{43}$/);
    expect(certificate?.signer).not.toBe(of.signingKey.kid);
    expect((await of.submitted()).at(-1)?.detail['actor']).toEqual({
      ...{ client: 'operator', kind: 'operator' },
    });
  });

  test('is answered the same again, and never replaced', async () => {
    const certificate = await signed();
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => hand(certificate)));
    for (const again of [...others, await hand(certificate)]) expect(again).toEqual(first);
    const other = await signed({ method: 'shredded' });
    await expect(hand(other)).rejects.toThrow(failing('ALREADY_CERTIFIED'));
    const about = (await of.submitted()).filter(({ detail }) => detail['order'] === order);
    expect(about.map(({ kind }) => kind)).toEqual(['destruction-ordered', 'destruction-certified']);
  });

  const bad: [string, () => Promise<Certificate>][] = [
    ['of a key that is not registered', () => signed({}, { key: makeSigningKey() })],
    ['over another order', () => signed({}, { payload: { ...said, order: 'another' } })],
    ...Object.entries({ sha256: 'cd'.repeat(32), method: 'burned', destroyedOn: '2026-06-30' }).map(
      ([name, value]): [string, () => Promise<Certificate>] => [
        `over another ${name}`,
        () => signed({}, { payload: { order, ...said, [name]: value } }),
      ],
    ),
    ['over less', () => signed({}, { payload: { order, sha256: said.sha256 } })],
    ['over more', () => signed({}, { payload: { order, ...said, note: 'x' } })],
    ['that brings its own key', () => signed({}, { header: { jwk: { kty: 'OKP' } } })],
    [
      'without a signature',
      async () => ({ ...(await signed()), signature: 'eyJhbGciOiJub25lIn0.e30.AA' }),
    ],
  ];
  test.each(bad)('with a signature %s is refused', async (_, make) => {
    await expect(hand(await make())).rejects.toThrow(failing('INVALID_SIGNATURE'));
    expect((await view()).certificate).toBeNull();
  });

  test.each([
    ['2026-06-30', 'range'],
    ['2026-07-02', 'inTheFuture'],
    ['2026-06-31', 'notADate'],
  ])('for the day %s is refused', async (destroyedOn, rule) => {
    const error = await hand(await signed({ destroyedOn })).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      ...{ code: 'INVALID_REQUEST', problems: [{ pointer: '/destroyedOn', rule }] },
    });
  });

  test("for another consignee's order finds nothing", async () => {
    const certificate = await signed();
    await expect(hand(certificate, 'eone')).rejects.toThrow(failing('NOT_FOUND'));
  });
});
