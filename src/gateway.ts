/**
 * The gateway whole: opens the rooms from the ground up, starts the loops, closes them top down.
 */
import { randomBytes } from 'node:crypto';
import { createClientRegistry } from '#src/access/clients.ts';
import { forgetExpired } from '#src/access/replays.ts';
import type { Agreements } from '#src/agreements/load.ts';
import { lackedContracts } from '#src/agreements/registry.ts';
import { createClock, type Clock } from '#src/base/clock.ts';
import { GatewayError } from '#src/base/errors.ts';
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
  withdrawOutdated,
} from '#src/transfers/upkeep.ts';

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

/** How long the ledger may stand still before nothing more is accepted. */
const ledgerStallMsMax = 10_000;
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
    /** Accepts nothing more, lets what is under way end, and closes. Safe to call once. */
    const close = async () => {
      health.shut();
      await loops.stop();
      await db.end();
    };
    return { ...rooms, close };
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
  const ground = {
    db,
    agreements,
    clock,
    sealer,
    log,
    makeEntry: makeBoundEntry,
    ledger,
    ledgerKey,
    fingerprint: createFingerprint({ key: keys.hmac }),
  };
  await prepare(ground);
  const onSubmitted = () => wiring.nudge();
  const health = createHealth(clock, () => wiring.lastAdvance());
  const encryptors = await makeEncryptors(agreements);
  return {
    ...ground,
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
    work: () => watch(rooms).then(() => false),
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

/**
 * What may change under a gateway that runs: the clocks, and the contracts. Whoever lacks a version
 * that another process has registered would decide by one that is no longer in force (law 8), and
 * serves no more; started again with all of them, or refused for that (law 6), it will say which.
 */
async function watch({ db, agreements, clock, health, log }: Rooms): Promise<void> {
  await clock.measure();
  if (health.closing()) return;
  for (const contract of await lackedContracts(db, agreements.contracts)) {
    log.error('a contract was registered that this process lacks: nothing more is accepted', {
      contract,
    });
    health.shut();
  }
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

/** Whether anything may be accepted or handed out now (law 8). */
function createHealth(clock: Clock, lastAdvance: () => number) {
  let shutting = false;
  const stalled = () => steadyNow() - lastAdvance() > ledgerStallMsMax;
  return {
    shut() {
      shutting = true;
    },
    stalled,
    closing: () => shutting,
    assertOpen() {
      if (shutting) throw new GatewayError('SHUTTING_DOWN', { retryAfterSeconds: 5 });
      clock.assertAgrees();
      if (stalled()) throw new GatewayError('LEDGER_STALLED', { retryAfterSeconds: 5 });
    },
  };
}

/** One round of what time does; true while there is more. */
async function keepUp(rooms: Parameters<typeof purgeDue>[0]): Promise<boolean> {
  rooms.clock.assertAgrees();
  await rooms.db.query('SELECT ensure_partitions()');
  await forgetExpired({ db: rooms.db });
  const counts = [
    await expireUnclaimed(rooms),
    await withdrawOutdated(rooms),
    await purgeDue(rooms),
    await forgetOldKeys(rooms),
  ];
  return counts.some((count) => count > 0);
}
