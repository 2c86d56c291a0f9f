/** What changes under a gateway that runs: clocks, contracts, and what becomes of these. */
import type { Agreements } from '#src/agreements/load.ts';
import { lackedContracts } from '#src/agreements/registry.ts';
import type { Clock } from '#src/base/clock.ts';
import type { Health } from '#src/base/health.ts';
import type { Log } from '#src/base/log.ts';
import { endWithLastDay } from './end.ts';
import { recordSteps, type StepsDeps } from './steps.ts';

export interface WatchDeps extends StepsDeps {
  agreements: Agreements;
  clock: Clock;
  health: Pick<Health, 'outdate' | 'closing'>;
  log: Log;
  onSubmitted: () => void;
}

/**
 * Versions that have begun, by another process, since this one started: their signatures came
 * later. One that lacked them already at the start decides nothing, and that is all.
 */
function signedElsewhere({ agreements, standing }: WatchDeps): string[] {
  const { activated } = standing.current();
  const before = standing.first().activated;
  const unsigned = agreements.contracts.filter(({ signature }) => signature.state !== 'signed');
  return unsigned.map(({ id }) => id).filter((id) => activated.has(id) && !before.has(id));
}

/**
 * One round, at start and each second: measures the clock, records the steps of contracts that are
 * due, and reads anew what decides.
 *
 * Whoever lacks a version that another process has registered would decide by one that is no
 * longer in force (law 8), and serves no more; started again with all of them, or refused for that
 * (law 6), it will say which.
 */
export async function watchContracts(deps: WatchDeps): Promise<void> {
  const { db, agreements, clock, health, log } = deps;
  await clock.measure();
  if (health.closing()) return;
  for (const contract of await lackedContracts(db, agreements.contracts)) {
    log.error('a contract was registered that this process lacks: nothing more is accepted', {
      contract,
    });
    health.outdate();
  }
  for (const contract of signedElsewhere(deps)) {
    log.error('a contract was signed that this process holds unsigned: nothing more is accepted', {
      contract,
    });
    health.outdate();
  }
  // Nor does it say what has ended: the successor may be the very version that it lacks.
  if (health.closing()) return;
  const count = await recordSteps(deps, endWithLastDay(deps));
  if (count > 0) {
    log.info('steps of contracts recorded', { count });
    deps.onSubmitted();
  }
}
