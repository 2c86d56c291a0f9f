/** The search against a naive look at every row: whatever is asked, nothing is missed or added. */
import fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { idTime } from '#src/base/ids.ts';
import { findTransfers, type TransferFilter } from '#src/oversight/search-page.ts';
import { openDatabase, type Database } from '#src/store/pool.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/database.ts';

let fresh: FreshDatabase;
let owner: Client;
let db: Database;

interface Row {
  id: string;
  client: string;
  consignee: string;
  contract: string;
  subject: string;
  status: string;
  released: string[];
  derived: string[];
  withheld: { item: string; reason: string }[];
}

const seed = 20_260_101;
const dayMs = 86_400_000;
/** More than a search looks through before it goes by class: see `windowOf`. */
const rows = 900;
const statuses = [
  ...['accepted', 'ready', 'sending', 'leased', 'delivered', 'rejected', 'failed', 'cancelled'],
  ...['expired', 'withdrawn'],
];
const people = ['1', '2', '3'].map((end) => `7b0c5a54-21d9-4a4e-8d53-3c8c0f2c9a1${end}`);
const item = fc.constantFrom('name', 'gender', 'birthDate', 'age', 'address', 'fax');
const shape = fc.record({
  client: fc.constantFrom('emr', 'emr-two'),
  consignee: fc.constantFrom('samkwang', 'samkwang', 'engitech', 's1'),
  version: fc.constantFrom(1, 1, 1, 2),
  released: fc.uniqueArray(item, { minLength: 1, maxLength: 3 }),
  derived: fc.uniqueArray(fc.constantFrom('age', 'birthDate'), { maxLength: 1 }),
  withheld: fc.array(
    fc.record({
      item: fc.constantFrom('address', 'fax', 'UNKNOWN_ITEM'),
      reason: fc.constantFrom('ABSENT', 'NOT_IN_CONTRACT', 'NO_LEGAL_BASIS'),
      count: fc.constantFrom(1, 2),
    }),
    { maxLength: 2 },
  ),
});

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = new Client({ connectionString: fresh.ownerUrl });
  await owner.connect();
  db = openDatabase({ url: fresh.url, sizeMax: 4 });
  await owner.query(
    `CREATE TABLE transfers_older PARTITION OF transfers FOR VALUES
       FROM ('00000000-0000-0000-0000-000000000000') TO ('${await floorOfPartitions()}')`,
  );
  const shapes = fc.sample(shape, { seed, numRuns: 40 });
  // Some of the shapes are everywhere, some are nearly nowhere; most transfers ended well.
  const unit = fc.double({ min: 0, max: 0.999, noNaN: true });
  const pick = fc.tuple(unit, fc.nat(people.length - 1), fc.nat(39));
  const picks = fc.sample(pick, { seed, numRuns: rows });
  const all = picks.map(([luck, person, end], at) => {
    const { version, ...one } = shapes[Math.floor(luck ** 3 * shapes.length)]!;
    const ago = Math.round(((rows - at) * 150 * dayMs) / rows);
    const status = statuses[end] ?? 'delivered';
    const contract = `${one.consignee}.v${version}`;
    return { ...one, contract, subject: people[person], status, ago };
  });
  await owner.query(
    `INSERT INTO transfers (id, client, consignee, contract, subject, status, released, derived,
       withheld, commitment, entry, due_at, created_at, expires_at)
     SELECT uuidv7(make_interval(secs => -ago / 1000.0)), client, consignee, contract, subject,
       status, released, derived, withheld, sha256(''), 1, now(), now(), now()
     FROM jsonb_to_recordset($1) AS one (client text, consignee text, contract text, subject uuid,
       status text, released text[], derived text[], withheld jsonb, ago float8)`,
    [JSON.stringify(all)],
  );
  await owner.query('ANALYZE');
});

afterAll(async () => {
  await Promise.all([db?.end(), owner?.end()]);
  await fresh?.drop();
});

/** The lowest id that a partition made with the schema takes. */
async function floorOfPartitions(): Promise<string> {
  const { rows: found } = await owner.query<{ floor: string }>(
    `SELECT uuid_floor((date_trunc('month', now() AT TIME ZONE 'UTC') - interval '1 month')
       AT TIME ZONE 'UTC') AS floor`,
  );
  return found[0]?.floor ?? '';
}

