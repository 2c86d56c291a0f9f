/** An assertion is good once, in any process: its `jti` is remembered in PostgreSQL. */
import { sha256 } from '#src/base/canonical.ts';
import type { Queryable } from '#src/store/pool.ts';

/** One use of an assertion. `expiresAt`: from when on it would be refused for its age anyway. */
export interface AssertionUse {
  issuer: string;
  jti: string;
  expiresAt: Date;
}

/**
 * Takes an assertion's identity, atomically: of any number of callers, in any number of
 * processes, exactly one is told `true`. The token text plays no part, because one signed
 * assertion has many spellings; the `jti` is hashed, so that whatever a client puts in it is not
 * at rest here.
 */
export async function rememberJti(
  { db }: { db: Queryable },
  { issuer, jti, expiresAt }: AssertionUse,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO assertion_replays (issuer, jti_hash, expires_at) VALUES ($1, $2, $3)
     ON CONFLICT DO NOTHING`,
    [issuer, sha256(Buffer.from(jti, 'utf8')), expiresAt],
  );
  return rowCount === 1;
}

/** Forgets what is refused for its age anyway. Returns how many were forgotten. */
export async function forgetExpired({ db }: { db: Queryable }): Promise<number> {
  const { rowCount } = await db.query('DELETE FROM assertion_replays WHERE expires_at < now()');
  return rowCount ?? 0;
}
