/**
 * What a contract turns away: a code, a place and a sentence for the caller, and one silent entry.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request as openHttp, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { ApiClient } from '#src/bin/api-client.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { canary, fullRecord, orderFor, posted } from '#test/support/orders.ts';
import { signVersion } from '#test/support/signing.ts';
import { until } from '#test/support/wait.ts';

/** In keys and values that nobody knows, in every order of this file. */
const mark = 'Zc4nary';
const strangers = { [`${mark} key`]: mark, constructor: { [mark]: mark } };

let world: World;
let gateway: TestGateway;
let emr: ApiClient;
let auditor: ApiClient;

beforeAll(async () => {
  world = await makeWorld({
    editConsignee(consignee) {
      if (consignee['id'] === 'areumnuri') delete consignee['encryptionKeys'];
    },
  });
  await editContract('mediage', { validFrom: '2020-01-01', validUntil: '2020-12-31' });
  await editContract('infinite', { validFrom: '2099-01-01' });
  gateway = await startGateway(world);
  emr = await gateway.as('emr');
  auditor = await gateway.as('auditor');
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
});

/** Signed again: what refuses is its day, not its signatures. */
async function editContract(consignee: string, change: object): Promise<void> {
  const path = join(world.contractsDir, consignee, 'v1.yaml');
  const contract = parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, stringify({ ...contract, ...change }));
  await signVersion(world, consignee, 1);
}

/** How many rows there are beside entries. */
async function stored(): Promise<object | undefined> {
  const { rows } = await world.db.query<object>(
    `SELECT (SELECT count(*) FROM transfers) AS transfers, (SELECT count(*) FROM results) AS results,
       (SELECT count(*) FROM payloads) AS payloads, (SELECT count(*) FROM subjects) AS subjects,
       (SELECT count(*) FROM idempotency_keys) AS keys`,
  );
  return rows[0];
}

interface Entry {
  index: number;
  leaf: string;
  detail: { content: string } | null;
}

interface ReadEntry {
  leaf: Record<string, unknown>;
  detail: Record<string, unknown>;
  /** Both, as they are stored. */
  text: string;
}

/** The size of the ledger once nothing waits for a number. */
async function sizeNow(): Promise<number> {
  return until('the ledger to rest', async () => {
    const { rows } = await world.db.query<{ size: number; waiting: boolean }>(
      `SELECT size::int, size < (SELECT max(size) FROM checkpoints)
         OR EXISTS (SELECT FROM submissions) AS waiting FROM noted`,
    );
    return rows[0]?.waiting === false ? rows[0].size : null;
  });
}

async function entriesSince(start: number): Promise<{ entries: ReadEntry[]; size: number }> {
  await sizeNow();
  type Page = { items: Entry[]; size: number };
  const page = await auditor.json<Page>(`/v1/ledger/entries?limit=1000&start=${start}`);
  const entries = page.items.map(({ leaf, detail }) => {
    const texts = [leaf, detail?.content ?? ''].map((b64) => Buffer.from(b64, 'base64').toString());
    const [leafText = '', detailText = ''] = texts;
    return {
      leaf: JSON.parse(leafText) as Record<string, unknown>,
      detail: JSON.parse(detailText) as Record<string, unknown>,
      text: leafText + detailText,
    };
  });
  return { entries, size: page.size };
}

interface Problem {
  status: number;
  title: string;
  detail: string;
  code: string;
  errors?: { pointer: string; rule: string; detail: string }[];
}

/** No value of a record and no name that only its sender knows, in whatever form. */
function expectSilent(text: string): void {
  for (const value of [...Object.values(canary), mark, '840229', '8402291234567', '2026-02-30']) {
    expect(text.toLowerCase()).not.toContain(value.toLowerCase());
  }
}

type Order = ReturnType<typeof orderFor> & { reference?: string };

const strange = (consignee: string, change: Record<string, unknown> = {}): Order => {
  return { ...orderFor(consignee, { ...strangers, ...change }), reference: mark };
};
/** A record without what would speak of the same fault a second time. */
const alone = { residentRegistrationNumber: undefined, age: undefined };
const tests = (collectionDate: string) => ({ tests: [{ prescriptionCode: 'C1', collectionDate }] });
const withSubject = (order: Order, id: string): Order => {
  return { ...order, subject: { ...order.subject, id } };
};

