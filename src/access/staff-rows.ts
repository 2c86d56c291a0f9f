/** The rows of people's accounts: each read with its seal checked, each written with a new one. */
import { canonicalBytes } from '#src/base/canonical.ts';
import type { Queryable } from '#src/store/pool.ts';
import { changeSealed, isGood } from './row-seal.ts';
import { createRowState, type RowState, type RowStateDeps } from './row-state.ts';
import { STAFF_ID, type StaffRole } from './staff-rules.ts';

/** Encrypts what a row holds of a person, bound to the row. */
export interface RowSealer {
  seal: (plain: Uint8Array, aad: Uint8Array) => Buffer;
  open: (sealed: Uint8Array, aad: Uint8Array) => Buffer;
  /** Whether the key that is worked with now sealed it. */
  isCurrent: (sealed: Uint8Array) => boolean;
}

/** A row as it stands in the database. */
export interface StaffRow {
  id: string;
  roles: StaffRole[];
  displayName: Buffer | null;
  password: string | null;
  totp: Buffer | null;
  enrolment: Buffer | null;
  enrolmentUntil: Date | null;
  createdAt: Date;
  revokedAt: Date | null;
  /** The number of the change that it came of; null: from before there were numbers. */
  change: number | null;
  mac: Buffer;
  lockedUntil: Date | null;
  signedInAt: Date | null;
}

/** What decides who gets in, and what they may; a change leaves out what stays as it is. */
export type StaffContent = Pick<
  StaffRow,
  | ('id' | 'roles' | 'displayName' | 'password' | 'totp')
  | ('enrolment' | 'enrolmentUntil' | 'revokedAt' | 'change')
>;

/** An account that nobody has begun to use. */
export type NewStaff = Omit<StaffContent, 'password' | 'totp' | 'revokedAt' | 'change'>;

const COLUMNS =
  'id, roles, display_name AS "displayName", password, totp, enrolment,' +
  ' enrolment_until AS "enrolmentUntil", created_at AS "createdAt", revoked_at AS "revokedAt",' +
  ' change, mac, locked_until AS "lockedUntil", signed_in_at AS "signedInAt"';
const LIST_MAX = 10_000;

/** Binds what is sealed to its row and its use. */
export const staffAad = (staff: string, what: 'name' | 'totp') =>
  canonicalBytes({ use: 'waybill/staff', staff, what });

const contentOf = (row: StaffContent) => ({
  ...{ id: row.id, roles: row.roles, password: row.password },
  displayName: row.displayName?.toString('base64') ?? null,
  totp: row.totp?.toString('base64') ?? null,
  enrolment: row.enrolment?.toString('base64') ?? null,
  enrolmentUntil: row.enrolmentUntil?.toISOString() ?? null,
  revokedAt: row.revokedAt?.toISOString() ?? null,
  // rows from before there were numbers were sealed without one
  ...(row.change === null ? {} : { change: row.change }),
});

type RowContent = ReturnType<typeof contentOf>;

const shownOf = (row: StaffRow) => ({ ...row, may: row.roles });

export function staffRows(deps: RowStateDeps) {
  const state = createRowState<RowContent, StaffRow>(deps, 'staff', { contentOf, shownOf });
  /** The row, only if somebody may act by it. */
  async function find(
    db: Queryable,
    by: { id: string } | { enrolment: Buffer },
  ): Promise<StaffRow | undefined> {
    const row = await state.settled(() => readRow(db, by));
    return row && isGood(state.of(row)) ? row : undefined;
  }

  return {
    stateOf: state.of,
    nextOf: state.nextOf,
    find,
    async list(db: Queryable): Promise<StaffRow[]> {
      const text = `SELECT ${COLUMNS} FROM staff ORDER BY id LIMIT ${LIST_MAX}`;
      return (await db.query<StaffRow>(text)).rows;
    },
    /** A row by which nobody may act is made anew. */
    async insert(db: Queryable, staff: NewStaff): Promise<boolean> {
      const found = await state.settled(() => readRow(db, staff));
      const replaced = found && !isGood(state.of(found)) ? found.mac : null;
      return insertRow(db, state, { staff, found, replaced });
    },
    change: (
      db: Queryable,
      id: string,
      decide: (row: StaffRow) => Partial<StaffContent> | undefined,
    ): Promise<StaffRow | undefined> =>
      changeSealed(
        {
          read: () => find(db, { id }),
          write: (row, change: Partial<StaffContent>) => writeRow(db, state, row, change),
        },
        decide,
      ),
  };
}

async function readRow(
  db: Queryable,
  by: { id: string } | { enrolment: Buffer },
): Promise<StaffRow | undefined> {
  if ('id' in by && !STAFF_ID.test(by.id)) return undefined;
  const [column, value] = 'id' in by ? ['id', by.id] : ['enrolment', by.enrolment];
  const text = `SELECT ${COLUMNS} FROM staff WHERE ${column} = $1`;
  const { rows } = await db.query<StaffRow>(text, [value]);
  return rows[0];
}

/** @param input.replaced the seal of the row that it may stand in place of; null: of none */
async function insertRow(
  db: Queryable,
  state: RowState<RowContent, StaffRow>,
  input: { staff: NewStaff; found: StaffRow | undefined; replaced: Buffer | null },
): Promise<boolean> {
  const { staff, found, replaced } = input;
  const change = state.nextOf({ id: staff.id, change: state.numberIn(found) });
  const row = { ...staff, password: null, totp: null, revokedAt: null, change };
  const { rowCount } = await db.query(
    `INSERT INTO staff (id, roles, display_name, enrolment, enrolment_until, change, mac)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (id) DO UPDATE SET roles = excluded.roles, password = NULL, totp = NULL,
       display_name = excluded.display_name, enrolment = excluded.enrolment,
       enrolment_until = excluded.enrolment_until, revoked_at = NULL,
       change = excluded.change, mac = excluded.mac
     WHERE staff.mac = $8`,
    [
      ...[row.id, row.roles, row.displayName, row.enrolment, row.enrolmentUntil, change],
      ...[state.seal(contentOf(row)), replaced],
    ],
  );
  return rowCount === 1;
}

/** Undefined where the row was changed since it was read. */
async function writeRow(
  db: Queryable,
  state: RowState<RowContent, StaffRow>,
  row: StaffRow,
  change: Partial<StaffContent>,
): Promise<StaffRow | undefined> {
  const changed = { ...row, ...change };
  const mac = state.seal(contentOf(changed));
  const { rowCount } = await db.query(
    `UPDATE staff SET roles = $3, display_name = $4, password = $5, totp = $6,
       enrolment = $7, enrolment_until = $8, revoked_at = $9, change = $10, mac = $11
     WHERE id = $1 AND mac = $2`,
    [
      ...[row.id, row.mac, changed.roles, changed.displayName, changed.password, changed.totp],
      ...[changed.enrolment, changed.enrolmentUntil, changed.revokedAt, changed.change, mac],
    ],
  );
  return rowCount === 1 ? { ...changed, mac } : undefined;
}
