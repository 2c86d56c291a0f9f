/** Granting and revoking access: the row and the entry that says so are one transaction. */
import type { NewClient } from '#src/access/client-rules.ts';
import type { ClientRegistry } from '#src/access/clients.ts';
import type { Clock } from '#src/base/clock.ts';
import type { Actor } from '#src/base/words.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import type { EntryMaker } from '#src/ledger/entry.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Database } from '#src/store/pool.ts';

export interface AccessDeps {
  db: Database;
  clients: ClientRegistry;
  clock: Pick<Clock, 'now'>;
  makeEntry: EntryMaker;
}

export interface AccessChange {
  actor: Actor;
  reason: string;
}

/** Registers a client. False, and nothing changed or recorded, when its id is taken. */
export function grantAccess(
  deps: AccessDeps,
  change: AccessChange & { client: NewClient },
): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const { client } = change;
    if (!(await deps.clients.add(client, tx))) return false;
    const entry = deps.makeEntry({
      kind: 'access-granted',
      at: deps.clock.now(),
      ...(client.consignee === null ? {} : { consignee: client.consignee }),
      detail: {
        ...actorDetail(change.actor),
        reason: change.reason,
        ...{ client: client.id, role: client.role, scopes: [...client.scopes] },
      },
    });
    await submit(tx, [{ entry }]);
    return true;
  });
}

/**
 * Gives a client new keys, and its access back when it was revoked: results that wait for an EMR
 * that lost its key are its own again. False when it is unknown.
 */
export function rotateAccess(
  deps: AccessDeps,
  change: AccessChange & { client: string; jwks: NewClient['jwks'] },
): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    if (!(await deps.clients.replaceKeys(change.client, change.jwks, tx))) return false;
    const account = await deps.clients.find(change.client);
    if (!account) return false;
    const { id, role, consignee, scopes } = account;
    const entry = deps.makeEntry({
      kind: 'access-granted',
      at: deps.clock.now(),
      ...(consignee === null ? {} : { consignee }),
      detail: {
        ...actorDetail(change.actor),
        ...{ reason: change.reason, client: id, role, scopes: [...scopes] },
      },
    });
    await submit(tx, [{ entry }]);
    return true;
  });
}

/** Revokes a client everywhere within 5 s. False when it is unknown or revoked already. */
export function revokeAccess(
  deps: AccessDeps,
  change: AccessChange & { client: string },
): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    if (!(await deps.clients.revoke(change.client, tx))) return false;
    const entry = deps.makeEntry({
      kind: 'access-revoked',
      at: deps.clock.now(),
      detail: {
        ...actorDetail(change.actor),
        ...{ reason: change.reason, client: change.client },
      },
    });
    await submit(tx, [{ entry }]);
    return true;
  });
}
