/** Who may call: client accounts in PostgreSQL, where a revocation holds everywhere within 5 s. */
import type { Queryable } from '#src/store/pool.ts';
import { assertSound, type NewClient } from './client-rules.ts';
import { clientRows, jwksOf, type ClientAccount } from './client-rows.ts';
import type { Role } from './roles.ts';
import { isGood, type Resealed } from './row-seal.ts';
import type { RowStateDeps } from './row-state.ts';
import { createStateCache } from './state-cache.ts';

export type { ClientAccount };

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
   * its id for good). A row without a seal is nobody's: it is made anew under the same role.
   * Throws `INVALID_REQUEST` with every fault; its `cause` says each in words.
   * @param within the transaction to register it in, when there is one
   * @param doubtful make anew any row by which nobody may act: a person decided so
   */
  add(client: NewClient, within?: Queryable, doubtful?: boolean): Promise<boolean>;
  /** What a client may do from now on. Undefined: unknown or revoked. Throws as `add` does. */
  setScopes(
    id: string,
    scopes: readonly string[],
    within?: Queryable,
  ): Promise<ClientAccount | undefined>;
  /**
   * Gives a client new keys, and its access back when it was revoked. Undefined: unknown. Throws
   * `INVALID_REQUEST` as `add` does.
   * @param oldUntil until when its old keys count, too; null: no longer
   */
  replaceKeys(
    id: string,
    jwks: NewClient['jwks'],
    oldUntil: Date | null,
    within?: Queryable,
  ): Promise<ClientAccount | undefined>;
  /** Revokes a client: no new token at once, no old one after 5 s. False: unknown or revoked. */
  revoke(id: string, within?: Queryable): Promise<boolean>;
  /** The account as the database has it now, revoked ones too; none by which nobody may act. */
  find(id: string, within?: Queryable): Promise<ClientAccount | undefined>;
  /** Every account, by id; `sealed` says where a hand in the database made or changed it. */
  list(): Promise<ClientAccount[]>;
  /** The client if it exists and is not revoked, as of at most 4 s ago. */
  lookup(id: string): Promise<ActiveClient | undefined>;
  /** Looks at every row, and seals anew what is sealed by an older key. */
  reseal(): Promise<Resealed>;
}

export interface ClientRegistryDeps extends RowStateDeps {
  db: Queryable;
}

/** The registry of clients; one per process, so that its cache is shared by every request. */
export function createClientRegistry(deps: ClientRegistryDeps): ClientRegistry {
  const { db, now } = deps;
  const rows = clientRows(deps);
  const find = async (id: string, within: Queryable = db) => {
    const found = await rows.find(within, id);
    return found && isGood(found.sealed) ? found : undefined;
  };
  const states = createStateCache({ read: async (id) => active(await find(id)), now });
  return {
    find,
    lookup: (id) => states.read(id),
    async add(client, within = db, doubtful = false) {
      assertSound(client);
      const added = await rows.insert(within, client, doubtful);
      states.forget(client.id);
      return added;
    },
    async setScopes(id, scopes, within = db) {
      const changed = await rows.change(within, id, (account) => {
        if (account.revokedAt !== null) return undefined;
        assertSound({ ...account, scopes, jwks: { keys: account.keys } });
        return { scopes: [...new Set(scopes)], change: rows.nextOf(account) };
      });
      states.forget(id);
      return changed;
    },
    async replaceKeys(id, jwks, oldUntil, within = db) {
      const changed = await rows.change(within, id, (account) => {
        assertSound({ ...account, jwks });
        const until = account.revokedAt === null ? oldUntil : null;
        const change = rows.nextOf(account);
        return { jwks: jwksOf(jwks.keys, account, until), revokedAt: null, change };
      });
      states.forget(id);
      return changed;
    },
    async revoke(id, within = db) {
      const changed = await rows.change(within, id, (account) =>
        account.revokedAt === null
          ? { revokedAt: new Date(now()), change: rows.nextOf(account) }
          : undefined,
      );
      states.forget(id);
      return changed !== undefined;
    },
    list: () => rows.list(db),
    reseal: () => resealAll(db, rows),
  };
}

async function resealAll(db: Queryable, rows: ReturnType<typeof clientRows>): Promise<Resealed> {
  const anew = ({ sealed }: ClientAccount) => (sealed === 'older' ? {} : undefined);
  const found: Resealed = { resealed: 0, unknown: 0, outdated: [] };
  for (const account of await rows.list(db)) {
    const { id, sealed } = account;
    if (sealed === 'none') found.unknown += 1;
    else if (sealed === 'outdated') {
      // once more: the list is older than what the ledger said meanwhile
      if ((await rows.find(db, id))?.sealed === 'outdated') found.outdated.push(id);
    } else if (anew(account) && (await rows.change(db, id, anew))) found.resealed += 1;
  }
  return found;
}

function active(found: ClientAccount | undefined): ActiveClient | undefined {
  if (found === undefined || found.revokedAt !== null) return undefined;
  const { id, role, consignee, scopes } = found;
  return { id, role, consignee, scopes: new Set(scopes) };
}
