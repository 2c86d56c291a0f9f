/** The rows of client accounts: each read with its seal checked, each written with a new one. */
import type { JWK } from 'jose';
import type { Queryable } from '#src/store/pool.ts';
import type { NewClient } from './client-rules.ts';
import { publicPart } from './keys.ts';
import type { Role } from './roles.ts';
import { changeSealed, isGood, type SealState } from './row-seal.ts';
import { createRowState, type RowState, type RowStateDeps } from './row-state.ts';

/** A client account as it stands in the database. */
export interface ClientAccount {
  id: string;
  role: Role;
  /** The consignee that it acts for; null unless the role is `consignee`. */
  consignee: string | null;
  scopes: readonly string[];
  /** Public keys of its assertions that count now, each with `kid` and `alg`. */
  keys: readonly JWK[];
  /** Until when a key counts that has an end, by its `kid`. */
  keyEnds: Readonly<Record<string, Date>>;
  createdAt: Date;
  revokedAt: Date | null;
  /** The number of the change that it came of; null: from before there were numbers. */
  change: number | null;
  sealed: SealState;
}

/** A public key; `until`: RFC 3339, where it was replaced by another and counts a while longer. */
interface StoredKey extends JWK {
  until?: string;
}

interface StoredKeys {
  keys: StoredKey[];
}

interface ClientRow {
  id: string;
  role: Role;
  consignee: string | null;
  scopes: string[];
  jwks: StoredKeys;
  created_at: Date;
  revoked_at: Date | null;
  change: number | null;
  mac: Buffer | null;
}

/** What a change leaves out stays as it is. */
interface RowChange {
  scopes?: string[];
  jwks?: StoredKeys;
  revokedAt?: Date | null;
  /** Given where an entry of the ledger tells of it. */
  change?: number;
}

/** The longest id that a client may have; longer text never reaches the database. */
const CLIENT_ID = /^[a-z][a-z0-9-]{1,39}$/;
const COLUMNS = 'id, role, consignee, scopes, jwks, created_at, revoked_at, change, mac';
const LIST_MAX = 10_000;

type Sealed = Omit<ClientRow, 'created_at' | 'mac'>;

/** Everything that decides what a client may do. */
const contentOf = ({
  id,
  role,
  consignee,
  scopes,
  jwks,
  revoked_at: revokedAt,
  change,
}: Sealed) => ({
  ...{ id, role, consignee, scopes, jwks },
  revokedAt: revokedAt?.toISOString() ?? null,
  // rows from before there were numbers were sealed without one
  ...(change === null ? {} : { change }),
});

type RowContent = ReturnType<typeof contentOf>;

const shownOf = (row: ClientRow) => ({ ...row, revokedAt: row.revoked_at, may: row.scopes });

export function clientRows(deps: RowStateDeps) {
  const state = createRowState<RowContent, ClientRow>(deps, 'client', { contentOf, shownOf });
  const read = (db: Queryable, id: string) => state.settled(() => readRow(db, id));
  const account = (row: ClientRow): ClientAccount => {
    const ends = row.jwks.keys.flatMap(({ kid = '', until }) =>
      until === undefined ? [] : [[kid, new Date(until)] as const],
    );
    const keys = row.jwks.keys.filter(
      ({ until }) => until === undefined || Date.parse(until) > deps.now(),
    );
    return {
      ...{ id: row.id, role: row.role, consignee: row.consignee, scopes: row.scopes },
      ...{ keys: keys.map(publicPart), keyEnds: Object.fromEntries(ends) },
      ...{ createdAt: row.created_at, revokedAt: row.revoked_at, change: row.change },
      sealed: state.of(row),
    };
  };
  return {
    async find(db: Queryable, id: string): Promise<ClientAccount | undefined> {
      const row = await read(db, id);
      return row && account(row);
    },
    nextOf: state.nextOf,
    async list(db: Queryable): Promise<ClientAccount[]> {
      const { rows } = await db.query<ClientRow>(
        `SELECT ${COLUMNS} FROM clients ORDER BY id LIMIT ${LIST_MAX}`,
      );
      return rows.map(account);
    },
    /** @param doubtful whether a row by which nobody may act is to be made anew */
    async insert(db: Queryable, client: NewClient, doubtful: boolean): Promise<boolean> {
      const found = await read(db, client.id);
      const replaced = doubtful && found && !isGood(state.of(found)) ? found.mac : null;
      return insertRow(db, state, { client, found, replaced });
    },
    async change(
      db: Queryable,
      id: string,
      decide: (account: ClientAccount) => RowChange | undefined,
    ): Promise<ClientAccount | undefined> {
      const good = async () => {
        const row = await read(db, id);
        return row && isGood(state.of(row)) ? row : undefined;
      };
      const write = (row: ClientRow, change: RowChange) => writeRow(db, state, row, change);
      const changed = await changeSealed({ read: good, write }, (row) => decide(account(row)));
      return changed && account(changed);
    },
  };
}

