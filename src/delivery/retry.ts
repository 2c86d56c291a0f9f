/** "Try it now": an operator makes due what waits for its next attempt, with a reason, entered. */
import type { Agreements } from '#src/agreements/load.ts';
import type { Clock } from '#src/base/clock.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Actor } from '#src/base/words.ts';
import type { EntryMaker } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import { retryPostponed } from '#src/lifecycle/hurry.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import { personColumns, personOf, type PersonRow } from '#src/transfers/subjects.ts';

export interface RetryDeps {
  db: Database;
  agreements: Agreements;
  clock: Clock;
  makeEntry: EntryMaker;
  assertOpen: () => void;
  onSubmitted: () => void;
}

export interface RetryRequest {
  actor: Actor;
  consignee: string;
  /** This one alone (UUID). */
  transfer?: string | undefined;
  /** Free text of a person: in sealed detail only. */
  reason: string;
}

/**
 * Makes due now what waits for its next attempt at a consignee, or one transfer of it. What is due
 * already, under way or at its end stays as it is; where nothing changes, nothing is entered. It
 * opens no way: a pause, a breaker and a rate hold what is due as they hold everything.
 * @returns how many are due now that were not, 10,000 at most
 * @throws GatewayError `NOT_FOUND` (no such consignee, or no such transfer to it)
 */
export async function retryNow(deps: RetryDeps, request: RetryRequest): Promise<number> {
  deps.assertOpen();
  const { consignee, transfer, actor, reason } = request;
  if (!deps.agreements.consignees.has(consignee)) throw new GatewayError('NOT_FOUND');
  const due = await deps.db.transaction(async (tx) => {
    const one = transfer === undefined ? null : await hurryOne(tx, { consignee, id: transfer });
    const count = one === null ? await retryPostponed(tx, consignee) : one.due;
    if (count === 0) return 0;
    const entry = deps.makeEntry({
      ...{ kind: 'consignee-retried', at: deps.clock.now(), consignee, transfer },
      // What somebody wrote about a transfer goes with its person.
      ...(one === null ? {} : { person: personOf(one) }),
      detail: { ...actorDetail(actor), reason, due: count },
    });
    await submit(tx, [{ entry }]);
    return count;
  });
  if (due > 0) deps.onSubmitted();
  return due;
}

async function hurryOne(
  tx: Queryable,
  { consignee, id }: { consignee: string; id: string },
): Promise<PersonRow & { due: number }> {
  const look = `SELECT ${personColumns} FROM transfers WHERE id = $1 AND consignee = $2 FOR UPDATE`;
  const { rows } = await tx.query<PersonRow>(look, [id, consignee]);
  if (!rows[0]) throw new GatewayError('NOT_FOUND');
  const { rowCount } = await tx.query(
    `UPDATE transfers SET due_at = now() WHERE id = $1 AND status = 'ready' AND due_at > now()`,
    [id],
  );
  return { ...rows[0], due: rowCount ?? 0 };
}
