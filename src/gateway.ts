/**
 * The gateway whole: opens the rooms from the ground up, starts the loops, closes them top down.
 */
import { randomBytes } from 'node:crypto';
import { createClientRegistry } from '#src/access/clients.ts';
import { forgetExpired } from '#src/access/replays.ts';
import type { Versions } from '#src/agreements/force.ts';
import type { Agreements } from '#src/agreements/load.ts';
import { createClock, type Clock } from '#src/base/clock.ts';
import { createHealth, type Health } from '#src/base/health.ts';
import type { Log } from '#src/base/log.ts';
import { startLoop } from '#src/base/loop.ts';
import type { GatewayKeys } from '#src/base/secrets.ts';
import { createDispatcher } from '#src/delivery/dispatcher.ts';
import { makeEntry, type EntryInput, type EntryMaker } from '#src/ledger/entry.ts';
import { startSequencer } from '#src/ledger/loop.ts';
import { encodeVkey, ledgerKeyFromSeed, type LedgerKey } from '#src/ledger/note.ts';
import { assertSealingKey, openLedger } from '#src/ledger/open.ts';
import { createLedgerReader } from '#src/ledger/read.ts';
import { createSequencer, type SequencerStep } from '#src/ledger/sequencer.ts';
import { activateContracts } from '#src/lifecycle/contracts.ts';
import { createStanding, type StandingKeeper } from '#src/lifecycle/standing.ts';
import { watchContracts } from '#src/lifecycle/watch.ts';
import { compileContract } from '#src/minimise/compile.ts';
import { createFingerprint, type Fingerprint } from '#src/sealing/fingerprint.ts';
import { assertHmacKey } from '#src/sealing/key-check.ts';
import { encryptorFor, type EncryptTo } from '#src/sealing/jwe.ts';
import { createSealer, type Sealer } from '#src/sealing/seal.ts';
import { assertSchema } from '#src/store/migrate.ts';
import { databaseNow } from '#src/store/now.ts';
import { openDatabase, type Database } from '#src/store/pool.ts';
import { createAcceptances } from '#src/transfers/acceptance.ts';
import { coverEntries } from '#src/transfers/cover.ts';
import { createSettlements } from '#src/transfers/settle.ts';
import {
  expireUnclaimed,
  forgetOldKeys,
  purgeDue,
  purgeEnded,
  withdrawOutdated,
} from '#src/transfers/upkeep.ts';
import { withdrawSuspended } from '#src/transfers/withdraw-suspended.ts';

export interface GatewaySettings {
  databaseUrl: string;
  databaseConnectionsMax: number;
  agreements: Agreements;
  keys: GatewayKeys;
  ledgerOrigin: string;
  log: Log;
  /** Told of every transfer that came to its end, for the metrics. */
  onSettled: (consignee: string, status: string) => void;
  /** For the fault driver: where the sequencer can be interrupted. Absent in the product. */
  failpoint?: (step: SequencerStep) => void | Promise<void>;
}

const upkeepRestMs = 5_000;
const watchRestMs = 1_000;
/** Another process may make transfers ready: looked for at this pace without a nudge. */
const dispatchRestMs = 100;

/**
 * Milliseconds on a clock that nobody sets: a jump must neither feign a standstill nor hide one.
 */
const steadyNow = () => performance.now();

export type Gateway = Awaited<ReturnType<typeof openGateway>>;

/**
 * Opens everything and starts the loops. Throws `StartupError` when a check of set-up fails
 * (schema, grants, keys, contracts), `DATABASE_UNAVAILABLE` when PostgreSQL cannot be reached.
 */
export async function openGateway(settings: GatewaySettings) {
  const { log } = settings;
  const db = openDatabase({
    url: settings.databaseUrl,
    sizeMax: settings.databaseConnectionsMax,
    onError: (error) => log.warn('a database connection was lost', { error }),
  });
  try {
    const wiring: Wiring = { nudge: () => undefined, lastAdvance: steadyNow };
    const rooms = await openRooms(settings, db, wiring);
    const loops = startLoops(settings, rooms);
    wiring.nudge = () => loops.sequencer.nudge();
    wiring.lastAdvance = () => loops.sequencer.lastAdvance;
    loops.sequencer.nudge();
    const { health } = rooms;
    /**
     * Withdraws and purges a batch of what has just ended, before the caller is answered; upkeep
     * goes on at once with whatever is left. It has ended also where this fails.
     */
    const sweepEnded = async () => {
      try {
        await withdrawOutdated(rooms);
        await purgeEnded(rooms);
      } catch (error) {
        log.warn('upkeep will sweep what ended', { error });
      }
      loops.upkeep.nudge();
    };
    /** Accepts nothing more, lets what is under way end, and closes. Safe to call once. */
    const close = async () => {
      health.shut();
      await loops.stop();
      await db.end();
    };
    return { ...rooms, sweepEnded, close };
  } catch (error) {
    await db.end();
    throw error;
  }
}

/** What the rooms need of loops that start after them. */
interface Wiring {
  nudge: () => void;
  lastAdvance: () => number;
}

