/** How the ledger's keys came one after the other, so that an old verifier key leads to the new. */
import type { KeyTurn } from '#src/ledger/key-turn.ts';
import type { LedgerReader } from '#src/ledger/read.ts';
import { readKeyRows } from '#src/sealing/key-table.ts';
import type { Queryable } from '#src/store/pool.ts';

/**
 * Every change of the ledger's key whose entry is still here, oldest first, each in the first tree
 * that holds it: the key before has signed that one, for it is retired only afterwards.
 */
export async function keyTurns(deps: { db: Queryable; ledger: LedgerReader }): Promise<KeyTurn[]> {
  const turns: KeyTurn[] = [];
  for (const { name, public: vkey, entry: index } of await readKeyRows(deps.db)) {
    if (name !== 'ledger' || vkey === null || index === null) continue;
    const { rows } = await deps.db.query<{ leaf: Buffer; size: number; note: string }>(
      `SELECT leaf, size, note FROM entries, LATERAL (
         SELECT size, note FROM checkpoints
         WHERE size > $1 AND size <= (SELECT size FROM noted) ORDER BY size LIMIT 1) AS first
       WHERE index = $1`,
      [index],
    );
    const [row] = rows;
    if (!row) continue;
    const { hashes } = await deps.ledger.inclusion({ index, size: row.size });
    const proof = hashes.map((hash) => hash.toString('base64'));
    const leaf = row.leaf.toString('utf8');
    turns.push({ vkey, index, leaf, proof, checkpoint: row.note });
  }
  return turns.sort((one, other) => one.index - other.index);
}
