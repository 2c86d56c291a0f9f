/** What stands of transfers that their consignee answers for: many are looked up at a time. */
import { createBatcher, type Batcher } from '#src/store/batcher.ts';
import { byteaArray } from '#src/store/binary-array.ts';
import type { Queryable } from '#src/store/pool.ts';

/** A transfer as its consignee names it. */
export interface HeldQuestion {
  transfer: string;
  consignee: string;
  /** The receipt that the answer brings, a compact JWS. */
  receipt?: string | undefined;
}

export interface HeldRow {
  status: string;
  contract: string;
  commitment: Buffer;
  lease: Buffer | null;
  /** Whether the lease still runs. */
  live: boolean;
  /** Of which handover exactly this receipt is kept: of this one, of one before, or of none. */
  kept: 'now' | 'before' | null;
}

// One look at both: of what is held and not settled, every receipt is an earlier one. OFFSET 0
// keeps it one look into the index of ids for each question: of a join a plan that is kept might
// make anything.
export const lookSql = `
  SELECT n::integer, status, contract, commitment, lease, live,
    (SELECT CASE WHEN received_at >= settled_at THEN 'now' ELSE 'before' END FROM receipts
     WHERE asked.receipt IS NOT NULL AND transfer = asked.id
       AND digest = sha256(asked.receipt)) AS kept
  FROM unnest($1::uuid[], $2::text[], $3::bytea[])
    WITH ORDINALITY AS asked (id, consignee, receipt, n),
  LATERAL (
    SELECT consignee AS owner, status, contract, commitment, lease, settled_at,
      due_at > now() AS live
    FROM transfers WHERE transfers.id = asked.id OFFSET 0
  ) AS held
  WHERE owner = asked.consignee`;

/** What stands of each, in the order of the questions; null where it is not this consignee's. */
export async function lookAtHeld(
  db: Queryable,
  questions: readonly HeldQuestion[],
): Promise<(HeldRow | null)[]> {
  const { rows } = await db.query<HeldRow & { n: number }>({
    name: 'inbox-held',
    text: lookSql,
    values: [
      questions.map(({ transfer }) => transfer),
      questions.map(({ consignee }) => consignee),
      byteaArray(questions.map(({ receipt }) => (receipt ? Buffer.from(receipt) : null))),
    ],
  });
  const found = new Map(rows.map(({ n, ...row }) => [n, row]));
  return questions.map((_, at) => found.get(at + 1) ?? null);
}

/** Looks at those together whose answers come together. */
export function createHeldLooks(db: Queryable): Batcher<HeldQuestion, HeldRow | null> {
  return createBatcher<HeldQuestion, HeldRow | null>({
    ...{ sizeMax: 256, inFlightMax: 2, besideMin: 64, queueMax: 16_384 },
    run: (questions) => lookAtHeld(db, questions),
  });
}
