/** The accounts of people: one a person, sealed rows, told apart by handles. */
import type { Queryable } from '#src/store/pool.ts';
import type { Resealed, SealState } from './row-seal.ts';
import type { RowStateDeps } from './row-state.ts';
import { assertRoles, assertStaffSound, type StaffRole } from './staff-rules.ts';
import { staffAad, staffRows } from './staff-rows.ts';
import type { RowSealer, StaffContent, StaffRow } from './staff-rows.ts';

/** A person's account, as those see it who manage access. */
export interface StaffAccount {
  id: string;
  roles: readonly StaffRole[];
  /** How colleagues know whose it is; never in the ledger. */
  displayName: string | null;
  /** Whether the person has chosen a password and set up the one-time codes. */
  isEnrolled: boolean;
  /** Until when the person may begin; null where there is nothing to begin with. */
  enrolmentUntil: Date | null;
  createdAt: Date;
  revokedAt: Date | null;
  /** In the future while too many wrong sign-ins lock it. */
  lockedUntil: Date | null;
  signedInAt: Date | null;
  /** The number of the change that it came of; null: from before there were numbers. */
  change: number | null;
  sealed: SealState;
}

export interface Enrolment {
  hash: Buffer;
  until: Date;
}

export interface StaffRegistryDeps extends RowStateDeps {
  db: Queryable;
  sealer: RowSealer;
}

export type StaffRegistry = ReturnType<typeof createStaffRegistry>;

/**
 * The registry of people's accounts. What changes an account answers undefined where there is none
 * to change: an unknown one, a revoked one, or one by whose row nobody may act.
 */
export function createStaffRegistry(deps: StaffRegistryDeps) {
  const { db, now, sealer } = deps;
  const rows = staffRows(deps);
  const account = (row: StaffRow): StaffAccount => ({
    ...{ id: row.id, roles: row.roles, isEnrolled: row.password !== null },
    displayName: row.displayName && nameIn(row, sealer),
    ...{ enrolmentUntil: row.enrolmentUntil, createdAt: row.createdAt, revokedAt: row.revokedAt },
    lockedUntil: row.lockedUntil && row.lockedUntil.getTime() > now() ? row.lockedUntil : null,
    ...{ signedInAt: row.signedInAt, change: row.change, sealed: rows.stateOf(row) },
  });
  return {
    /**
     * Makes an account; false where the id is taken. Throws `INVALID_REQUEST`. One by whose row
     * nobody may act is made anew: a person decides so.
     */
    async add(
      staff: { id: string; roles: readonly string[]; displayName: string | null },
      enrolment: Enrolment,
      within: Queryable = db,
    ): Promise<boolean> {
      assertStaffSound(staff);
      const { id, displayName } = staff;
      const made = await rows.insert(within, {
        ...{ id, roles: [...new Set(staff.roles)] as StaffRole[] },
        displayName:
          displayName === null ? null : sealer.seal(Buffer.from(displayName), staffAad(id, 'name')),
        ...{ enrolment: enrolment.hash, enrolmentUntil: enrolment.until },
      });
      if (made) {
        await endSessions(within, id);
        await unlockRow(within, id);
      }
      return made;
    },
    /** The account, revoked or not; none by whose row nobody may act. */
    async find(id: string, within: Queryable = db): Promise<StaffAccount | undefined> {
      const row = await rows.find(within, { id });
      return row && account(row);
    },
    /** Every account; `sealed` says where a hand in the database made or changed it. */
    async list(): Promise<StaffAccount[]> {
      return (await rows.list(db)).map(account);
    },
    ...staffChanges(deps, rows, account),
    /** Looks at every row, and seals anew what is sealed by an older key, or holds what is. */
    async reseal(): Promise<Resealed> {
      const anew = (row: StaffRow): Partial<StaffContent> | undefined => {
        const cells = cellsAnew(row, sealer);
        return rows.stateOf(row) === 'older' || cells !== undefined ? { ...cells } : undefined;
      };
      const found: Resealed = { resealed: 0, unknown: 0, outdated: [] };
      for (const row of await rows.list(db)) {
        const state = rows.stateOf(row);
        if (state === 'none') found.unknown += 1;
        else if (state === 'outdated') {
          // once more: the list is older than what the ledger said meanwhile
          if (!(await rows.find(db, row))) found.outdated.push(row.id);
        } else if (anew(row) && (await rows.change(db, row.id, anew))) found.resealed += 1;
      }
      return found;
    },
  };
}

