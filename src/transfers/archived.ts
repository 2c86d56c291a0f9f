/** What is not in the database any more, because its month went to an archive. */
import { GatewayError } from '#src/base/errors.ts';
import type { Queryable } from '#src/store/pool.ts';

/**
 * What to tell of a transfer that is not there: `ARCHIVED` where its month, which its id says, is
 * archived, whoever's it was and whether there was one; else `NOT_FOUND`.
 */
export async function missingTransfer(db: Queryable, id: string): Promise<GatewayError> {
  const at = new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16));
  const { rowCount } = await db.query(
    `SELECT FROM archives WHERE what = 'transfers' AND month = date_trunc('month', $1::timestamptz)`,
    [at],
  );
  return new GatewayError(rowCount === 0 ? 'NOT_FOUND' : 'ARCHIVED');
}