async function readRow(db: Queryable, id: string): Promise<ClientRow | undefined> {
  if (!CLIENT_ID.test(id)) return undefined;
  const { rows } = await db.query<ClientRow>({
    name: 'client_by_id',
    text: `SELECT ${COLUMNS} FROM clients WHERE id = $1`,
    values: [id],
  });
  return rows[0];
}

/** @param input.replaced the seal of the row that it may stand in place of; null: of none */
async function insertRow(
  db: Queryable,
  state: RowState<RowContent, ClientRow>,
  input: { client: NewClient; found: ClientRow | undefined; replaced: Buffer | null },
): Promise<boolean> {
  const { client, found, replaced } = input;
  const { id, role, consignee } = client;
  const row = {
    ...{ id, role, consignee, scopes: [...new Set(client.scopes)], revoked_at: null },
    jwks: { keys: client.jwks.keys.map(publicPart) },
    change: state.nextOf({ id, change: state.numberIn(found) }),
  };
  const { rowCount } = await db.query(
    `INSERT INTO clients (id, role, consignee, scopes, jwks, change, mac)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (id) DO UPDATE SET scopes = excluded.scopes, jwks = excluded.jwks,
       revoked_at = NULL, change = excluded.change, mac = excluded.mac
     WHERE (clients.mac IS NULL OR clients.mac = $8) AND clients.role = excluded.role
       AND clients.consignee IS NOT DISTINCT FROM excluded.consignee`,
    [
      ...[id, role, consignee, row.scopes, JSON.stringify(row.jwks), row.change],
      ...[state.seal(contentOf(row)), replaced],
    ],
  );
  return rowCount === 1;
}

/** Undefined where the row was changed since it was read. */
async function writeRow(
  db: Queryable,
  state: RowState<RowContent, ClientRow>,
  row: ClientRow,
  change: RowChange,
): Promise<ClientRow | undefined> {
  const { scopes = row.scopes, jwks = row.jwks, revokedAt = row.revoked_at } = change;
  const { change: number = row.change } = change;
  const changed = { ...row, scopes, jwks, revoked_at: revokedAt, change: number };
  const mac = state.seal(contentOf(changed));
  const { rowCount } = await db.query(
    `UPDATE clients SET scopes = $3, jwks = $4, revoked_at = $5, mac = $6, change = $7
     WHERE id = $1 AND mac = $2`,
    [row.id, row.mac, scopes, JSON.stringify(jwks), revokedAt, mac, number],
  );
  return rowCount === 1 ? { ...changed, mac } : undefined;
}

/** New keys, and old ones until `oldUntil`, or their own end where that is earlier. */
export function jwksOf(
  fresh: readonly JWK[],
  { keys, keyEnds }: ClientAccount,
  oldUntil: Date | null,
): StoredKeys {
  const kids = new Set(fresh.map(({ kid }) => kid));
  const old = oldUntil === null ? [] : keys.filter(({ kid }) => !kids.has(kid));
  const kept = old.map((key) => {
    const end = Math.min(oldUntil?.getTime() ?? 0, keyEnds[key.kid ?? '']?.getTime() ?? Infinity);
    return { ...publicPart(key), until: new Date(end).toISOString() };
  });
  return { keys: [...fresh.map(publicPart), ...kept] };
}