/** What becomes of an account. */
function staffChanges(
  { db, now }: StaffRegistryDeps,
  rows: ReturnType<typeof staffRows>,
  account: (row: StaffRow) => StaffAccount,
) {
  const told = (row: StaffRow | undefined) => row && account(row);
  return {
    async setRoles(
      id: string,
      roles: readonly string[],
      within: Queryable = db,
    ): Promise<StaffAccount | undefined> {
      assertRoles(roles);
      const kept = [...new Set(roles)];
      return told(await rows.change(within, id, unlessRevoked({ roles: kept }, rows)));
    },
    async revoke(id: string, within: Queryable = db): Promise<StaffAccount | undefined> {
      const nothing = { password: null, totp: null, enrolment: null, enrolmentUntil: null };
      const gone = unlessRevoked({ ...nothing, revokedAt: new Date(now()) }, rows);
      const row = await rows.change(within, id, gone);
      await endSessions(within, id);
      return told(row);
    },
    /** Takes password and codes away; the person begins anew. Ends every session. */
    async reset(
      id: string,
      { hash, until }: Enrolment,
      within: Queryable = db,
    ): Promise<StaffAccount | undefined> {
      const anew = { password: null, totp: null, enrolment: hash, enrolmentUntil: until };
      const row = await rows.change(within, id, unlessRevoked(anew, rows));
      if (!row) return undefined;
      await endSessions(within, id);
      await unlockRow(within, id);
      return account({ ...row, lockedUntil: null });
    },
    /** Lets a locked person try again at once. Undefined also where it is not locked. */
    async unlock(id: string, within: Queryable = db): Promise<StaffAccount | undefined> {
      const row = await rows.find(within, { id });
      if (!row || row.revokedAt !== null || account(row).lockedUntil === null) return undefined;
      await unlockRow(within, id);
      return account({ ...row, lockedUntil: null });
    },
  };
}

function unlockRow(within: Queryable, id: string) {
  const text = 'UPDATE staff SET failures = 0, locks = 0, locked_until = NULL WHERE id = $1';
  return within.query(text, [id]);
}

function unlessRevoked<C>(
  content: C,
  { nextOf }: Pick<ReturnType<typeof staffRows>, 'nextOf'>,
): (row: StaffRow) => (C & { change: number }) | undefined {
  return (row) => (row.revokedAt === null ? { ...content, change: nextOf(row) } : undefined);
}

async function endSessions(db: Queryable, staff: string): Promise<void> {
  await db.query('DELETE FROM sign_ins WHERE staff = $1', [staff]);
}

/** A name that cannot be opened is no reason to show nothing of the others. */
function nameIn({ id, displayName }: StaffRow, sealer: RowSealer): string | null {
  if (displayName === null) return null;
  return opened(sealer, displayName, staffAad(id, 'name'))?.toString('utf8') ?? null;
}

/** What older keys sealed in a row, sealed anew; what no key opens stays as it is. */
function cellsAnew(
  { id, displayName, totp }: StaffRow,
  sealer: RowSealer,
): Partial<StaffContent> | undefined {
  const anew = (sealed: Buffer | null, what: Parameters<typeof staffAad>[1]) => {
    if (sealed === null || sealer.isCurrent(sealed)) return undefined;
    const plain = opened(sealer, sealed, staffAad(id, what));
    return plain && sealer.seal(plain, staffAad(id, what));
  };
  const [name, secret] = [anew(displayName, 'name'), anew(totp, 'totp')];
  if (!name && !secret) return undefined;
  return { ...(name ? { displayName: name } : {}), ...(secret ? { totp: secret } : {}) };
}

function opened(sealer: RowSealer, sealed: Buffer, aad: Buffer): Buffer | null {
  try {
    return sealer.open(sealed, aad);
  } catch {
    return null;
  }
}
