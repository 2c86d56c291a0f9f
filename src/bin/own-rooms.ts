/** The database and the keys of a gateway, for commands that act where it runs; it may run on. */
import { randomBytes } from 'node:crypto';
import { createClientRegistry } from '#src/access/clients.ts';
import { createNewestChanges } from '#src/access/newest-changes.ts';
import { createStaffRegistry } from '#src/access/staff.ts';
import { createClock } from '#src/base/clock.ts';
import { readConfig } from '#src/base/config.ts';
import { StartupError } from '#src/base/errors.ts';
import { checkKeySources, type KeySources } from '#src/base/key-sources.ts';
import { createLog } from '#src/base/log.ts';
import { followAccountChanges } from '#src/lifecycle/account-changes.ts';
import { openKeyring } from '#src/lifecycle/open-keyring.ts';
import { makeEntry, type EntryInput } from '#src/ledger/entry.ts';
import { assertSealingKey } from '#src/ledger/open.ts';
import { createFingerprint } from '#src/sealing/fingerprint.ts';
import { assertHmacKey } from '#src/sealing/key-check.ts';
import type { Keyring } from '#src/sealing/keyring.ts';
import { createSealer } from '#src/sealing/seal.ts';
import { assertSchema } from '#src/store/migrate.ts';
import { databaseNow } from '#src/store/now.ts';
import { openDatabase, type Database } from '#src/store/pool.ts';
import { openEmbedded } from './embedded.ts';
import { rootDir, type Environment } from './settings.ts';

export type OwnRooms = Awaited<ReturnType<typeof prepare>>;

/** Opens them, lets `work` act, and closes them. Throws `StartupError` where a gateway would. */
export async function withOwnRooms<T>(
  env: Environment,
  work: (rooms: OwnRooms) => Promise<T>,
): Promise<T> {
  const config = readConfig(env, rootDir);
  const embedded = config.databaseUrl === null;
  const found = checkKeySources(env, { home: config.home, embedded });
  if ('faults' in found) throw new StartupError(found.faults);
  const engine = embedded ? await openEmbedded(config.home, createLog({ level: 'silent' })) : null;
  const db = openDatabase({ url: config.databaseUrl ?? engine?.gatewayUrl ?? '', sizeMax: 2 });
  try {
    const [{ sources }, { ledgerOrigin }] = [found, config];
    const keys = openKeyring({ db, sources, ledgerOrigin, isGateway: false });
    return await work(await prepare(db, keys, sources));
  } finally {
    await db.end();
    await engine?.stop();
  }
}

/** The same checks as those of a gateway that starts: what is written here it will have to read. */
async function prepare(db: Database, keys: Keyring, sources: KeySources) {
  await assertSchema(db);
  await keys.refresh();
  const sealer = createSealer({ ring: () => keys.of('sealing') });
  const fingerprint = createFingerprint({ ring: () => keys.of('hmac') });
  const clock = createClock({ databaseNow: () => databaseNow(db), localNow: Date.now });
  await clock.measure();
  clock.assertAgrees();
  await assertSealingKey({ db, openDetail: sealer.open });
  await assertHmacKey({ db, fingerprint });
  await keys.register();
  const ground = { db, now: Date.now, fingerprint, sealer, newest: createNewestChanges() };
  await followAccountChanges(ground).follow();
  return {
    ...{ db, clock, randomBytes, keys, sources },
    clients: createClientRegistry(ground),
    staff: createStaffRegistry(ground),
    makeEntry: (input: EntryInput) => makeEntry({ sealDetail: sealer.seal, randomBytes }, input),
  };
}
