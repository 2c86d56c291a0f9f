/** What lists say of an account by which nobody may act. */
import { isGood, type SealState } from '#src/access/row-seal.ts';

/** Null where somebody may. */
export function doubtOf(sealed: SealState): string | null {
  if (isGood(sealed)) return null;
  return sealed === 'outdated'
    ? 'OLDER THAN THE LEDGER SAYS, refused'
    : 'UNKNOWN TO THE LEDGER, refused';
}
