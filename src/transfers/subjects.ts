/** People as the ledger knows them: a random id for the HMAC of the EMR's identifier. */
import type { Order } from '#src/base/words.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';
import type { Queryable } from '#src/store/pool.ts';

/** A person, and to which consignees nothing of theirs may go. */
export interface KnownSubject {
  /** The random id that the ledger knows (UUID). */
  id: string;
  /** Consignee ids; `*` among them: all, also those yet to come. Null: none. */
  suspended: readonly string[] | null;
}

/** The HMAC by which a person is found; the identifier counts in NFC, however it was typed. */
export function subjectHmac(fingerprint: Fingerprint, subject: Order['subject']): Buffer {
  return fingerprint('subject', subject.kind, subject.id.normalize('NFC'));
}

/** True when this person has said stop to this consignee, or to all. */
export function isSuspendedFor({ suspended }: KnownSubject, consignee: string): boolean {
  return suspended !== null && (suspended.includes('*') || suspended.includes(consignee));
}

/**
 * Those of the people that are known, by their HMAC in base64. Whether they said stop is read by
 * the same statement, so that a suspension holds everywhere as soon as it is committed.
 */
export async function findSubjects(
  db: Queryable,
  hmacs: readonly Buffer[],
): Promise<Map<string, KnownSubject>> {
  const { rows } = await db.query<KnownSubject & { identifier_hmac: Buffer }>({
    name: 'subjects-find',
    text: `SELECT id, identifier_hmac,
             (SELECT array_agg(consignee) FROM suspensions WHERE subject = subjects.id) AS suspended
           FROM subjects WHERE identifier_hmac = ANY($1::bytea[])`,
    values: [hmacs],
  });
  return new Map(
    rows.map(({ id, suspended, identifier_hmac }) => [
      identifier_hmac.toString('base64'),
      { id, suspended },
    ]),
  );
}

/**
 * The subject of each HMAC, made where there is none. A statement of its own, before the one
 * that stores transfers: the ledger's detail has to hold the id.
 */
export async function resolveSubjects(
  db: Queryable,
  hmacs: readonly Buffer[],
): Promise<(hmac: Buffer) => KnownSubject> {
  let known = await findSubjects(db, hmacs);
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
    known = await findSubjects(db, hmacs);
  }
  return (hmac) => {
    const subject = known.get(hmac.toString('base64'));
    if (subject === undefined) throw new Error('a subject vanished between two statements');
    return subject;
  };
}
