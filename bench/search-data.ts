/**
 * Builds the transfers that the search is measured on: months of rows straight into partitions of
 * their own, which get their indexes when they are attached. Unlogged, as nobody will miss them.
 */
import type { Client } from 'pg';
import { idFloor } from '#src/base/ids.ts';
import { createRandom, makeShapes, type WeightedShape } from './search-shapes.ts';

/** Full months before the one that begins the present. */
export const historyMonths = 24;
const seed = 20_260_101;
/** Orders of one person, on average: who comes often has many. */
const ordersPerPerson = 100;

const peopleOf = (total: number): number => Math.ceil(total / ordersPerPerson);

/** The number of the person with most orders (0), or of one with few (1). */
export function personOf(total: number, place: number): number {
  return place === 0 ? 0 : peopleOf(total) - 1;
}

/** The first instant of a month, `ago` months before that of `now`. */
function monthStart(now: Date, ago: number): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - ago));
}

/**
 * Fills an empty database of this version with `total` transfers in 24 months.
 *
 * @param owner connected as the owner of the schema
 */
export async function buildTransfers(
  owner: Client,
  input: {
    total: number;
    now: Date;
    /** People by their number, who are known by another id than the others. */
    known: ReadonlyMap<number, string>;
    say: (line: string) => void;
  },
): Promise<void> {
  const { total, now, known, say } = input;
  const shapes = makeShapes(historyMonths, createRandom(seed));
  await owner.query("SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'");
  await owner.query('SET synchronous_commit = off');
  await owner.query('SELECT setseed(0.5)');
  await storeShapes(owner, shapes);
  await owner.query('CREATE TEMP TABLE people (person integer, subject uuid)');
  for (const [person, subject] of known) {
    await owner.query('INSERT INTO people VALUES ($1, $2)', [person, subject]);
  }
  for (let month = 0; month < historyMonths; month += 1) {
    const ago = historyMonths - month;
    await buildMonth(owner, {
      ...{ month, from: monthStart(now, ago), to: monthStart(now, ago - 1) },
      count: Math.round(total / historyMonths),
      people: peopleOf(total),
      isLast: month === historyMonths - 1,
    });
    say(`search: ${Math.round((total * (month + 1)) / historyMonths)} of ${total} transfers built`);
  }
  await owner.query('ANALYZE ONLY transfers');
  await owner.query('VACUUM ANALYZE transfer_classes, class_months');
}

async function storeShapes(owner: Client, shapes: readonly WeightedShape[]): Promise<void> {
  await owner.query(`CREATE TEMP TABLE shapes (n integer, client text, consignee text,
    contract text, released text[], derived text[], withheld jsonb, class integer,
    weight float8, first integer, past integer)`);
  await owner.query(
    `INSERT INTO shapes
     SELECT (row_number() OVER ())::integer, client, consignee, contract, released, derived,
       withheld, transfer_class(client, consignee, contract, released, derived, withheld), weight,
       "from", "to"
     FROM jsonb_to_recordset($1::jsonb) AS one (client text, consignee text, contract text,
       released text[], derived text[], withheld jsonb, weight float8, "from" integer,
       "to" integer)`,
    [JSON.stringify(shapes)],
  );
}

// Most end well. A consignee that was dead for a month, one whose relation was ended, and one that
// is paused are what an auditor looks for; in the last days something is always on its way.
const statusSql = `CASE
  WHEN $5 AND age < interval '20 minutes'
    THEN (ARRAY['accepted', 'ready', 'sending'])[1 + aged.n % 3]
  WHEN $5 AND consignee = 'korea-post' AND age < interval '8 days' THEN 'ready'
  WHEN $5 AND consignee = 'engitech' AND age < interval '6 hours' THEN 'leased'
  WHEN consignee = 'bioage' AND month = 11 AND luck < 0.8 THEN 'failed'
  WHEN consignee = 'medigene' AND month = 23 AND luck < 0.3 THEN 'withdrawn'
  WHEN luck < 0.955 THEN 'delivered'
  WHEN luck < 0.975 THEN 'rejected'
  WHEN luck < 0.985 THEN 'failed'
  WHEN luck < 0.995 THEN 'cancelled'
  WHEN luck < 0.9995 THEN 'expired'
  ELSE 'withdrawn' END`;