interface Case {
  name: string;
  order: () => Order;
  code: string;
  /** `rule pointer`, in any order. */
  places: string[];
  /** The consignee of its leaf. */
  consignee: string | null;
}

const refusals: Case[] = [
  {
    name: 'an unknown consignee',
    order: () => ({ ...strange('samkwang'), consignee: 'zc4nary-labs' }),
    code: 'UNKNOWN_CONSIGNEE',
    places: ['unknown /consignee'],
    consignee: null,
  },
  {
    name: 'a consignee named as what objects inherit',
    order: () => ({ ...strange('samkwang'), consignee: 'constructor' }),
    code: 'UNKNOWN_CONSIGNEE',
    places: ['unknown /consignee'],
    consignee: null,
  },
  {
    name: 'a contract that has ended',
    order: () => strange('mediage'),
    code: 'NO_CONTRACT_IN_FORCE',
    places: [],
    consignee: 'mediage',
  },
  {
    name: 'a contract that has not begun',
    order: () => strange('infinite'),
    code: 'NO_CONTRACT_IN_FORCE',
    places: [],
    consignee: 'infinite',
  },
  {
    name: "a patient to a practitioner's contract",
    order: () => ({ ...strange('bml'), subject: { kind: 'patient', id: canary.chartNumber } }),
    code: 'WRONG_SUBJECT',
    places: ['mismatch /subject/kind'],
    consignee: 'bml',
  },
  {
    name: "a member to a patient's contract",
    order: () => ({ ...strange('samkwang'), subject: { kind: 'member', id: canary.memberId } }),
    code: 'WRONG_SUBJECT',
    places: ['mismatch /subject/kind'],
    consignee: 'samkwang',
  },
  {
    name: 'the record of another patient',
    order: () => withSubject(strange('samkwang'), 'C0048214'),
    code: 'SUBJECT_MISMATCH',
    places: ['mismatch /record/chartNumber'],
    consignee: 'samkwang',
  },
  {
    name: 'the record of another patient where the contract lists no chart number',
    order: () => withSubject(strange('tnc-pathology'), canary.chartNumber.replace('C', 'c')),
    code: 'SUBJECT_MISMATCH',
    places: ['mismatch /record/chartNumber'],
    consignee: 'tnc-pathology',
  },
  {
    name: 'the record of another practitioner',
    order: () => withSubject(strange('bml'), '48213'),
    code: 'SUBJECT_MISMATCH',
    places: ['mismatch /record/licenseNumber'],
    consignee: 'bml',
  },
  {
    name: 'the record of another member',
    order: () => withSubject(strange('medifix'), `${canary.memberId} `),
    code: 'SUBJECT_MISMATCH',
    places: ['mismatch /record/websiteMemberInformation/memberId'],
    consignee: 'medifix',
  },
  {
    name: 'a birth date after the order date',
    order: () => strange('samkwang', { ...alone, birthDate: '2026-03-03' }),
    code: 'INVALID_ITEM',
    places: ['afterOrderDate /record/birthDate', 'beforeBirth /record/tests/0/collectionDate'],
    consignee: 'samkwang',
  },
  {
    name: 'a birth date that another item contradicts',
    order: () => strange('samkwang', { birthDate: '1984-03-01' }),
    code: 'INVALID_ITEM',
    places: ['disagrees /record/birthDate'],
    consignee: 'samkwang',
  },
  {
    name: '30 February as order date',
    order: () => strange('samkwang', { ...alone, date: '2026-02-30' }),
    code: 'INVALID_ITEM',
    places: ['notADate /record/date'],
    consignee: 'samkwang',
  },
  {
    name: '30 February as birth date and as collection date',
    order: () => strange('samkwang', { ...alone, birthDate: '2000-02-30', ...tests('2026-02-30') }),
    code: 'INVALID_ITEM',
    places: ['notADate /record/birthDate', 'notADate /record/tests/0/collectionDate'],
    consignee: 'samkwang',
  },
  {
    name: 'a registration number as chart number',
    order: () =>
      withSubject(strange('samkwang', { chartNumber: '8402291234567' }), '8402291234567'),
    code: 'INVALID_ITEM',
    places: ['looksLikeRegistrationNumber /record/chartNumber'],
    consignee: 'samkwang',
  },
  {
    name: 'a registration number inside a chart number',
    order: () => withSubject(strange('samkwang', { chartNumber: inside }), inside),
    code: 'INVALID_ITEM',
    places: ['looksLikeRegistrationNumber /record/chartNumber'],
    consignee: 'samkwang',
  },
  {
    name: 'a required item that is missing',
    order: () => strange('samkwang', { name: undefined, chartNumber: undefined }),
    code: 'REQUIRED_ITEM_MISSING',
    places: ['required /record/name', 'required /record/chartNumber'],
    consignee: 'samkwang',
  },
  {
    name: 'items of another type and form, with keys of their own inside',
    order: () => strange('korea-post', { address: { zip: mark.slice(2), line1: 5, [mark]: mark } }),
    code: 'INVALID_ITEM',
    places: ['format /record/address/zip', 'type /record/address/line1'],
    consignee: 'korea-post',
  },
  {
    name: 'a unique identifier to a consignee without a key',
    order: () => strange('areumnuri'),
    code: 'NO_CONSIGNEE_KEY',
    places: [],
    consignee: 'areumnuri',
  },
];
const inside = 'A840229-1234567B';

