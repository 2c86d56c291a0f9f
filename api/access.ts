/** Operations on who may act: machine clients, people's accounts, and the history of both. */
import type { JWK } from 'jose';
import { scopesOf } from '#src/access/roles.ts';
import { isGood } from '#src/access/row-seal.ts';
import type { ClientAccount } from '#src/access/clients.ts';
import { listChanges } from '#src/access/history.ts';
import { makeStaffId } from '#src/access/staff-rules.ts';
import type { StaffAccount } from '#src/access/staff.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Gateway } from '#src/gateway.ts';
import { changeAccess, grantAccess, revokeAccess, rotateAccess } from '#src/lifecycle/access.ts';
import {
  changeStaff,
  grantStaff,
  resetStaff,
  revokeStaff,
  unlockStaff,
  type Begin,
} from '#src/lifecycle/staff.ts';
import { actorOf } from './caller.ts';
import type { ApiRequest, Handlers } from './handler.ts';
import { pageLimit } from './page.ts';

type ClientOperation =
  'listClients' | 'grantClient' | 'changeClient' | 'rotateClient' | 'revokeClient';
type StaffOperation =
  'listStaff' | 'grantStaff' | 'changeStaff' | 'revokeStaff' | 'unlockStaff' | 'resetStaff';

export function accessHandlers(
  gateway: Gateway,
): Pick<Handlers, ClientOperation | StaffOperation | 'listAccessChanges'> {
  return { ...clientHandlers(gateway), ...staffHandlers(gateway), ...historyHandlers(gateway) };
}

function clientHandlers(gateway: Gateway): Pick<Handlers, ClientOperation> {
  const found = async (id: string) => clientView(orMissing(await gateway.clients.find(id)));
  return {
    async listClients() {
      const items = (await gateway.clients.list()).map(clientView);
      return { status: 200, body: { items, next: null } };
    },
    async grantClient(request) {
      const { id, role, consignee = null, scopes, jwks, reason } = request.body;
      if (consignee !== null && !gateway.agreements.consignees.has(consignee)) {
        throw new GatewayError('INVALID_REQUEST', {
          problems: [{ pointer: '/consignee', rule: 'unknown' }],
        });
      }
      const client = {
        ...{ id, role, consignee, scopes: scopes ?? scopesOf(role) },
        jwks: { keys: jwks.keys as JWK[] },
      };
      const granted = await grantAccess(gateway, {
        ...{ actor: actorOf(request), reason, client, anew: true },
      });
      if (!granted) throw new GatewayError('ACCOUNT_TAKEN');
      return { status: 201, body: await found(id) };
    },
    async changeClient(request) {
      const { scopes, reason } = request.body;
      const changed = await changeAccess(gateway, { ...deed(request), reason, scopes });
      return { status: 200, body: clientView(orMissing(changed)) };
    },
    async rotateClient(request) {
      const { jwks, oldUntil, reason } = request.body;
      const changed = await rotateAccess(gateway, {
        ...{ ...deed(request), reason, jwks: { keys: jwks.keys } },
        oldUntil: oldUntil === undefined ? undefined : new Date(oldUntil),
      });
      return { status: 200, body: clientView(orMissing(changed)) };
    },
    async revokeClient(request) {
      const { reason } = request.body;
      const revoked = await revokeAccess(gateway, { ...deed(request), reason });
      if (!revoked) throw new GatewayError('NOT_FOUND');
      return { status: 200, body: await found(request.path.id) };
    },
  };
}

type OneClient = 'changeClient' | 'rotateClient' | 'revokeClient';

function deed(request: ApiRequest<OneClient>) {
  return { actor: actorOf(request), client: request.path.id };
}

function staffHandlers(gateway: Gateway): Pick<Handlers, StaffOperation> {
  return {
    async listStaff() {
      const items = (await gateway.staff.list()).map(staffView);
      return { status: 200, body: { items, next: null } };
    },
    async grantStaff(request) {
      const { id = makeStaffId(gateway.randomBytes), roles, displayName = null } = request.body;
      const staff = { id, roles, displayName };
      const change = { actor: actorOf(request), reason: request.body.reason, staff };
      const granted = await grantStaff(gateway, change);
      if (!granted) throw new GatewayError('ACCOUNT_TAKEN');
      return { status: 201, body: begunView(granted) };
    },
    async changeStaff(request) {
      const change = { ...staffDeed(request), roles: request.body.roles };
      return { status: 200, body: staffView(orMissing(await changeStaff(gateway, change))) };
    },
    async revokeStaff(request) {
      const account = await revokeStaff(gateway, staffDeed(request));
      return { status: 200, body: staffView(orMissing(account)) };
    },
    async unlockStaff(request) {
      const account = await unlockStaff(gateway, staffDeed(request));
      return { status: 200, body: staffView(orMissing(account)) };
    },
    async resetStaff(request) {
      const reset = await resetStaff(gateway, staffDeed(request));
      return { status: 200, body: begunView(orMissing(reset)) };
    },
  };
}

type OneStaff = 'changeStaff' | 'revokeStaff' | 'unlockStaff' | 'resetStaff';

function staffDeed(request: ApiRequest<OneStaff>) {
  return { actor: actorOf(request), staff: request.path.id, reason: request.body.reason };
}

function historyHandlers({ db }: Gateway): Pick<Handlers, 'listAccessChanges'> {
  return {
    async listAccessChanges({ query }) {
      const { client, staff, before = null } = query;
      const asked = { client, staff, before, limit: pageLimit(query.limit) };
      const { items, next } = await listChanges(db, asked);
      const views = items.map(({ content, byClient, byPerson, at, ...row }) => {
        const { role = null, scopes = null, roles = null, outcome = null } = content;
        const said = {
          ...{ role, outcome },
          ...{ scopes: scopes && [...scopes], roles: roles && [...roles] },
        };
        const by = { client: byClient, person: byPerson };
        return { ...row, ...said, by, at: at.toISOString() };
      });
      return { status: 200, body: { items: views, next } };
    },
  };
}

function orMissing<T>(found: T | undefined): T {
  if (found === undefined) throw new GatewayError('NOT_FOUND');
  return found;
}

const told = (at: Date | null | undefined) => at?.toISOString() ?? null;

function clientView(account: ClientAccount) {
  const { id, role, consignee, scopes, keys, keyEnds, createdAt, revokedAt, sealed } = account;
  return {
    ...{ id, role, consignee, scopes: [...scopes] },
    keys: keys.map(({ kid = '', alg = '' }) => ({ kid, alg, until: told(keyEnds[kid]) })),
    ...{ createdAt: createdAt.toISOString(), revokedAt: told(revokedAt) },
    sealed: isGood(sealed),
  };
}

function staffView(account: StaffAccount) {
  const { id, roles, displayName, isEnrolled, sealed } = account;
  return {
    ...{ id, roles: [...roles], displayName, enrolled: isEnrolled },
    ...{ enrolmentUntil: told(account.enrolmentUntil), lockedUntil: told(account.lockedUntil) },
    ...{ signedInAt: told(account.signedInAt), createdAt: account.createdAt.toISOString() },
    ...{ revokedAt: told(account.revokedAt), sealed: isGood(sealed) },
  };
}

function begunView({ account, begin }: { account: StaffAccount; begin: Begin }) {
  const { token, until } = begin;
  return { account: staffView(account), enrolment: { token, until: until.toISOString() } };
}
