/** People as the ledger knows them: a random id for the HMAC of the EMR's identifier. */
import type { Order } from '#src/base/words.ts';
import type { Person } from '#src/ledger/inner.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';
import { byteaArray } from '#src/store/binary-array.ts';
import type { Queryable } from '#src/store/pool.ts';
import { HmacKeyChanged } from './hmac-key.ts';

/** A person, and to which consignees nothing of theirs may go. */
export interface KnownSubject {
  /** The random id that the ledger knows (UUID). */
  id: string;
  /** What the details that speak of them are sealed with; destroyed with the person. */
  key: Buffer;
  /** Consignee ids; `*` among them: all, also those yet to come. Null: none. */
  suspended: readonly string[] | null;
}

/** By what a person is found: what the HMAC keys make of the EMR's identifier. */
export interface SubjectHmac {
  /** The HMAC key of `hmac`. */
  hmacKey: string;
  /** Under the current key, which they are written down under. */
  hmac: Buffer;
  /** Under the other keys: since a rotation they may not have come again. */
  others: readonly Buffer[];
}

/** The HMACs by which a person is found; the identifier counts in NFC, however it was typed. */
export function subjectHmac(fingerprint: Fingerprint, subject: Order['subject']): SubjectHmac {
  const parts = ['subject', subject.kind, subject.id.normalize('NFC')] as const;
  return {
    hmacKey: fingerprint.keyId(),
    hmac: fingerprint(...parts),
    others: fingerprint.others(...parts),
  };
}

/** All of them: whoever is known is known by one. */
export function hmacsOf({ hmac, others }: SubjectHmac): Buffer[] {
  return [hmac, ...others];
}

/** True when this person has said stop to this consignee, or to all. */
export function isSuspendedFor({ suspended }: KnownSubject, consignee: string): boolean {
  return suspended !== null && (suspended.includes('*') || suspended.includes(consignee));
}

/** The person behind the HMACs, or undefined where nobody is. */
export async function findSubject(
  db: Queryable,
  asked: SubjectHmac,
): Promise<KnownSubject | undefined> {
  const [known] = (await readSubjects(db, hmacsOf(asked))).values();
  return known;
}

/**
 * Those of the people that are known, by their HMAC in base64. Whether they said stop is read by
 * the same statement, so that a suspension holds everywhere as soon as it is committed.
 */
async function readSubjects(
  db: Queryable,
  hmacs: readonly Buffer[],
): Promise<Map<string, KnownSubject>> {
  const { rows } = await db.query<KnownSubject & { identifier_hmac: Buffer }>({
    name: 'subjects-find',
    text: `SELECT id, key, identifier_hmac,
             (SELECT array_agg(consignee) FROM suspensions WHERE subject = subjects.id) AS suspended
           FROM subjects WHERE identifier_hmac = ANY($1::bytea[])`,
    values: [byteaArray(hmacs)],
  });
  return new Map(
    rows.map(({ id, key, suspended, identifier_hmac }) => [
      identifier_hmac.toString('base64'),
      { id, key, suspended },
    ]),
  );
}

/**
 * The subject of each of the asked, made where there is none. A statement of its own, before the
 * one that stores transfers: the ledger's detail has to hold the id. Who is found by an older HMAC
 * is written down under the current one: so an older key comes out of use.
 *
 * @throws HmacKeyChanged when a person would be made under a key that is not the current one
 */
export async function resolveSubjects(
  db: Queryable,
  asked: readonly SubjectHmac[],
): Promise<(one: SubjectHmac) => KnownSubject> {
  const all = asked.flatMap(hmacsOf);
  let known = await readSubjects(db, all);
  const find = (one: SubjectHmac) =>
    hmacsOf(one)
      .map((hmac) => known.get(hmac.toString('base64')))
      .find((subject) => subject !== undefined);
  const late = asked.filter((one) => one.others.length > 0 && find(one) !== undefined);
  const renamed = late.filter(({ hmac }) => !known.has(hmac.toString('base64')));
  if (renamed.length > 0) await rename(db, renamed);
  const missing = asked.filter((one) => find(one) === undefined);
  if (missing.length > 0) {
    const held = await makeSubjects(db, missing);
    if (missing.some(({ hmacKey }) => !held.has(hmacKey))) throw new HmacKeyChanged();
    known = await readSubjects(db, all);
  }
  return (one) => {
    const subject = find(one);
    if (subject === undefined) throw new Error('a subject vanished between two statements');
    return subject;
  };
}

