/** What was postponed while its consignee failed is due soon again, or now where a person asks. */
import type { Queryable } from '#src/store/pool.ts';

/** So many at most, those that are due first: the rest goes at its own time. */
const hurriedMax = 1_000;
/** They are spread over this time, so that whoever has just come back is not met by all at once. */
const spreadSeconds = 60;

/** So many at most when a person asks: each time the next. */
export const retriedMax = 10_000;

// Attempts that were made stay counted. Orders that were never tried are due already.
const hurrySql = `
  UPDATE transfers SET due_at = now() + make_interval(secs => random() * $2)
  WHERE id = ANY (ARRAY(SELECT id FROM transfers
    WHERE consignee = $1 AND status IN ('ready', 'sending', 'leased') AND status = 'ready'
      AND due_at > now() + make_interval(secs => $2) AND attempts > 0
    ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED))`;

/**
 * Makes due within a minute what waits for its next attempt at a consignee that is back.
 * @returns how many
 */
export async function hurryPostponed(db: Queryable, consignee: string): Promise<number> {
  return hurry(db, [consignee, spreadSeconds, hurriedMax]);
}

/**
 * Makes due now what waits for its next attempt at a consignee, `retriedMax` at most.
 * @returns how many
 */
export async function retryPostponed(db: Queryable, consignee: string): Promise<number> {
  return hurry(db, [consignee, 0, retriedMax]);
}

async function hurry(db: Queryable, values: [string, number, number]): Promise<number> {
  const { rowCount } = await db.query({ name: 'transfers-hurry', text: hurrySql, values });
  return rowCount ?? 0;
}
