/**
 * Destroys a person: what ties them to transfers and entries is gone in one transaction, the
 * entries stay as they are, and every proof over them holds.
 */
import { GatewayError } from '#src/base/errors.ts';
import { underWay } from '#src/base/under-way.ts';
import type { Actor, Order } from '#src/base/words.ts';
import { unsealDetail } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Queryable } from '#src/store/pool.ts';
import { destroyCopies } from './erase-copies.ts';
import type { OversightDeps } from './record-read.ts';
import { findPerson } from './search.ts';

export interface EraseDeps extends OversightDeps {
  onSubmitted: () => void;
  sealer: { open: (sealed: Buffer, aad: Buffer) => Buffer };
}

export interface ErasureRequest {
  actor: Actor;
  subject: Order['subject'];
  /** Free text, for the sealed detail only; it may not hold the identifier. */
  reason: string;
}

/** What was destroyed, in numbers. All of them are 0 where nobody was known. */
export interface Erasure {
  /** False: nothing that is kept was this person's. */
  erased: boolean;
  /** Entries whose details nobody can open any more. */
  entries: number;
  transfers: number;
  /** Payloads of transfers and results that were still kept. */
  payloads: number;
  /** Results that were returned for those transfers; those not yet collected are lost with it. */
  results: number;
  files: number;
  replies: number;
}

const nothing: Erasure = {
  ...{ erased: false, entries: 0, transfers: 0, payloads: 0, results: 0 },
  ...{ files: 0, replies: 0 },
};

/**
 * Destroys one person: the row that maps the EMR's identifier to the random id, the key of every
 * detail that speaks of them, and what is kept of their transfers but codes, times and commitments.
 * Whoever sends an order for them in that moment is served before, and then this is refused, or
 * after, for somebody new. Once more, or of somebody nobody knows: nothing happens.
 * @throws GatewayError `SUBJECT_BUSY` (fact `count`) while something of theirs is under way,
 *   `INVALID_REQUEST` when the reason holds the identifier
 */
export async function eraseSubject(deps: EraseDeps, request: ErasureRequest): Promise<Erasure> {
  assertUnnamed(request);
  const known = await findPerson(deps, request.subject);
  if (!known) return nothing;
  const erasure = await deps.db.transaction((tx) => erase(deps, tx, request, known.id));
  deps.onSubmitted();
  return erasure;
}

function assertUnnamed({ subject, reason }: ErasureRequest): void {
  if (!reason.normalize('NFC').includes(subject.id.normalize('NFC'))) return;
  const problems = [{ pointer: '/reason', rule: 'holdsWithheldValue' as const }];
  throw new GatewayError('INVALID_REQUEST', { problems });
}

async function erase(
  deps: EraseDeps,
  tx: Queryable,
  { actor, reason }: ErasureRequest,
  subject: string,
): Promise<Erasure> {
  // First, and alone: an order for them that is stored just now is waited for, a later one waits.
  const held = await tx.query('SELECT FROM subjects WHERE id = $1 FOR UPDATE', [subject]);
  if (held.rowCount === 0) return nothing;
  const transfers = await settledTransfers(tx, subject);
  const entries = await countDetails(deps, tx, { subject, transfers });
  const { results, ...copies } = await destroyCopies(tx, transfers);
  await tx.query('DELETE FROM subjects WHERE id = $1', [subject]);
  const counts = { entries, transfers: transfers.length, ...copies };
  const detail = { ...actorDetail(actor), reason, ...counts };
  const entry = deps.makeEntry({ kind: 'subject-erased', at: deps.clock.now(), detail });
  await submit(tx, [{ entry }]);
  return { erased: true, ...counts, results };
}

/** Locks the person's transfers; refuses while one of them may still go. */
async function settledTransfers(tx: Queryable, subject: string): Promise<string[]> {
  const { rows } = await tx.query<{ id: string; status: string }>(
    'SELECT id, status FROM transfers WHERE subject = $1 ORDER BY id FOR UPDATE',
    [subject],
  );
  const count = rows.filter(({ status }) => underWay.has(status)).length;
  if (count > 0) throw new GatewayError('SUBJECT_BUSY', { facts: { count } });
  return rows.map(({ id }) => id);
}

/**
 * How many entries have a detail under the person's key: those of their transfers, also of archived
 * ones, and those that are linked. In one statement, so that an entry that is numbered meanwhile is
 * counted once.
 */
async function countDetails(
  deps: EraseDeps,
  tx: Queryable,
  of: { subject: string; transfers: readonly string[] },
): Promise<number> {
  const { rows } = await tx.query<{ leaf: Buffer; detail: Buffer } | { leaf: null }>(
    `WITH theirs AS (
       SELECT array_agg(id) AS ids FROM (
         SELECT unnest($2::uuid[]) AS id
         UNION SELECT id FROM subject_links WHERE subject = $1 AND of_transfer) AS one
     )
     SELECT leaf, detail FROM entries
     WHERE leaf_transfer(leaf) = ANY ((SELECT ids FROM theirs)::uuid[])
     UNION ALL
     SELECT leaf, detail FROM submissions
     WHERE leaf_transfer(leaf) = ANY ((SELECT ids FROM theirs)::uuid[])
     UNION ALL
     SELECT NULL, NULL FROM subject_links WHERE subject = $1 AND NOT of_transfer`,
    [of.subject, of.transfers],
  );
  const openDetail = deps.sealer.open;
  return rows.filter((row) => {
    return row.leaf === null || unsealDetail({ openDetail }, row)?.inner;
  }).length;
}
