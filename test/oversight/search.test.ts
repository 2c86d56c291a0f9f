/** The auditor's search and trails: every transfer can be found, and nobody looks unseen. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { canary, orderFor, posted } from '#test/support/orders.ts';
import {
  answered,
  asOwner,
  order,
  reached,
  trailWith,
  type Trail,
} from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';

let world: World;
let gateway: TestGateway;
let lab: ConsigneeServer;
const ids: Record<'pushed' | 'pulled' | 'other', string> = { pushed: '', pulled: '', other: '' };

interface Page {
  items: { id: string; client: string; subject: string; consignee: string; createdAt: string }[];
  next: string | null;
}

beforeAll(async () => {
  lab = await startConsigneeServer();
  world = await makeWorld({ pushUrls: { samkwang: lab.url } });
  gateway = await startGateway(world);
  ids.pushed = await order(gateway, 'samkwang');
  ids.pulled = await order(gateway, 'engitech');
  const other = await gateway.as('emr-two');
  const body = posted(orderFor('engitech'), 'of another EMR');
  ids.other = (await other.json<{ id: string }>('/v1/transfers', body)).id;
  await reached(gateway, ids.pushed, 'delivered');
  await reached(gateway, ids.pulled, 'ready');
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
  await lab?.close();
});

async function search(query: string): Promise<Page> {
  const auditor = await gateway.as('auditor');
  return auditor.json<Page>(`/v1/audit/transfers${query}`);
}

/** What a trail says of the record. */
interface Told {
  transfer: Record<'released' | 'withheld', unknown[]> & { entry: number; commitment: string };
  minimisation: {
    contract: { id: string; digest: string };
    commitment: string;
    released: string[];
    derived: { item: string; rule: string }[];
    withheld: unknown[];
  } | null;
}

const found = async (query: string) => (await search(query)).items.map(({ id }) => id);

/** The details of all `audit-read` entries that a checkpoint covers, and the end of the ledger. */
async function reads(): Promise<Record<string, unknown>[]> {
  const auditor = await gateway.as('auditor');
  const { items } = await auditor.json<{
    items: { leaf: string; detail: { content: string } }[];
  }>('/v1/ledger/entries?start=0&limit=1000');
  const parse = (base64: string) =>
    JSON.parse(Buffer.from(base64, 'base64').toString('utf8')) as Record<string, unknown>;
  return items
    .filter(({ leaf }) => parse(leaf)['kind'] === 'audit-read')
    .map(({ detail }) => parse(detail.content));
}

