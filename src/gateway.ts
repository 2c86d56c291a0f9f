/**
 * The gateway whole: opens the rooms from the ground up, starts its loops, closes it top down.
 */
import { randomBytes } from 'node:crypto';
import { createClientRegistry } from '#src/access/clients.ts';
import { contractInForce, type Versions } from '#src/agreements/force.ts';
import type { Agreements } from '#src/agreements/load.ts';
import type { Subscriber } from '#src/agreements/subscriber-file.ts';
import { createClock, type Clock } from '#src/base/clock.ts';
import type { Failpoint } from '#src/base/failpoint.ts';
import { createHealth, type Health } from '#src/base/health.ts';
import type { Log } from '#src/base/log.ts';
import type { PushWatch } from '#src/delivery/dispatcher.ts';
import type { GatewayKeys } from '#src/base/secrets.ts';
import { createInboxWaits } from '#src/delivery/inbox-waits.ts';
import { makeEntry, type EntryInput, type EntryMaker } from '#src/ledger/entry.ts';
import { encodeVkey, ledgerKeyFromSeed, type LedgerKey } from '#src/ledger/note.ts';
import { assertSealingKey, openLedger } from '#src/ledger/open.ts';
import { createLedgerReader } from '#src/ledger/read.ts';
import { createCheckIns } from '#src/lifecycle/check-ins.ts';
import { activateContracts } from '#src/lifecycle/contracts.ts';
import { recordLostSignatures } from '#src/lifecycle/lost-signatures.ts';
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
import { createSettlements } from '#src/transfers/settle.ts';
import { purgeEnded, withdrawOutdated } from '#src/transfers/upkeep.ts';
import { startLoops } from './gateway-loops.ts';

export interface GatewaySettings {
  databaseUrl: string;
  databaseConnectionsMax: number;
  agreements: Agreements;
  /** Who is told of events. */
  subscribers: readonly Subscriber[];
  keys: GatewayKeys;
  ledgerOrigin: string;
  log: Log;
  /** Told of every transfer that came to its end, for the metrics. */
  onSettled: (consignee: string, status: string) => void;
  onPush?: PushWatch;
  /** For the fault driver: where a gateway can be interrupted. Absent in the product. */
  failpoint?: Failpoint | undefined;
}

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
    const loops = startLoops({ ...rooms, random: Math.random }, settings);
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
  const { agreements, subscribers, keys, log, failpoint } = settings;
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
  const versions = versionsOf(agreements, standing);
  const isUnlocked = (consignee: string) =>
    contractInForce(versions, consignee, clock.today()) !== undefined;
  return {
    ...{ ...ground, versions, steadyNow },
    waits: createInboxWaits({ db, log, isUnlocked, ending: health.ending }),
    checkIns: createCheckIns({ db, steadyNow }),
    ...{ randomBytes, encryptors, onSubmitted, health, assertOpen: () => health.assertOpen() },
    compiled: new Map(agreements.contracts.map((one) => [one.id, compileContract(one)])),
    encryptable: new Set([...encryptors].flatMap(([id, encrypt]) => (encrypt ? [id] : []))),
    clients: createClientRegistry({ db, now: Date.now }),
    failpoint,
    settlements: createSettlements({ db, onSubmitted, failpoint }),
    acceptances: createAcceptances({ db, onDurable: onSubmitted, failpoint }),
    ...{ onSettled: settings.onSettled, subscribers, subscriptions: subscribers },
    onPush: settings.onPush,
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
  if (!ground.health.closing()) await recordLostSignatures(ground);
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
