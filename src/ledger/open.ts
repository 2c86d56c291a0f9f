/**
 * Opens the ledger at start-up, or refuses: it must be append-only, whole, and signed by our key.
 */
import { StartupError } from '#src/base/errors.ts';
import { assertDurable } from '#src/store/durable.ts';
import { assertPowerless } from '#src/store/grants.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import { unsealDetail } from './entry.ts';
import { LedgerBroken, readHead } from './head.ts';
import type { Head } from './head.ts';
import { isCheckpointOf, signCheckpoint } from './note.ts';
import type { LedgerKey } from './note.ts';
import { rootOf } from './tree.ts';

/**
 * Checks that what is committed stays, that our role cannot rewrite it (law 5), and the head;
 * signs the checkpoint of the empty ledger at the very first start.
 *
 * @throws StartupError when it could be lost, the role could rewrite it, the tables contradict each
 *   other, or the last checkpoint was signed by another key
 */
export async function openLedger(deps: {
  db: Database;
  key: LedgerKey;
  now: () => Date;
}): Promise<void> {
  await assertDurable(deps.db);
  await assertPowerless(deps.db);
  await signEmpty(deps.db, deps);
  const head = await readHead(deps.db).catch((error: unknown) => {
    if (error instanceof LedgerBroken) throw new StartupError([error.message]);
    throw error;
  });
  if (!isOurs(deps.key, head)) {
    throw new StartupError(['the last checkpoint was not signed by the ledger key']);
  }
}

/**
 * With another sealing key everything stored would be unreadable, and what is written with it would
 * be so to everyone else: found out before either. An empty ledger tells nothing.
 *
 * @throws StartupError when the detail of the last entry cannot be opened
 */
export async function assertSealingKey(deps: {
  db: Queryable;
  openDetail: (sealed: Buffer, aad: Buffer) => Buffer;
}): Promise<void> {
  const { rows } = await deps.db.query<{ leaf: Buffer; detail: Buffer }>(
    'SELECT leaf, detail FROM entries ORDER BY index DESC LIMIT 1',
  );
  if (!rows[0] || unsealDetail(deps, rows[0]) !== null) return;
  throw new StartupError([
    'the sealing key does not open the last ledger entry: it is another key, or the entry was changed',
  ]);
}

/** Only when nothing was ever signed, and nothing numbered: two processes may both start first. */
async function signEmpty(
  db: Queryable,
  { key, now }: { key: LedgerKey; now: () => Date },
): Promise<void> {
  const tree = { size: 0, root: rootOf([]) };
  await db.query(
    `INSERT INTO checkpoints (size, root, note, hashes, signed_at)
     SELECT $1, $2, $3, '', $4 FROM tree_head
     WHERE size = 0 AND NOT EXISTS (SELECT FROM checkpoints)
     ON CONFLICT DO NOTHING`,
    [tree.size, tree.root, signCheckpoint(key, tree), now()],
  );
}

function isOurs(key: LedgerKey, head: Head): boolean {
  try {
    return isCheckpointOf(key, head.note, head);
  } catch {
    // Not a note at all.
    return false;
  }
}