describe('a search', () => {
  test('finds the transfers of every EMR, newest first', async () => {
    expect(await found('')).toEqual([ids.other, ids.pulled, ids.pushed]);
    const { items } = await search('');
    expect(items.map(({ client }) => client)).toEqual(['emr-two', 'emr', 'emr']);
  });

  test('knows one person by one random id, whichever EMR sent the order', async () => {
    const { items } = await search('');
    expect(new Set(items.map(({ subject }) => subject)).size).toBe(1);
    expect(JSON.stringify(items)).not.toContain(canary.chartNumber);
    expect(JSON.stringify(items)).not.toContain(canary.name);
  });

  test('narrows by consignee, by state and by both', async () => {
    expect(await found('?consignee=engitech')).toEqual([ids.other, ids.pulled]);
    expect(await found('?status=delivered')).toEqual([ids.pushed]);
    expect(await found('?consignee=engitech&status=delivered')).toEqual([]);
    expect(await found('?consignee=nobody')).toEqual([]);
  });

  test('takes a period from its first instant up to and without its last', async () => {
    const at = new Map((await search('')).items.map(({ id, createdAt }) => [id, createdAt]));
    const [first = '', last = ''] = [at.get(ids.pushed), at.get(ids.other)];
    expect(await found(`?from=${first}`)).toEqual([ids.other, ids.pulled, ids.pushed]);
    expect(await found(`?to=${first}`)).toEqual([]);
    expect(await found(`?from=${first}&to=${last}`)).toEqual([ids.pulled, ids.pushed]);
    const seoul = new Date(Date.parse(first) + 9 * 3_600_000)
      .toISOString()
      .replace('Z', '%2B09:00');
    expect(await found(`?to=${seoul}`)).toEqual([]);
  });

  test.each(['from', 'to'])('takes any year as %s', async (name) => {
    const all = [ids.other, ids.pulled, ids.pushed];
    const [before, after] = ['1900-01-01T00:00:00Z', '9999-12-31T23:59:59Z'];
    expect(await found(`?${name}=${before}`)).toEqual(name === 'from' ? all : []);
    expect(await found(`?${name}=${after}`)).toEqual(name === 'from' ? [] : all);
  });

  test('is paged by a cursor that goes on where it stood, and is good for nothing else', async () => {
    const seen: string[] = [];
    for (let next: string | null = ''; next !== null;) {
      const page: Page = await search(`?limit=1${next === '' ? '' : `&cursor=${next}`}`);
      seen.push(...page.items.map(({ id }) => id));
      next = page.next;
    }
    expect(seen).toEqual([ids.other, ids.pulled, ids.pushed]);
    const { next } = await search('?limit=1');
    const auditor = await gateway.as('auditor');
    const changed = auditor.fetch(`/v1/audit/transfers?consignee=engitech&cursor=${next}`);
    expect(await answered(changed)).toEqual({ status: 400, code: 'INVALID_CURSOR' });
  });

  test('leaves one entry that says who asked for what, and not one a page', async () => {
    const query = '?consignee=engitech&status=ready&limit=1';
    const { next } = await search(query);
    await search(`${query}&cursor=${next}`);
    // A later search is covered by a checkpoint: so is everything that was entered before it.
    await search('?client=asked-later');
    const all = await until('the last search to be covered', async () => {
      const details = await reads();
      return JSON.stringify(details).includes('asked-later') ? details : null;
    });
    const ours = all.filter((detail) => JSON.stringify(detail).includes('"ready"'));
    expect(ours).toEqual([
      expect.objectContaining({
        actor: { client: 'auditor', kind: 'auditor' },
        query: { what: 'transfers', consignee: 'engitech', status: 'ready', from: null, to: null },
      }),
    ]);
  });
});

describe('a search by what left and what stayed', () => {
  test('narrows by item, by reason, by client, by contract and by id', async () => {
    const rrn = 'residentRegistrationNumber';
    expect(await found(`?withheld=${rrn}`)).toEqual([ids.pushed]);
    expect(await found(`?withheld=${rrn}&reason=NOT_IN_CONTRACT`)).toEqual([ids.pushed]);
    expect(await found(`?withheld=${rrn}&reason=ABSENT`)).toEqual([]);
    expect(await found(`?released=${rrn}&client=emr`)).toEqual([ids.pulled]);
    expect(await found('?client=emr-two')).toEqual([ids.other]);
    expect(await found('?contract=samkwang.v1')).toEqual([ids.pushed]);
    expect(await found(`?transfer=${ids.pulled}`)).toEqual([ids.pulled]);
    expect(await found(`?transfer=${ids.pulled}&consignee=samkwang`)).toEqual([]);
  });

  test('finds what was derived where it asks for what left', async () => {
    const { items } = await search('?released=age&consignee=samkwang');
    expect(items).toMatchObject([{ id: ids.pushed, derived: ['age'] }]);
  });

  test.each([
    ['released=birthdate', 'The nearest is birthDate.'],
    ['released=UNKNOWN_ITEM', 'Name an item of the data dictionary in the filter released.'],
    ['withheld=adress', 'The nearest is address.'],
  ])('of an item that no dictionary has is refused: %s', async (query, said) => {
    const auditor = await gateway.as('auditor');
    const reply = await auditor.fetch(`/v1/audit/transfers?${query}`);
    const problem = (await reply.json()) as { code: string; detail: string };
    expect(problem).toMatchObject({ status: 400, code: 'UNKNOWN_FILTER_VALUE' });
    expect(problem.detail).toContain(said);
  });
});