/** What the gateway does to transfers all day: as its role, some of them, to any state. */
async function move(luck: number): Promise<void> {
  await db.query(
    `UPDATE transfers SET status = $1 WHERE id IN
       (SELECT id FROM transfers ORDER BY md5(id::text || $2) LIMIT 15)`,
    [statuses[luck % statuses.length], String(luck)],
  );
}

async function everyRow(): Promise<Row[]> {
  const { rows: found } = await owner.query<Row>(
    `SELECT id, client, consignee, contract, subject, status, released, derived, withheld
     FROM transfers ORDER BY id DESC`,
  );
  return found;
}

function fits(row: Row, filter: TransferFilter): boolean {
  const { released, withheld, reason, from, to, transfer, ...same } = filter;
  return (
    Object.entries(same).every(([name, value]) => row[name as keyof Row] === value) &&
    (released === undefined || [...row.released, ...row.derived].includes(released)) &&
    ((withheld === undefined && reason === undefined) ||
      row.withheld.some(
        (one) => one.item === (withheld ?? one.item) && one.reason === (reason ?? one.reason),
      )) &&
    (from === undefined || idTime(row.id) >= from.getTime()) &&
    (to === undefined || idTime(row.id) < to.getTime()) &&
    (transfer === undefined || row.id === transfer)
  );
}

/** Every page to the end, as a caller goes on. */
async function found(filter: TransferFilter, limit: number): Promise<string[]> {
  const ids: string[] = [];
  for (let before: string | null = null; ;) {
    const page = await findTransfers(db, { filter, before, count: limit + 1 });
    ids.push(...page.slice(0, limit).map(({ id }) => id));
    if (page.length <= limit) return ids;
    before = ids.at(-1) ?? null;
  }
}

const ago = (days: number) => new Date(Date.now() - days * dayMs);
/** Common, rare and unknown values of each filter; `emr-none` is nobody's. */
const values = (known: readonly Row[]): TransferFilter[] => [
  ...['emr', 'emr-none'].map((client) => ({ client })),
  ...['samkwang', 's1'].map((consignee) => ({ consignee })),
  ...['engitech.v2'].map((contract) => ({ contract })),
  ...['name', 'birthDate'].map((released) => ({ released })),
  ...['address', 'UNKNOWN_ITEM'].map((withheld) => ({ withheld })),
  ...['NO_LEGAL_BASIS'].map((reason) => ({ reason })),
  ...['ready', 'delivered', 'failed', 'accepted'].map((status) => ({ status })),
  ...[{ from: ago(70) }, { to: ago(40) }, { from: ago(100), to: ago(99) }],
  ...[{ subject: people[0] }, { transfer: known[600]?.id }],
];

test('each filter alone and each pair find exactly what fits, to the last page', async () => {
  let known = await everyRow();
  const single = values(known);
  const pairs = single.flatMap((one, at) =>
    single.slice(at).map((other): TransferFilter => ({ ...one, ...other })),
  );
  for (const [at, filter] of pairs.entries()) {
    if (at % 10 === 0) {
      await move(at / 10);
      known = await everyRow();
    }
    const naive = known.filter((row) => fits(row, filter)).map(({ id }) => id);
    expect(await found(filter, 50), JSON.stringify(filter)).toEqual(naive);
  }
});

test('any combination finds the same, whatever the size of a page', async () => {
  const known = await everyRow();
  const filters = fc.uniqueArray(fc.constantFrom(...values(known)), { minLength: 2, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(filters, fc.constantFrom(20, 50, 199), async (parts, limit) => {
      const filter = Object.assign({}, ...parts) as TransferFilter;
      const naive = known.filter((row) => fits(row, filter)).map(({ id }) => id);
      expect(await found(filter, limit)).toEqual(naive);
    }),
    { seed, numRuns: 40 },
  );
});

describe('while transfers move', () => {
  test('a page is of one moment, and what does not change is found throughout', async () => {
    const known = await everyRow();
    const filter = { consignee: 'samkwang', released: 'name' };
    const naive = known.filter((row) => fits(row, filter)).map(({ id }) => id);
    const moving = (async () => {
      for (let luck = 100; luck < 130; luck += 1) await move(luck);
    })();
    expect(await found(filter, 50)).toEqual(naive);
    for (const status of ['failed', 'ready', 'delivered']) {
      const page = await findTransfers(db, { filter: { ...filter, status }, count: 51 });
      expect(page.filter((row) => row.status !== status)).toEqual([]);
    }
    await moving;
  });
});
