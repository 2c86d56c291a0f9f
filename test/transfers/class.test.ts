/** The class of a transfer: the gateway and the database agree on it, whoever writes it down. */
import fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase, type Database } from '#src/store/pool.ts';
import { createClasses, factsAsked, factsOf, type Classed } from '#src/transfers/class.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/database.ts';

let fresh: FreshDatabase;
let owner: Client;
let db: Database;

const codes = ['name', 'age', 'birthDate', 'fax', 'cctv'] as const;
const list = fc.uniqueArray(fc.constantFrom(...codes), { maxLength: 4 });
const reasons = ['NOT_IN_CONTRACT', 'ABSENT', 'UNKNOWN_ITEM'] as const;
const classed: fc.Arbitrary<Classed> = fc.record({
  client: fc.constantFrom('emr', '병원-2'),
  consignee: fc.constantFrom('s1', 'tnc-pathology'),
  contract: fc.constantFrom('s1.v1', 'tnc-pathology.v12'),
  ...{ released: list, derived: list },
  withheld: fc.array(
    fc.record({
      item: fc.constantFrom(...codes, 'UNKNOWN_ITEM'),
      reason: fc.constantFrom(...reasons),
      count: fc.nat(9),
    }),
    { maxLength: 4 },
  ),
});

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = new Client({ connectionString: fresh.ownerUrl });
  await owner.connect();
  db = openDatabase({ url: fresh.url, sizeMax: 2 });
});

afterAll(async () => {
  await Promise.all([db?.end(), owner?.end()]);
  await fresh?.drop();
});

test('the gateway and the database make the same facts of any transfer', async () => {
  const all = fc.sample(classed, { seed: 7, numRuns: 300 });
  const { rows } = await owner.query<{ facts: string[] }>(
    `SELECT transfer_facts(one->>'client', one->>'consignee', one->>'contract',
       ARRAY(SELECT jsonb_array_elements_text(one->'released')),
       ARRAY(SELECT jsonb_array_elements_text(one->'derived')), one->'withheld') AS facts
     FROM jsonb_array_elements($1) WITH ORDINALITY AS listed (one, place) ORDER BY place`,
    [JSON.stringify(all)],
  );
  expect(rows.map(({ facts }) => facts)).toEqual(all.map(factsOf));
});

test('a class is one, in whatever order and however many unknown keys there were', () => {
  const one: Classed = {
    ...{ client: 'emr', consignee: 's1', contract: 's1.v1' },
    ...{ released: ['name', 'cctv'], derived: [] },
    withheld: [{ item: 'UNKNOWN_ITEM', reason: 'UNKNOWN_ITEM' }],
  };
  const other = { ...one, released: ['cctv', 'name'], withheld: [one.withheld[0]!] };
  expect(factsOf({ ...other, withheld: [...other.withheld, ...other.withheld] })).toEqual(
    factsOf(one),
  );
});

test('what is asked of a class are facts of it', () => {
  fc.assert(
    fc.property(classed, (one) => {
      const { client, consignee, contract, withheld } = one;
      const [released] = [...one.released, ...one.derived];
      const { item, reason } = withheld[0] ?? {};
      const asked = factsAsked({ client, consignee, contract, released, withheld: item, reason });
      expect(asked.filter((fact) => !factsOf(one).includes(fact))).toEqual([]);
    }),
  );
});

test('a class is made once, and a transfer without one gets it from the database', async () => {
  const classes = createClasses(db);
  const [one, other] = fc.sample(classed, { seed: 9, numRuns: 2 }) as [Classed, Classed];
  const digests = await classes([one, other, one]);
  await Promise.all([classes([other, one]), createClasses(db)([one, other])]);
  const { rows } = await owner.query<{ digest: Buffer }>(
    'SELECT digest FROM transfer_classes ORDER BY id',
  );
  expect(rows.map(({ digest }) => digest.toString('hex')).sort()).toEqual(
    [digests[0], digests[1]].map((digest) => digest?.toString('hex')).sort(),
  );
  await db.query(
    `INSERT INTO transfers (id, client, consignee, contract, subject, status, released, derived,
       withheld, commitment, due_at, created_at, expires_at)
     VALUES (uuidv7(), $1, $2, $3, gen_random_uuid(), 'accepted', $4, $5, $6, sha256(''), now(),
       now(), now())`,
    [
      ...[one.client, one.consignee, one.contract, one.released, one.derived],
      JSON.stringify(one.withheld),
    ],
  );
  const { rows: stored } = await owner.query<{ digest: Buffer; months: string[] }>(
    `SELECT digest, ARRAY(SELECT state FROM class_months WHERE class = transfers.class) AS months
     FROM transfers JOIN transfer_classes ON transfer_classes.id = transfers.class`,
  );
  expect(stored).toEqual([{ digest: digests[0], months: ['any'] }]);
});
