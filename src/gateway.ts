/**
 * The gateway whole: opens the rooms from the ground up, starts its loops, closes it top down.
 */
import type { SessionLimits } from '#src/access/staff-sessions.ts';
import { contractInForce, type Versions } from '#src/agreements/force.ts';
import type { Agreements } from '#src/agreements/load.ts';
import type { Subscriber } from '#src/agreements/subscriber-file.ts';
import { createClock, type Clock } from '#src/base/clock.ts';
import type { Failpoint } from '#src/base/failpoint.ts';
import { createHealth, type Health } from '#src/base/health.ts';
import type { Log } from '#src/base/log.ts';
import { randomBytes } from '#src/base/random-bytes.ts';
import type { Reviewing } from '#src/base/reviewing.ts';
import type { PushWatch } from '#src/delivery/dispatcher.ts';
import type { KeySources } from '#src/base/key-sources.ts';
import { createHeldLooks } from '#src/delivery/held.ts';
import { createInboxWaits } from '#src/delivery/inbox-waits.ts';
import { makeEntry, type EntryInput, type EntryMaker } from '#src/ledger/entry.ts';
import { encodeVkey, ownCheckpoint, turningLedgerKey, type LedgerKey } from '#src/ledger/note.ts';
import type { NotedPlace } from '#src/ledger/noted-files.ts';
import type { Tree } from '#src/ledger/noted-tree.ts';
import { openNoted, type NotedKeeper } from '#src/ledger/noted.ts';
import type { Witness } from '#src/ledger/witness-file.ts';
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
import { encryptorsOf } from '#src/sealing/jwe.ts';
import type { Keyring } from '#src/sealing/keyring.ts';
import { ringBytes } from '#src/sealing/ring.ts';
import { createSealer, type Sealer } from '#src/sealing/seal.ts';
import { assertSchema } from '#src/store/migrate.ts';
import { databaseNow } from '#src/store/now.ts';
import { openDatabase, type Database } from '#src/store/pool.ts';
import { createAcceptances } from '#src/transfers/acceptance.ts';
import { createSettlements } from '#src/transfers/settle.ts';
import { purgeEnded, withdrawOutdated } from '#src/transfers/upkeep.ts';
import { startLoops } from './gateway-loops.ts';
import { openAccounts } from '#src/lifecycle/open-accounts.ts';
import { openKeyring } from '#src/lifecycle/open-keyring.ts';

export interface GatewaySettings {
  databaseUrl: string;
  databaseConnectionsMax: number;
  agreements: Agreements;
  /** Who is told of events. */
  subscribers: readonly Subscriber[];
  keys: KeySources;
  ledgerOrigin: string;
  /** How the clinic reviews what was done with people's data. */
  reviewing: Reviewing;
  /** Where the newest checkpoint is kept; left out where none is, which only tests do. */
  ledgerFiles?: NotedPlace | undefined;
  /** How long people stay signed in. */
  sessionLimits?: SessionLimits | undefined;
  /** Whether the clinic's own OpenID provider vouches for people, too. */
  arePeopleVouched?: boolean | undefined;
  /** Whose cosignatures are taken. */
  witnesses: readonly Witness[];
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
  const connect = (half: (value: number) => number, plansOnce: boolean) =>
    openDatabase({
      ...{ url: settings.databaseUrl, sizeMax: half(settings.databaseConnectionsMax / 2) },
      ...{ plansOnce, onError: (error) => log.warn('a database connection was lost', { error }) },
    });
  // Half of the connections each, so that what every order passes never waits for a search.
  const [db, flowDb] = [connect(Math.ceil, false), connect(Math.floor, true)];
  const endDatabases = () => Promise.all([db.end(), flowDb.end()]);
  try {
    const wiring: Wiring = {
      ...{ nudge: () => undefined, lastAdvance: steadyNow, assertWhole: () => undefined },
    };
    const rooms = await openRooms(settings, { db, flowDb }, wiring);
    const loops = startLoops({ ...rooms, random: Math.random }, settings);
    wiring.nudge = () => loops.sequencer.nudge();
    wiring.lastAdvance = () => loops.sequencer.lastAdvance;
    loops.sequencer.nudge();
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
      rooms.health.shut();
      await loops.stop();
      await rooms.keys.leave().catch(() => undefined);
      await endDatabases();
    };
    return {
      ...{ ...rooms, sweepEnded, close },
      get vkey() {
        return encodeVkey(rooms.ledgerKey);
      },
    };
  } catch (error) {
    await endDatabases();
    throw error;
  }
}

