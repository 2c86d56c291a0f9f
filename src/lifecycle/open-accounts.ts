/** Who may act at a gateway: machines and people, held against the ledger before anybody does. */
import { createAccountWatch } from '#src/access/account-watch.ts';
import { createClientRegistry } from '#src/access/clients.ts';
import { createNewestChanges } from '#src/access/newest-changes.ts';
import { createStaffSessions, type SessionLimits } from '#src/access/staff-sessions.ts';
import { createStaffRegistry } from '#src/access/staff.ts';
import type { Log } from '#src/base/log.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';
import type { Sealer } from '#src/sealing/seal.ts';
import type { Database } from '#src/store/pool.ts';
import { followAccountChanges } from './account-changes.ts';

/** Opens the registries of clients and people, once the ledger's entries about them are read. */
export async function openAccounts(
  ground: { db: Database; fingerprint: Fingerprint; sealer: Sealer; log: Log },
  {
    limits,
    arePeopleVouched,
  }: { limits: SessionLimits | undefined; arePeopleVouched?: boolean | undefined },
) {
  const newest = createNewestChanges();
  const deps = { ...ground, newest, now: Date.now };
  const follower = followAccountChanges(deps);
  await follower.follow();
  const clients = createClientRegistry(deps);
  const staff = createStaffRegistry(deps);
  const sessions = createStaffSessions({
    ...{ ...deps, arePeopleVouched: arePeopleVouched ?? false },
    ...(limits ? { limits } : {}),
  });
  const accounts = createAccountWatch({ ...ground, clients, staff, follower });
  return { newest, clients, staff, sessions, accounts };
}
