/** `waybill keys`: which there are, a new one for the current one, and the end of an old one. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { resealAccounts } from '#src/access/account-watch.ts';
import { readConfig } from '#src/base/config.ts';
import { StartupError } from '#src/base/errors.ts';
import { keyNames, type KeyName } from '#src/base/key-sources.ts';
import { retireKey } from '#src/lifecycle/key-change.ts';
import { coveredUnder, foundUnder, sealedUnder, signedUnder } from '#src/lifecycle/key-uses.ts';
import { liveProcesses, type KeyRow } from '#src/sealing/key-table.ts';
import { writeWhole } from './folder-files.ts';
import { withOwnRooms, type OwnRooms } from './own-rooms.ts';
import { rotateKey } from './rotate.ts';
import { rootDir, type Environment } from './settings.ts';

interface Asked {
  env: Environment;
  name: KeyName;
  id: string;
  reason: string;
  wait: string;
  now: boolean;
}

/** Runs an action against the gateway's database and key files; gateways may, and should, run. */
export async function manageKeys(env: Environment, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      reason: { type: 'string' },
      wait: { type: 'string', default: '30' },
      now: { type: 'boolean', default: false },
    },
  });
  const [action = '', name = '', id = ''] = positionals;
  const command = { list, rotate, retire }[action];
  if (!command) throw new StartupError(['keys: say list, rotate or retire']);
  if (action !== 'list' && !isKeyName(name)) {
    throw new StartupError([`keys ${action}: say which, one of ${keyNames.join(', ')}`]);
  }
  if (action !== 'list' && !values.reason) throw new StartupError(['--reason: say why']);
  const asked = { ...values, env, id, name: name as KeyName, reason: values.reason ?? '' };
  return withOwnRooms(env, (rooms) => command(rooms, asked));
}

const isKeyName = (name: string): name is KeyName => keyNames.some((one) => one === name);

/** One line a key: kind, id, state, since when, entry of the ledger, processes that hold it. */
async function list({ db, keys }: OwnRooms): Promise<number> {
  const processes = await liveProcesses(db);
  for (const name of keyNames) {
    for (const row of keys.rows(name)) {
      const label = `${name}:${row.id}`;
      const holding = processes.filter(({ held }) => held.includes(label)).length;
      const since = row.retiredAt ?? row.endedAt ?? row.beganAt ?? row.addedAt;
      const entry = row.entry === null ? '-' : `entry ${row.entry}`;
      const where = `${holding} of ${processes.length} processes`;
      process.stdout.write(
        `${[name, row.id, stateOf(row), since.toISOString(), entry, where].join('\t')}\n`,
      );
    }
  }
  return 0;
}

function stateOf({ beganAt, endedAt, retiredAt }: KeyRow): string {
  if (retiredAt !== null) return 'retired';
  if (beganAt === null) return 'next';
  return endedAt === null ? 'current' : 'still accepted';
}

async function rotate(rooms: OwnRooms, asked: Asked): Promise<number> {
  const { env, name, reason } = asked;
  const waitSeconds = Number(asked.wait);
  if (!(waitSeconds >= 1 && waitSeconds <= 600)) {
    throw new StartupError(['--wait: a number of seconds from 1 to 600']);
  }
  const { keys, sources } = rooms;
  const waitMsMax = waitSeconds * 1000;
  const key = await rotateKey(rooms, { name, source: sources[name], reason, tell, waitMsMax });
  tell(`the ${name} key is now ${key.id}; the ones before it still count until they are retired`);
  const vkey = keys.publicOf(name, key.bytes);
  const { databaseUrl, home } = readConfig(env, rootDir);
  if (vkey !== null && databaseUrl === null) writeWhole(join(home, 'ledger.vkey'), `${vkey}\n`);
  process.stdout.write(`${vkey ?? key.id}\n`);
  return 0;
}

async function retire(rooms: OwnRooms, asked: Asked): Promise<number> {
  const { name, id, reason } = asked;
  const row = rooms.keys.rows(name).find((one) => one.id === id);
  if (!row) throw new StartupError([`there is no ${name} key ${id}; see \`waybill keys list\``]);
  if (stateOf(row) === 'current') {
    throw new StartupError([`${id} is the current ${name} key: change it first`]);
  }
  const needs = row.beganAt === null ? [] : await needsOf(rooms, asked);
  if (needs.length > 0) {
    for (const need of needs) tell(`not retired: ${need}`);
    return 1;
  }
  const retired = await retireKey(rooms, { name, id, reason });
  tell(
    retired
      ? `the ${name} key ${id} counts for nothing any more: take it out of the file, ` +
          'and keep it with the backups and archives of its time'
      : `the ${name} key ${id} was retired before; nothing was changed`,
  );
  return retired ? 0 : 1;
}

/** Why the key is still needed. */
async function needsOf(rooms: OwnRooms, { name, id, now }: Asked): Promise<string[]> {
  const { db } = rooms;
  if (name === 'token') return now ? [] : signedUnder(db, id);
  if (name === 'ledger') return coveredUnder(db);
  await resealAccounts(rooms);
  if (name === 'hmac') return foundUnder(db, id);
  const places = await sealedUnder(db, id);
  return places.map((place) => `something in ${place} is sealed under it`);
}

function tell(line: string): void {
  process.stderr.write(`waybill keys: ${line}\n`);
}
