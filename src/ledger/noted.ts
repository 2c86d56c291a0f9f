/**
 * What this process has promised outside the database: nothing leaves, and no checkpoint is shown,
 * before the checkpoint that covers it is in a file (law 2); and the tree in the database must for
 * ever begin with what the file says (law 5), or nothing leaves at all (law 8).
 */
import { GatewayError, StartupError } from '#src/base/errors.ts';
import type { Log } from '#src/base/log.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import { recordFork } from './fork-notes.ts';
import { readHead, type Head } from './head.ts';
import { openNotedFiles, type NotedFiles, type NotedPlace } from './noted-files.ts';
import { findLost } from './noted-lost.ts';
import { lookAt, moveNoted, wasSigned } from './noted-row.ts';
import { beginsWith, ledgerIdOf, type Checkpointed, type Tree } from './noted-tree.ts';
import { describeFork } from './noted-words.ts';

/** Thrown where the tree of the database does not begin with what was kept; nothing is signed. */
export class LedgerForked extends Error {}

/** Throws LedgerForked unless the tree with this head begins with what had been kept. */
export type AssertContinues = (db: Queryable, head: Tree) => Promise<void>;

export interface NotedKeeper {
  /**
   * Makes a committed checkpoint durable outside the database, and only then lets go what it
   * covers. Whoever calls tries again what failed.
   */
  note(checkpoint: Checkpointed): Promise<void>;
  /** What has been kept until now, to hold against a head that is read after this call. */
  begin(): AssertContinues;
  /** Each second: looks for a fork, and keeps what other processes have signed meanwhile. */
  follow(): Promise<void>;
  /** Throws `LEDGER_FORKED`, or `LEDGER_STALLED` while the file cannot be written. */
  assertWhole(): void;
  /** What is wrong, for whoever operates it; null: nothing. */
  fault(): string | null;
}

export interface NotedDeps {
  db: Database;
  /** The tree that a note states, where one of our own keys signed it. */
  readOwn: (note: string) => Tree | null;
  log: Log;
}

/**
 * Opens what was kept and holds the ledger against it; then keeps the newest checkpoint.
 * @param place.strict a file of another ledger that our key signed is a fork, too; otherwise it is
 *   told and left alone
 * @param place undefined: nothing is kept outside, which only tests of other things do
 * @throws StartupError when the ledger does not begin with what was kept, or nothing can be kept
 */
export async function openNoted(
  own: NotedDeps,
  place: NotedPlace | undefined,
): Promise<NotedKeeper> {
  const { db, log } = own;
  const files = place ? await openNotedFiles(place.folder).catch(unusable) : null;
  const kept = files ? await files.read() : [];
  const deps = { ...own, files };
  // Read after the files: what another process keeps was committed before that.
  const head = await readHead(db);
  const { ledger, lost, others, isKnown } = await findLost(own, place, { kept, head });
  for (const size of others)
    log.warn('the ledger key has signed another ledger than this', { size });
  if (lost[0]) throw new StartupError([describeFork(head, lost[0], files?.folder ?? '')]);
  if (files && head.size > 0 && !isKnown) {
    const { size } = head;
    log.warn('no checkpoint was kept outside the database: it is from now on', { size });
  }
  return startKeeping(deps, head, ledger);
}

type KeepDeps = NotedDeps & { files: NotedFiles | null };

async function startKeeping(deps: KeepDeps, head: Head, ledger: string | null) {
  const { db, files } = deps;
  try {
    if (files && ledger !== null) {
      await files.keep(ledger, head);
      await files.prune(ledger, head.size);
    }
  } catch (error) {
    unusable(error);
  }
  await moveNoted(db, head);
  const { forked } = await lookAt(db);
  return createKeeper(deps, { last: head, ledger, isKnown: forked });
}

function unusable(error: unknown): never {
  const why = error instanceof Error ? error.message : String(error);
  throw new StartupError([
    `the newest checkpoint cannot be kept outside the database (${why}): ` +
      'WAYBILL_LEDGER_CHECKPOINT names a folder of this process that outlives it',
  ]);
}

interface Start {
  last: Checkpointed;
  ledger: string | null;
  isKnown: boolean;
}

/** The newest checkpoint of this process, in memory and in its file. */
interface Kept {
  last(): Checkpointed;
  /** Durable when it returns; an earlier one than the last changes nothing. */
  keep(checkpoint: Checkpointed): Promise<void>;
  isUnwritable(): boolean;
}

function createKept({ db, files }: KeepDeps, start: Start): Kept {
  let { last, ledger } = start;
  let isUnwritable = false;
  /** One after the other: a file is never replaced by an earlier checkpoint. */
  let turn: Promise<unknown> = Promise.resolve();

  async function work(checkpoint: Checkpointed): Promise<void> {
    if (checkpoint.size <= last.size && !isUnwritable) return;
    const newer = checkpoint.size > last.size ? checkpoint : last;
    ledger ??= await ledgerIdOf(db);
    try {
      if (files && ledger !== null) await files.keep(ledger, newer);
    } catch (error) {
      isUnwritable = true;
      throw error;
    }
    isUnwritable = false;
    last = newer;
  }

  return {
    last: () => last,
    keep(checkpoint) {
      const done = turn.then(() => work(checkpoint));
      turn = done.catch(() => undefined);
      return done;
    },
    isUnwritable: () => isUnwritable,
  };
}

function createKeeper(deps: KeepDeps, start: Start): NotedKeeper {
  const { db, log } = deps;
  const kept = createKept(deps, start);
  /** A fork that is known in the database, whoever found it, and that nobody has accepted. */
  let isKnown = start.isKnown;
  /** One that this process has found: it holds what the database does not. */
  let isFound = false;

  async function found(head: Tree, last: Checkpointed): Promise<never> {
    if (!isFound) {
      const facts = { size: head.size, count: last.size };
      log.error('the ledger is forked: it lost entries that were kept; nothing leaves', facts);
    }
    isFound = true;
    // Every other process on this database stops, too. Where it cannot be told, this one stands.
    await recordFork(db, { note: last.note, client: null }).catch(() => undefined);
    throw new LedgerForked(`the ledger has ${head.size} entries, not the ${last.size} kept`);
  }

  const assertUnforked = () => {
    if (isFound || isKnown) throw new LedgerForked('the ledger is forked');
  };

  return {
    begin() {
      const last = kept.last();
      return async (tx, head) => {
        assertUnforked();
        if (head.size === last.size && head.root.equals(last.root)) return;
        // In every round, so it costs one look; `follow` asks for the proof.
        if (!(await wasSigned(tx, last)) && !(await beginsWith(tx, head, last))) {
          await found(head, last);
        }
      };
    },
    async note(checkpoint) {
      assertUnforked();
      await kept.keep(checkpoint);
      await moveNoted(db, checkpoint);
    },
    async follow() {
      const last = kept.last();
      const { head, forked } = await lookAt(db);
      isKnown = forked;
      const isSame = head.size === last.size && head.root.equals(last.root);
      if (!isSame && !(await beginsWith(db, head, last))) await found(head, last);
      if (!isFound) await kept.keep(head);
    },
    assertWhole() {
      if (isFound || isKnown) throw new GatewayError('LEDGER_FORKED');
      if (kept.isUnwritable()) throw new GatewayError('LEDGER_STALLED', { retryAfterSeconds: 5 });
    },
    fault() {
      if (isFound || isKnown) return 'The ledger is forked: see docs/witnesses.md.';
      return kept.isUnwritable() ? 'The checkpoint cannot be written to its file.' : null;
    },
  };
}