describe.each(refusals)('an order with $name', ({ order, code, places, consignee }) => {
  test(`is refused as ${code}, with its places and one entry that tells no value`, async () => {
    const before = await stored();
    const start = await sizeNow();
    const sent = posted(order(), `refused-${code}`);
    const headers = { ...sent.headers, 'x-forwarded-for': mark, forwarded: `for=${mark}` };
    const response = await emr.fetch('/v1/transfers', { ...sent, headers });
    const text = await response.text();
    expectSilent(text + JSON.stringify([...response.headers]));
    const problem = JSON.parse(text) as Problem;
    expect(problem).toMatchObject({ status: 422, code });
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(placesOf(problem)).toEqual([...places].sort());
    expect(problem.detail).toMatch(/^[A-Z].*\.$|^[a-z.]+ and .*\.$/);
    for (const one of problem.errors ?? []) expect(one.detail).toMatch(/^[A-Z].*\.$/);

    const { entries } = await entriesSince(start);
    expect(entries).toHaveLength(1);
    const [entry] = entries;
    expect(entry?.leaf).toMatchObject({ kind: 'refused', consignee, transfer: null });
    expect(entry?.detail).toMatchObject({
      reason: code,
      actor: { client: 'emr', kind: 'emr' },
      source: '127.0.0.1',
      problems: (problem.errors ?? []).map(({ pointer, rule }) => ({ pointer, rule })),
    });
    expectSilent(entry?.text ?? mark);
    expect(await stored()).toEqual(before);
  });

  test('is refused by a preview in the same words, and that is no entry', async () => {
    const start = await sizeNow();
    const told = await problemBy('/v1/transfers', order());
    const { entries, size } = await entriesSince(start);
    expect(entries).toHaveLength(1);
    expect(await problemBy('/v1/transfers/preview', order())).toEqual(told);
    expect((await entriesSince(size)).entries).toEqual([]);
  });
});

const placesOf = ({ errors = [] }: Problem) =>
  errors.map(({ pointer, rule }) => `${rule} ${pointer}`).sort();

async function problemBy(path: string, order: object): Promise<Problem> {
  const response = await emr.fetch(path, posted(order, 'same-words'));
  return (await response.json()) as Problem;
}

test('a record that is wrong in a thousand places is told so, and fits into an entry', async () => {
  const start = await sizeNow();
  const wrong = Array.from({ length: 400 }, () => ({
    prescriptionCode: '가나다라',
    testName: '',
    specimenName: 5,
    collectionDate: '2026-02-30',
  }));
  for (const consignee of ['samkwang', 'tnc-pathology']) {
    const problem = await problemBy('/v1/transfers', strange(consignee, { tests: wrong }));
    expect(problem).toMatchObject({ status: 422, code: 'INVALID_ITEM' });
  }
  const log = Array.from({ length: 1000 }, () => ({
    at: mark,
    ip: mark,
    path: mark,
    userAgent: 5,
  }));
  const data = { otherData: { accessLog: log } };
  const problem = await problemBy('/v1/transfers', strange('medifix', data));
  expect(problem).toMatchObject({ status: 422, code: 'INVALID_ITEM' });
  expect(problem.errors?.length).toBeGreaterThan(100);
  const { entries } = await entriesSince(start);
  expect(entries.map(({ leaf }) => leaf['kind'])).toEqual(['refused', 'refused', 'refused']);
  for (const { text } of entries) expectSilent(text);
});

