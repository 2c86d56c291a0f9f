/**
 * Notes that our own key has signed and our tree does not hold: nobody else can make one, so each
 * stops the gateway until a person accepts it.
 */
import { sha256 } from '#src/base/canonical.ts';
import type { Queryable } from '#src/store/pool.ts';

/** SHA-256 of what is signed of a note: its other signatures make it no other. */
export function noteDigest(note: string): Buffer {
  return sha256(Buffer.from(note.slice(0, note.lastIndexOf('\n\n') + 1), 'utf8'));
}

/**
 * Keeps a note as evidence. The caller has checked that our key signed it and that the tree of this
 * database does not begin with it.
 * @param told.client who showed it; null: this gateway itself
 */
export async function recordFork(
  db: Queryable,
  told: { note: string; client: string | null },
): Promise<void> {
  await db.query(
    `INSERT INTO fork_notes (sha256, note, client) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
    [noteDigest(told.note), ownLinesOf(told.note), told.client],
  );
}

/** The note without what others have signed of it, of which there may be any amount. */
function ownLinesOf(note: string): string {
  const [origin] = note.split('\n');
  const cut = note.lastIndexOf('\n\n') + 2;
  const lines = note.slice(cut, -1).split('\n');
  const own = lines.filter((line) => line.startsWith(`— ${origin} `));
  return note.slice(0, cut) + own.map((line) => `${line}\n`).join('');
}

/** What a person has accepted: asked by note. */
export async function acceptedForks(db: Queryable): Promise<{ has(note: string): boolean }> {
  const { rows } = await db.query<{ sha256: Buffer }>('SELECT sha256 FROM forks_accepted');
  const known = new Set(rows.map((row) => row.sha256.toString('hex')));
  return { has: (note) => known.has(noteDigest(note).toString('hex')) };
}

/** Every note that shows a fork and that no person has accepted. */
export async function openForks(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ note: string }>(
    `SELECT note FROM fork_notes f WHERE NOT EXISTS (
       SELECT FROM forks_accepted a WHERE a.sha256 = f.sha256) ORDER BY told_at`,
  );
  return rows.map(({ note }) => note);
}

/** Accepts a note that was recorded; false when somebody has done so already. */
export async function acceptFork(tx: Queryable, note: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    'INSERT INTO forks_accepted (sha256) VALUES ($1) ON CONFLICT DO NOTHING',
    [noteDigest(note)],
  );
  return rowCount === 1;
}
