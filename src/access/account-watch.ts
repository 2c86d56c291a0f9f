/** Rows of accounts that no gateway wrote: they let nobody in, and they are told of. */
import type { ClientRegistry } from './clients.ts';
import type { Resealed } from './row-seal.ts';
import type { StaffRegistry } from './staff.ts';

export interface AccountWatch {
  /**
   * Looks at every row, and seals anew what an older key sealed. Returns how many it sealed, so
   * that it is called again while there are any.
   */
  look(): Promise<number>;
  /** How many rows without a good seal the last look found. Their ids may be anything. */
  unknown(): number;
}

interface Registries {
  clients: Pick<ClientRegistry, 'reseal'>;
  staff: Pick<StaffRegistry, 'reseal'>;
}

export function createAccountWatch(deps: Registries): AccountWatch {
  let unknown = 0;
  return {
    async look() {
      const found = await resealAccounts(deps);
      unknown = found.unknown;
      return found.resealed;
    },
    unknown: () => unknown,
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
  };
}