describe('a key that nobody knows', () => {
  const keys = { bloodType: 'AB', five12345: mark, [`kim840229`]: mark, 'k1-2-3-4-5-6': mark };
  const withheld = (items: readonly { item: string; reason: string; count?: number }[]) =>
    items.filter(({ reason }) => reason === 'UNKNOWN_ITEM');

  test('is named to its sender alone, and with six digits to nobody', async () => {
    const start = await sizeNow();
    const record = { ...keys, address: { zip: '04821', line1: 'a', floor: mark } };
    const order = orderFor('korea-post', record);
    type Told = { id: string; withheld: { item: string; reason: string; count?: number }[] };
    const response = await emr.fetch('/v1/transfers', posted(order, 'unknown-keys'));
    const text = await response.text();
    expect(response.status).toBe(202);
    expect(text).not.toContain('kim840229');
    expect(text).not.toContain('k1-2-3');
    const told = JSON.parse(text) as Told;
    const reason = 'UNKNOWN_ITEM';
    expect(withheld(told.withheld)).toEqual(
      expect.arrayContaining([
        { item: 'bloodType', reason },
        { item: 'five12345', reason },
        { item: 'address.floor', reason },
        { item: 'UNKNOWN_ITEM', reason, count: 2 },
      ]),
    );
    const silent = [{ item: 'UNKNOWN_ITEM', reason, count: 5 }];
    const later = await emr.json<Told>(`/v1/transfers/${told.id}`);
    expect(withheld(later.withheld)).toEqual(silent);
    const { entries } = await entriesSince(start);
    const released = entries.find(({ leaf }) => leaf['kind'] === 'released');
    expect(withheld(released?.detail['withheld'] as Told['withheld'])).toEqual(silent);
    for (const seen of [JSON.stringify(later), ...entries.map((entry) => entry.text)]) {
      for (const name of ['bloodType', 'five12345', 'floor', 'kim8', 'k1-2', mark, 'AB']) {
        expect(seen).not.toContain(name);
      }
    }
  });

  test('in a returned result is treated as one in a record, and a refusal tells no value', async () => {
    const order = orderFor('engitech');
    const { id } = await emr.json<{ id: string }>('/v1/transfers', posted(order, 'for-a-result'));
    const vendor = await gateway.as('engitech');
    await until('the transfer in the inbox', async () => {
      const claim = posted({ limit: 1, leaseSeconds: 3600 }, 'claim');
      return (await vendor.json<{ items: object[] }>('/v1/inbox/claim', claim)).items.length > 0;
    });
    const start = await sizeNow();
    const before = await stored();
    for (const [result, code, place] of [
      [
        { ...keys, workReport: { at: mark, summary: mark } },
        'INVALID_ITEM',
        '/result/workReport/at',
      ],
      [{ ...keys, testResult: { [mark]: mark } }, 'REQUIRED_ITEM_MISSING', '/result'],
      [{}, 'REQUIRED_ITEM_MISSING', '/result'],
    ] as const) {
      const response = await vendor.fetch('/v1/results', posted({ transfer: id, result }, 'bad'));
      const text = await response.text();
      expectSilent(text);
      const problem = JSON.parse(text) as Problem;
      expect(problem).toMatchObject({ status: 422, code });
      expect(problem.errors?.[0]?.pointer.startsWith(place)).toBe(true);
    }
    const { entries } = await entriesSince(start);
    expect(entries.map(({ leaf }) => leaf['kind'])).toEqual(Array(3).fill('result-refused'));
    for (const { text } of entries) expectSilent(text);
    expect(await stored()).toEqual(before);

    const good = {
      ...keys,
      workReport: { at: '2026-03-03T00:00:00Z', summary: 'Done.', [mark]: 1 },
    };
    type Told = { id: string; withheld: { item: string; reason: string; count?: number }[] };
    const body = posted({ transfer: id, result: good }, 'bad');
    const told = await vendor.json<Told>('/v1/results', body);
    expect(withheld(told.withheld)).toContainEqual({ item: 'bloodType', reason: 'UNKNOWN_ITEM' });
    expect(JSON.stringify(told)).not.toContain('kim840229');
    const later = await vendor.json<Told>(`/v1/results/${told.id}`);
    expect(withheld(later.withheld)).toEqual([
      { item: 'UNKNOWN_ITEM', reason: 'UNKNOWN_ITEM', count: 5 },
    ]);
  });
});

