/** What was given, changed and taken away, and by whom: a row in the transaction that did it. */
import type { Queryable } from '#src/store/pool.ts';

/** What was done to whose access. The names are those of the ledger's entries. */
export type ChangeKind =
  | ('access-granted' | 'access-changed' | 'access-revoked')
  | ('staff-granted' | 'staff-changed' | 'staff-revoked' | 'staff-locked' | 'staff-unlocked');

/** What kind of change it was. Closed. */
export type ChangeOutcome = 'keys' | 'scopes' | 'roles' | 'reset' | 'enrolled';

/** What it is from then on. The reason stands in the sealed detail of the ledger's entry alone. */
export interface ChangeContent {
  role?: string;
  scopes?: readonly string[];
  roles?: readonly string[];
  outcome?: ChangeOutcome;
}

export interface AccessChangeRow {
  id: string;
  kind: ChangeKind;
  /** Of whom: a client, or a person's account. One of the two. */
  client: string | null;
  staff: string | null;
  content: ChangeContent;
  /** Null: the gateway itself, or its command line. */
  byClient: string | null;
  byPerson: string | null;
  at: Date;
}

/** Adds one row to the history. */
export async function recordChange(
  tx: Queryable,
  change: Omit<AccessChangeRow, 'id'>,
): Promise<void> {
  const { kind, client, staff, content, byClient, byPerson, at } = change;
  await tx.query(
    `INSERT INTO access_changes (kind, client, staff, content, by_client, by_person, at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [kind, client, staff, JSON.stringify(content), byClient, byPerson, at],
  );
}

export interface HistoryAsked {
  client?: string | undefined;
  staff?: string | undefined;
  /** The id of the last row that was read: older ones follow. */
  before: string | null;
  limit: number;
}

/** One page of the history, the newest first. */
export async function listChanges(
  db: Queryable,
  asked: HistoryAsked,
): Promise<{ items: AccessChangeRow[]; next: string | null }> {
  const { rows } = await db.query<AccessChangeRow>(
    `SELECT id, kind, client, staff, content, by_client AS "byClient", by_person AS "byPerson", at
     FROM access_changes
     WHERE ($1::text IS NULL OR client = $1) AND ($2::text IS NULL OR staff = $2)
       AND ($3::uuid IS NULL OR id < $3)
     ORDER BY id DESC LIMIT $4`,
    [asked.client ?? null, asked.staff ?? null, asked.before, asked.limit + 1],
  );
  const items = rows.slice(0, asked.limit);
  return { items, next: rows.length > items.length ? (items.at(-1)?.id ?? null) : null };
}
