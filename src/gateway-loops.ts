/** The loops of a gateway: what each works at, what wakes it, and the order in which they stop. */
import type { AccountWatch } from '#src/access/account-watch.ts';
import { forgetExpired } from '#src/access/replays.ts';
import { forgetSignIns, type StaffSessions } from '#src/access/staff-sessions.ts';
import type { Failpoint } from '#src/base/failpoint.ts';
import type { Health } from '#src/base/health.ts';
import { startLoop, type Loop } from '#src/base/loop.ts';
import { createAnnouncer, type AnnounceDeps } from '#src/delivery/announcer.ts';
import { createDispatcher, type DispatchDeps } from '#src/delivery/dispatcher.ts';
import { startSequencer } from '#src/ledger/loop.ts';
import type { LedgerKey } from '#src/ledger/note.ts';
import type { NotedKeeper } from '#src/ledger/noted.ts';
import { createSequencer } from '#src/ledger/sequencer.ts';
import { noteKeyEntries } from '#src/lifecycle/key-change.ts';
import { watchContracts } from '#src/lifecycle/watch.ts';
import { createConditionWatch, type ConditionDeps } from '#src/oversight/alert-conditions.ts';
import { countActivity, type CountingDeps } from '#src/oversight/review-counting.ts';
import type { Keyring } from '#src/sealing/keyring.ts';
import type { Database } from '#src/store/pool.ts';
import { coverEntries } from '#src/transfers/cover.ts';
import { recordEvents } from '#src/transfers/events.ts';
import { purgeQuarantine } from '#src/transfers/quarantine.ts';
import { expireUnclaimed, purgeDue, purgeEnded, withdrawOutdated } from '#src/transfers/upkeep.ts';
import { clearEvents, clearReplies, clearUnused } from '#src/transfers/upkeep-clear.ts';
import { withdrawSuspended } from '#src/transfers/withdraw-suspended.ts';

/** What the loops need of the rooms that they work in. */
export type LoopRooms = DispatchDeps &
  AnnounceDeps &
  ConditionDeps &
  UpkeepRooms &
  CountingDeps &
  Parameters<typeof watchContracts>[0] & {
    health: Health;
    /** Who waits for its inbox. */
    waits: { nudge(): void };
    /** For what every order passes. */
    flowDb: Database;
    ledgerKey: LedgerKey;
    noted: NotedKeeper;
    keys: Keyring;
    acceptances: { close(): Promise<void> };
    /** Milliseconds on a clock that nobody sets. */
    steadyNow: () => number;
  };

type UpkeepRooms = Parameters<typeof purgeDue>[0] &
  Parameters<typeof withdrawSuspended>[0] & {
    accounts: AccountWatch;
    sessions: Pick<StaffSessions, 'limits'>;
  };

const lookAtAccounts = ({ accounts }: UpkeepRooms) => accounts.look();

export interface LoopSettings {
  /** For the fault driver: where a gateway can be interrupted. Absent in the product. */
  failpoint?: Failpoint | undefined;
}

const upkeepRestMs = 5_000;
const watchRestMs = 1_000;
/** Another process may make transfers ready: looked for at this pace without a nudge. */
const dispatchRestMs = 250;
/** The same of events, which are no hurry. */
const announceRestMs = 500;
const alertRestMs = 3_000;
/** A thousand entries each time at most: after a flood it catches up with 1,000 a second. */
const countRestMs = 1_000;

/** Starts every loop; `stop` ends them in the order in which nothing is left half done. */
export function startLoops(rooms: LoopRooms, settings: LoopSettings) {
  const { log, health, noted } = rooms;
  const dispatcher = createDispatcher({ ...rooms, db: rooms.flowDb }, () => dispatch.nudge());
  const dispatch = startLoop({
    work: async () => {
      noted.assertWhole();
      rooms.keys.assertWhole();
      return !health.closing() && (await dispatcher.dispatch()) > 0;
    },
    restMs: dispatchRestMs,
    onError: (error) => log.warn('dispatching paused', { error }),
  });
  const announcer = createAnnouncer(rooms, () => announce.nudge());
  const announce = startLoop({
    work: async () => !health.closing() && (await announcer.announce()) > 0,
    restMs: announceRestMs,
    onError: (error) => log.warn('telling subscribers paused', { error }),
  });
  const upkeep = startLoop({
    work: () => keepUp(rooms),
    restMs: upkeepRestMs,
    onError: (error) => log.warn('upkeep paused', { error }),
  });
  const rounds = startRounds(rooms);
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
      await Promise.all([dispatch, announce, upkeep, ...rounds].map((loop) => loop.stop()));
      await Promise.all([dispatcher.drain(), announcer.drain()]);
      await rooms.acceptances.close();
      await rooms.settlements.close();
      await sequencer.stop();
    },
  };
}

/** What is looked at every so often, whatever happens. */
function startRounds(rooms: LoopRooms): Loop[] {
  const { log, noted, keys } = rooms;
  const every = (restMs: number, look: () => Promise<unknown>, failed: string): Loop =>
    startLoop({
      work: () => look().then(() => false),
      restMs,
      onError: (error) => log.warn(failed, { error }),
    });
  const lookAround = createConditionWatch(rooms);
  return [
    every(alertRestMs, () => lookAround(), 'looking for alerts paused'),
    every(watchRestMs, () => watchContracts(rooms), 'the database does not answer'),
    every(watchRestMs, () => keys.refresh(), 'the keys were not read'),
    every(watchRestMs, () => noted.follow(), 'the ledger was not held against its file'),
    every(watchRestMs, () => rooms.accounts.follow(), 'changes of accounts were not read'),
    every(countRestMs, () => countActivity(rooms), 'counting for reviews paused'),
  ];
}

/** @param onCovered told after the commit: what was covered may now be sent */
function startSequencing(
  rooms: LoopRooms,
  { failpoint }: LoopSettings,
  onCovered: (isToBeTold: boolean) => void,
) {
  const { flowDb: db, clock, log, ledgerKey: key, noted, steadyNow } = rooms;
  let isToBeTold = false;
  const rounds = createSequencer({
    ...{ db, key, noted, now: () => clock.now() },
    failpoint: (step) => failpoint?.(`sequence:${step}`),
    async onCovered(tx, covered) {
      await coverEntries(tx, covered);
      await noteKeyEntries(tx, covered);
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
  await forgetSignIns({ db: rooms.db, limits: rooms.sessions.limits });
  const steps = [
    ...[expireUnclaimed, withdrawOutdated, withdrawSuspended, purgeEnded, purgeDue],
    ...[purgeQuarantine, clearUnused, clearReplies, clearEvents, lookAtAccounts],
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
