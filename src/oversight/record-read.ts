/** Whoever reads other people's records leaves an entry that says what was asked for. */
import type { Clock } from '#src/base/clock.ts';
import type { Actor } from '#src/base/words.ts';
import type { EntryMaker } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';
import type { Database } from '#src/store/pool.ts';

export interface OversightDeps {
  db: Database;
  clock: Clock;
  fingerprint: Fingerprint;
  makeEntry: EntryMaker;
  onSubmitted: () => void;
}

/** Records an audit read before it is answered; the filters name no person. */
export async function recordRead(
  deps: OversightDeps,
  read: {
    actor: Actor;
    transfer?: string;
    query: Readonly<Record<string, string | number | null>>;
  },
): Promise<void> {
  const { actor, transfer, query } = read;
  const entry = deps.makeEntry({
    ...{ kind: 'audit-read', at: deps.clock.now(), transfer },
    detail: { ...actorDetail(actor), query },
  });
  await submit(deps.db, [{ entry }]);
  deps.onSubmitted();
}
