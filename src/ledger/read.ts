/**
 * Reads the ledger for everyone who may: entries, checkpoints and proofs. Whoever tampers with a
 * row changes what is read, and is found out by it, but cannot stop the reading of the rest.
 */
import { GatewayError } from '#src/base/errors.ts';
import type { Queryable } from '#src/store/pool.ts';
import { openStored, type StoredRow } from './details.ts';
import type { OpenedDetail } from './entry.ts';
import { createNodeSource } from './nodes.ts';
import type { NodeSource } from './nodes.ts';
import {
  consistencyNodes,
  consistencyProof,
  inclusionNodes,
  inclusionProof,
  provenRoot,
} from './proofs.ts';
import { leafHash } from './tree.ts';

export interface CheckpointRow {
  size: number;
  root: Buffer;
  /** The signed note. */
  note: string;
  signedAt: Date;
}

export interface LedgerEntry {
  index: number;
  leaf: Buffer;
  /** Left out when it was not asked for; null when it cannot be opened. */
  detail?: OpenedDetail | null;
  /** Its person was destroyed, and the key of the detail with them. */
  erased?: true;
}

/** A proof as it travels to consignees: texts in base64, the checkpoint as a signed note. */
export interface LedgerProof {
  leaf: string;
  index: number;
  hashes: string[];
  checkpoint: string;
}

export interface LedgerReader {
  /**
   * The newest checkpoint that is kept outside the database, too: no later one is shown to anyone.
   * There is always one once the ledger has been opened.
   */
  latestCheckpoint(): Promise<CheckpointRow>;
  /** The checkpoint of exactly this size. NOT_FOUND when none was signed. */
  checkpointAt(size: number): Promise<CheckpointRow>;
  /**
   * Entries from `start` on, 1,000 at most; none past the newest checkpoint. ARCHIVED, with the
   * first that is still here.
   * @param within the transaction to read them in, when there is one
   */
  entries(
    ask: { start: number; limit: number; withDetail: boolean },
    within?: Queryable,
  ): Promise<LedgerEntry[]>;
  /**
   * The hashes from an entry to the root of the tree of `size` (default: the newest checkpoint's).
   * `checkpoint` is null when no checkpoint of that size was signed. INVALID_PROOF_RANGE.
   */
  inclusion(ask: {
    index: number;
    size?: number | undefined;
  }): Promise<{ index: number; size: number; hashes: Buffer[]; checkpoint: string | null }>;
  /** The hashes from one size to a later one (default: the newest). INVALID_PROOF_RANGE. */
  consistency(ask: {
    from: number;
    to?: number | undefined;
  }): Promise<{ from: number; to: number; hashes: Buffer[] }>;
  /**
   * Proofs against one checkpoint, the newest, in the order of `indexes`. Null where it does not
   * cover the entry, or the stored leaf is not the one that was signed: then nothing may leave.
   */
  proofsFor(indexes: readonly number[]): Promise<(LedgerProof | null)[]>;
  /** Leaves in the order of `indexes`; null where there is no such entry. */
  leavesAt(indexes: readonly number[]): Promise<(Buffer | null)[]>;
  /** Every entry of one transfer (UUID), oldest first, 1,000 at most, with details. */
  trail(transfer: string): Promise<LedgerEntry[]>;
}

const entriesMax = 1_000;