const columns = `id, client, consignee, contract, subject, status, released, derived, withheld,
  commitment, entry, attempts, due_at, last_outcome, created_at, expires_at, settled_at, purge_at,
  purged_at, class`;

// By $1 from, $2 to, $3 how many, $4 of how many people, $5 whether it is the last month, $6 which.
const rowsSql = `
  WITH bounds AS MATERIALIZED (
    SELECT array_agg(low / whole ORDER BY n) AS low, array_agg(n ORDER BY n) AS n FROM picked
  ), drawn AS MATERIALIZED (
    SELECT i AS n, bounds.n[width_bucket(random(), bounds.low)] AS shape, random() AS luck,
      floor(power(random(), 1.25) * $4)::integer AS person, md5(random()::text) AS dice,
      $1::timestamptz + ($2::timestamptz - $1::timestamptz) * (i::float8 / $3) AS at
    FROM generate_series(0, $3 - 1) AS i, bounds
  ), aged AS (
    SELECT *, $2::timestamptz - at AS age, $6::integer AS month FROM drawn
  ), made AS (
    SELECT aged.*, shapes.client, shapes.consignee, shapes.contract, shapes.released,
      shapes.derived, shapes.withheld, shapes.class, ${statusSql} AS status
    FROM aged JOIN shapes ON shapes.n = aged.shape
  )
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0')
      || '7' || substr(dice, 1, 3) || '8' || substr(dice, 4, 15))::uuid,
    client, consignee, contract, coalesce(subject, md5('person ' || person)::uuid), status,
    released, derived, withheld, decode(dice || md5(dice), 'hex'), n, 1,
    CASE WHEN settled THEN at ELSE '2999-01-01' END, CASE WHEN settled THEN 'http-200' END, at,
    CASE WHEN settled THEN at + interval '30 days' ELSE '2999-01-01' END,
    CASE WHEN settled THEN at + interval '1 second' END,
    CASE WHEN settled THEN at + interval '7 days' END,
    CASE WHEN settled THEN at + interval '7 days' END, class
  FROM (SELECT *, status NOT IN ('accepted', 'ready', 'sending', 'leased') AS settled FROM made)
    AS ended LEFT JOIN people USING (person)`;

async function buildMonth(
  owner: Client,
  of: { month: number; from: Date; to: Date; count: number; people: number; isLast: boolean },
): Promise<void> {
  const { month, from, to, count, people, isLast } = of;
  const table = `transfers_${from.toISOString().slice(0, 7).replace('-', '_')}`;
  // there already when it is the month before this one
  await owner.query(`DROP TABLE IF EXISTS ${table}`);
  await owner.query(
    `CREATE UNLOGGED TABLE ${table} (LIKE transfers INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`,
  );
  await owner.query(`CREATE TEMP TABLE picked AS
    SELECT shapes.*, sum(weight) OVER (ORDER BY n) - weight AS low, sum(weight) OVER () AS whole
    FROM shapes WHERE first <= ${month} AND past > ${month}`);
  await owner.query(`INSERT INTO ${table} (${columns}) ${rowsSql}`, [
    ...[from, to, count, people, isLast, month],
  ]);
  await owner.query('DROP TABLE picked');
  await owner.query(
    `ALTER TABLE transfers ATTACH PARTITION ${table}
     FOR VALUES FROM ('${idFloor(from)}') TO ('${idFloor(to)}')`,
  );
  await owner.query(
    `INSERT INTO class_months (class, month, state)
     SELECT DISTINCT class, $1::date, state FROM ${table}, unnest(ARRAY['any', status]) AS state
     WHERE state NOT IN ('accepted', 'ready', 'sending', 'leased')`,
    [from],
  );
  await owner.query(`VACUUM (ANALYZE, INDEX_CLEANUP off) ${table}`);
}
