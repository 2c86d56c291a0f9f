/**
 * Numbers what was submitted, extends the tree and signs a checkpoint: all of it in one
 * transaction, so that an entry is visible to anyone only once a signed checkpoint covers it.
 *
 * Any number of processes may run one. The `tree_head` row decides: whoever moves its size from
 * what it read has sequenced the batch, everyone else rolls back. The advisory lock only spares
 * them the attempt. A crash at any point before COMMIT leaves the queue and the tree as they were,
 * and the next round, here or elsewhere, takes the same submissions again. A crash after COMMIT and
 * before the checkpoint is noted leaves it to whoever looks next, here or elsewhere: until then
 * nothing that it covers leaves.
 */
import { advisoryLocks } from '#src/store/advisory-locks.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import { LedgerBroken, readEdge, readHead } from './head.ts';
import type { EntryKind } from './kinds.ts';
import { signCheckpoint } from './note.ts';
import type { LedgerKey } from './note.ts';
import { createNotes, noteInside, type Noting } from './noted-late.ts';
import type { AssertContinues } from './noted.ts';
import type { Checkpointed } from './noted-tree.ts';
import { append, frontier, leafHash, rootOf } from './tree.ts';
import type { Edge, Tile } from './tree.ts';

/** An entry that the checkpoint of this transaction is the first to cover. */
export interface Covered {
  kind: EntryKind;
  owner: string | null;
  index: number;
}

/**
 * Where a round can be interrupted by `failpoint`, in order; `committed` is after COMMIT, `noted`
 * after the checkpoint is durable outside the database, too, and what it covers may leave.
 */
export type SequencerStep =
  'taken' | 'moved' | 'entered' | 'signed' | 'covered' | 'committed' | 'noted';

export interface Sequencer {
  /**
   * One round: at most `batchMax` entries. Returns how many; 0 also when another one is at work.
   */
  sequenceOnce(): Promise<number>;
}

interface Round {
  count: number;
  edge: Edge | undefined;
  /** The checkpoint that it signed; null when there was nothing to sign. */
  signed: Checkpointed | null;
}

interface Taken {
  kind: EntryKind;
  owner: string | null;
  leaf: Buffer;
  detail: Buffer;
}

/**
 * A sequencer that stands still in its round (a frozen process, a dead network) keeps all others
 * from leading: PostgreSQL ends its session after so long.
 */
const idleMsMax = 5_000;
/** `ensure_partitions()` makes entries in spans of this many indexes, one span ahead. */
const partitionSpan = 4_194_304;

interface SequencerDeps {
  db: Database;
  key: LedgerKey;
  onCovered: (tx: Queryable, covered: readonly Covered[]) => Promise<void>;
  now: () => Date;
  noted?: Noting | undefined;
  failpoint?: ((step: SequencerStep) => void | Promise<void>) | undefined;
}

/**
 * @param deps.onCovered runs in the same transaction, after entries and checkpoint: makes covered
 *   transfers and results ready. When it throws, nothing has happened.
 * @param deps.noted keeps checkpoints outside the database; without one, in tests, nothing is kept
 * @param deps.failpoint for tests: throws, or waits, where a crash is to be tried
 */
export function createSequencer(
  deps: SequencerDeps,
  options: { batchMax?: number } = {},
): Sequencer {
  const batchMax = options.batchMax ?? 2_000;
  const failpoint = deps.failpoint ?? ((): void => undefined);
  const noted = deps.noted ?? noteInside(deps.db);
  const notes = createNotes(deps.db, noted);
  /** The edge after the last round that committed here: spares reading it while we stay alone. */
  let kept: Edge | undefined;

  return {
    async sequenceOnce() {
      const edgeBefore = kept;
      kept = undefined;
      const assertContinues = noted.begin();
      const { count, edge, signed } = await deps.db.transaction((tx) =>
        round({ ...deps, failpoint }, tx, { batchMax, own: edgeBefore, assertContinues }),
      );
      kept = edge;
      if (!signed) {
        await notes.late();
        return count;
      }
      notes.owe(signed);
      await failpoint('committed');
      await noted.note(signed);
      await failpoint('noted');
      return count;
    },
  };
}