describe('a preview', () => {
  const inForce = [
    ...['bioage', 'samkwang', 'eone', 'medigene', 'greencross', 'bml', 'tnc-pathology'],
    ...['sk-chemicals', 'engitech', 'lctech', 's1', 'korea-post', 'medifix', 'infonet'],
  ];

  test('gives the very text that a release commits to, and leaves nothing', async () => {
    type Preview = { payload: string; released: string[]; derived: string[]; withheld: object[] };
    type Receipt = Omit<Preview, 'payload'> & { salt: string; commitment: string };
    for (const consignee of inForce) {
      const order = strange(consignee);
      const before = await stored();
      const start = await sizeNow();
      const preview = await emr.json<Preview>('/v1/transfers/preview', posted(order, 'none'));
      expect(await stored()).toEqual(before);
      expect(await sizeNow()).toBe(start);
      const key = `previewed-${consignee}`;
      const receipt = await emr.json<Receipt>('/v1/transfers', posted(order, key));
      const bytes = [Buffer.from(receipt.salt, 'base64'), Buffer.from(preview.payload, 'utf8')];
      const commitment = createHash('sha256').update(Buffer.concat(bytes)).digest('base64');
      expect(receipt.commitment, consignee).toBe(commitment);
      const { released, derived, withheld } = receipt;
      const { payload, ...decision } = preview;
      expect(decision).toEqual({
        consignee,
        contract: `${consignee}.v1`,
        released,
        derived,
        withheld,
      });
      expect(payload).not.toContain(mark);
    }
  });
});

const submit = async (order: object, key: string, client = emr) => {
  const response = await client.fetch('/v1/transfers', posted(order, key));
  const { status, headers } = response;
  return { status, location: headers.get('location'), text: await response.text() };
};

describe('an Idempotency-Key', () => {
  const order = (change = {}) => orderFor('korea-post', change);
  const codeOf = ({ text }: { text: string }) => (JSON.parse(text) as Problem).code;

  test('gives the same request the same bytes, and one transfer', async () => {
    const first = await submit(order(), 'same');
    expect(first.status).toBe(202);
    const before = await stored();
    const start = await sizeNow();
    expect(await submit(order(), 'same')).toEqual(first);
    const spelt = {
      headers: { 'content-type': 'application/json', 'idempotency-key': ' "same";a' },
    };
    const again = await emr.fetch('/v1/transfers', { ...posted(order(), ''), ...spelt });
    expect(await again.text()).toBe(first.text);
    const { record, ...rest } = order();
    const body = JSON.stringify({ record, ...rest }, null, 1);
    const written = await emr.fetch('/v1/transfers', { ...posted(order(), 'same'), body });
    expect(await written.text()).toBe(first.text);
    expect(await stored()).toEqual(before);
    expect(await sizeNow()).toBe(start);
  });

  test('gives another request nothing but the advice to take another key', async () => {
    await submit(order(), 'taken');
    const before = await stored();
    const start = await sizeNow();
    for (const other of [order({ name: mark }), orderFor('samkwang'), order({ address: 5 })]) {
      const told = await submit(other, 'taken');
      expect(told.status).toBe(422);
      expect(codeOf(told)).toBe('IDEMPOTENCY_KEY_REUSED');
      expectSilent(told.text);
    }
    expect(await stored()).toEqual(before);
    expect(await sizeNow()).toBe(start);
  });

  test("is its client's own: another client may use the same one", async () => {
    const first = await submit(order(), 'shared');
    const second = await submit(order(), 'shared', await gateway.as('emr-two'));
    expect(second.status).toBe(202);
    expect(second.text).not.toBe(first.text);
    expect(await submit(order(), 'shared')).toEqual(first);
  });

  test('is not used up by a refusal: the corrected order may have it, and then keeps it', async () => {
    const wrong = order({ address: { zip: mark, line1: mark } });
    for (let time = 0; time < 2; time += 1) {
      expect(codeOf(await submit(wrong, 'corrected'))).toBe('INVALID_ITEM');
    }
    const accepted = await submit(order(), 'corrected');
    expect(accepted.status).toBe(202);
    expect(await submit(order(), 'corrected')).toEqual(accepted);
    const start = await sizeNow();
    expect(codeOf(await submit(wrong, 'corrected'))).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await sizeNow()).toBe(start);
  });

  test('is not used up by a bad request, nor bound to it', async () => {
    const bad = { ...posted(order(), 'bad'), body: '{' };
    expect((await emr.fetch('/v1/transfers', bad)).status).toBe(400);
    expect((await submit(order(), 'bad')).status).toBe(202);
  });

  test('is nowhere in the database', async () => {
    await submit(order(fullRecord()), `key-${mark}`);
    const { rows } = await world.db.query<{ text: string }>(
      `SELECT string_agg(encode(key_hmac, 'escape') || encode(reply, 'escape'), '') AS text
       FROM idempotency_keys`,
    );
    expectSilent(rows[0]?.text ?? mark);
  });
});

