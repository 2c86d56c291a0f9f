/** A database with a ledger that is written to, and what life-cycle changes leave in its queue. */
import { randomBytes } from 'node:crypto';
import { createClock } from '#src/base/clock.ts';
import { openStored } from '#src/ledger/details.ts';
import { makeEntry, type EntryMaker } from '#src/ledger/entry.ts';
import { createSealer } from '#src/sealing/seal.ts';
import { openDatabase } from '#src/store/pool.ts';
import { freshDatabase } from '#test/support/database.ts';

export type Rooms = Awaited<ReturnType<typeof openRooms>>;

export interface Submitted {
  kind: string;
  leaf: Record<string, unknown>;
  detail: Record<string, unknown>;
}

export async function openRooms() {
  const fresh = await freshDatabase();
  const db = openDatabase({ url: fresh.url });
  const sealer = createSealer({ key: randomBytes(32) });
  const clock = createClock({ databaseNow: async () => Date.now(), localNow: Date.now });
  const boundEntry: EntryMaker = (input) =>
    makeEntry({ sealDetail: sealer.seal, randomBytes }, input);
  return {
    ...{ db, clock, makeEntry: boundEntry },
    url: fresh.url,
    ownerUrl: fresh.ownerUrl,
    /** What waits for the sequencer, in the order of submission, details opened. */
    async submitted(): Promise<Submitted[]> {
      const { rows } = await db.query<{ kind: string; leaf: Buffer; detail: Buffer }>(
        'SELECT kind, leaf, detail FROM submissions ORDER BY id',
      );
      const parse = (bytes: Buffer) => JSON.parse(bytes.toString()) as Record<string, unknown>;
      const stored = rows.map((row, index) => ({ ...row, index }));
      const opened = await openStored({ db, openDetail: sealer.open }, stored);
      return opened.map(({ leaf, detail }, at) => {
        if (!detail) throw new Error('a detail cannot be opened');
        return { kind: rows[at]?.kind ?? '', leaf: parse(leaf), detail: parse(detail.content) };
      });
    },
    async close() {
      await db.end();
      await fresh.drop();
    },
  };
}