/** What the rooms need of loops that start after them. */
interface Wiring {
  nudge: () => void;
  lastAdvance: () => number;
  assertWhole: () => void;
}

interface Databases {
  db: Database;
  /** For the statements that every order passes, see `plansOnce`. */
  flowDb: Database;
}

async function openRooms(settings: GatewaySettings, databases: Databases, wiring: Wiring) {
  const { db, flowDb } = databases;
  const { agreements, subscribers, keys, ledgerOrigin, log, failpoint } = settings;
  const keyring = openKeyring({ db, sources: keys, ledgerOrigin, isGateway: true });
  const sealer = createSealer({ ring: () => keyring.of('sealing'), reread: keyring.reread });
  const clock = createClock({ databaseNow: () => databaseNow(db), localNow: Date.now });
  const makeBoundEntry: EntryMaker = (input: EntryInput) =>
    makeEntry({ sealDetail: sealer.seal, randomBytes }, input);
  const ledgerKey = turningLedgerKey(ledgerOrigin, () => ringBytes(keyring.of('ledger')));
  const ledger = createLedgerReader({ db, openDetail: sealer.open });
  const standing = createStanding({ db, steadyNow });
  const ground = {
    ...databases,
    standing,
    agreements,
    clock,
    sealer,
    log,
    makeEntry: makeBoundEntry,
    ledger,
    ledgerKey,
    keys: keyring,
    readOwn: (note: string) => ownCheckpoint(ledgerKey, note),
    fingerprint: createFingerprint({ ring: () => keyring.of('hmac') }),
  };
  const onSubmitted = () => wiring.nudge();
  const health = createHealth({
    lastAdvance: () => wiring.lastAdvance(),
    steadyNow,
    doubts: [
      ...[() => wiring.assertWhole(), () => clock.assertAgrees(), () => standing.assertFresh()],
      () => keyring.assertWhole(),
    ],
  });
  const noted = await prepare({ ...ground, health, onSubmitted, files: settings.ledgerFiles });
  wiring.assertWhole = () => noted.assertWhole();
  const encryptors = await encryptorsOf(agreements.consignees.values());
  const versions = versionsOf(agreements, standing);
  const isUnlocked = (consignee: string) =>
    contractInForce(versions, consignee, clock.today()) !== undefined;
  return {
    ...{ ...ground, noted, versions, steadyNow, reviewing: settings.reviewing },
    witnesses: settings.witnesses,
    waits: createInboxWaits({ db, log, isUnlocked, ending: health.ending }),
    checkIns: createCheckIns({ db, steadyNow }),
    ...{ randomBytes, encryptors, onSubmitted, health, assertOpen: () => health.assertOpen() },
    compiled: new Map(agreements.contracts.map((one) => [one.id, compileContract(one)])),
    encryptable: new Set([...encryptors].flatMap(([id, encrypt]) => (encrypt ? [id] : []))),
    ...(await openAccounts(ground, { ...settings, limits: settings.sessionLimits })),
    failpoint,
    looks: createHeldLooks(flowDb),
    settlements: createSettlements({ db: flowDb, onSubmitted, failpoint }),
    acceptances: createAcceptances({ db: flowDb, onDurable: onSubmitted, failpoint }),
    ...{ onSettled: settings.onSettled, subscribers, subscriptions: subscribers },
    onPush: settings.onPush,
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
  keys: Keyring;
  makeEntry: EntryMaker;
  ledgerKey: LedgerKey;
  standing: StandingKeeper;
  health: Health;
  onSubmitted: () => void;
  readOwn: (note: string) => Tree | null;
  files: NotedPlace | undefined;
  log: Log;
}): Promise<NotedKeeper> {
  const { db, clock } = ground;
  await assertSchema(db);
  await clock.measure();
  clock.assertAgrees();
  await db.query('SELECT ensure_partitions()');
  await ground.keys.refresh();
  await openLedger({ db, key: ground.ledgerKey, now: () => clock.now() });
  const noted = await openNoted(ground, ground.files);
  await assertSealingKey({ db, openDetail: ground.sealer.open });
  await assertHmacKey(ground);
  await ground.keys.register();
  const count = await activateContracts(ground);
  if (count > 0) ground.log.info('contract versions registered', { count });
  await watchContracts(ground);
  if (!ground.health.closing()) await recordLostSignatures(ground);
  return noted;
}
