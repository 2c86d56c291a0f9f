/** Who is signed in: read from PostgreSQL, so that an end holds in every process within 5 s. */
import type { Queryable } from '#src/store/pool.ts';
import type { RowStateDeps } from './row-state.ts';
import { scopesOfRoles, STAFF_ID, type StaffRole } from './staff-rules.ts';
import { staffRows } from './staff-rows.ts';
import { createStateCache } from './state-cache.ts';

/** How long a session lasts: without a sign of life, and at all. In seconds. */
export interface SessionLimits {
  idleSeconds: number;
  absoluteSeconds: number;
}

export const sessionLimitsDefault: SessionLimits = {
  idleSeconds: 15 * 60,
  absoluteSeconds: 8 * 3600,
};

/** What a request needs to know of a person who is signed in. */
export interface ActivePerson {
  staff: string;
  roles: readonly StaffRole[];
  scopes: ReadonlySet<string>;
  /** Whether there is a password of this gateway's. */
  isEnrolled: boolean;
}

export interface StaffSessions {
  /** The person of a session that goes on, as of at most 4 s ago; asking is a sign of life. */
  lookup(session: string, staff: string): Promise<ActivePerson | undefined>;
  /** The person of an account that is not revoked, as the database has it now. */
  person(staff: string): Promise<ActivePerson | undefined>;
  limits: SessionLimits;
}

export interface StaffSessionDeps extends RowStateDeps {
  db: Queryable;
  limits?: SessionLimits;
  /** Whether somebody else vouches for people, too: then an account needs no password. */
  arePeopleVouched?: boolean;
}

/** Ids of sessions as the authorization server makes them. */
const SESSION_ID = /^[\w-]{16,64}$/;

/** One per process, so that its cache is shared by every request. */
export function createStaffSessions(deps: StaffSessionDeps): StaffSessions {
  const { db, now, limits = sessionLimitsDefault, arePeopleVouched = false } = deps;
  const rows = staffRows(deps);
  const person = async (staff: string): Promise<ActivePerson | undefined> => {
    const row = STAFF_ID.test(staff) ? await rows.find(db, { id: staff }) : undefined;
    if (!row || row.revokedAt !== null) return undefined;
    const isEnrolled = row.password !== null;
    if (!isEnrolled && !arePeopleVouched) return undefined;
    return { staff, roles: row.roles, scopes: new Set(scopesOfRoles(row.roles)), isEnrolled };
  };
  const read = async (key: string): Promise<ActivePerson | undefined> => {
    const [session = '', staff = ''] = key.split(' ');
    const { rowCount } = await db.query(
      `UPDATE sign_ins SET seen_at = now()
       WHERE model = 'Session' AND uid = $1 AND staff = $2 AND ${goesOn('$3', '$4')}`,
      [session, staff, limits.idleSeconds, limits.absoluteSeconds],
    );
    return rowCount === 0 ? undefined : person(staff);
  };
  const states = createStateCache({ read, now });
  return {
    limits,
    person,
    async lookup(session, staff) {
      if (!SESSION_ID.test(session) || !STAFF_ID.test(staff)) return undefined;
      return states.read(`${session} ${staff}`);
    },
  };
}

/** SQL: that a session has neither been idle for too long nor come to its end. */
export const goesOn = (idle: string, absolute: string) =>
  `seen_at > now() - make_interval(secs => ${idle})` +
  ` AND created_at > now() - make_interval(secs => ${absolute}) AND expires_at > now()`;

/** Forgets what is over. Returns how many rows there were. */
export async function forgetSignIns({
  db,
  limits = sessionLimitsDefault,
}: {
  db: Queryable;
  limits?: SessionLimits;
}): Promise<number> {
  const { rowCount } = await db.query(
    `DELETE FROM sign_ins WHERE expires_at <= now()
       OR (model = 'Session' AND NOT (${goesOn('$1', '$2')}))`,
    [limits.idleSeconds, limits.absoluteSeconds],
  );
  return rowCount ?? 0;
}
