/** The entry of one step in a transfer's life, the same way for every room that takes one. */
import type { Agreements } from '#src/agreements/load.ts';
import type { Clock } from '#src/base/clock.ts';
import type { Actor } from '#src/base/words.ts';
import type { Entry, EntryInput, EntryMaker } from '#src/ledger/entry.ts';
import type { Person } from '#src/ledger/inner.ts';
import { actorDetail, type DetailContent } from '#src/ledger/kinds.ts';

export interface StepDeps {
  agreements: Agreements;
  clock: Clock;
  makeEntry: EntryMaker;
}

/** The kinds whose detail says who did it and how it came out. */
export type StepKind =
  'delivered' | 'rejected' | 'failed' | 'cancelled' | 'expired' | 'withdrawn' | 'purged';

/**
 * Makes the entry of a step. `contract` is the id of the version that decided the transfer; one
 * that nobody knows (a row that was tampered with) is left out:
 * its end must be recorded all the same.
 */
export function stepEntry(
  deps: StepDeps,
  step: {
    kind: StepKind;
    /** Left out only for the purge of what was in quarantine. */
    transfer?: string;
    consignee: string;
    contract: string;
    actor: Actor;
    items?: readonly string[];
    /** Where the detail speaks of one: words that somebody wrote, fingerprints of files. */
    person?: Person | undefined;
    detail: Omit<DetailContent, 'actor' | 'source'> & { outcome: string; quarantined?: string };
  },
): Entry {
  const contract = deps.agreements.contracts.find(({ id }) => id === step.contract);
  const input: EntryInput = {
    kind: step.kind,
    at: deps.clock.now(),
    ...{ transfer: step.transfer, consignee: step.consignee, person: step.person },
    ...(contract ? { contract: { id: contract.id, digest: contract.digest } } : {}),
    items: step.items ?? [],
    detail: { ...actorDetail(step.actor), ...step.detail },
  };
  return deps.makeEntry(input);
}

/** Where no contract says: a row that was tampered with. */
export const purgeAfterDaysDefault = 7;

/** After how many days the payload of a settled transfer is destroyed. */
export function purgeAfterDays(deps: StepDeps, contract: string): number {
  const known = deps.agreements.contracts.find(({ id }) => id === contract);
  return known?.retention.purgeAfterDays ?? purgeAfterDaysDefault;
}
