/** Whether one tree begins with another, by proof and not by what a table says. */
import type { Queryable } from '#src/store/pool.ts';
import { nodeCrypto } from './node-crypto.ts';
import { createNodeSource } from './nodes.ts';
import { consistencyNodes, consistencyProof } from './proofs.ts';
import { verifyConsistency } from './verify.ts';

export interface Tree {
  size: number;
  root: Buffer;
}

/** A tree and the note that its signed checkpoint is. */
export interface Checkpointed extends Tree {
  note: string;
}

/**
 * True when the tree of the database, whose head is given, begins with the other one: recomputed
 * from the hashes that are stored (RFC 9162 section 2.1.4).
 * @param head as `readHead` or a checkpoint of the same database says
 */
export async function beginsWith(db: Queryable, head: Tree, other: Tree): Promise<boolean> {
  if (other.size > head.size) return false;
  const nodes = consistencyNodes(other.size, head.size);
  const node = await createNodeSource({ db }).load(head.size, nodes);
  const hashes = consistencyProof(other.size, head.size, node);
  return verifyConsistency(nodeCrypto, other, head, hashes);
}

/**
 * Which ledger this is: the first eight bytes of its first leaf's hash, in hex; null while it is
 * empty. A leaf holds the hash of a random salt, so that no two ledgers have the same.
 */
export async function ledgerIdOf(db: Queryable): Promise<string | null> {
  const { rows } = await db.query<{ hash: Buffer }>(
    `SELECT substring(hashes FROM 1 FOR 32) AS hash FROM checkpoints
     WHERE size > 0 ORDER BY size LIMIT 1`,
  );
  const hash = rows[0]?.hash;
  return hash?.length === 32 ? hash.toString('hex').slice(0, 16) : null;
}
