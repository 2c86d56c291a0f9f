/** People as the ledger knows them: a random id for the HMAC of the EMR's identifier. */
import type { Queryable } from '#src/store/pool.ts';

async function find(db: Queryable, hmacs: readonly Buffer[]): Promise<Map<string, string>> {
  const { rows } = await db.query<{ id: string; identifier_hmac: Buffer }>({
    name: 'subjects-find',
    text: 'SELECT id, identifier_hmac FROM subjects WHERE identifier_hmac = ANY($1::bytea[])',
    values: [hmacs],
  });
  return new Map(rows.map((row) => [row.identifier_hmac.toString('base64'), row.id]));
}

/**
 * The subject id of each HMAC, made where there is none. A statement of its own, before the one
 * that stores transfers: the ledger's detail has to hold the id.
 */
export async function resolveSubjects(
  db: Queryable,
  hmacs: readonly Buffer[],
): Promise<(hmac: Buffer) => string> {
  let known = await find(db, hmacs);
  const missing = hmacs.filter((hmac) => !known.has(hmac.toString('base64')));
  if (missing.length > 0) {
    // Sorted, so that two processes that make the same people never wait for each other in a ring.
    await db.query({
      name: 'subjects-make',
      text: `INSERT INTO subjects (identifier_hmac)
             SELECT DISTINCT hmac FROM unnest($1::bytea[]) AS hmac ORDER BY hmac
             ON CONFLICT (identifier_hmac) DO NOTHING`,
      values: [missing],
    });
    known = await find(db, hmacs);
  }
  return (hmac) => {
    const id = known.get(hmac.toString('base64'));
    if (id === undefined) throw new Error('a subject vanished between two statements');
    return id;
  };
}
