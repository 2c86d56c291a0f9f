/** How PostgreSQL means to find transfers where none is stored: such a plan is kept for long. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lookSql } from '#src/delivery/held.ts';
import { openDatabase, type Database } from '#src/store/pool.ts';
import { renewSql } from '#src/transfers/claim.ts';
import { claimSql } from '#src/transfers/claim-sql.ts';
import { coverSql } from '#src/transfers/cover.ts';
import { settleSql } from '#src/transfers/settle.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/database.ts';

let fresh: FreshDatabase;
let db: Database;

beforeAll(async () => {
  fresh = await freshDatabase();
  db = openDatabase({ url: fresh.url, sizeMax: 1, plansOnce: true });
});

afterAll(async () => {
  await db?.end();
  await fresh?.drop();
});

async function planOf(sql: string): Promise<string> {
  const { rows } = await db.query<Record<'QUERY PLAN', string>>(`EXPLAIN (GENERIC_PLAN) ${sql}`);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

/** Each way into `transfers` with the conditions that it is found by, month by month. */
const waysIn = (plan: string): string[] =>
  [...plan.matchAll(/Scan (?:using \S+ )?on transfers_2\S+ .*\n *(.*)/g)].map(
    ([, how]) => how ?? '',
  );

const states = ['never vacuumed', 'vacuumed while empty', 'vacuumed when nothing waited'];

/** Transfers of the last hour that have all ended. */
const endedSql = `
  INSERT INTO transfers (id, client, consignee, contract, subject, status, released, derived,
    withheld, commitment, entry, due_at, created_at, expires_at, settled_at)
  SELECT uuidv7(n * interval '100 ms' - interval '1 hour'), 'emr', 'infinite', 'infinite.v1',
    gen_random_uuid(), 'delivered', '{name}', '{}', '[]', sha256('a'), n, now(), now(), now(), now()
  FROM generate_series(1, 30000) AS n`;

describe.each(states)('of tables that were %s', (state) => {
  beforeAll(async () => {
    if (state === 'never vacuumed') return;
    const owner = openDatabase({ url: fresh.superuserUrl, sizeMax: 1 });
    if (state === 'vacuumed when nothing waited') await owner.query(endedSql);
    await owner.query('VACUUM ANALYZE');
    await owner.end();
  });

  test('a claim reads what is due of its consignee, and the rest by id', async () => {
    const plan = await planOf(claimSql);
    expect(plan).toMatch(/Index Cond: .*\(id = transfers\.id\)/);
    expect(plan).toMatch(/Index Cond: \(\(consignee = slot_1\.consignee\) AND \(due_at <= /);
    expect(plan).not.toMatch(/expires_at_idx|Seq Scan on transfers/);
    expect(plan).not.toMatch(/Hash Cond: \(transfers|Merge Cond: \(transfers/);
  });

  test.each([
    ['a look at what is held', lookSql, /^Index Cond: \(id = asked\.id\)$/],
    ['a settlement', settleSql, /^Index Cond: \(id = (ANY \(\$1\)|input_1\.id)\)$/],
    ['holding', renewSql, /^Index Cond: \(id = (ANY \(.*\)|own\.id)\)$/],
    ['covering', coverSql('transfers'), /^Index Cond: \(id = ANY \(\$1\)\)$/],
  ])('%s finds each by its id', async (_what, sql, byId) => {
    const ways = waysIn(await planOf(sql));
    expect(ways.length).toBeGreaterThan(1);
    // and locks them in the order of their ids
    for (const way of ways) expect(way).toMatch(byId);
  });
});
