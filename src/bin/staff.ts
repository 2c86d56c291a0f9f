/** `waybill staff`: the accounts of people, made and ended with a reason that the ledger keeps. */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { isStaffRole, makeStaffId, STAFF_ROLES } from '#src/access/staff-rules.ts';
import type { StaffAccount } from '#src/access/staff.ts';
import { readConfig } from '#src/base/config.ts';
import { StartupError } from '#src/base/errors.ts';
import { gatewayActor } from '#src/base/words.ts';
import {
  changeStaff,
  grantStaff,
  resetStaff,
  revokeStaff,
  unlockStaff,
  type Begin,
} from '#src/lifecycle/staff.ts';
import { doubtOf } from './account-doubt.ts';
import { withOwnRooms, type OwnRooms } from './own-rooms.ts';
import { rootDir, type Environment } from './settings.ts';

interface Asked {
  actor: typeof gatewayActor;
  reason: string;
  staff: string;
  roles: readonly string[];
  displayName: string | null;
  /** Where people find the page on which they begin. */
  origin: string;
}

/** Runs an action against the gateway's database; gateways may run meanwhile. */
export async function manageStaff(env: Environment, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      role: { type: 'string', multiple: true },
      'display-name': { type: 'string' },
      reason: { type: 'string' },
    },
  });
  const [action = '', id] = positionals;
  const command = { add, change, revoke, unlock, reset, list }[action];
  if (!command) {
    throw new StartupError(['staff: say add, change, revoke, unlock, reset or list']);
  }
  const faults = [
    ...(action === 'list' || values.reason ? [] : ['--reason: say why']),
    ...(['list', 'add'].includes(action) || id ? [] : ['staff: name the account']),
    ...rolesFaults(action, values.role),
  ];
  if (faults.length > 0) throw new StartupError(faults);
  const { publicUrl, port } = readConfig(env, rootDir);
  const asked: Asked = {
    ...{ actor: gatewayActor, reason: values.reason ?? '', roles: values.role ?? [] },
    staff: id ?? makeStaffId(randomBytes),
    displayName: values['display-name'] ?? null,
    origin: (publicUrl ?? `http://127.0.0.1:${port}`).replace(/\/$/, ''),
  };
  return withOwnRooms(env, (rooms) => command(rooms, asked));
}

function rolesFaults(action: string, roles: readonly string[] | undefined): string[] {
  if (!['add', 'change'].includes(action)) return [];
  if (roles?.every(isStaffRole)) return [];
  return [`--role: say one or several of ${STAFF_ROLES.join(', ')}`];
}

async function add(rooms: OwnRooms, asked: Asked): Promise<number> {
  const { actor, reason, staff: id, roles, displayName } = asked;
  const granted = await grantStaff(rooms, { actor, reason, staff: { id, roles, displayName } });
  if (!granted) {
    tell(`the id ${id} is taken; nothing was changed`);
    return 1;
  }
  return tellBegin(asked, granted);
}

async function reset(rooms: OwnRooms, asked: Asked): Promise<number> {
  const done = await resetStaff(rooms, asked);
  return done ? tellBegin(asked, done) : tellMissing(asked);
}

async function change(rooms: OwnRooms, asked: Asked): Promise<number> {
  const account = await changeStaff(rooms, asked);
  return account
    ? tellDone(`${account.id} is now ${account.roles.join(', ')}`)
    : tellMissing(asked);
}

async function revoke(rooms: OwnRooms, asked: Asked): Promise<number> {
  const account = await revokeStaff(rooms, asked);
  return account ? tellDone(`${account.id} is revoked`) : tellMissing(asked);
}

async function unlock(rooms: OwnRooms, asked: Asked): Promise<number> {
  const account = await unlockStaff(rooms, asked);
  if (account) return tellDone(`${account.id} may try again`);
  tell(`no locked account ${asked.staff}`);
  return 1;
}

async function list({ staff }: OwnRooms): Promise<number> {
  for (const account of await staff.list()) {
    const { id, roles, displayName } = account;
    const line = [id, roles.join(','), stateOf(account), displayName ?? '-'];
    process.stdout.write(`${line.join('\t')}\n`);
  }
  return 0;
}

function stateOf({ sealed, revokedAt, lockedUntil, isEnrolled }: StaffAccount): string {
  const doubt = doubtOf(sealed);
  if (doubt !== null) return doubt;
  if (revokedAt) return `revoked ${revokedAt.toISOString()}`;
  if (lockedUntil) return `locked until ${lockedUntil.toISOString()}`;
  return isEnrolled ? 'active' : 'not begun';
}

/** The secret alone goes to standard output, so that nothing else has to be kept from a log. */
function tellBegin(
  { origin }: Asked,
  { account, begin }: { account: StaffAccount; begin: Begin },
): number {
  tell(`account ${account.id} (${account.roles.join(', ')}) begins at ${origin}/oauth2/enrol`);
  tell(`with this secret, once, until ${begin.until.toISOString()}:`);
  process.stdout.write(`${begin.token}\n`);
  return 0;
}

function tellDone(line: string): number {
  tell(line);
  return 0;
}

function tellMissing({ staff }: Asked): number {
  tell(`no account ${staff} to change`);
  return 1;
}

function tell(line: string): void {
  process.stderr.write(`waybill staff: ${line}\n`);
}
