/**
 * A contract version's first appearance: registered by digest (law 6), and an entry that says so.
 */
import type { Agreements } from '#src/agreements/load.ts';
import { registerContracts } from '#src/agreements/registry.ts';
import type { Clock } from '#src/base/clock.ts';
import { gatewayActor } from '#src/base/words.ts';
import type { EntryMaker } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Database } from '#src/store/pool.ts';

/**
 * Registers new versions and records each, in one transaction. Throws `StartupError` on a change.
 */
export async function activateContracts(deps: {
  db: Database;
  agreements: Agreements;
  clock: Clock;
  makeEntry: EntryMaker;
}): Promise<number> {
  return deps.db.transaction(async (tx) => {
    const { registered } = await registerContracts(tx, deps.agreements.contracts);
    const entries = registered.map((contract) => ({
      entry: deps.makeEntry({
        kind: 'contract-drafted',
        at: deps.clock.now(),
        consignee: contract.consignee,
        contract: { id: contract.id, digest: contract.digest },
        items: contract.items.map(({ item }) => item),
        detail: actorDetail(gatewayActor),
      }),
    }));
    await submit(tx, entries);
    return registered.length;
  });
}
