/** What the database knows of keys: their ids, when each counted, and which process holds which. */
import type { KeyName } from '#src/base/key-sources.ts';
import type { Queryable } from '#src/store/pool.ts';

export interface KeyRow {
  name: KeyName;
  id: string;
  /** Of the ledger's: its verifier key. */
  public: string | null;
  addedAt: Date;
  /** It is the current one from then on, until it ends. */
  beganAt: Date | null;
  endedAt: Date | null;
  /** It counts for nothing any more. */
  retiredAt: Date | null;
  /** Index of the entry that says that it began; null for the first one. */
  entry: number | null;
}

export interface ProcessRow {
  id: string;
  held: string[];
  working: string[];
}

/** How long a process that says nothing is waited for. */
const silenceSeconds = 5;

const columns = `name, id, public, added_at AS "addedAt", began_at AS "beganAt",
  ended_at AS "endedAt", retired_at AS "retiredAt", entry`;

/** The keys, in the order in which they came; and the process is heard of. */
export async function readTable(
  db: Queryable,
  says: { process: string; held: readonly string[]; working: readonly string[] },
): Promise<KeyRow[]> {
  const { rows } = await db.query<KeyRow>({
    name: 'keys-read',
    text: `WITH heard AS (
        INSERT INTO processes (id, held, working) VALUES ($1, $2::text[], $3::text[])
        ON CONFLICT (id) DO UPDATE SET seen_at = now(), held = $2::text[], working = $3::text[]
      ), gone AS (
        DELETE FROM processes WHERE seen_at < now() - interval '1 hour' AND id <> $1
      )
      SELECT ${columns} FROM keys ORDER BY added_at, id`,
    values: [says.process, [...says.held], [...says.working]],
  });
  return rows;
}

/** The keys alone: whoever only looks is no process that anyone waits for. */
export async function readKeyRows(db: Queryable): Promise<KeyRow[]> {
  const { rows } = await db.query<KeyRow>(`SELECT ${columns} FROM keys ORDER BY added_at, id`);
  return rows;
}

/** The processes that were heard of a moment ago. */
export async function liveProcesses(db: Queryable): Promise<ProcessRow[]> {
  const { rows } = await db.query<ProcessRow>(
    `SELECT id, held, working FROM processes
     WHERE seen_at > now() - make_interval(secs => $1) ORDER BY id`,
    [silenceSeconds],
  );
  return rows;
}

export async function leaveTable(db: Queryable, process: string): Promise<void> {
  await db.query('DELETE FROM processes WHERE id = $1', [process]);
}

/** Makes a key the current one of its kind where there is none at all. */
export async function registerFirst(
  db: Queryable,
  first: readonly Pick<KeyRow, 'name' | 'id' | 'public'>[],
): Promise<void> {
  await db.query(
    `INSERT INTO keys (name, id, public, began_at)
     SELECT name, id, public, now() FROM unnest($1::text[], $2::text[], $3::text[])
       AS first (name, id, public)
     WHERE NOT EXISTS (SELECT FROM keys WHERE keys.name = first.name)
     ON CONFLICT DO NOTHING`,
    [first.map(({ name }) => name), first.map(({ id }) => id), first.map((one) => one.public)],
  );
}