describe('a search for a person', () => {
  const about = async (body: object): Promise<Page> => {
    const auditor = await gateway.as('auditor');
    return auditor.json<Page>('/v1/audit/transfers/search', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  };
  const { subject } = orderFor('engitech');
  const idsOf = ({ items }: Page) => items.map(({ id }) => id);

  test('finds what is theirs and nobody else’s, with every other filter', async () => {
    expect(idsOf(await about({ subject }))).toEqual([ids.other, ids.pulled, ids.pushed]);
    expect(idsOf(await about({ subject, client: 'emr-two' }))).toEqual([ids.other]);
    expect(idsOf(await about({ subject, released: 'age' }))).toEqual([ids.pushed]);
    expect(idsOf(await about({ subject: { ...subject, kind: 'member' } }))).toEqual([]);
    expect(idsOf(await about({ subject: { ...subject, id: 'nobody' } }))).toEqual([]);
  });

  test('goes on with a cursor, which is good for this person alone', async () => {
    const { next, items } = await about({ subject, limit: 2 });
    expect(items).toHaveLength(2);
    expect(idsOf(await about({ subject, limit: 2, cursor: next }))).toEqual([ids.pushed]);
    const auditor = await gateway.as('auditor');
    const other = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const reply = auditor.fetch('/v1/audit/transfers/search', {
      ...other,
      body: JSON.stringify({ limit: 2, cursor: next }),
    });
    expect(await answered(reply)).toEqual({ status: 400, code: 'INVALID_CURSOR' });
  });

  test('is entered with what kind of person it was, and never with the identifier', async () => {
    await about({ subject, reason: 'ABSENT', limit: 1 });
    await search('?client=asked-last');
    const all = await until('the last search to be covered', async () => {
      const details = await reads();
      return JSON.stringify(details.at(-1)).includes('asked-last') ? details : null;
    });
    expect(all.at(-2)).toMatchObject({
      subject: (await search('')).items[0]?.subject,
      query: { what: 'transfers', subject: subject.kind, reason: 'ABSENT' },
    });
    expect(JSON.stringify(all)).not.toContain(subject.id);
  });
});

describe('a trail', () => {
  test('holds every entry of its transfer in order, with details, and its own opening', async () => {
    const first = await trailWith(gateway, ids.pushed, 'audit-read');
    const kinds = first.entries.map(({ kind }) => kind);
    expect(kinds.slice(0, 3)).toEqual(['released', 'delivered', 'audit-read']);
    expect(first.entries[2]?.detail).toMatchObject({
      ...{ actor: { client: 'auditor', kind: 'auditor' }, query: { what: 'trail' } },
    });
    expect(JSON.stringify(first)).not.toContain(canary.name);
  });

  test('says what left, by which rule, what stayed and why, under which text', async () => {
    const trail = await trailWith(gateway, ids.pushed, 'audit-read');
    const { minimisation, transfer } = trail as unknown as Told;
    const { released, derived, withheld, contract, commitment, ...more } = minimisation!;
    expect(released.toSorted()).toEqual(transfer.released.toSorted());
    expect(derived).toEqual([{ item: 'age', rule: 'age@1' }]);
    expect(withheld).toEqual(transfer.withheld);
    expect(withheld).toContainEqual({ item: 'address', reason: 'NOT_IN_CONTRACT' });
    expect(more).toEqual({ entry: transfer.entry, rules: ['age@1'], masked: [] });
    expect(commitment).toBe(transfer.commitment);
    const auditor = await gateway.as('auditor');
    const path = '/v1/contracts/samkwang/versions/1';
    expect(contract).toEqual({
      id: 'samkwang.v1',
      digest: (await auditor.json<{ digest: string }>(path)).digest,
    });
    expect(JSON.stringify(minimisation)).not.toContain(canary.chartNumber);
  });

  test('of a transfer that does not exist is not found, and leaves no entry', async () => {
    const auditor = await gateway.as('auditor');
    const path = '/v1/audit/transfers/019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60';
    expect(await answered(auditor.fetch(path))).toEqual({ status: 404, code: 'NOT_FOUND' });
  });

  test('whose detail was changed in the database says so and shows the rest', async () => {
    await reached(gateway, ids.pulled, 'ready');
    await asOwner(
      world,
      `UPDATE entries SET detail = set_byte(detail, 90, get_byte(detail, 90) # 1)
       WHERE index = (SELECT entry FROM transfers WHERE id = $1)`,
      [ids.pulled],
    );
    const auditor = await gateway.as('auditor');
    const path = `/v1/audit/transfers/${ids.pulled}`;
    const { entries, minimisation } = await auditor.json<Trail & Told>(path);
    expect(entries[0]).toMatchObject({ kind: 'released', detail: null });
    expect(minimisation).toBeNull();
  });
});