/** Those of the HMAC keys in `$2` that are current, and stay so until the statement has ended. */
const heldSql = `SELECT hmac_key FROM (SELECT DISTINCT unnest($2::text[]) AS hmac_key)
  WHERE hold_hmac_key(hmac_key)`;

/** Makes people under HMAC keys that are current; answers which these are. */
async function makeSubjects(
  db: Queryable,
  missing: readonly SubjectHmac[],
): Promise<ReadonlySet<string>> {
  // Sorted, so that two processes that make the same people never wait for each other in a ring.
  const { rows } = await db.query<{ hmac_key: string }>({
    name: 'subjects-make',
    text: `WITH held AS MATERIALIZED (${heldSql}), made AS (
             INSERT INTO subjects (identifier_hmac, hmac_key)
             SELECT DISTINCT hmac, hmac_key
             FROM unnest($1::bytea[], $2::text[]) AS missing (hmac, hmac_key)
             WHERE hmac_key IN (SELECT hmac_key FROM held) ORDER BY hmac
             ON CONFLICT (identifier_hmac) DO NOTHING
           ) SELECT hmac_key FROM held`,
    values: [byteaArray(missing.map(({ hmac }) => hmac)), missing.map(({ hmacKey }) => hmacKey)],
  });
  return new Set(rows.map((row) => row.hmac_key));
}

/** Writes people down under the current key; whoever is locked is so the next time. */
async function rename(db: Queryable, people: readonly SubjectHmac[]): Promise<void> {
  const pairs = people.flatMap((one) => one.others.map((other) => ({ ...one, other })));
  await db.query({
    name: 'subjects-rename',
    text: `WITH held AS MATERIALIZED (${heldSql}), found AS (
             SELECT subjects.id, asked.hmac, asked.hmac_key FROM subjects
             JOIN unnest($1::bytea[], $2::text[], $3::bytea[]) AS asked (hmac, hmac_key, other)
               ON identifier_hmac = other
             WHERE asked.hmac_key IN (SELECT hmac_key FROM held)
             FOR UPDATE OF subjects SKIP LOCKED
           )
           UPDATE subjects SET identifier_hmac = found.hmac, hmac_key = found.hmac_key
           FROM found WHERE subjects.id = found.id`,
    values: [
      pairs.map(({ hmac }) => hmac),
      pairs.map(({ hmacKey }) => hmacKey),
      pairs.map(({ other }) => other),
    ],
  });
}

/**
 * Columns of `transfers` by which an entry about one speaks of its person; for `personOf`. Both are
 * null where the person was destroyed.
 */
export const personColumns = `subject AS person_id,
  (SELECT key FROM subjects WHERE subjects.id = transfers.subject) AS person_key`;

export interface PersonRow {
  person_id: string | null;
  person_key: Buffer | null;
}

/** The person of a row that was read with `personColumns`. */
export function personOf({ person_id: id, person_key: key }: PersonRow): Person | undefined {
  return id !== null && key !== null ? { id, key } : undefined;
}

/** The person of a transfer; undefined where they were destroyed, or there is no such transfer. */
export async function personOfTransfer(
  db: Queryable,
  transfer: string,
): Promise<Person | undefined> {
  const sql = `SELECT ${personColumns} FROM transfers WHERE id = $1`;
  const { rows } = await db.query<PersonRow>(sql, [transfer]);
  return rows[0] && personOf(rows[0]);
}

/** PostgreSQL's code for a row that refers to one that is not there. */
const foreignKeyViolation = '23503';

/** Whether something failed because its person was destroyed in that moment. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === foreignKeyViolation;
}