async function openRooms(settings: GatewaySettings, db: Database, wiring: Wiring) {
  const { agreements, keys, log } = settings;
  const sealer = createSealer({ key: keys.sealing });
  const clock = createClock({ databaseNow: () => databaseNow(db), localNow: Date.now });
  const makeBoundEntry: EntryMaker = (input: EntryInput) =>
    makeEntry({ sealDetail: sealer.seal, randomBytes }, input);
  const ledgerKey = ledgerKeyFromSeed(settings.ledgerOrigin, keys.ledger);
  const ledger = createLedgerReader({ db, openDetail: sealer.open });
  const standing = createStanding({ db, steadyNow });
  const ground = {
    db,
    standing,
    agreements,
    clock,
    sealer,
    log,
    makeEntry: makeBoundEntry,
    ledger,
    ledgerKey,
    fingerprint: createFingerprint({ key: keys.hmac }),
  };
  const onSubmitted = () => wiring.nudge();
  const health = createHealth({
    lastAdvance: () => wiring.lastAdvance(),
    steadyNow,
    doubts: [() => clock.assertAgrees(), () => standing.assertFresh()],
  });
  await prepare({ ...ground, health, onSubmitted });
  const encryptors = await makeEncryptors(agreements);
  return {
    ...ground,
    versions: versionsOf(agreements, standing),
    ...{ randomBytes, encryptors, onSubmitted, health, assertOpen: () => health.assertOpen() },
    compiled: new Map(agreements.contracts.map((one) => [one.id, compileContract(one)])),
    encryptable: new Set([...encryptors].flatMap(([id, encrypt]) => (encrypt ? [id] : []))),
    clients: createClientRegistry({ db, now: Date.now }),
    settlements: createSettlements({ db, onSubmitted }),
    acceptances: createAcceptances({ db, onDurable: onSubmitted }),
    onSettled: settings.onSettled,
    vkey: encodeVkey(ledgerKey),
  };
}

/** The versions as they stand at the moment of asking. */
function versionsOf({ contracts }: Agreements, standing: StandingKeeper): Versions {
  return {
    contracts,
    get standing() {
      return standing.current();
    },
  };
}

type Rooms = Awaited<ReturnType<typeof openRooms>>;

function startLoops(settings: GatewaySettings, rooms: Rooms) {
  const { db, clock, log, health, ledgerKey: key } = rooms;
  const dispatcher = createDispatcher({ ...rooms, random: Math.random }, () => dispatch.nudge());
  const dispatch = startLoop({
    work: async () => !health.closing() && (await dispatcher.dispatch()) > 0,
    restMs: dispatchRestMs,
    onError: (error) => log.warn('dispatching paused', { error }),
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
  const now = () => clock.now();
  const { failpoint } = settings;
  const rounds = createSequencer({ db, key, now, failpoint, onCovered: coverEntries });
  const sequenceOnce = async () => {
    const count = await rounds.sequenceOnce();
    // After the commit: what was covered may now be sent.
    if (count > 0) dispatch.nudge();
    return count;
  };
  const onError = (error: unknown) => log.error('sequencing failed', { error });
  const steady = () => new Date(steadyNow());
  const sequencer = startSequencer({ sequenceOnce }, { onError, now: steady });
  return {
    sequencer,
    upkeep,
    /** Top down: what sends first, what numbers last. */
    async stop() {
      await Promise.all([dispatch.stop(), upkeep.stop(), watching.stop()]);
      await dispatcher.drain();
      await rooms.acceptances.close();
      await rooms.settlements.close();
      await sequencer.stop();
    },
  };
}

/** The checks of start-up, in the order in which a fault in one would make the next meaningless. */
async function prepare(ground: {
  db: Database;
  agreements: Agreements;
  clock: Clock;
  sealer: Sealer;
  fingerprint: Fingerprint;
  makeEntry: EntryMaker;
  ledgerKey: LedgerKey;
  standing: StandingKeeper;
  health: Health;
  onSubmitted: () => void;
  log: Log;
}): Promise<void> {
  const { db, clock } = ground;
  await assertSchema(db);
  await clock.measure();
  clock.assertAgrees();
  await db.query('SELECT ensure_partitions()');
  await openLedger({ db, key: ground.ledgerKey, now: () => clock.now() });
  await assertSealingKey({ db, openDetail: ground.sealer.open });
  await assertHmacKey(ground);
  const count = await activateContracts(ground);
  if (count > 0) ground.log.info('contract versions registered', { count });
  await watchContracts(ground);
}

async function makeEncryptors(
  agreements: Agreements,
): Promise<ReadonlyMap<string, EncryptTo | null>> {
  const made = [...agreements.consignees.values()].map(
    async (one): Promise<[string, EncryptTo | null]> => [
      one.id,
      await encryptorFor(one.encryptionKeys),
    ],
  );
  return new Map(await Promise.all(made));
}

/** One round of what time does; true while there is more. */
async function keepUp(rooms: Parameters<typeof purgeDue>[0]): Promise<boolean> {
  rooms.clock.assertAgrees();
  await rooms.db.query('SELECT ensure_partitions()');
  await forgetExpired({ db: rooms.db });
  const counts = [
    await expireUnclaimed(rooms),
    await withdrawOutdated(rooms),
    await withdrawSuspended(rooms),
    await purgeEnded(rooms),
    await purgeDue(rooms),
    await forgetOldKeys(rooms),
  ];
  return counts.some((count) => count > 0);
}
