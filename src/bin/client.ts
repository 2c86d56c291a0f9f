/** `waybill client`: who may call, granted and revoked with a reason that the ledger keeps. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { JWK } from 'jose';
import { clientFaults, type NewClient } from '#src/access/client-rules.ts';
import { createClientRegistry } from '#src/access/clients.ts';
import { isRole, scopesOf } from '#src/access/roles.ts';
import { createClock } from '#src/base/clock.ts';
import { readConfig } from '#src/base/config.ts';
import { StartupError } from '#src/base/errors.ts';
import { createLog } from '#src/base/log.ts';
import { readKeys } from '#src/base/secrets.ts';
import { gatewayActor } from '#src/base/words.ts';
import { makeEntry } from '#src/ledger/entry.ts';
import { assertSealingKey } from '#src/ledger/open.ts';
import { grantAccess, revokeAccess, rotateAccess, type AccessDeps } from '#src/lifecycle/access.ts';
import { createSealer } from '#src/sealing/seal.ts';
import { assertSchema } from '#src/store/migrate.ts';
import { databaseNow } from '#src/store/now.ts';
import { openDatabase, type Database } from '#src/store/pool.ts';
import { openEmbedded } from './embedded.ts';
import { rootDir, type Environment } from './settings.ts';

/** Runs an action against the gateway's database; gateways may run meanwhile. */
export async function manageClients(env: Environment, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      role: { type: 'string' },
      consignee: { type: 'string' },
      jwk: { type: 'string' },
      reason: { type: 'string' },
    },
  });
  const [action = '', id = ''] = positionals;
  const command = { add, rotate, revoke, list }[action];
  if (!command) throw new StartupError(['client: say add, rotate, revoke or list']);
  assertConsignee(env, values.consignee);
  if (action !== 'list' && !values.reason) throw new StartupError(['--reason: say why']);
  const { deps, close } = await open(env);
  try {
    return await command(deps, { ...values, id, reason: values.reason ?? '' });
  } finally {
    await close();
  }
}

interface Asked {
  id: string;
  reason: string;
  role?: string;
  consignee?: string;
  jwk?: string;
}

async function add(deps: AccessDeps, asked: Asked): Promise<number> {
  if (!isRole(asked.role))
    throw new StartupError(['--role: say emr, consignee, auditor, operator']);
  const key = readJwk(asked.jwk);
  const client: NewClient = {
    ...{ id: asked.id, role: asked.role, scopes: scopesOf(asked.role) },
    consignee: asked.consignee ?? null,
    jwks: { keys: [key] },
  };
  const faults = clientFaults(client);
  if (faults.length > 0)
    throw new StartupError(faults.map(({ pointer, why }) => `${pointer}: ${why}`));
  const added = await grantAccess(deps, { actor: gatewayActor, reason: asked.reason, client });
  tell(added ? `client ${asked.id} may call` : `the id ${asked.id} is taken; nothing was changed`);
  return added ? 0 : 1;
}

async function rotate(deps: AccessDeps, asked: Asked): Promise<number> {
  const jwks = { keys: [readJwk(asked.jwk)] };
  const change = { actor: gatewayActor, reason: asked.reason, client: asked.id, jwks };
  const rotated = await rotateAccess(deps, change);
  tell(rotated ? `client ${asked.id} may call with its new key` : `no client ${asked.id}`);
  return rotated ? 0 : 1;
}

/** A client that acts for nobody would only ever see nothing: most likely a slip of the pen. */
function assertConsignee(env: Environment, consignee: string | undefined): void {
  const { consigneesDir } = readConfig(env, rootDir);
  if (consignee === undefined || existsSync(join(consigneesDir, `${consignee}.yaml`))) return;
  throw new StartupError([`--consignee: there is no ${consignee}.yaml in ${consigneesDir}`]);
}

/** What a file that is not a key holds is not told: it may be the secret half of one. */
function readJwk(file: string | undefined): JWK {
  if (!file) throw new StartupError(['--jwk: name the file of the public key (a JWK)']);
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JWK;
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new StartupError([`--jwk: ${file} ${missing ? 'does not exist' : 'is not a JWK'}`]);
  }
}

async function revoke(deps: AccessDeps, asked: Asked): Promise<number> {
  const change = { actor: gatewayActor, reason: asked.reason, client: asked.id };
  const revoked = await revokeAccess(deps, change);
  tell(revoked ? `client ${asked.id} is revoked` : `no client ${asked.id} to revoke`);
  return revoked ? 0 : 1;
}

async function list({ clients }: AccessDeps): Promise<number> {
  for (const { id, role, consignee, revokedAt } of await clients.list()) {
    const state = revokedAt ? `revoked ${revokedAt.toISOString()}` : 'active';
    process.stdout.write(`${[id, role, consignee ?? '-', state].join('\t')}\n`);
  }
  return 0;
}

function tell(line: string): void {
  process.stderr.write(`waybill client: ${line}\n`);
}

async function open(env: Environment): Promise<{ deps: AccessDeps; close: () => Promise<void> }> {
  const config = readConfig(env, rootDir);
  const embedded = config.databaseUrl === null;
  const found = readKeys(env, { home: config.home, embedded });
  if ('faults' in found) throw new StartupError(found.faults);
  const engine = embedded ? await openEmbedded(config.home, createLog({ level: 'silent' })) : null;
  const db = openDatabase({ url: config.databaseUrl ?? engine?.gatewayUrl ?? '', sizeMax: 2 });
  const close = async () => {
    await db.end();
    await engine?.stop();
  };
  try {
    return { deps: await prepare(db, found.keys.sealing), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The same checks as those of a gateway that starts: what is written here it will have to read. */
async function prepare(db: Database, sealingKey: Buffer): Promise<AccessDeps> {
  await assertSchema(db);
  const sealer = createSealer({ key: sealingKey });
  const clock = createClock({ databaseNow: () => databaseNow(db), localNow: Date.now });
  await clock.measure();
  clock.assertAgrees();
  await assertSealingKey({ db, openDetail: sealer.open });
  return {
    ...{ db, clock, clients: createClientRegistry({ db, now: Date.now }) },
    makeEntry: (input) => makeEntry({ sealDetail: sealer.seal, randomBytes }, input),
  };
}
