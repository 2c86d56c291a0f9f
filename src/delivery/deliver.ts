/** One claimed transfer: checked, sent once, and settled, postponed or kept by what came of it. */
import type { Failpoint } from '#src/base/failpoint.ts';
import { gatewayActor, type Consignee } from '#src/base/words.ts';
import type { LedgerReader } from '#src/ledger/read.ts';
import type { Batcher } from '#src/store/batcher.ts';
import { keepTurn, postpone, type Claim } from '#src/transfers/claim.ts';
import type { SettledReceipt, Settlement } from '#src/transfers/settle.ts';
import { purgeAfterDays, stepEntry, type StepDeps } from '#src/transfers/step.ts';
import type { PushAgent } from './agent.ts';
import type { Endpoints } from './endpoints.ts';
import { openClaim, type OpenDeps, type Work } from './open-claim.ts';
import type { PushOutcome } from './outcome.ts';
import { pushOnce } from './push.ts';
import { heedReceipt } from './receipts.ts';
import { retryDelaySeconds } from './retry-delay.ts';

export interface DeliverDeps extends OpenDeps, StepDeps {
  ledger: Pick<LedgerReader, 'leavesAt' | 'proofsFor'>;
  settlements: Batcher<Settlement, boolean>;
  endpoints: Endpoints;
  /** A number from 0 up to 1, for jitter. */
  random: () => number;
  onSettled: (consignee: string, status: string) => void;
  failpoint?: Failpoint | undefined;
}

/** The class of its outcome, or null where nothing was sent. */
export async function deliver(
  deps: DeliverDeps,
  agents: ReadonlyMap<string, PushAgent>,
  work: Work,
): Promise<PushOutcome['kind'] | null> {
  const { claim } = work;
  const consignee = deps.agreements.consignees.get(claim.consignee);
  const agent = agents.get(claim.consignee);
  if (!consignee?.push || !agent) return null;
  const envelope = await openClaim(deps, work, (status, outcome) =>
    settleAs(deps, claim, status, outcome),
  );
  if (envelope === null) {
    await deps.endpoints.returnProbe(claim);
    return null;
  }
  const body = JSON.stringify(envelope);
  const { timeoutSeconds } = consignee.retry;
  await deps.failpoint?.('send:before');
  if (isLate(deps, claim, timeoutSeconds)) {
    deps.log.warn('a lease was over before its push began: not sent', { transfer: claim.id });
    return null;
  }
  const sent = await pushOnce(
    { agent, now: () => deps.clock.now() },
    { id: claim.id, body, settings: consignee.push, timeoutSeconds },
  );
  await deps.failpoint?.('send:after');
  const { outcome, receipt } = await heedReceipt(deps, claim, sent);
  // First: the transfer is due again at once, and must not find the endpoint as it was.
  if (sent.kind === 'gone') await deps.endpoints.tell(consignee, claim, sent);
  await conclude(deps, consignee, claim, outcome, receipt);
  // Last, and apart: what came of a transfer does not hang on what is known of its endpoint. One
  // that takes transfers and signs for none is there all the same.
  if (sent.kind !== 'gone') await deps.endpoints.tell(consignee, claim, sent);
  return outcome.kind;
}

/**
 * Whether the lease may end before the push does: this process stood still, and another may have
 * taken the transfer, or withdrawn it. Throws while nobody can tell what time it is.
 */
function isLate({ clock }: DeliverDeps, { leaseUntil }: Claim, timeoutSeconds: number): boolean {
  clock.assertAgrees();
  return clock.now().getTime() + timeoutSeconds * 1000 > leaseUntil.getTime();
}

async function conclude(
  deps: DeliverDeps,
  consignee: Consignee,
  claim: Claim,
  outcome: PushOutcome,
  receipt: SettledReceipt | null,
): Promise<void> {
  const { id: transfer, attempts: attempt } = claim;
  const line = { transfer, consignee: consignee.id, attempt, outcome: outcome.code };
  switch (outcome.kind) {
    case 'accepted':
      return settleAs(deps, claim, 'delivered', outcome.code, receipt);
    case 'rejected':
      deps.log.warn('transfer rejected', line);
      return settleAs(deps, claim, 'rejected', outcome.code);
    case 'gone':
      return keepTurn(deps.db, claim, outcome.code);
    case 'retry': {
      const delay = delaySeconds(deps, consignee, claim);
      if (delay === null) {
        deps.log.warn('transfer failed', line);
        return settleAs(deps, claim, 'failed', outcome.code);
      }
      deps.log.info('delivery postponed', line);
      return postpone(deps.db, claim, {
        delaySeconds: Math.max(delay, outcome.retryAfterSeconds ?? 0),
        ...{ outcome: outcome.code, isFree: claim.probe },
      });
    }
  }
}

/**
 * Seconds until the next attempt; null when the schedule is used up. A probe asks about the
 * consignee: it never ends its transfer and uses up nothing of its schedule, and the wait behind it
 * lets another be the next probe.
 */
function delaySeconds(deps: DeliverDeps, consignee: Consignee, claim: Claim): number | null {
  const { scheduleSeconds } = consignee.retry;
  const tries = claim.probe ? Math.min(claim.tries, scheduleSeconds.length) : claim.tries;
  const delay = retryDelaySeconds(scheduleSeconds, tries, deps.random());
  return claim.probe ? (delay ?? consignee.breaker.openSeconds) : delay;
}

async function settleAs(
  deps: DeliverDeps,
  claim: Claim,
  status: Settlement['status'],
  outcome: string,
  receipt: SettledReceipt | null = null,
): Promise<void> {
  const { id: transfer, consignee, contract, lease, attempts } = claim;
  const entry = stepEntry(deps, {
    ...{ kind: status, transfer, consignee, contract, actor: gatewayActor },
    detail: { via: 'push', outcome, attempts },
  });
  const held = await deps.settlements.submit({
    ...{ transfer, lease, status, outcome, entry, receipt: receipt ?? undefined },
    purgeAfterDays: purgeAfterDays(deps, contract),
  });
  if (held) deps.onSettled(consignee, status);
}
