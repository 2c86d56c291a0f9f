/** Keeps contract versions immutable across processes and restarts (law 6). */
import { StartupError } from '#src/base/errors.ts';
import type { Contract } from '#src/base/words.ts';

/** What this file needs of a PostgreSQL connection. */
export interface Database {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

interface Registered {
  id: string;
  digest: string;
}

// Hexadecimal text on the way in and out, so that no driver's idea of bytea arrays matters.
const selectSql = `SELECT id, encode(digest, 'hex') AS digest FROM contract_versions ORDER BY id`;
const insertSql = `
  INSERT INTO contract_versions (id, digest)
  SELECT id, decode(digest, 'hex') FROM unnest($1::text[], $2::text[]) AS loaded (id, digest)
  ON CONFLICT (id) DO NOTHING
  RETURNING id`;

function compare(registered: readonly Registered[], contracts: readonly Contract[]): void {
  const loaded = new Map(contracts.map(({ id, digest }) => [id, digest.toString('hex')]));
  const faults = registered.flatMap(({ id, digest }) => {
    const own = loaded.get(id);
    if (own === undefined) {
      return [`contract ${id} is registered but this process lacks it; restore its file`];
    }
    if (own === digest) return [];
    return [
      `contract ${id} or its dictionary was changed after it was registered` +
        ` (registered ${digest}, loaded ${own}); restore the text and make the change a new version`,
    ];
  });
  if (faults.length > 0) throw new StartupError(faults);
}

/**
 * Registers the digests of versions that PostgreSQL does not know yet, and holds all others
 * against what it knows. Compares before it writes, so that a refused start registers nothing,
 * and again after, because another process may have registered in between.
 *
 * @returns the versions that this call registered
 * @throws StartupError naming every version whose digest differs or that this process lacks
 */
export async function registerContracts(
  db: Database,
  contracts: readonly Contract[],
): Promise<{ registered: Contract[] }> {
  compare((await db.query(selectSql)).rows as Registered[], contracts);
  const inserted = await db.query(insertSql, [
    contracts.map(({ id }) => id),
    contracts.map(({ digest }) => digest.toString('hex')),
  ]);
  compare((await db.query(selectSql)).rows as Registered[], contracts);
  const ids = new Set((inserted.rows as { id: string }[]).map(({ id }) => id));
  return { registered: contracts.filter(({ id }) => ids.has(id)) };
}

/**
 * The ids of registered versions that this process lacks: a newer one has brought them while this
 * one ran, and what it knows of contracts is no longer what is in force.
 */
export async function lackedContracts(
  db: Database,
  contracts: readonly Contract[],
): Promise<string[]> {
  const { rows } = await db.query(
    'SELECT id FROM contract_versions WHERE NOT id = ANY($1::text[]) ORDER BY id',
    [contracts.map(({ id }) => id)],
  );
  return (rows as { id: string }[]).map(({ id }) => id);
}
