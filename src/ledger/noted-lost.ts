/** Which of the checkpoints that were kept outside the database its tree does not hold. */
import { StartupError } from '#src/base/errors.ts';
import type { Queryable } from '#src/store/pool.ts';
import { acceptedForks } from './fork-notes.ts';
import type { KeptFile, NotedPlace } from './noted-files.ts';
import { beginsWith, ledgerIdOf, type Checkpointed, type Tree } from './noted-tree.ts';

export interface Found {
  /** Which ledger the database holds, as `ledgerIdOf` says. */
  ledger: string | null;
  lost: Checkpointed[];
  /** Sizes of other ledgers that our key has signed, where those are left alone. */
  others: number[];
  /** Whether anything of this ledger was kept. */
  isKnown: boolean;
}

/**
 * What a person has accepted is not lost.
 * @param place.strict what our key signed for another ledger counts, too
 * @param head as the database has it, read after the files
 * @throws StartupError when a file of this ledger is no note of ours
 */
export async function findLost(
  deps: { db: Queryable; readOwn: (note: string) => Tree | null },
  place: NotedPlace | undefined,
  { kept, head }: { kept: readonly KeptFile[]; head: Tree },
): Promise<Found> {
  const ledger = await ledgerIdOf(deps.db);
  const accepted = await acceptedForks(deps.db);
  const isKnown = kept.some((one) => one.ledger === ledger);
  const found: Found = { ledger, lost: [], others: [], isKnown };
  for (const { name, note, ledger: of } of kept) {
    const tree = deps.readOwn(note);
    if (tree === null) {
      if (of !== ledger) continue;
      const where = `${name} in ${place?.folder ?? ''}`;
      throw new StartupError([`${where} was not signed by the ledger key`]);
    }
    if (of !== ledger && !place?.strict) found.others.push(tree.size);
    else if (!accepted.has(note) && !(await beginsWith(deps.db, head, tree))) {
      found.lost.push({ ...tree, note });
    }
  }
  return found;
}
