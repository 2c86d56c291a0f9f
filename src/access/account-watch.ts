/** Rows of accounts that no gateway wrote: they let nobody in, and they are told of. */
import type { ClientRegistry } from './clients.ts';
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

export function createAccountWatch(deps: {
  clients: Pick<ClientRegistry, 'list' | 'reseal'>;
  staff: Pick<StaffRegistry, 'list' | 'reseal'>;
}): AccountWatch {
  const { clients, staff } = deps;
  let unknown = 0;
  return {
    async look() {
      const rows = [...(await clients.list()), ...(await staff.list())];
      unknown = rows.filter(({ sealed }) => sealed === 'none').length;
      if (!rows.some(({ sealed }) => sealed === 'older')) return 0;
      return (await clients.reseal()) + (await staff.reseal());
    },
    unknown: () => unknown,
  };
}
