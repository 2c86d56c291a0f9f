/**
 * Pushes what a checkpoint covers, each consignee within its own
 * limits; after a crash, the same way.
 */
import { contractInForce } from '#src/agreements/force.ts';
import type { Consignee } from '#src/base/words.ts';
import { claimDue, type Slots } from '#src/transfers/claim.ts';
import { createPushAgent, type PushAgent } from './agent.ts';
import { deliver, type DeliverDeps } from './deliver.ts';
import { createEndpoints } from './endpoints.ts';
import { lookUp, type Work } from './open-claim.ts';

export interface DispatchDeps extends Omit<DeliverDeps, 'endpoints'> {
  onSubmitted: () => void;
  /** Told of each push, for the metrics. */
  onPush?: PushWatch | undefined;
}

/** `outcome` is a class: `accepted`, `rejected`, `gone`, `retry`; null: it never came to one. */
export interface PushWatch {
  began: (consignee: string) => void;
  ended: (consignee: string, outcome: string | null) => void;
}

export interface Dispatcher {
  /** Claims what is due within each consignee's free slots and starts pushing it. */
  dispatch(): Promise<number>;
  /** Waits until everything under way has come to its outcome. */
  drain(): Promise<void>;
  inFlight(): number;
}

/** A lease outlives the deadline of its push by this much, so that nobody sends beside us. */
const leaseMarginSeconds = 30;

/** @param onFree told when a push has ended, so that its slot can be used */
export function createDispatcher(deps: DispatchDeps, onFree: () => void): Dispatcher {
  const consignees = [...deps.agreements.consignees.values()].filter((one) => one.push);
  const agents = makeAgents(consignees);
  const endpoints = createEndpoints(deps);
  const busy = new Map<string, number>();
  const underWay = new Set<Promise<void>>();
  let isPrepared = false;
  const { contracts } = deps.agreements;

  function begin(one: Work): void {
    const { id: transfer, consignee } = one.claim;
    busy.set(consignee, (busy.get(consignee) ?? 0) + 1);
    deps.onPush?.began(consignee);
    const work = deliver({ ...deps, endpoints }, agents, one)
      .catch((error: unknown) => {
        // The lease runs out and the transfer is claimed again: the normal path of recovery.
        deps.log.error('delivery interrupted', { transfer, error });
        return null;
      })
      .then((outcome) => {
        busy.set(consignee, (busy.get(consignee) ?? 1) - 1);
        underWay.delete(work);
        deps.onPush?.ended(consignee, outcome);
        onFree();
      });
    underWay.add(work);
  }

  return {
    async dispatch() {
      const slots = slotsFree(deps, consignees, busy);
      if (slots.size === 0) return 0;
      deps.clock.assertAgrees();
      if (!isPrepared) await endpoints.prepare(consignees);
      isPrepared = true;
      const leaseSeconds = leaseMarginSeconds;
      await deps.failpoint?.('claim:before-commit');
      const claims = await claimDue(deps.db, { slots, status: 'sending', leaseSeconds, contracts });
      if (claims.length === 0) return 0;
      await deps.failpoint?.('claim:after-commit');
      for (const one of await lookUp(deps.ledger, claims)) begin(one);
      return claims.length;
    },
    async drain() {
      await Promise.all(underWay);
      await Promise.all([...agents.values()].map((agent) => agent.close()));
    },
    inFlight: () => underWay.size,
  };
}

/**
 * What each may be given now. Nothing is claimed for whom no contract is in force: the backlog of a
 * relation that has ended would be looked at in every round, until it is withdrawn. A lease is as
 * long as the consignee's own deadline: whoever is slow makes nobody else's longer.
 */
function slotsFree(
  { versions, clock }: DispatchDeps,
  consignees: readonly Consignee[],
  busy: ReadonlyMap<string, number>,
): Map<string, Slots> {
  const today = clock.today();
  const slots = new Map<string, Slots>();
  for (const { id, rate, retry } of consignees) {
    const free = rate.concurrencyMax - (busy.get(id) ?? 0);
    if (free <= 0 || !contractInForce(versions, id, today)) continue;
    const leaseSeconds = retry.timeoutSeconds + leaseMarginSeconds;
    slots.set(id, { free, perSecondMax: rate.perSecondMax, leaseSeconds });
  }
  return slots;
}

/** Connections and credentials of each, apart from everybody else's. */
function makeAgents(consignees: readonly Consignee[]): ReadonlyMap<string, PushAgent> {
  return new Map(
    consignees.flatMap(({ id, push, rate, retry }): [string, PushAgent][] => {
      if (!push) return [];
      const { timeoutSeconds } = retry;
      const { concurrencyMax } = rate;
      return [[id, createPushAgent({ concurrencyMax, timeoutSeconds, settings: push })]];
    }),
  );
}
