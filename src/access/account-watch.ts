/** Rows of accounts by which nobody may act: looked for all the time, and told of. */
import type { Log } from '#src/base/log.ts';
import type { ClientRegistry } from './clients.ts';
import type { Resealed } from './row-seal.ts';
import type { StaffRegistry } from './staff.ts';

/** What the ledger says of accounts, read as it grows. */
export interface Follower {
  /** Reads what is new. */
  follow(): Promise<void>;
  /** How many entries about accounts cannot be opened: nobody knows whose changes they are. */
  unread(): number;
}

export interface AccountWatch extends Follower {
  /**
   * Looks at every row, and seals anew what an older key sealed. Returns how many it sealed, so
   * that it is called again while there are any.
   */
  look(): Promise<number>;
  /** How many rows without a good seal the last look found. Their ids may be anything. */
  unknown(): number;
  /** How many rows it found that are older than the ledger says. */
  outdated(): number;
}

interface Registries {
  clients: Pick<ClientRegistry, 'reseal'>;
  staff: Pick<StaffRegistry, 'reseal'>;
}

/** @param deps.follower left out only in tests, as `log` is */
export function createAccountWatch(
  deps: Registries & { follower?: Follower; log?: Pick<Log, 'warn'> },
): AccountWatch {
  let last: Resealed = { resealed: 0, unknown: 0, outdated: [] };
  return {
    follow: async () => deps.follower?.follow(),
    unread: () => deps.follower?.unread() ?? 0,
    async look() {
      const found = await resealAccounts(deps);
      for (const account of found.outdated.filter((id) => !last.outdated.includes(id))) {
        // its seal is good, so the id is one that we gave
        deps.log?.warn('the row of an account is older than the ledger says', { account });
      }
      last = found;
      return found.resealed;
    },
    unknown: () => last.unknown,
    outdated: () => last.outdated.length,
  };
}

/**
 * Rows of accounts carry a seal by the HMAC key, and people's hold what the sealing key sealed: an
 * old key's counts until it is retired. Looks at all of them, and seals anew what is older.
 */
export async function resealAccounts({ clients, staff }: Registries): Promise<Resealed> {
  const [machines, people] = [await clients.reseal(), await staff.reseal()];
  return {
    resealed: machines.resealed + people.resealed,
    unknown: machines.unknown + people.unknown,
    outdated: [...machines.outdated, ...people.outdated],
  };
}
