/** The end of a relation: from its row on nothing leaves, and what was received is to go. */
import { contractBegun } from '#src/agreements/force.ts';
import { GatewayError } from '#src/base/errors.ts';
import { gatewayActor, type Actor, type Contract } from '#src/base/words.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Queryable } from '#src/store/pool.ts';
import { openOrder } from './destruction.ts';
import { readStanding } from './standing.ts';
import { holdOrders, type OnStep, type StepsDeps } from './steps.ts';

export interface EndDeps extends StepsDeps {
  assertOpen: () => void;
  onSubmitted: () => void;
}

export interface RelationEnd {
  /** The version that decided last; null when none had begun. */
  contract: string | null;
  /** The Seoul day from which it holds. */
  endedOn: string;
  /** Id of the destruction order; null when nothing can have been received. */
  order: string | null;
}

/** True when this is news; the row is what every claim looks at. */
async function closeRelation(
  tx: Queryable,
  end: { consignee: string; through: number; on: string },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO relation_ends (consignee, through, on_date) VALUES ($1, $2, $3)
     ON CONFLICT DO NOTHING`,
    [end.consignee, end.through, end.on],
  );
  return rowCount === 1;
}

/** The highest version that is registered, and the highest whose relation has ended. */
async function versionsOf(tx: Queryable, consignee: string) {
  const { rows } = await tx.query<{ registered: number; ended: number }>(
    `SELECT coalesce(max(substring(id FROM '[0-9]+$')::integer), 0) AS registered,
       (SELECT coalesce(max(through), 0) FROM relation_ends WHERE consignee = $1) AS ended
     FROM contract_versions WHERE id ~ ('^' || $1 || '[.]v[0-9]+$')`,
    [consignee],
  );
  return rows[0] as { registered: number; ended: number };
}

/** Takes the step `ended` of a version; false when somebody has taken it. */
async function takeStep(tx: Queryable, contract: Contract, on: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO contract_steps (contract, step, on_date) VALUES ($1, 'ended', $2)
     ON CONFLICT DO NOTHING`,
    [contract.id, on],
  );
  return rowCount === 1;
}

interface EndRequest {
  actor: Actor;
  consignee: string;
  reason: string;
}

/** The rows and entries of an end; the step before the row, as whoever sees a last day does. */
async function end(deps: EndDeps, tx: Queryable, request: EndRequest): Promise<RelationEnd> {
  const { actor, consignee, reason } = request;
  const { contracts } = deps.agreements;
  const on = deps.clock.today();
  await holdOrders(tx);
  const begun = contractBegun({ contracts, standing: await readStanding(tx) }, consignee, on);
  const isNews = begun !== undefined && (await takeStep(tx, begun, on));
  const { registered, ended } = await versionsOf(tx, consignee);
  const isOver = ended >= registered;
  if (isOver || !(await closeRelation(tx, { consignee, through: registered, on }))) {
    throw new GatewayError('ALREADY_ENDED');
  }
  // One that never began, or whose successors are called off after its own last day.
  const last = isNews ? begun : contracts.findLast((one) => one.consignee === consignee);
  if (!last) throw new GatewayError('INTERNAL');
  const entry = deps.makeEntry({
    ...{ kind: 'contract-ended', at: deps.clock.now(), consignee },
    contract: { id: last.id, digest: last.digest },
    items: last.items.map(({ item }) => item),
    detail: { ...actorDetail(actor), on, outcome: 'operator', reason },
  });
  await submit(tx, [{ entry }]);
  const order = isNews ? await openOrder(deps, tx, { actor, contract: begun, endedOn: on }) : null;
  return { contract: isNews ? begun.id : null, endedOn: on, order };
}

/**
 * Ends the relation with a consignee, every registered version of it, at once: once this is
 * committed nothing can be claimed or pushed and no order is taken, in any process. Waiting
 * transfers are withdrawn and purged after it, however many. Only a version that is registered
 * later can begin anew.
 * @throws GatewayError `NOT_FOUND`, `ALREADY_ENDED`
 */
export async function endRelation(
  deps: EndDeps & { agreements: { consignees: ReadonlyMap<string, unknown> } },
  request: EndRequest,
): Promise<RelationEnd> {
  deps.assertOpen();
  if (!deps.agreements.consignees.has(request.consignee)) throw new GatewayError('NOT_FOUND');
  const ended = await deps.db.transaction((tx) => end(deps, tx, request));
  deps.onSubmitted();
  // It has ended, whatever becomes of this reading: the next is a second away.
  await deps.standing.refresh().catch(() => undefined);
  return ended;
}

/** What a version's last day brings with it: the same as an operator's end. */
export function endWithLastDay(deps: StepsDeps): OnStep {
  return async (tx, { contract, step, on }) => {
    if (step !== 'ended') return;
    const { consignee, version: through } = contract;
    await closeRelation(tx, { consignee, through, on });
    await openOrder(deps, tx, { actor: gatewayActor, contract, endedOn: on });
  };
}
