/** How far the ledger may be shown and its releases sent, as every process and every claim asks. */
import type { Queryable } from '#src/store/pool.ts';
import type { Checkpointed, Tree } from './noted-tree.ts';

/**
 * Moves it on, never back; only to a checkpoint that this database has: it may have been exchanged
 * since that was committed.
 */
export async function moveNoted(db: Queryable, { size, root }: Tree): Promise<void> {
  await db.query({
    name: 'noted-move',
    text: `UPDATE noted SET size = $1 WHERE size < $1
             AND EXISTS (SELECT FROM checkpoints WHERE size = $1 AND root = $2)`,
    values: [size, root],
  });
}

/** True when the database has this very checkpoint, of this very tree. */
export async function wasSigned(db: Queryable, { size, root }: Tree): Promise<boolean> {
  const { rows } = await db.query({
    name: 'noted-signed',
    text: 'SELECT FROM checkpoints WHERE size = $1 AND root = $2',
    values: [size, root],
  });
  return rows.length > 0;
}

/** A checkpoint that was committed and is not noted yet: its process died, or could not. */
export async function notedYet(db: Queryable): Promise<Checkpointed | null> {
  const { rows } = await db.query<Checkpointed>({
    name: 'noted-yet',
    text: `SELECT c.size, c.root, c.note FROM tree_head h JOIN checkpoints c ON c.size = h.size
           WHERE h.size > (SELECT size FROM noted)`,
  });
  return rows[0] ?? null;
}

/** What a process looks at each second: where the tree ends, and whether a fork is known. */
export async function lookAt(db: Queryable): Promise<{ head: Checkpointed; forked: boolean }> {
  const { rows } = await db.query<Checkpointed & { forked: boolean }>({
    name: 'noted-look',
    text: `SELECT c.size, c.root, c.note, EXISTS (SELECT FROM fork_notes f
             WHERE NOT EXISTS (SELECT FROM forks_accepted a WHERE a.sha256 = f.sha256)) AS forked
           FROM checkpoints c ORDER BY c.size DESC LIMIT 1`,
  });
  const [row] = rows;
  if (!row) throw new Error('the ledger has no checkpoint');
  const { forked, ...head } = row;
  return { head, forked };
}
