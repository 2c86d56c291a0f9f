/** What still needs an older key: while there is any, the key is not retired. */
import { escapeIdentifier } from 'pg';
import type { Queryable } from '#src/store/pool.ts';

/** Version byte of what the sealing key sealed; the key's id follows. */
const sealedVersion = '01';
/** Cursors, and the parcels of results under way, are known by the HMAC key that made them. */
const hmacDaysMin = 90;
/** A token lives 300 seconds, and clocks may be 5 apart. */
const tokenSecondsMin = 305;

/**
 * The tables that hold something sealed under a key. Every column of bytes there is is looked at:
 * what a list would forget could never be opened again.
 * @param keyId eight hexadecimal digits
 */
export async function sealedUnder(db: Queryable, keyId: string): Promise<string[]> {
  const { rows } = await db.query<{ table: string; column: string }>(
    `SELECT c.relname AS table, a.attname AS column
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND NOT c.relispartition AND a.atttypid = 'bytea'::regtype AND NOT a.attisdropped
       AND has_column_privilege(c.oid, a.attnum, 'SELECT')
     ORDER BY 1, 2`,
  );
  const prefix = Buffer.from(`${sealedVersion}${keyId}`, 'hex');
  const found: string[] = [];
  for (const { table, column } of rows) {
    const cell = escapeIdentifier(column);
    const { rowCount } = await db.query(
      `SELECT FROM ${escapeIdentifier(table)} WHERE substring(${cell} FROM 1 FOR 5) = $1 LIMIT 1`,
      [prefix],
    );
    if (rowCount !== 0) found.push(`${table}.${column}`);
  }
  return found;
}

/** Why an HMAC key is still needed, in words; empty when it is not. */
export async function foundUnder(db: Queryable, keyId: string): Promise<string[]> {
  const { rows } = await db.query<{ people: number; replies: number; young: boolean }>(
    `WITH key AS (
       SELECT ended_at, id = (SELECT id FROM keys WHERE name = 'hmac' ORDER BY added_at, id LIMIT 1)
         AS is_first
       FROM keys WHERE name = 'hmac' AND id = $1
     )
     SELECT
       (SELECT count(*) FROM subjects, key
        WHERE hmac_key = $1 OR (hmac_key IS NULL AND is_first)) AS people,
       (SELECT count(*) FROM idempotency_keys, key WHERE created_at <= ended_at) AS replies,
       (SELECT ended_at > now() - make_interval(days => $2) FROM key) AS young`,
    [keyId, hmacDaysMin],
  );
  const { people = 0, replies = 0, young = false } = rows[0] ?? {};
  return [
    ...(people > 0 ? [`${people} people have not come again since it was changed`] : []),
    ...(replies > 0 ? [`${replies} replies of before may be asked for again`] : []),
    ...(young ? [`it ended less than ${hmacDaysMin} days ago`] : []),
  ];
}

/** Why a token key is still needed. */
export async function signedUnder(db: Queryable, keyId: string): Promise<string[]> {
  const { rows } = await db.query<{ young: boolean }>(
    `SELECT ended_at > now() - make_interval(secs => $2) AS young FROM keys
     WHERE name = 'token' AND id = $1`,
    [keyId, tokenSecondsMin],
  );
  return rows[0]?.young ? ['its last tokens live up to five minutes'] : [];
}

/** Why the ledger's old key is still needed: who follows it must be on record. */
export async function coveredUnder(db: Queryable): Promise<string[]> {
  const { rowCount } = await db.query(
    `SELECT FROM keys WHERE name = 'ledger' AND began_at IS NOT NULL AND ended_at IS NULL
       AND entry IS NULL`,
  );
  return rowCount === 0 ? [] : ['no checkpoint covers the entry that names its successor yet'];
}