describe('a client with many requests under way', () => {
  let narrow: TestGateway;
  /** Of one client beside another: four under way, three that wait. */
  const few = { WAYBILL_REQUESTS_AT_ONCE: '4', WAYBILL_REQUESTS_WAITING: '3' };

  beforeAll(async () => {
    narrow = await startGateway(world, few);
  });

  afterAll(() => narrow?.stop());

  /** An order whose body does not end until it is told to. */
  async function begin(client: string, key: string) {
    const token = await (await narrow.as(client)).bearer();
    const { body, headers } = posted(orderFor('samkwang'), key);
    const bytes = Buffer.from(body as string);
    const sent = openHttp(`${narrow.url}/v1/transfers`, {
      ...{ method: 'POST', agent: false },
      headers: {
        ...(headers as Record<string, string>),
        ...{ authorization: `Bearer ${token}`, 'content-length': bytes.length },
      },
    });
    const begun = {
      key,
      status: null as number | null,
      reply: once(sent, 'response').then(async ([reply]: IncomingMessage[]) => {
        begun.status = reply?.statusCode ?? 0;
        return { headers: reply?.headers, problem: (await json(reply!)) as Problem };
      }),
      end: () => sent.end(bytes.subarray(10)),
    };
    sent.write(bytes.subarray(0, 10));
    return begun;
  }

  test('is served whatever it asks while nobody else does', async () => {
    const alone = await narrow.as('emr');
    const keys = Array.from({ length: 40 }, (_, number) => `alone-${number}`);
    const replies = await Promise.all(keys.map((key) => submit(orderFor('samkwang'), key, alone)));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([202]));
  });

  test('is refused the surplus beside another, who is served, and loses nothing by it', async () => {
    // seen, whichever of the requests that follow comes first
    await (await narrow.as('emr-two')).json('/v1/transfers');
    const held = await begin('emr-two', 'beside');
    const sent = await Promise.all(
      Array.from({ length: 12 }, (_, number) => begin('emr', `flood-${number}`)),
    );
    const refused = () => sent.filter(({ status }) => status === 429);
    await until('the surplus to be refused', () => refused().length >= 5);
    for (const { reply } of refused()) {
      const { headers, problem } = await reply;
      expect(headers).toMatchObject({ 'retry-after': '1', 'content-language': 'en' });
      expect(problem).toMatchObject({ status: 429, code: 'TOO_MANY_REQUESTS', retryAfter: 1 });
    }
    const other = await submit(orderFor('samkwang'), 'meanwhile', await narrow.as('emr-two'));
    expect(other.status).toBe(202);
    const before = (await stored()) as { keys: string };

    for (const one of [held, ...sent]) one.end();
    const ended = await Promise.all([held, ...sent].map(({ reply }) => reply));
    expect(ended).toHaveLength(13);
    const accepted = [held, ...sent].filter(({ status }) => status === 202);
    // the four under way at least: a machine that stands still may let the others wait for too long
    expect(accepted.length).toBeGreaterThanOrEqual(5);
    const after = (await stored()) as { keys: string };
    expect(Number(after.keys) - Number(before.keys)).toBe(accepted.length);

    const emrHere = await narrow.as('emr');
    for (const { key } of refused()) {
      const retried = await submit(orderFor('samkwang'), key, emrHere);
      expect(retried.status).toBe(202);
      expect(await submit(orderFor('samkwang'), key, emrHere)).toEqual(retried);
    }
    const last = (await stored()) as { keys: string };
    expect(Number(last.keys) - Number(before.keys)).toBe(13);
    const metrics = await (await fetch(`${narrow.url}/metrics`)).text();
    const counted = /waybill_requests_refused_total\{client="emr"\} (\d+)/.exec(metrics)?.[1];
    expect(Number(counted)).toBe(refused().length);
  });
});
