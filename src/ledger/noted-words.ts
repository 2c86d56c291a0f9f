/** What whoever starts a gateway on a ledger that lost something is told, and what to do. */
import type { Tree } from './noted-tree.ts';

/** @param folder where the checkpoint is kept that the database does not hold */
export function describeFork(head: Tree, kept: Tree, folder: string): string {
  const what =
    head.size < kept.size
      ? `LEDGER_FORKED: the database's ledger has ${head.size} entries, but this gateway had ` +
        `signed and kept a checkpoint of ${kept.size}: the database was restored from an older ` +
        'backup, or it is another database'
      : `LEDGER_FORKED: the database's ledger of ${head.size} entries does not begin with the ` +
        `${kept.size} that this gateway had signed and kept: it went on from an older backup, ` +
        'or it is another database';
  return (
    `${what}. What left after that is not in this ledger, and a second history would be signed. ` +
    `Restore a backup with at least ${kept.size} entries (with its archived WAL), or point ` +
    'DATABASE_URL at the right database. If the newer history is lost for good, ask the ' +
    'witnesses what they hold, and let a person decide: `npx waybill ledger accept-fork --reason ' +
    `…\` writes into the ledger that it is forked (docs/witnesses.md). Kept in ${folder}`
  );
}
