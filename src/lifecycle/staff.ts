/** What becomes of people's accounts: the row, its history and the entry are one transaction. */
import { recordChange, type ChangeContent, type ChangeOutcome } from '#src/access/history.ts';
import { makeEnrolment } from '#src/access/staff-rules.ts';
import type { StaffAccount, StaffRegistry } from '#src/access/staff.ts';
import type { Clock } from '#src/base/clock.ts';
import { gatewayActor, type Actor } from '#src/base/words.ts';
import type { EntryInput, EntryMaker } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import { assertNotOwn, changeBy, numbered, type AccessChange } from './access.ts';

export interface StaffDeps {
  db: Database;
  staff: StaffRegistry;
  clock: Pick<Clock, 'now'>;
  makeEntry: EntryMaker;
  randomBytes: (size: number) => Buffer;
}

/** What a person begins with; it is shown once and kept nowhere. */
export interface Begin {
  token: string;
  until: Date;
}

type StaffChange = AccessChange & { staff: string };

/**
 * Makes an account. Null, and nothing changed or recorded, where its id is taken. One by whose row
 * nobody may act, for a hand in the database wrote it or put it back, is made anew.
 */
export function grantStaff(
  deps: StaffDeps,
  change: AccessChange & {
    staff: { id: string; roles: readonly string[]; displayName: string | null };
  },
): Promise<{ account: StaffAccount; begin: Begin } | null> {
  const { id } = change.staff;
  assertNotOwn(change.actor, id);
  const { token, hash, until } = makeEnrolment(deps.randomBytes, deps.clock.now());
  return deps.db.transaction(async (tx) => {
    if (!(await deps.staff.add(change.staff, { hash, until }, tx))) return null;
    const account = await deps.staff.find(id, tx);
    if (!account) return null;
    await recordStaff(deps, tx, change, { kind: 'staff-granted', account });
    return { account, begin: { token, until } };
  });
}

/** Gives a person other roles. Undefined where there is no such account, or it is revoked. */
export function changeStaff(
  deps: StaffDeps,
  change: StaffChange & { roles: readonly string[] },
): Promise<StaffAccount | undefined> {
  return deed(deps, change, 'staff-changed', 'roles', (tx) =>
    deps.staff.setRoles(change.staff, change.roles, tx),
  );
}

/** Ends an account for good, and its sessions everywhere within 5 s. */
export function revokeStaff(
  deps: StaffDeps,
  change: StaffChange,
): Promise<StaffAccount | undefined> {
  return deed(deps, change, 'staff-revoked', undefined, (tx) =>
    deps.staff.revoke(change.staff, tx),
  );
}

/** Lets a locked person try again. Undefined also where the account is not locked. */
export function unlockStaff(
  deps: StaffDeps,
  change: StaffChange,
): Promise<StaffAccount | undefined> {
  return deed(deps, change, 'staff-unlocked', undefined, (tx) =>
    deps.staff.unlock(change.staff, tx),
  );
}

/** For who lost the password or the authenticator: everything is taken away, to begin anew. */
export async function resetStaff(
  deps: StaffDeps,
  change: StaffChange,
): Promise<{ account: StaffAccount; begin: Begin } | undefined> {
  const { token, hash, until } = makeEnrolment(deps.randomBytes, deps.clock.now());
  const account = await deed(deps, change, 'staff-changed', 'reset', (tx) =>
    deps.staff.reset(change.staff, { hash, until }, tx),
  );
  return account && { account, begin: { token, until } };
}

/** Records that a person has begun, in the transaction that did it. */
export async function recordEnrolled(
  deps: StaffDeps,
  tx: Queryable,
  by: { staff: string; source: string },
): Promise<void> {
  const account = await deps.staff.find(by.staff, tx);
  if (!account) throw new Error('an account that was just begun is gone');
  const actor: Actor = { ...gatewayActor, source: by.source };
  const change = { actor, reason: 'first sign-in' };
  await recordStaff(deps, tx, change, { kind: 'staff-changed', account, outcome: 'enrolled' });
}

/** Records that wrong attempts locked an account. */
export function recordLock(
  deps: StaffDeps,
  by: { staff: string; attempts: number; source: string },
): Promise<void> {
  const { staff, attempts, source } = by;
  const at = deps.clock.now();
  const actor: Actor = { ...gatewayActor, source };
  return deps.db.transaction(async (tx) => {
    const detail = { ...actorDetail(actor), staff, attempts };
    await submit(tx, [{ entry: deps.makeEntry({ kind: 'staff-locked', at, detail }) }]);
    const change = { ...changeBy(actor, at), kind: 'staff-locked' as const, staff };
    await recordChange(tx, { ...change, content: {} });
  });
}

type StaffKind = 'staff-granted' | 'staff-changed' | 'staff-revoked' | 'staff-unlocked';

function deed(
  deps: StaffDeps,
  change: StaffChange,
  kind: StaffKind,
  outcome: ChangeOutcome | undefined,
  act: (tx: Queryable) => Promise<StaffAccount | undefined>,
): Promise<StaffAccount | undefined> {
  assertNotOwn(change.actor, change.staff);
  return deps.db.transaction(async (tx) => {
    const account = await act(tx);
    if (account) await recordStaff(deps, tx, change, { kind, account, outcome });
    return account;
  });
}

async function recordStaff(
  deps: StaffDeps,
  tx: Queryable,
  { actor, reason }: AccessChange,
  did: { kind: StaffKind; account: StaffAccount; outcome?: ChangeOutcome | undefined },
): Promise<void> {
  const at = deps.clock.now();
  const { id, roles, change } = did.account;
  const { kind } = did;
  const outcome: Pick<ChangeContent, 'outcome'> = did.outcome ? { outcome: did.outcome } : {};
  const said = { ...actorDetail(actor), reason, ...outcome, staff: id };
  await submit(tx, [{ entry: deps.makeEntry(entryOf()) }]);
  const content = kind === 'staff-revoked' ? {} : { roles: [...roles], ...outcome };
  await recordChange(tx, { ...changeBy(actor, at), kind, staff: id, content });

  function entryOf(): EntryInput {
    // an unlocked row is the same row
    if (kind === 'staff-unlocked') return { kind, at, detail: said };
    const detail = { ...said, ...numbered(change) };
    if (kind === 'staff-revoked') return { kind, at, detail };
    return { kind, at, detail: { ...detail, roles: [...roles] } };
  }
}
