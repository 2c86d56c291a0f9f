/** Whether anything may be accepted or handed out now (law 8): any doubt, and nothing may. */
import { GatewayError } from './errors.ts';

export interface Health {
  /** From now on nothing is accepted any more. */
  shut(): void;
  /** Nor here: another process knows contracts that this one has to be started again for. */
  outdate(): void;
  outdated(): boolean;
  closing(): boolean;
  /** Aborted as soon as nothing is accepted any more: ends whatever only waits. */
  readonly ending: AbortSignal;
  /** True when the ledger has stood still for too long. */
  stalled(): boolean;
  /** Throws `SHUTTING_DOWN`, `LEDGER_STALLED`, or what a doubt throws. */
  assertOpen(): void;
}

/** How long the ledger may stand still before nothing more is accepted. */
const ledgerStallMsMax = 10_000;

/**
 * @param deps.lastAdvance when the ledger last had nothing to do or advanced, by `steadyNow`
 * @param deps.steadyNow milliseconds on a clock that nobody sets
 * @param deps.doubts each throws when it doubts
 */
export function createHealth(deps: {
  lastAdvance: () => number;
  steadyNow: () => number;
  doubts: readonly (() => void)[];
}): Health {
  const ending = new AbortController();
  let isOutdated = false;
  const stalled = () => deps.steadyNow() - deps.lastAdvance() > ledgerStallMsMax;
  return {
    shut: () => ending.abort(),
    outdate() {
      isOutdated = true;
      ending.abort();
    },
    ending: ending.signal,
    outdated: () => isOutdated,
    stalled,
    closing: () => ending.signal.aborted,
    assertOpen() {
      if (ending.signal.aborted) throw new GatewayError('SHUTTING_DOWN', { retryAfterSeconds: 5 });
      for (const doubt of deps.doubts) doubt();
      if (stalled()) throw new GatewayError('LEDGER_STALLED', { retryAfterSeconds: 5 });
    },
  };
}
