/** `waybill client`: who may call, granted and revoked with a reason that the ledger keeps. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { JWK } from 'jose';
import { clientFaults, type NewClient } from '#src/access/client-rules.ts';
import { isRole, ROLES, scopesOf } from '#src/access/roles.ts';
import { readConfig } from '#src/base/config.ts';
import { StartupError } from '#src/base/errors.ts';
import { gatewayActor } from '#src/base/words.ts';
import {
  changeAccess,
  grantAccess,
  overlapDaysMax,
  revokeAccess,
  rotateAccess,
} from '#src/lifecycle/access.ts';
import { doubtOf } from './account-doubt.ts';
import { withOwnRooms, type OwnRooms } from './own-rooms.ts';
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
      scopes: { type: 'string' },
      'keep-old-days': { type: 'string' },
      reason: { type: 'string' },
    },
  });
  const [action = '', id = ''] = positionals;
  const command = { add, change, rotate, revoke, list }[action];
  if (!command) throw new StartupError(['client: say add, change, rotate, revoke or list']);
  assertConsignee(env, values.consignee);
  if (action !== 'list' && !values.reason) throw new StartupError(['--reason: say why']);
  const asked = { ...values, id, reason: values.reason ?? '', actor: gatewayActor, client: id };
  return withOwnRooms(env, (rooms) => command(rooms, asked));
}

interface Asked {
  id: string;
  client: string;
  actor: typeof gatewayActor;
  reason: string;
  role?: string;
  consignee?: string;
  jwk?: string;
  scopes?: string;
  'keep-old-days'?: string;
}

async function add(rooms: OwnRooms, asked: Asked): Promise<number> {
  if (!isRole(asked.role)) throw new StartupError([`--role: say one of ${ROLES.join(', ')}`]);
  const key = readJwk(asked.jwk);
  const client: NewClient = {
    ...{ id: asked.id, role: asked.role },
    scopes: asked.scopes === undefined ? scopesOf(asked.role) : scopesIn(asked.scopes),
    consignee: asked.consignee ?? null,
    jwks: { keys: [key] },
  };
  const faults = clientFaults(client);
  if (faults.length > 0)
    throw new StartupError(faults.map(({ pointer, why }) => `${pointer}: ${why}`));
  const added = await grantAccess(rooms, { ...asked, client, anew: true });
  tell(added ? `client ${asked.id} may call` : `the id ${asked.id} is taken; nothing was changed`);
  return added ? 0 : 1;
}

async function change(rooms: OwnRooms, asked: Asked): Promise<number> {
  if (!asked.scopes) throw new StartupError(['--scopes: say which, with spaces between']);
  const changed = await changeAccess(rooms, { ...asked, scopes: scopesIn(asked.scopes) });
  tell(
    changed
      ? `client ${asked.id} may now: ${changed.scopes.join(' ')}`
      : `no client ${asked.id} to change`,
  );
  return changed ? 0 : 1;
}

async function rotate(rooms: OwnRooms, asked: Asked): Promise<number> {
  const { 'keep-old-days': text = '0' } = asked;
  const days = Number(text);
  if (!(days >= 0 && days <= overlapDaysMax)) {
    throw new StartupError([`--keep-old-days: a number from 0 to ${overlapDaysMax}`]);
  }
  const oldUntil = days === 0 ? undefined : new Date(Date.now() + days * 86_400_000);
  const jwks = { keys: [readJwk(asked.jwk)] };
  const rotated = await rotateAccess(rooms, { ...asked, jwks, oldUntil });
  const old = oldUntil ? `, and until ${oldUntil.toISOString()} with the old one` : '';
  tell(rotated ? `client ${asked.id} may call with its new key${old}` : `no client ${asked.id}`);
  return rotated ? 0 : 1;
}

const scopesIn = (text: string) => text.split(/[\s,]+/).filter((one) => one !== '');

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

async function revoke(rooms: OwnRooms, asked: Asked): Promise<number> {
  const revoked = await revokeAccess(rooms, asked);
  tell(revoked ? `client ${asked.id} is revoked` : `no client ${asked.id} to revoke`);
  return revoked ? 0 : 1;
}

async function list({ clients }: OwnRooms): Promise<number> {
  for (const { id, role, consignee, scopes, revokedAt, sealed } of await clients.list()) {
    const state = revokedAt ? `revoked ${revokedAt.toISOString()}` : 'active';
    const told = doubtOf(sealed) ?? state;
    const line = [id, role, consignee ?? '-', told, scopes.join(' ')];
    process.stdout.write(`${line.join('\t')}\n`);
  }
  return 0;
}

function tell(line: string): void {
  process.stderr.write(`waybill client: ${line}\n`);
}