async function round(
  deps: SequencerDeps & { failpoint: (step: SequencerStep) => void | Promise<void> },
  tx: Queryable,
  from: { batchMax: number; own: Edge | undefined; assertContinues: AssertContinues },
): Promise<Round> {
  const { failpoint } = deps;
  const { own } = from;
  const { rows } = await tx.query<{ got: boolean }>(
    // Only to spare other processes' sequencers work.
    `SELECT pg_try_advisory_xact_lock($1) AS got,
       set_config('idle_in_transaction_session_timeout', $2, true)`,
    [advisoryLocks.sequencer, String(idleMsMax)],
  );
  if (!rows[0]?.got) return { count: 0, edge: own, signed: null };
  const taken = await take(tx, from.batchMax);
  if (taken.length === 0) return { count: 0, edge: own, signed: null };
  await failpoint('taken');
  const head = await readHead(tx);
  await from.assertContinues(tx, head);
  const before = own?.size === head.size ? own : await readEdge(tx, head.size);
  if (!rootOf(frontier(before)).equals(head.root)) {
    throw new LedgerBroken('the tiles do not give the signed root');
  }
  const hashes = taken.map(({ leaf }) => leafHash(leaf));
  const { edge, tiles } = append(before, hashes);
  await moveHead(tx, head.size, edge);
  await failpoint('moved');
  await enter(tx, head.size, taken, tiles);
  await failpoint('entered');
  const signed = await checkpoint(tx, { key: deps.key, at: deps.now() }, edge, hashes);
  await failpoint('signed');
  const number = ({ kind, owner }: Taken, at: number): Covered => ({
    kind,
    owner,
    index: head.size + at,
  });
  await deps.onCovered(tx, taken.map(number));
  await failpoint('covered');
  return { count: taken.length, edge, signed };
}

/**
 * Takes submissions out of the queue, oldest first; those that another transaction holds stay.
 * By array, not as a join: statistics of a queue are mostly made while it is empty, and PostgreSQL
 * would compare every row that waits with every row that is taken.
 */
async function take(tx: Queryable, limit: number): Promise<Taken[]> {
  const { rows } = await tx.query<Taken & { id: number }>(
    `DELETE FROM submissions WHERE id = ANY (ARRAY(
       SELECT id FROM submissions ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED))
     RETURNING id, kind, owner, leaf, detail`,
    [limit],
  );
  return rows.sort((a, b) => a.id - b.id);
}

async function moveHead(tx: Queryable, expected: number, edge: Edge): Promise<void> {
  const { rowCount } = await tx.query(
    'UPDATE tree_head SET size = $2, frontier = $3 WHERE size = $1',
    [expected, edge.size, Buffer.concat(frontier(edge))],
  );
  if (rowCount !== 1) throw new Error('another sequencer has moved the tree');
}

async function enter(
  tx: Queryable,
  start: number,
  taken: readonly Taken[],
  tiles: readonly Tile[],
): Promise<void> {
  // The span that we grow into was made one span ago; the next one is made before it is needed.
  // Rare (once in four million entries) because it locks the table for a moment.
  const end = start + taken.length;
  if (Math.floor(end / partitionSpan) > Math.floor(start / partitionSpan)) {
    await tx.query('SELECT ensure_partitions()');
  }
  await tx.query(
    `INSERT INTO entries (index, leaf, detail)
     SELECT $1 + place - 1, leaf, detail
     FROM unnest($2::bytea[], $3::bytea[]) WITH ORDINALITY AS e (leaf, detail, place)`,
    [start, taken.map(({ leaf }) => leaf), taken.map(({ detail }) => detail)],
  );
  if (tiles.length === 0) return;
  await tx.query(
    `INSERT INTO tiles (level, index, hashes, root)
     SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[], $4::bytea[])`,
    [
      tiles.map(({ level }) => level),
      tiles.map(({ index }) => index),
      tiles.map(({ hashes }) => hashes),
      tiles.map(({ root }) => root),
    ],
  );
}

async function checkpoint(
  tx: Queryable,
  by: { key: LedgerKey; at: Date },
  edge: Edge,
  hashes: readonly Buffer[],
): Promise<Checkpointed> {
  const tree = { size: edge.size, root: rootOf(frontier(edge)) };
  const note = signCheckpoint(by.key, tree);
  await tx.query(
    'INSERT INTO checkpoints (size, root, note, hashes, signed_at) VALUES ($1, $2, $3, $4, $5)',
    [tree.size, tree.root, note, Buffer.concat(hashes), by.at],
  );
  return { ...tree, note };
}
