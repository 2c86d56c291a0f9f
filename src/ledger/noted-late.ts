/** Notes what was committed: at once what we signed, a little later what somebody left behind. */
import type { Queryable } from '#src/store/pool.ts';
import { moveNoted, notedYet } from './noted-row.ts';
import type { NotedKeeper } from './noted.ts';
import type { Checkpointed } from './noted-tree.ts';

export type Noting = Pick<NotedKeeper, 'note' | 'begin'>;

/** Where nothing is kept outside the database. */
export function noteInside(db: Queryable): Noting {
  return {
    note: (signed) => moveNoted(db, signed),
    begin: () => async () => undefined,
  };
}

/** What one sequencer owes: see `late`. */
export function createNotes(db: Queryable, noted: Noting) {
  /** Up to which size a checkpoint is to be noted by us, as soon as nothing else is to do. */
  let owed = 0;
  return {
    /** From now on it is ours to note, also where doing so fails. */
    owe(signed: Checkpointed): void {
      owed = signed.size;
    },
    /**
     * Notes what somebody committed and did not note: ourselves, because the file failed, or one
     * that died. Of another's only what was seen at an earlier look, too: it may be at it just now.
     */
    async late(): Promise<void> {
      const assertContinues = noted.begin();
      const late = await notedYet(db);
      const isDue = late !== null && late.size <= owed;
      owed = late?.size ?? 0;
      if (!isDue) return;
      await assertContinues(db, late);
      await noted.note(late);
    },
  };
}
