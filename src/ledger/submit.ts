/** Queues entries in the caller's own transaction: they stand or fall with what they record. */
import { byteaArray } from '#src/store/binary-array.ts';
import type { Queryable } from '#src/store/pool.ts';
import type { Entry } from './entry.ts';

export interface Submission {
  entry: Entry;
  /** Id of the transfer or result that waits for this entry to be covered. */
  owner?: string | null | undefined;
}

/**
 * The columns of many submissions, for `unnest($1::text[], $2::uuid[], $3::bytea[], $4::bytea[])`.
 */
export interface SubmissionColumns {
  kinds: string[];
  owners: (string | null)[];
  leaves: Buffer[];
  details: Buffer[];
}

/** Turns submissions into columns, so that other rooms can put them into a larger statement. */
export function submissionColumns(submissions: readonly Submission[]): SubmissionColumns {
  return {
    kinds: submissions.map(({ entry }) => entry.kind),
    owners: submissions.map(({ owner }) => owner ?? null),
    leaves: submissions.map(({ entry }) => entry.leaf),
    details: submissions.map(({ entry }) => entry.detail),
  };
}

/** Queues entries, in their order, for the sequencer: one statement, whatever their number. */
export async function submit(tx: Queryable, submissions: readonly Submission[]): Promise<void> {
  if (submissions.length === 0) return;
  const { kinds, owners, leaves, details } = submissionColumns(submissions);
  const links = submissions.flatMap(({ entry: { link } }) => (link ? [link] : []));
  await tx.query({
    name: 'ledger-submit',
    text: `WITH linked AS (
       INSERT INTO subject_links (id, subject) SELECT * FROM unnest($5::uuid[], $6::uuid[])
     )
     INSERT INTO submissions (kind, owner, leaf, detail)
     SELECT kind, owner, leaf, detail
     FROM unnest($1::text[], $2::uuid[], $3::bytea[], $4::bytea[])
       WITH ORDINALITY AS s (kind, owner, leaf, detail, place)
     ORDER BY place`,
    values: [
      ...[kinds, owners, byteaArray(leaves), byteaArray(details)],
      ...[links.map(({ id }) => id), links.map(({ subject }) => subject)],
    ],
  });
}
