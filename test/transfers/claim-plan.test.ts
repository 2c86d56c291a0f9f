/** How PostgreSQL means to claim where nothing is stored yet: such a plan is kept for long. */
import { expect, test } from 'vitest';
import { openDatabase } from '#src/store/pool.ts';
import { claimSql } from '#src/transfers/claim-sql.ts';
import { freshDatabase } from '#test/support/database.ts';

test('a claim finds each transfer by its id, also by a plan of an empty table', async () => {
  const fresh = await freshDatabase();
  const db = openDatabase({ url: fresh.url, sizeMax: 1, plansOnce: true });
  try {
    const { rows } = await db.query<Record<'QUERY PLAN', string>>(
      `EXPLAIN (GENERIC_PLAN) ${claimSql}`,
    );
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toMatch(/Index Cond: .*\(id = transfers\.id\)/);
    expect(plan).toMatch(/Index Cond: \(\(consignee = slot_1\.consignee\) AND \(due_at <= /);
    expect(plan).not.toMatch(/expires_at_idx|Seq Scan on transfers/);
    expect(plan).not.toMatch(/Hash Cond: \(transfers|Merge Cond: \(transfers/);
  } finally {
    await db.end();
    await fresh.drop();
  }
});
