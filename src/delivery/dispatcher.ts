/**
 * Pushes what a checkpoint covers, each consignee within its own
 * limits; after a crash, the same way.
 */
import { contractInForce } from '#src/agreements/force.ts';
import type { Log } from '#src/base/log.ts';
import { gatewayActor, type Consignee } from '#src/base/words.ts';
import type { LedgerReader } from '#src/ledger/read.ts';
import type { EncryptTo } from '#src/sealing/jwe.ts';
import type { Batcher } from '#src/store/batcher.ts';
import type { Database } from '#src/store/pool.ts';
import { claimDue, postpone, type Claim } from '#src/transfers/claim.ts';
import { reopenTransfer, type ReopenDeps } from '#src/transfers/reopen.ts';
import type { Settlement } from '#src/transfers/settle.ts';
import { purgeAfterDays, stepEntry, type StepDeps } from '#src/transfers/step.ts';
import { makeEnvelope, type WireProof } from './envelope.ts';
import { lacksKey, waitForKey } from './keys.ts';
import { createPushAgent, pushOnce, type PushAgent, type PushOutcome } from './push.ts';

export interface DispatchDeps extends ReopenDeps, StepDeps {
  db: Database;
  ledger: Pick<LedgerReader, 'leavesAt' | 'proofsFor'>;
  settlements: Batcher<Settlement, boolean>;
  encryptors: ReadonlyMap<string, EncryptTo | null>;
  log: Log;
  /** A number from 0 up to 1, for jitter. */
  random: () => number;
  onSettled: (consignee: string, status: string) => void;
}

export interface Dispatcher {
  /** Claims what is due within each consignee's free slots and starts pushing it. */
  dispatch(): Promise<number>;
  /** Waits until everything under way has come to its outcome. */
  drain(): Promise<void>;
  inFlight(): number;
}

/** What the ledger has of a claimed transfer; nothing leaves without both. */
type Leaf = Buffer | null | undefined;
type Proof = WireProof | null | undefined;

/** A lease outlives the deadline of its push by this much, so that nobody sends beside us. */
const leaseMarginSeconds = 30;

/** @param onFree told when a push has ended, so that its slot can be used */
export function createDispatcher(deps: DispatchDeps, onFree: () => void): Dispatcher {
  const consignees = [...deps.agreements.consignees.values()].filter((one) => one.push);
  const agents = new Map(
    consignees.map((one) => [one.id, createPushAgent(one.rate.concurrencyMax)]),
  );
  const busy = new Map<string, number>();
  const underWay = new Set<Promise<void>>();
  const timeoutSecondsMax = Math.max(0, ...consignees.map((one) => one.retry.timeoutSeconds));
  const { contracts } = deps.agreements;
  // Nothing is claimed for whom no contract is in force: the backlog of a relation that has ended
  // would be read through in every round, until it is withdrawn.
  const isServed = (consignee: string) =>
    contractInForce(deps.versions, consignee, deps.clock.today()) !== undefined;
  const slotsFree = () =>
    new Map(
      consignees
        .filter(({ id }) => isServed(id))
        .map((one): [string, number] => [one.id, one.rate.concurrencyMax - (busy.get(one.id) ?? 0)])
        .filter(([, slots]) => slots > 0),
    );

  function begin(claim: Claim, leaf: Leaf, proof: Proof): void {
    busy.set(claim.consignee, (busy.get(claim.consignee) ?? 0) + 1);
    const work = deliver(deps, agents, claim, leaf, proof)
      .catch((error: unknown) => {
        // The lease runs out and the transfer is claimed again: the normal path of recovery.
        deps.log.error('delivery interrupted', { transfer: claim.id, error });
      })
      .finally(() => {
        busy.set(claim.consignee, (busy.get(claim.consignee) ?? 1) - 1);
        underWay.delete(work);
        onFree();
      });
    underWay.add(work);
  }

  return {
    async dispatch() {
      const slots = slotsFree();
      if (slots.size === 0) return 0;
      deps.clock.assertAgrees();
      const leaseSeconds = timeoutSecondsMax + leaseMarginSeconds;
      const claims = await claimDue(deps.db, { slots, status: 'sending', leaseSeconds, contracts });
      if (claims.length === 0) return 0;
      const indexes = claims.map((claim) => claim.entry);
      const leaves = await deps.ledger.leavesAt(indexes);
      const proofs = await deps.ledger.proofsFor(indexes);
      claims.forEach((claim, at) => begin(claim, leaves[at], proofs[at]));
      return claims.length;
    },
    async drain() {
      await Promise.all(underWay);
      await Promise.all([...agents.values()].map((agent) => agent.close()));
    },
    inFlight: () => underWay.size,
  };
}

