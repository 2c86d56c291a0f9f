/**
 * Changes a key for another while gateways run: the new one is added to the file, waited for until
 * every process holds it, made the current one for all at once, and recorded. Whatever interrupts
 * it, nothing is lost, and the same command goes on where it was.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { resealAccounts } from '#src/access/account-watch.ts';
import { StartupError } from '#src/base/errors.ts';
import { appendKey, type KeyName, type KeySource } from '#src/base/key-sources.ts';
import { announceKey, beginKey } from '#src/lifecycle/key-change.ts';
import { liveProcesses, type ProcessRow } from '#src/sealing/key-table.ts';
import type { HeldKey } from '#src/sealing/ring.ts';
import type { OwnRooms } from './own-rooms.ts';

export interface Rotation {
  name: KeyName;
  source: KeySource;
  reason: string;
  /** How long processes are waited for. */
  waitMsMax: number;
  tell: (line: string) => void;
}

const pollMs = 100;

/**
 * @returns the new key
 * @throws StartupError when processes do not get to hold the new key: it stays the next one, and
 *   the old one goes on being the current one
 */
export async function rotateKey(rooms: OwnRooms, rotation: Rotation): Promise<HeldKey> {
  const { name, tell } = rotation;
  const key = await nextKey(rooms, rotation);
  tell(`the next ${name} key is ${key.id}; waiting until every process holds it`);
  await untilAll(rooms, rotation, (process) => process.held.includes(`${name}:${key.id}`));
  if (!(await beginKey(rooms, { name, id: key.id, reason: rotation.reason }))) {
    throw new StartupError([`another command has changed the ${name} key meanwhile`]);
  }
  await rooms.keys.refresh();
  await untilAll(rooms, rotation, (process) => process.working.includes(`${name}:${key.id}`));
  if (name === 'hmac' || name === 'sealing') {
    const { resealed } = await resealAccounts(rooms);
    tell(`${resealed} accounts are sealed by the new key`);
  }
  return key;
}

/** The key that was announced before, or was put beside the others by hand, or a new one. */
async function nextKey(rooms: OwnRooms, rotation: Rotation): Promise<HeldKey> {
  const { name, source } = rotation;
  const { keys, db } = rooms;
  const rows = keys.rows(name);
  const announced = rows.find(({ beganAt, retiredAt }) => beganAt === null && retiredAt === null);
  if (announced) {
    const key = keys.held(name).find(({ id }) => id === announced.id);
    if (key) return key;
    throw new StartupError([
      `${source.variable}: the next key was to be ${announced.id}, which is not here: give it ` +
        `back, or drop it with \`waybill keys retire ${name} ${announced.id} --reason …\``,
    ]);
  }
  const unknown = () => keys.held(name).find(({ id }) => !rows.some((row) => row.id === id));
  if (!unknown()) addKey(rotation);
  await keys.refresh();
  const key = unknown();
  if (!key) throw new Error('a key that was added is not there');
  const next = { name, id: key.id, public: keys.publicOf(name, key.bytes) };
  if (!(await announceKey(db, next))) {
    throw new StartupError([`another command is about to change the ${name} key`]);
  }
  return key;
}

function addKey({ source }: Rotation): void {
  if (source.path !== null) return appendKey(source.path, randomBytes(32));
  throw new StartupError([
    `${source.variable} is a variable, which running processes cannot read again. Either add a ` +
      'second key to it behind a comma, everywhere, restart one process after the other, and run ' +
      `this again; or name a file in ${source.variable}_FILE, once and for all`,
  ]);
}

async function untilAll(
  { db }: OwnRooms,
  { name, source, waitMsMax }: Rotation,
  isDone: (process: ProcessRow) => boolean,
): Promise<void> {
  const late = performance.now() + waitMsMax;
  for (;;) {
    const processes = await liveProcesses(db);
    const waiting = processes.filter((process) => !isDone(process));
    if (waiting.length === 0) return;
    if (performance.now() > late) {
      throw new StartupError([
        `${waiting.length} of ${processes.length} processes do not have the new ${name} key ` +
          `(${source.variable}). Give it to them, and run this again: it goes on from here`,
      ]);
    }
    await pause(pollMs);
  }
}
