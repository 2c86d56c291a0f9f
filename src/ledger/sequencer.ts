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
import { append, frontier, rootOf } from './tree.ts';
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
  /** Of its leaf, as the tree has it: SHA-256(0x00 ‖ leaf). */
  hash: Buffer;
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
  const nothing: Round = { count: 0, edge: own, signed: null };
  if (!(await takeTurn(tx))) return nothing;
  const head = await readHead(tx);
  await from.assertContinues(tx, head);
  const before = own?.size === head.size ? own : await readEdge(tx, head.size);
  if (!rootOf(frontier(before)).equals(head.root)) {
    throw new LedgerBroken('the tiles do not give the signed root');
  }
  const taken = await take(tx, head.size, from.batchMax);
  if (taken.length === 0) return nothing;
  await failpoint('taken');
  const hashes = taken.map(({ hash }) => hash);
  const { edge, tiles } = append(before, hashes);
  await moveHead(tx, head.size, edge);
  await failpoint('moved');
  await ensureSpan(tx, head.size, edge.size);
  await enterTiles(tx, tiles);
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

/** False where another process is at it, or nothing waits. */
async function takeTurn(tx: Queryable): Promise<boolean> {
  const { rows } = await tx.query<{ got: boolean; idle?: boolean }>({
    name: 'sequencer-turn',
    // Only to spare other processes' sequencers work.
    text: `SELECT pg_try_advisory_xact_lock($1) AS got,
       set_config('idle_in_transaction_session_timeout', $2, true),
       NOT EXISTS (SELECT FROM submissions) AS idle`,
    values: [advisoryLocks.sequencer, String(idleMsMax)],
  });
  return rows[0]?.got === true && rows[0].idle !== true;
}

/**
 * The span that we grow into was made one span ago; the next one is made before it is needed. Rare
 * (once in four million entries) because it locks the table for a moment.
 */
async function ensureSpan(tx: Queryable, start: number, end: number): Promise<void> {
  if (Math.floor(end / partitionSpan) === Math.floor(start / partitionSpan)) return;
  await tx.query('SELECT ensure_partitions()');
}

// What is taken is entered where it is: leaves and details never leave PostgreSQL for it, only the
// hashes that the tree is made of (0.13 ms of processor time an entry when they did, and when the
// index on their transfers was slow; 0.03 now). The hash is of the very bytes that are entered.
//
// By array, not as a join: statistics of a queue are mostly made while it is empty, and PostgreSQL
// would compare every row that waits with every row that is taken. Nothing is taken unless the head
// is still where the caller saw it: whoever has moved it meanwhile has entered under these numbers.
const takeSql = `
  WITH held AS MATERIALIZED (
    SELECT size FROM tree_head WHERE size = $1 FOR UPDATE
  ), taken AS (
    DELETE FROM submissions WHERE id = ANY (ARRAY(
      SELECT id FROM submissions WHERE EXISTS (SELECT FROM held)
      ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED))
    RETURNING id, kind, owner, leaf, detail
  ), numbered AS MATERIALIZED (
    SELECT $1 - 1 + row_number() OVER (ORDER BY id) AS index, kind, owner, leaf, detail FROM taken
  ), entered AS (
    INSERT INTO entries (index, leaf, detail) SELECT index, leaf, detail FROM numbered
  )
  SELECT kind, owner, sha256('\\x00'::bytea || leaf) AS hash FROM numbered ORDER BY index`;

/**
 * Takes submissions out of the queue, oldest first, and enters them from `start` on; those that
 * another transaction holds stay. None where the tree has not this size any more.
 */
async function take(tx: Queryable, start: number, limit: number): Promise<Taken[]> {
  const values = [start, limit];
  const { rows } = await tx.query<Taken>({ name: 'sequencer-take', text: takeSql, values });
  return rows;
}

async function moveHead(tx: Queryable, expected: number, edge: Edge): Promise<void> {
  const { rowCount } = await tx.query({
    name: 'sequencer-move',
    text: 'UPDATE tree_head SET size = $2, frontier = $3 WHERE size = $1',
    values: [expected, edge.size, Buffer.concat(frontier(edge))],
  });
  if (rowCount !== 1) throw new Error('another sequencer has moved the tree');
}

async function enterTiles(tx: Queryable, tiles: readonly Tile[]): Promise<void> {
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
  await tx.query({
    name: 'sequencer-checkpoint',
    text: 'INSERT INTO checkpoints (size, root, note, hashes, signed_at) VALUES ($1, $2, $3, $4, $5)',
    values: [tree.size, tree.root, note, Buffer.concat(hashes), by.at],
  });
  return { ...tree, note };
}
