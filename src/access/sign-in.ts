/** A person proves who they are: account, password and one-time code, or nothing at all is told. */
import type { Queryable } from '#src/store/pool.ts';
import { stepOfCode } from './one-time-code.ts';
import { checkPassword, hashPassword, isOutdated, passwordFault } from './password.ts';
import type { PasswordFault } from './password.ts';
import type { RowFingerprint } from './row-seal.ts';
import { staffAad, staffRows, type RowSealer, type StaffRow } from './staff-rows.ts';
import { hashEnrolment, STAFF_ID } from './staff-rules.ts';

/** After so many wrong attempts in a row an account is locked, */
export const attemptsMax = 5;
/** at first for so long, then twice as long each time, and a day at most. */
const lockMinutes = 15;
const lockMinutesMax = 24 * 60;

export interface SignInDeps {
  db: Queryable;
  /** Milliseconds since 1970 UTC. */
  now: () => number;
  fingerprint: RowFingerprint;
  sealer: RowSealer;
}

/** What an attempt came to. A refusal says no more to the person than that it is one. */
export type SignInOutcome =
  | { ok: true; staff: string; roles: StaffRow['roles'] }
  /** `locked`: this attempt locked it, and there were so many. */
  | { ok: false; locked?: { staff: string; attempts: number } };

/**
 * Checks one attempt. Each is counted before anything is checked, so that any number at once, in
 * any number of processes, get no more tries than `attemptsMax`; an unknown account takes as long
 * as a known one. While an account is locked nothing is checked, and further attempts do not
 * lengthen it. A code counts once: its time step must be later than the last one's.
 */
export async function signIn(
  deps: SignInDeps,
  given: { account: string; password: string; code: string },
): Promise<SignInOutcome> {
  const { db } = deps;
  const rows = staffRows(deps);
  const id = given.account.trim().toLowerCase();
  const known = STAFF_ID.test(id) ? await rows.find(db, { id }) : undefined;
  const row = known?.revokedAt === null && known.password !== null ? known : undefined;
  const attempts = row ? await countAttempt(db, id) : null;
  const isRight = await checkPassword(given.password, row?.password ?? null);
  if (!row || attempts === null) return { ok: false };
  const step = stepOfCode(secretOf(row, deps.sealer), given.code.replace(/\s/g, ''), deps.now());
  if (isRight && step !== null && (await takeStep(db, row, step))) {
    await rehash({ db, rows }, row, given.password);
    return { ok: true, staff: id, roles: row.roles };
  }
  return attempts < attemptsMax ? { ok: false } : { ok: false, locked: { staff: id, attempts } };
}

/** How many there have been in a row with this one; null while the account is locked. */
async function countAttempt(db: Queryable, id: string): Promise<number | null> {
  const { rows } = await db.query<{ failures: number }>(
    `UPDATE staff SET
       failures = next.failures,
       locks = locks + CASE WHEN next.failures >= $2 THEN 1 ELSE 0 END,
       locked_until = CASE WHEN next.failures >= $2
         THEN now() + make_interval(mins => least($3 * (2 ^ least(locks, 10))::integer, $4)) END
     FROM (SELECT id, CASE WHEN locked_until IS NULL THEN failures + 1 ELSE 1 END AS failures
           FROM staff WHERE id = $1 FOR UPDATE) AS next
     WHERE staff.id = next.id AND (locked_until IS NULL OR locked_until <= now())
     RETURNING staff.failures`,
    [id, attemptsMax, lockMinutes, lockMinutesMax],
  );
  return rows[0]?.failures ?? null;
}

/** Takes the code's step, once, and forgets the attempts. False where it was taken before. */
async function takeStep(db: Queryable, { id, mac }: StaffRow, step: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE staff SET totp_step = $2, failures = 0, locks = 0, locked_until = NULL,
       signed_in_at = now()
     WHERE id = $1 AND (totp_step IS NULL OR totp_step < $2) AND mac = $3`,
    [id, step, mac],
  );
  return rowCount === 1;
}

/** A password that was hashed with weaker parameters than today's is hashed anew. */
async function rehash(
  { db, rows }: { db: Queryable; rows: ReturnType<typeof staffRows> },
  { id, password: before }: StaffRow,
  password: string,
): Promise<void> {
  if (before === null || !isOutdated(before)) return;
  const hash = await hashPassword(password);
  await rows.change(db, id, (row) => (row.password === before ? { password: hash } : undefined));
}

function secretOf({ id, totp }: StaffRow, sealer: RowSealer): Buffer {
  if (totp === null) throw new Error('an account with a password and no code');
  return sealer.open(totp, staffAad(id, 'totp'));
}

/** Whose first sign-in a secret is for; null where it is unknown, used or too old. */
export async function findEnrolment(
  deps: SignInDeps,
  token: string,
): Promise<{ staff: string; roles: StaffRow['roles'] } | null> {
  const enrolment = hashEnrolment(token);
  const row = await staffRows(deps).find(deps.db, { enrolment });
  if (!row || row.revokedAt !== null) return null;
  if ((row.enrolmentUntil?.getTime() ?? 0) <= deps.now()) return null;
  return { staff: row.id, roles: row.roles };
}

/** Why a first sign-in did not come about. Closed. */
export type EnrolFault = PasswordFault | 'TOKEN' | 'CODE';

/**
 * Sets the password and the secret of the codes, once. The code shows that the authenticator has
 * the secret; it is used up by that.
 * @param within the transaction that also records it
 */
export async function enrol(
  deps: SignInDeps,
  given: { token: string; secret: Buffer; password: string; code: string },
  within: Queryable = deps.db,
): Promise<{ staff: string; roles: StaffRow['roles'] } | EnrolFault> {
  const found = await findEnrolment(deps, given.token);
  if (!found) return 'TOKEN';
  const fault = passwordFault(given.password, found.staff);
  if (fault) return fault;
  const step = stepOfCode(given.secret, given.code.replace(/\s/g, ''), deps.now());
  if (step === null) return 'CODE';
  const password = await hashPassword(given.password);
  const totp = deps.sealer.seal(given.secret, staffAad(found.staff, 'totp'));
  const enrolment = hashEnrolment(given.token);
  const row = await staffRows(deps).change(within, found.staff, (now) =>
    now.revokedAt === null && now.enrolment?.equals(enrolment)
      ? { password, totp, enrolment: null, enrolmentUntil: null }
      : undefined,
  );
  if (!row) return 'TOKEN';
  await within.query('UPDATE staff SET totp_step = $2, failures = 0 WHERE id = $1', [row.id, step]);
  return { staff: row.id, roles: row.roles };
}
