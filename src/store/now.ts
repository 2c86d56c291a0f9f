/** PostgreSQL's clock, which decides leases and contract dates. */
import type { Queryable } from './pool.ts';

/** Now, by PostgreSQL, in milliseconds since 1970 UTC. */
export async function databaseNow(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ now: number }>({
    name: 'clock',
    text: 'SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now',
  });
  return rows[0]?.now ?? NaN;
}
