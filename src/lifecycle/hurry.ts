/** What was postponed while its consignee failed is due soon again, once it is back. */
import type { Queryable } from '#src/store/pool.ts';

/** So many at most, those that are due first: the rest goes at its own time. */
const hurriedMax = 1_000;
/** They are spread over this time, so that whoever has just come back is not met by all at once. */
const spreadSeconds = 60;

/**
 * Makes due within a minute what waits for its next attempt at a consignee. Attempts that were
 * made stay counted. Orders that were never tried are due already.
 * @returns how many
 */
export async function hurryPostponed(db: Queryable, consignee: string): Promise<number> {
  const { rowCount } = await db.query({
    name: 'transfers-hurry',
    text: `UPDATE transfers SET due_at = now() + make_interval(secs => random() * $2)
           WHERE id = ANY (ARRAY(SELECT id FROM transfers
             WHERE consignee = $1 AND status IN ('ready', 'sending', 'leased') AND status = 'ready'
               AND due_at > now() + make_interval(secs => $2) AND attempts > 0
             ORDER BY due_at LIMIT ${hurriedMax} FOR UPDATE SKIP LOCKED))`,
    values: [consignee, spreadSeconds],
  });
  return rowCount ?? 0;
}
