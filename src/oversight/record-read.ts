/** Whoever reads other people's records leaves an entry that says what was asked for. */
import type { Clock } from '#src/base/clock.ts';
import type { Actor } from '#src/base/words.ts';
import type { EntryInput, EntryMaker } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import type { Person } from '#src/ledger/inner.ts';
import type { ReadQuery } from '#src/ledger/kinds-of-oversight.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';
import type { Database } from '#src/store/pool.ts';

export interface OversightDeps {
  db: Database;
  clock: Clock;
  fingerprint: Fingerprint;
  makeEntry: EntryMaker;
}

/** What is said of each kind of read. */
type ReadByKind =
  /** `person`: whose transfers were asked for, where they are known. */
  | { kind?: 'audit-read' | undefined; query: ReadQuery; person?: Person | undefined }
  /** `person`: whose disclosures they are, where it is known. */
  | {
      kind: 'disclosures-read';
      /** How many there were. */
      found: number;
      person?: Person | undefined;
      reason?: string | undefined;
    }
  | {
      kind: 'exported';
      reason: string;
      format: string;
      query: ReadQuery;
      /** By which its end names it. */
      export?: string | undefined;
      /** Whose transfers were asked for, where they are known. */
      person?: Person | undefined;
    }
  /** No read of its own, but the end of one. */
  | { kind: 'export-ended'; export: string; rows: number; whole: boolean }
  | { kind: 'reconciled'; query: ReadQuery; agreed: number; differing: number };

/** A read, by whom, and of which transfer or consignee where it is about one. */
export type ReadToRecord = ReadByKind & {
  actor: Actor;
  transfer?: string | undefined;
  consignee?: string | undefined;
};

/**
 * Records a read before it is answered, `audit-read` unless its kind is given. Filters name no
 * person; a reason is kept in the sealed detail. Reviews count reads from these entries.
 */
export async function recordRead(deps: OversightDeps, read: ReadToRecord): Promise<void> {
  const { actor, transfer, consignee, kind = 'audit-read', ...more } = read;
  const { person, ...said } = { person: undefined, ...more };
  const input = {
    ...{ kind, at: deps.clock.now(), transfer, consignee, person },
    detail: { ...actorDetail(actor), subject: person?.id, ...said },
  };
  // The sequencer is not nudged: nothing waits for a checkpoint over it, and whoever pages through
  // searches shares one with others.
  await submit(deps.db, [{ entry: deps.makeEntry(input as EntryInput) }]);
}
