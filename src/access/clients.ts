/** Who may call: client accounts in PostgreSQL, where a revocation holds everywhere within 5 s. */
import type { JWK } from 'jose';
import { GatewayError } from '#src/base/errors.ts';
import type { Queryable } from '#src/store/pool.ts';
import { clientFaults } from './client-rules.ts';
import type { NewClient } from './client-rules.ts';
import { publicPart } from './keys.ts';
import type { Role } from './roles.ts';
import { createStateCache } from './state-cache.ts';

/** A client account as it stands in the database. */
export interface ClientAccount {
  id: string;
  role: Role;
  /** The consignee that it acts for; null unless the role is `consignee`. */
  consignee: string | null;
  scopes: readonly string[];
  /** Public keys of its assertions, each with `kid` and `alg`. */
  keys: readonly JWK[];
  createdAt: Date;
  revokedAt: Date | null;
}

/** What a request needs to know of a client that is not revoked. */
export interface ActiveClient {
  id: string;
  role: Role;
  consignee: string | null;
  scopes: ReadonlySet<string>;
}

export interface ClientRegistry {
  /**
   * Registers a client; `false`, and nothing changed, when its id is taken (a revoked client keeps
   * its id for good). Throws `INVALID_REQUEST` with every fault; its `cause` says each in words.
   * @param within the transaction to register it in, when there is one
   */
  add(client: NewClient, within?: Queryable): Promise<boolean>;
  /**
   * Gives a client new keys in place of its old ones, and its access back when it was revoked.
   * False: unknown. Throws `INVALID_REQUEST` as `add` does.
   */
  replaceKeys(id: string, jwks: NewClient['jwks'], within?: Queryable): Promise<boolean>;
  /** Revokes a client: no new token at once, no old one after 5 s. False: unknown or revoked. */
  revoke(id: string, within?: Queryable): Promise<boolean>;
  /** The account as the database has it now, revoked ones too. */
  find(id: string): Promise<ClientAccount | undefined>;
  /** Every account, by id. */
  list(): Promise<ClientAccount[]>;
  /** The client if it exists and is not revoked, as of at most 4 s ago. */
  lookup(id: string): Promise<ActiveClient | undefined>;
}

export interface ClientRegistryDeps {
  db: Queryable;
  /** Milliseconds since 1970 UTC. */
  now: () => number;
}

interface ClientRow {
  id: string;
  role: Role;
  consignee: string | null;
  scopes: string[];
  jwks: { keys: JWK[] };
  created_at: Date;
  revoked_at: Date | null;
}

/** The longest id that a client may have; longer text never reaches the database. */
const CLIENT_ID = /^[a-z][a-z0-9-]{1,39}$/;
const COLUMNS = 'id, role, consignee, scopes, jwks, created_at, revoked_at';
const LIST_MAX = 10_000;

/** The registry of clients; one per process, so that its cache is shared by every request. */
export function createClientRegistry({ db, now }: ClientRegistryDeps): ClientRegistry {
  const find = async (id: string): Promise<ClientAccount | undefined> => {
    if (!CLIENT_ID.test(id)) return undefined;
    const { rows } = await db.query<ClientRow>({
      name: 'client_by_id',
      text: `SELECT ${COLUMNS} FROM clients WHERE id = $1`,
      values: [id],
    });
    return rows[0] && account(rows[0]);
  };
  const states = createStateCache({ read: async (id) => active(await find(id)), now });
  return {
    find,
    lookup: (id) => states.read(id),
    add: async (client, within = db) => {
      const added = await insert(within, client);
      states.forget(client.id);
      return added;
    },
    replaceKeys: async (id, jwks, within = db) => {
      const account = await find(id);
      if (account === undefined) return false;
      assertSound({ ...account, jwks });
      await within.query('UPDATE clients SET jwks = $2, revoked_at = NULL WHERE id = $1', [
        id,
        storedKeys(jwks),
      ]);
      states.forget(id);
      return true;
    },
    revoke: async (id, within = db) => {
      const { rowCount } = await within.query(
        'UPDATE clients SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL',
        [id],
      );
      states.forget(id);
      return rowCount === 1;
    },
    list: async () => {
      const { rows } = await db.query<ClientRow>(
        `SELECT ${COLUMNS} FROM clients ORDER BY id LIMIT ${LIST_MAX}`,
      );
      return rows.map(account);
    },
  };
}

function storedKeys({ keys }: NewClient['jwks']): string {
  return JSON.stringify({ keys: keys.map(publicPart) });
}

/** Throws `INVALID_REQUEST` with every fault of a client; its `cause` says each in words. */
function assertSound(client: NewClient): void {
  const faults = clientFaults(client);
  if (faults.length > 0) {
    throw new GatewayError('INVALID_REQUEST', {
      problems: faults.map(({ pointer, rule }) => ({ pointer, rule })),
      cause: new Error(faults.map(({ pointer, why }) => `${pointer}: ${why}`).join('; ')),
    });
  }
}

async function insert(db: Queryable, client: NewClient): Promise<boolean> {
  assertSound(client);
  const { rowCount } = await db.query(
    `INSERT INTO clients (id, role, consignee, scopes, jwks) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT DO NOTHING`,
    [
      client.id,
      client.role,
      client.consignee,
      [...new Set(client.scopes)],
      storedKeys(client.jwks),
    ],
  );
  return rowCount === 1;
}

function account(row: ClientRow): ClientAccount {
  return {
    id: row.id,
    role: row.role,
    consignee: row.consignee,
    scopes: row.scopes,
    keys: row.jwks.keys,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
  };
}

function active(found: ClientAccount | undefined): ActiveClient | undefined {
  if (found === undefined || found.revokedAt !== null) return undefined;
  const { id, role, consignee, scopes } = found;
  return { id, role, consignee, scopes: new Set(scopes) };
}
