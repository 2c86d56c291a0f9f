/** Granting and revoking access: the row and the entry that says so are one transaction. */
import type { NewClient } from '#src/access/client-rules.ts';
import type { ClientAccount, ClientRegistry } from '#src/access/clients.ts';
import { recordChange, type ChangeContent, type ChangeOutcome } from '#src/access/history.ts';
import type { Clock } from '#src/base/clock.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Actor } from '#src/base/words.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import type { EntryMaker } from '#src/ledger/entry.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Database, Queryable } from '#src/store/pool.ts';

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

/** How long a replaced key may go on counting. */
export const overlapDaysMax = 30;

/**
 * Registers a client. False, and nothing changed or recorded, when its id is taken.
 * @param change.anew a person decides so: a row by which nobody may act, for a hand in the database
 *   wrote it or put it back, does not take the id
 */
export function grantAccess(
  deps: AccessDeps,
  change: AccessChange & { client: NewClient; anew?: boolean },
): Promise<boolean> {
  const { client } = change;
  assertNotOwn(change.actor, client.id);
  return deps.db.transaction(async (tx) => {
    if (!(await deps.clients.add(client, tx, change.anew))) return false;
    const granted = await present(deps, tx, client.id);
    await record(deps, tx, change, { kind: 'access-granted', client: granted });
    return true;
  });
}

/** Gives a client other scopes of its role. Undefined when it is unknown or revoked. */
export function changeAccess(
  deps: AccessDeps,
  change: AccessChange & { client: string; scopes: readonly string[] },
): Promise<ClientAccount | undefined> {
  assertNotOwn(change.actor, change.client);
  return deps.db.transaction(async (tx) => {
    const client = await deps.clients.setScopes(change.client, change.scopes, tx);
    if (client) {
      await record(deps, tx, change, { kind: 'access-changed', client, outcome: 'scopes' });
    }
    return client;
  });
}

/**
 * Gives a client new keys, and its access back when it was revoked: results that wait for an EMR
 * that lost its key are its own again. Undefined when it is unknown.
 * @param change.oldUntil until when the keys before count, too; left out: no longer
 */
export function rotateAccess(
  deps: AccessDeps,
  change: AccessChange & { client: string; jwks: NewClient['jwks']; oldUntil?: Date | undefined },
): Promise<ClientAccount | undefined> {
  assertNotOwn(change.actor, change.client);
  const until = change.oldUntil ?? null;
  assertSoon(until, deps.clock.now());
  return deps.db.transaction(async (tx) => {
    const before = await deps.clients.find(change.client, tx);
    const client = await deps.clients.replaceKeys(change.client, change.jwks, until, tx);
    if (!client) return undefined;
    const kind = before?.revokedAt ? 'access-granted' : 'access-changed';
    await record(deps, tx, change, { kind, client, outcome: 'keys' });
    return client;
  });
}

/** Revokes a client everywhere within 5 s. False when it is unknown or revoked already. */
export function revokeAccess(
  deps: AccessDeps,
  change: AccessChange & { client: string },
): Promise<boolean> {
  assertNotOwn(change.actor, change.client);
  return deps.db.transaction(async (tx) => {
    if (!(await deps.clients.revoke(change.client, tx))) return false;
    const at = deps.clock.now();
    const { actor, reason, client } = change;
    const { change: number } = await present(deps, tx, client);
    const detail = { ...actorDetail(actor), reason, client, ...numbered(number) };
    await submit(tx, [{ entry: deps.makeEntry({ kind: 'access-revoked', at, detail }) }]);
    await recordChange(tx, { ...changeBy(actor, at), kind: 'access-revoked', client, content: {} });
    return true;
  });
}

/** Nobody gives, changes or takes away their own access: another has to. */
export function assertNotOwn(actor: Actor, account: string): void {
  if (account === (actor.person ?? actor.client)) throw new GatewayError('OWN_ACCESS');
}

/** The columns of a history row that say who did it and when. */
export function changeBy({ client, role, person }: Actor, at: Date) {
  const byClient = role === 'gateway' ? null : client;
  return { staff: null, client: null, byClient, byPerson: person ?? null, at };
}

function assertSoon(until: Date | null, now: Date): void {
  if (until === null) return;
  const days = (until.getTime() - now.getTime()) / 86_400_000;
  if (days > 0 && days <= overlapDaysMax) return;
  const problems = [{ pointer: '/oldUntil', rule: 'range' as const }];
  throw new GatewayError('INVALID_REQUEST', { problems });
}

/** The account as it was just written. */
async function present({ clients }: AccessDeps, tx: Queryable, id: string): Promise<ClientAccount> {
  const account = await clients.find(id, tx);
  if (!account) throw new Error('a client that was just written is gone');
  return account;
}

/** The number of a change as the detail of its entry says it. */
export const numbered = (change: number | null) => (change === null ? {} : { change });

async function record(
  { clock, makeEntry }: AccessDeps,
  tx: Queryable,
  { actor, reason }: AccessChange,
  did: {
    kind: 'access-granted' | 'access-changed';
    client: ClientAccount;
    outcome?: ChangeOutcome;
  },
): Promise<void> {
  const at = clock.now();
  const { id, role, consignee, scopes, change } = did.client;
  const outcome: Pick<ChangeContent, 'outcome'> = did.outcome ? { outcome: did.outcome } : {};
  const entry = makeEntry({
    ...{ kind: did.kind, at },
    ...(consignee === null ? {} : { consignee }),
    detail: {
      ...{ ...actorDetail(actor), reason, ...outcome },
      ...{ client: id, role, scopes: [...scopes], ...numbered(change) },
    },
  });
  await submit(tx, [{ entry }]);
  const content = { role, scopes: [...scopes], ...outcome };
  await recordChange(tx, { ...changeBy(actor, at), kind: did.kind, client: id, content });
}
