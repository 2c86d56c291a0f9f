/** A person proves who they are: account, password and one-time code, or nothing at all is told. */
import type { Database, Queryable } from '#src/store/pool.ts';
import { stepOfCode } from './one-time-code.ts';
import { checkPassword, hashPassword, isOutdated, passwordFault } from './password.ts';
import { TooManyPasswords, type PasswordFault } from './password.ts';
import type { RowStateDeps } from './row-state.ts';
import { staffAad, staffRows } from './staff-rows.ts';
import type { RowSealer, StaffRow } from './staff-rows.ts';
import { hashEnrolment, STAFF_ID } from './staff-rules.ts';

/** After so many wrong attempts in a row an account is locked, */
export const attemptsMax = 5;
/** at first for so long, then twice as long each time, and a day at most. */
const lockMinutes = 15;
const lockMinutesMax = 24 * 60;

export interface SignInDeps extends RowStateDeps {
  db: Queryable;
  sealer: RowSealer;
}

/** What an attempt came to. A refusal says no more to the person than that it is one. */
export type SignInOutcome =
  | { ok: true; staff: string; roles: StaffRow['roles'] }
  | {
      ok: false;
      /** This attempt locked it, and there were so many. */
      locked?: { staff: string; attempts: number };
      /** More at once than this process can check: nothing was, but the attempt counts. */
      isBusy?: true;
    };

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
  const isRight = await unlessBusy(checkPassword(given.password, row?.password ?? null));
  const locked = attempts !== null && attempts >= attemptsMax ? { staff: id, attempts } : null;
  const refused = { ok: false as const, ...(locked ? { locked } : {}) };
  if (isRight === null) return { ...refused, isBusy: true };
  if (!row || attempts === null) return refused;
  const step = stepOfCode(secretOf(row, deps.sealer), given.code.replace(/\s/g, ''), deps.now());
  if (isRight && step !== null && (await takeStep(db, row, step))) {
    await rehash({ db, rows }, row, given.password);
    return { ok: true, staff: id, roles: row.roles };
  }
  return refused;
}

/** Null where there are more at once than this process can check. */
function unlessBusy<T>(work: Promise<T>): Promise<T | null> {
  return work.catch((error: unknown) => {
    if (error instanceof TooManyPasswords) return null;
    throw error;
  });
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

/** A password that was hashed with weaker parameters than today's is hashed anew, now or later. */
async function rehash(
  { db, rows }: { db: Queryable; rows: ReturnType<typeof staffRows> },
  { id, password: before }: StaffRow,
  password: string,
): Promise<void> {
  if (before === null || !isOutdated(before)) return;
  const hash = await unlessBusy(hashPassword(password));
  if (hash === null) return;
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
export type EnrolFault = PasswordFault | 'TOKEN' | 'CODE' | 'BUSY';

/**
 * Sets the password and the secret of the codes, once. The code shows that the authenticator has
 * the secret; it is used up by that.
 * @param record writes down that a person has begun, in the transaction in which it happens
 */
export async function enrol(
  deps: SignInDeps & { db: Database },
  given: { token: string; secret: Buffer; password: string; code: string },
  record: (tx: Queryable, staff: string) => Promise<void>,
): Promise<{ staff: string; roles: StaffRow['roles'] } | EnrolFault> {
  const found = await findEnrolment(deps, given.token);
  if (!found) return 'TOKEN';
  const fault = passwordFault(given.password, found.staff);
  if (fault) return fault;
  const step = stepOfCode(given.secret, given.code.replace(/\s/g, ''), deps.now());
  if (step === null) return 'CODE';
  // Before the transaction: a hash waits its turn, and no connection must wait with it.
  const password = await unlessBusy(hashPassword(given.password));
  if (password === null) return 'BUSY';
  const totp = deps.sealer.seal(given.secret, staffAad(found.staff, 'totp'));
  const enrolment = hashEnrolment(given.token);
  const rows = staffRows(deps);
  return deps.db.transaction(async (tx) => {
    const row = await rows.change(tx, found.staff, (now) =>
      now.revokedAt === null && now.enrolment?.equals(enrolment)
        ? { password, totp, enrolment: null, enrolmentUntil: null, change: rows.nextOf(now) }
        : undefined,
    );
    if (!row) return 'TOKEN';
    await tx.query('UPDATE staff SET totp_step = $2, failures = 0 WHERE id = $1', [row.id, step]);
    await record(tx, row.id);
    return { staff: row.id, roles: row.roles };
  });
}
