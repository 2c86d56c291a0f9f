/**
 * `waybill ledger accept-fork`: a person lets the gateway go on although the ledger's key has
 * signed another tree; the ledger itself says so from then on, to everyone who reads it.
 */
import { parseArgs } from 'node:util';
import { readConfig } from '#src/base/config.ts';
import { StartupError } from '#src/base/errors.ts';
import { gatewayActor } from '#src/base/words.ts';
import { acceptFork, noteDigest, openForks, recordFork } from '#src/ledger/fork-notes.ts';
import { readHead } from '#src/ledger/head.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { ownCheckpoint, turningLedgerKey } from '#src/ledger/note.ts';
import { openNotedFiles } from '#src/ledger/noted-files.ts';
import { findLost } from '#src/ledger/noted-lost.ts';
import { submit } from '#src/ledger/submit.ts';
import { ringBytes } from '#src/sealing/ring.ts';
import { withOwnRooms, type OwnRooms } from './own-rooms.ts';
import { rootDir, type Environment } from './settings.ts';

/** The command: exit status 1 where nothing is forked. */
export async function acceptForks(env: Environment, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { reason: { type: 'string' } } });
  const { reason = '' } = values;
  if (!reason) throw new StartupError(['--reason: say why, for whoever reads the ledger']);
  return withOwnRooms(env, (rooms) => accept(rooms, env, reason));
}

async function accept(rooms: OwnRooms, env: Environment, reason: string): Promise<number> {
  const { db } = rooms;
  const { ledgerOrigin, ledgerFiles: place } = readConfig(env, rootDir);
  const key = turningLedgerKey(ledgerOrigin, () => ringBytes(rooms.keys.of('ledger')));
  const readOwn = (note: string) => ownCheckpoint(key, note);
  const kept = await (await openNotedFiles(place.folder)).read();
  const { lost } = await findLost({ db, readOwn }, place, { kept, head: await readHead(db) });
  const notes = new Set([...lost.map(({ note }) => note), ...(await openForks(db))]);
  let count = 0;
  for (const note of notes) {
    const size = readOwn(note)?.size ?? 0;
    const isNew = await db.transaction(async (tx) => {
      await recordFork(tx, { note, client: null });
      if (!(await acceptFork(tx, note))) return false;
      const detail = { ...actorDetail(gatewayActor), reason, size };
      const commitment = noteDigest(note);
      const at = rooms.clock.now();
      await submit(tx, [
        { entry: rooms.makeEntry({ kind: 'fork-accepted', at, commitment, detail }) },
      ]);
      return true;
    });
    if (!isNew) continue;
    count += 1;
    process.stdout.write(`accepted: the ledger key has also signed a tree of ${size} entries\n`);
  }
  if (count === 0) process.stdout.write('nothing is forked\n');
  return count > 0 ? 0 : 1;
}