/** @param deps.openDetail unseals; throws when it cannot */
export function createLedgerReader(deps: {
  db: Queryable;
  openDetail: (sealed: Buffer, aad: Buffer) => Buffer;
}): LedgerReader {
  const { db } = deps;
  const nodes = createNodeSource({ db });

  return {
    latestCheckpoint: () => latest(db),
    checkpointAt: (size) => checkpointOf(db, size),
    async entries({ start, limit, withDetail }, within = db) {
      requireRange(start >= 0, start);
      const { rows } = await within.query<StoredRow>(
        `SELECT index, leaf, ${withDetail ? 'detail' : `''::bytea AS detail`} FROM entries
         WHERE index >= $1 AND index < (SELECT size FROM noted)
         ORDER BY index LIMIT $2`,
        [start, Math.min(limit, entriesMax)],
      );
      if (rows[0]?.index !== start) await assertNotArchived(within, start);
      if (withDetail) return openStored({ ...deps, db: within }, rows);
      return rows.map(({ index, leaf }) => ({ index, leaf }));
    },
    async inclusion({ index, size: asked }) {
      const newest = await latest(db);
      const size = asked ?? newest.size;
      requireRange(index >= 0 && index < size && size <= newest.size, index, size);
      const node = await nodes.load(size, inclusionNodes(size, index));
      const hashes = inclusionProof(size, index, node);
      const checkpoint = size === newest.size ? newest.note : await noteOf(db, size);
      return { index, size, hashes, checkpoint };
    },
    async consistency({ from, to: asked }) {
      const newest = await latest(db);
      const to = asked ?? newest.size;
      requireRange(from >= 0 && from <= to && to <= newest.size, from, to);
      const node = await nodes.load(to, consistencyNodes(from, to));
      return { from, to, hashes: consistencyProof(from, to, node) };
    },
    proofsFor: (indexes) => prove(db, nodes, indexes),
    async leavesAt(indexes) {
      const leaves = await leavesOf(db, indexes);
      return indexes.map((index) => leaves.get(index) ?? null);
    },
    async trail(transfer) {
      const { rows } = await db.query<StoredRow>(
        `SELECT index, leaf, detail FROM entries WHERE leaf_transfer(leaf) = $1::uuid
           AND index < (SELECT size FROM noted)
         ORDER BY index LIMIT $2`,
        [transfer, entriesMax],
      );
      return openStored(deps, rows);
    },
  };
}

async function prove(
  db: Queryable,
  nodes: NodeSource,
  indexes: readonly number[],
): Promise<(LedgerProof | null)[]> {
  const { size, root, note } = await latest(db);
  const covered = indexes.filter((index) => index >= 0 && index < size);
  const leaves = await leavesOf(db, covered);
  const wanted = covered.flatMap((index) => inclusionNodes(size, index));
  const node = await nodes.load(size, wanted);
  return indexes.map((index) => {
    const leaf = leaves.get(index);
    if (!leaf) return null;
    const hashes = inclusionProof(size, index, node);
    // A few microseconds; handing out a proof that does not hold would cost the consignee more.
    if (!provenRoot(size, index, leafHash(leaf), hashes).equals(root)) return null;
    const texts = hashes.map((hash) => hash.toString('base64'));
    return { leaf: leaf.toString('base64'), index, hashes: texts, checkpoint: note };
  });
}

const checkpointColumns = 'size, root, note, signed_at AS "signedAt"';

async function latest(db: Queryable): Promise<CheckpointRow> {
  const { rows } = await db.query<CheckpointRow>({
    name: 'ledger-latest',
    text: `SELECT ${checkpointColumns} FROM checkpoints WHERE size <= (SELECT size FROM noted)
     ORDER BY size DESC LIMIT 1`,
  });
  if (!rows[0]) throw new GatewayError('LEDGER_STALLED');
  return rows[0];
}

async function checkpointOf(db: Queryable, size: number): Promise<CheckpointRow> {
  if (!Number.isSafeInteger(size)) throw new GatewayError('NOT_FOUND');
  const { rows } = await db.query<CheckpointRow>(
    `SELECT ${checkpointColumns} FROM checkpoints
     WHERE size = $1 AND size <= (SELECT size FROM noted)`,
    [size],
  );
  if (!rows[0]) throw new GatewayError('NOT_FOUND');
  return rows[0];
}

async function noteOf(db: Queryable, size: number): Promise<string | null> {
  const { rows } = await db.query<{ note: string }>(
    'SELECT note FROM checkpoints WHERE size = $1',
    [size],
  );
  return rows[0]?.note ?? null;
}

async function leavesOf(db: Queryable, indexes: readonly number[]): Promise<Map<number, Buffer>> {
  if (indexes.length === 0) return new Map();
  const { rows } = await db.query<{ index: number; leaf: Buffer }>({
    name: 'ledger-leaves',
    text: 'SELECT index, leaf FROM entries WHERE index = ANY($1::bigint[])',
    values: [indexes],
  });
  return new Map(rows.map(({ index, leaf }) => [index, leaf]));
}

function requireRange(holds: boolean, ...numbers: readonly number[]): void {
  if (!holds || !numbers.every(Number.isSafeInteger)) throw new GatewayError('INVALID_PROOF_RANGE');
}

/** Throws `ARCHIVED` for an entry that went to an archive. */
export async function assertNotArchived(db: Queryable, index: number): Promise<void> {
  const { rows } = await db.query<{ from: number | null }>(
    `SELECT max(to_index) AS "from" FROM archives WHERE what = 'entries'`,
  );
  const from = rows[0]?.from ?? 0;
  if (index < from) throw new GatewayError('ARCHIVED', { facts: { from } });
}
