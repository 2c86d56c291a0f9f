/** The rows of people's accounts: each read with its seal checked, each written with a new one. */
import { canonicalBytes } from '#src/base/canonical.ts';
import type { Queryable } from '#src/store/pool.ts';
import { changeSealed, createRowSeal } from './row-seal.ts';
import type { RowFingerprint, RowSeal, SealState } from './row-seal.ts';
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
  mac: Buffer;
  lockedUntil: Date | null;
  signedInAt: Date | null;
}

/** What decides who gets in, and what they may; a change leaves out what stays as it is. */
export type StaffContent = Pick<
  StaffRow,
  | ('id' | 'roles' | 'displayName' | 'password' | 'totp')
  | ('enrolment' | 'enrolmentUntil' | 'revokedAt')
>;

const COLUMNS =
  'id, roles, display_name AS "displayName", password, totp, enrolment,' +
  ' enrolment_until AS "enrolmentUntil", created_at AS "createdAt", revoked_at AS "revokedAt",' +
  ' mac, locked_until AS "lockedUntil", signed_in_at AS "signedInAt"';
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
});

export function staffRows(deps: { fingerprint: RowFingerprint }) {
  const seal = createRowSeal<ReturnType<typeof contentOf>>(deps, 'staff-row');
  const stateOf = (row: StaffRow): SealState => seal.check(contentOf(row), row.mac);

  async function read(
    db: Queryable,
    by: { id: string } | { enrolment: Buffer },
  ): Promise<StaffRow | undefined> {
    if ('id' in by && !STAFF_ID.test(by.id)) return undefined;
    const [column, value] = 'id' in by ? ['id', by.id] : ['enrolment', by.enrolment];
    const text = `SELECT ${COLUMNS} FROM staff WHERE ${column} = $1`;
    const { rows } = await db.query<StaffRow>(text, [value]);
    return rows[0];
  }

  /** The row, only if its seal is good. */
  async function find(
    db: Queryable,
    by: { id: string } | { enrolment: Buffer },
  ): Promise<StaffRow | undefined> {
    const row = await read(db, by);
    return row && stateOf(row) !== 'none' ? row : undefined;
  }

  return {
    stateOf,
    find,
    async list(db: Queryable): Promise<StaffRow[]> {
      const text = `SELECT ${COLUMNS} FROM staff ORDER BY id LIMIT ${LIST_MAX}`;
      return (await db.query<StaffRow>(text)).rows;
    },
    async insert(db: Queryable, row: StaffContent): Promise<boolean> {
      const { rowCount } = await db.query(
        `INSERT INTO staff (id, roles, display_name, enrolment, enrolment_until, mac)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
        [
          ...[row.id, row.roles, row.displayName, row.enrolment, row.enrolmentUntil],
          seal.make(contentOf(row)),
        ],
      );
      return rowCount === 1;
    },
    change: (
      db: Queryable,
      id: string,
      decide: (row: StaffRow) => Partial<StaffContent> | undefined,
    ): Promise<StaffRow | undefined> =>
      changeSealed(
        {
          read: () => find(db, { id }),
          write: (row, change: Partial<StaffContent>) => writeRow(db, seal, row, change),
        },
        decide,
      ),
  };
}

/** Undefined where the row was changed since it was read. */
async function writeRow(
  db: Queryable,
  seal: RowSeal<ReturnType<typeof contentOf>>,
  row: StaffRow,
  change: Partial<StaffContent>,
): Promise<StaffRow | undefined> {
  const changed = { ...row, ...change };
  const mac = seal.make(contentOf(changed));
  const { rowCount } = await db.query(
    `UPDATE staff SET roles = $3, display_name = $4, password = $5, totp = $6,
       enrolment = $7, enrolment_until = $8, revoked_at = $9, mac = $10
     WHERE id = $1 AND mac = $2`,
    [
      ...[row.id, row.mac, changed.roles, changed.displayName, changed.password, changed.totp],
      ...[changed.enrolment, changed.enrolmentUntil, changed.revokedAt, mac],
    ],
  );
  return rowCount === 1 ? { ...changed, mac } : undefined;
}
