/** The inbox of a consignee: what all that happens in it needs, and how a held transfer ends. */
import { contractInForce } from '#src/agreements/force.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Actor } from '#src/base/words.ts';
import type { Person } from '#src/ledger/inner.ts';
import type { LedgerReader } from '#src/ledger/read.ts';
import type { Batcher } from '#src/store/batcher.ts';
import type { Database } from '#src/store/pool.ts';
import type { Claim } from '#src/transfers/claim.ts';
import type { SettledReceipt, Settlement } from '#src/transfers/settle.ts';
import { purgeAfterDays, stepEntry, type StepDeps } from '#src/transfers/step.ts';
import type { HeldQuestion, HeldRow } from './held.ts';
import type { OpenDeps } from './open-claim.ts';

export interface InboxDeps extends OpenDeps, StepDeps {
  /** For what every transfer passes. */
  flowDb: Database;
  ledger: Pick<LedgerReader, 'leavesAt' | 'proofsFor'>;
  looks: Batcher<HeldQuestion, HeldRow | null>;
  settlements: Batcher<Settlement, boolean>;
  assertOpen: () => void;
  onSubmitted: () => void;
  onSettled: (consignee: string, status: string) => void;
}

/**
 * Throws unless this consignee may take anything out of its inbox now.
 * @throws GatewayError `INBOX_LOCKED` while no contract is in force, or what `assertOpen` throws
 */
export function assertUnlocked(
  deps: Pick<InboxDeps, 'assertOpen' | 'versions' | 'clock'>,
  consignee: string,
): void {
  deps.assertOpen();
  const inForce = contractInForce(deps.versions, consignee, deps.clock.today());
  if (!inForce) throw new GatewayError('INBOX_LOCKED');
}

/** A transfer under a lease. */
export type Held = Pick<Claim, 'id' | 'consignee' | 'contract' | 'lease'>;

/** Ends a held transfer with its entry; false when this lease does not hold it any more. */
export async function settleHeld(
  deps: InboxDeps,
  held: Held,
  end: {
    actor: Actor;
    status: Settlement['status'];
    detail: { outcome: string; reason?: string };
    receipt?: SettledReceipt | null;
    /** Where the detail holds words that somebody wrote. */
    person?: Person | undefined;
  },
): Promise<boolean> {
  const { id: transfer, consignee, contract, lease } = held;
  const { actor, status, detail } = end;
  const settled = await deps.settlements.submit({
    ...{ transfer, lease, status, outcome: detail.outcome },
    purgeAfterDays: purgeAfterDays(deps, contract),
    receipt: end.receipt ?? undefined,
    entry: stepEntry(deps, {
      ...{ kind: status, transfer, consignee, contract, actor, person: end.person },
      detail: { via: 'inbox', ...detail },
    }),
  });
  if (settled) deps.onSettled(consignee, status);
  return settled;
}