async function deliver(
  deps: DispatchDeps,
  agents: ReadonlyMap<string, PushAgent>,
  claim: Claim,
  leaf: Leaf,
  proof: Proof,
): Promise<void> {
  const consignee = deps.agreements.consignees.get(claim.consignee);
  if (!consignee?.push) return;
  const reopened = reopenTransfer(deps, claim, leaf);
  if (reopened.outcome === 'corrupt' || !proof) {
    const error = reopened.outcome === 'corrupt' ? reopened.cause : new Error('no proof');
    deps.log.error('transfer failed its checks: not sent', { transfer: claim.id, error });
    return settleAs(deps, claim, 'failed', 'integrity');
  }
  if (reopened.outcome === 'withdrawn') return settleAs(deps, claim, 'withdrawn', reopened.why);
  const encrypt = deps.encryptors.get(consignee.id) ?? null;
  if (lacksKey(encrypt, reopened.released)) return waitForKey(deps, claim);
  const envelope = await makeEnvelope(encrypt, {
    transfer: claim.id,
    released: reopened.released,
    proof,
  });
  const agent = agents.get(consignee.id);
  const outcome = await pushOnce(
    { ...(agent ? { agent } : {}), now: () => deps.clock.now() },
    {
      id: claim.id,
      body: JSON.stringify(envelope),
      settings: consignee.push,
      timeoutSeconds: consignee.retry.timeoutSeconds,
    },
  );
  await conclude(deps, consignee, claim, outcome);
}

async function conclude(
  deps: DispatchDeps,
  consignee: Consignee,
  claim: Claim,
  outcome: PushOutcome,
): Promise<void> {
  const { id: transfer, attempts: attempt } = claim;
  const line = { transfer, consignee: consignee.id, attempt, outcome: outcome.code };
  if (outcome.kind === 'accepted') return settleAs(deps, claim, 'delivered', outcome.code);
  if (outcome.kind === 'rejected') {
    deps.log.warn('transfer rejected', line);
    return settleAs(deps, claim, 'rejected', outcome.code);
  }
  const delay = retryDelaySeconds(consignee.retry.scheduleSeconds, claim.attempts, deps.random());
  if (delay === null) {
    deps.log.warn('transfer failed', line);
    return settleAs(deps, claim, 'failed', outcome.code);
  }
  deps.log.info('delivery postponed', line);
  const delaySeconds = Math.max(delay, outcome.retryAfterSeconds ?? 0);
  await postpone(deps.db, claim, { delaySeconds, outcome: outcome.code });
}

/**
 * Seconds until the next attempt, or null when the schedule is used up. A quarter of jitter, so
 * that a consignee that comes back is not met by all its retries at once.
 * @param attempts how many have been made, 1 or more
 */
export function retryDelaySeconds(
  schedule: readonly number[],
  attempts: number,
  random: number,
): number | null {
  const seconds = schedule[attempts - 1];
  return seconds === undefined ? null : seconds * (1 + random / 4);
}

async function settleAs(
  deps: DispatchDeps,
  claim: Claim,
  status: Settlement['status'],
  outcome: string,
): Promise<void> {
  const { id: transfer, consignee, contract, lease, attempts } = claim;
  const entry = stepEntry(deps, {
    ...{ kind: status, transfer, consignee, contract, actor: gatewayActor },
    detail: { via: 'push', outcome, attempts },
  });
  const held = await deps.settlements.submit({
    ...{ transfer, lease, status, outcome, entry },
    purgeAfterDays: purgeAfterDays(deps, contract),
  });
  if (held) deps.onSettled(consignee, status);
}
