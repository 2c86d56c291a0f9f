/** A result that is turned away: one entry says so, whoever handed it in, and one error. */
import type { Clock } from '#src/base/clock.ts';
import { GatewayError, type ErrorCode } from '#src/base/errors.ts';
import type { Actor, Contract, FieldProblem } from '#src/base/words.ts';
import type { EntryMaker } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Database } from '#src/store/pool.ts';

/** Why. `items` are dictionary codes, `facts` fill the sentence. */
export interface ResultRefusal {
  reason: ErrorCode;
  contract?: Contract | undefined;
  items?: readonly string[];
  problems?: readonly FieldProblem[];
  facts?: Readonly<Record<string, string>>;
}

/**
 * Records the refusal and throws it. Every refusal of what came from a consignee's own place is an
 * entry, also where only its turn was wrong; what is nobody's to know (`NOT_FOUND`) is none.
 */
export async function refuseResult(
  deps: { db: Database; clock: Clock; makeEntry: EntryMaker; onSubmitted: () => void },
  from: { actor: Actor; consignee: string; transfer?: string | undefined },
  refusal: ResultRefusal,
): Promise<never> {
  const { reason, contract, items = [], problems = [], facts = {} } = refusal;
  const entry = deps.makeEntry({
    kind: 'result-refused',
    at: deps.clock.now(),
    ...{ consignee: from.consignee, transfer: from.transfer, items },
    ...(contract ? { contract: { id: contract.id, digest: contract.digest } } : {}),
    detail: { ...actorDetail(from.actor), reason, problems },
  });
  await submit(deps.db, [{ entry }]);
  deps.onSubmitted();
  const named = items.length > 0 ? { items: items.join(', ') } : {};
  throw new GatewayError(reason, { problems, facts: { ...named, ...facts } });
}
