/** The loops of a gateway: what each works at, what wakes it, and the order in which they stop. */
import { forgetExpired } from '#src/access/replays.ts';
import type { Failpoint } from '#src/base/failpoint.ts';
import type { Health } from '#src/base/health.ts';
import { startLoop } from '#src/base/loop.ts';
import { createAnnouncer, type AnnounceDeps } from '#src/delivery/announcer.ts';
import { createDispatcher, type DispatchDeps } from '#src/delivery/dispatcher.ts';
import { startSequencer } from '#src/ledger/loop.ts';
import type { LedgerKey } from '#src/ledger/note.ts';
import { createSequencer } from '#src/ledger/sequencer.ts';
import { watchContracts } from '#src/lifecycle/watch.ts';
import { createConditionWatch, type ConditionDeps } from '#src/oversight/alert-conditions.ts';
import { dropUnused } from '#src/transfers/attached.ts';
import { coverEntries } from '#src/transfers/cover.ts';
import { forgetEvents, recordEvents } from '#src/transfers/events.ts';
import { purgeQuarantine } from '#src/transfers/quarantine.ts';
import {
  expireUnclaimed,
  forgetOldKeys,
  purgeDue,
  purgeEnded,
  withdrawOutdated,
} from '#src/transfers/upkeep.ts';
import { withdrawSuspended } from '#src/transfers/withdraw-suspended.ts';

/** What the loops need of the rooms that they work in. */
export type LoopRooms = DispatchDeps &
  AnnounceDeps &
  ConditionDeps &
  UpkeepRooms &
  Parameters<typeof watchContracts>[0] & {
    health: Health;
    /** Who waits for its inbox. */
    waits: { nudge(): void };
    ledgerKey: LedgerKey;
    acceptances: { close(): Promise<void> };
    /** Milliseconds on a clock that nobody sets. */
    steadyNow: () => number;
  };

type UpkeepRooms = Parameters<typeof purgeDue>[0] & Parameters<typeof withdrawSuspended>[0];

export interface LoopSettings {
  /** For the fault driver: where a gateway can be interrupted. Absent in the product. */
  failpoint?: Failpoint | undefined;
}

const upkeepRestMs = 5_000;
const watchRestMs = 1_000;
/** Another process may make transfers ready: looked for at this pace without a nudge. */
const dispatchRestMs = 100;
/** The same of events, which are no hurry. */
const announceRestMs = 500;
const alertRestMs = 3_000;

/** Starts every loop; `stop` ends them in the order in which nothing is left half done. */
export function startLoops(rooms: LoopRooms, settings: LoopSettings) {
  const { log, health } = rooms;
  const dispatcher = createDispatcher(rooms, () => dispatch.nudge());
  const dispatch = startLoop({
    work: async () => !health.closing() && (await dispatcher.dispatch()) > 0,
    restMs: dispatchRestMs,
    onError: (error) => log.warn('dispatching paused', { error }),
  });
  const announcer = createAnnouncer(rooms, () => announce.nudge());
  const announce = startLoop({
    work: async () => !health.closing() && (await announcer.announce()) > 0,
    restMs: announceRestMs,
    onError: (error) => log.warn('telling subscribers paused', { error }),
  });
  const lookAround = createConditionWatch(rooms);
  const alerting = startLoop({
    work: () => lookAround().then(() => false),
    restMs: alertRestMs,
    onError: (error) => log.warn('looking for alerts paused', { error }),
  });
  const upkeep = startLoop({
    work: () => keepUp(rooms),
    restMs: upkeepRestMs,
    onError: (error) => log.warn('upkeep paused', { error }),
  });
  const watching = startLoop({
    work: () => watchContracts(rooms).then(() => false),
    restMs: watchRestMs,
    onError: (error) => log.warn('the database does not answer', { error }),
  });
  const sequencer = startSequencing(rooms, settings, (isToBeTold) => {
    dispatch.nudge();
    rooms.waits.nudge();
    if (isToBeTold) announce.nudge();
  });
  return {
    sequencer,
    upkeep,
    /** Top down: what sends first, what numbers last. */
    async stop() {
      const sending = [dispatch, announce];
      await Promise.all([...sending, alerting, upkeep, watching].map((loop) => loop.stop()));
      await Promise.all([dispatcher.drain(), announcer.drain()]);
      await rooms.acceptances.close();
      await rooms.settlements.close();
      await sequencer.stop();
    },
  };
}

/** @param onCovered told after the commit: what was covered may now be sent */
function startSequencing(
  rooms: LoopRooms,
  { failpoint }: LoopSettings,
  onCovered: (isToBeTold: boolean) => void,
) {
  const { db, clock, log, ledgerKey: key, steadyNow } = rooms;
  let isToBeTold = false;
  const rounds = createSequencer({
    ...{ db, key, now: () => clock.now() },
    failpoint: (step) => failpoint?.(`sequence:${step}`),
    async onCovered(tx, covered) {
      await coverEntries(tx, covered);
      isToBeTold = await recordEvents(tx, rooms.subscriptions, covered);
    },
  });
  const sequenceOnce = async () => {
    const count = await rounds.sequenceOnce();
    if (count > 0) onCovered(isToBeTold);
    return count;
  };
  const onError = (error: unknown) => log.error('sequencing failed', { error });
  const steady = () => new Date(steadyNow());
  return startSequencer({ sequenceOnce }, { onError, now: steady });
}

/** One round of what time does; true while there is more. */
async function keepUp(rooms: UpkeepRooms): Promise<boolean> {
  rooms.clock.assertAgrees();
  await rooms.db.query('SELECT ensure_partitions()');
  await forgetExpired({ db: rooms.db });
  const steps = [
    ...[expireUnclaimed, withdrawOutdated, withdrawSuspended, purgeEnded, purgeDue],
    ...[purgeQuarantine, dropUnused, forgetOldKeys, forgetEvents],
  ];
  let more = false;
  const faults: unknown[] = [];
  for (const step of steps) {
    // One step that fails, for its load say, must not keep the others from ever being done.
    const count = await step(rooms).catch((error: unknown) => void faults.push(error));
    more ||= (count ?? 0) > 0;
  }
  if (faults.length > 0) throw faults[0];
  return more;
}
