/** The inbox of a consignee: claim, acknowledge, reject, hold longer, go back, look. */
import { GatewayError } from '#src/base/errors.ts';
import { acknowledge, acknowledgeAll, extendLease, reject } from '#src/delivery/inbox-answer.ts';
import { claimInbox } from '#src/delivery/inbox-claim.ts';
import { overviewOf } from '#src/delivery/inbox-overview.ts';
import { seek, type SeekFrom } from '#src/delivery/inbox-seek.ts';
import type { Gateway } from '#src/gateway.ts';
import { actorOf, consigneeOf } from './caller.ts';
import type { ApiRequest, Handlers } from './handler.ts';
import { instantOf } from './instant.ts';
import { isCallers, toProblem } from './problem.ts';

type InboxOperation =
  | 'getInbox'
  | 'claimInbox'
  | 'seekInbox'
  | 'ackTransfers'
  | 'ackTransfer'
  | 'rejectTransfer'
  | 'extendLease';

export function inboxHandlers(gateway: Gateway): Pick<Handlers, InboxOperation> {
  return {
    async getInbox(request) {
      return { status: 200, body: await overviewOf(gateway, consigneeOf(request)) };
    },
    async claimInbox(request) {
      const { limit, leaseSeconds, waitSeconds = 0 } = request.body;
      const { client } = request.caller;
      const items = await claimInbox(gateway, {
        ...{ actor: actorOf(request), consignee: consigneeOf(request), gone: request.gone },
        ...{
          limit,
          leaseSeconds,
          waitSeconds,
          rest: request.rest,
          assertMay: () => assertStillMay(gateway, client),
        },
      });
      return { status: 200, body: { items } };
    },
    async seekInbox(request) {
      const body = await seek(gateway, {
        ...{ actor: actorOf(request), consignee: consigneeOf(request) },
        ...{ to: seekFrom(request.body), reason: request.body.reason },
      });
      return { status: 200, body };
    },
    async ackTransfers(request) {
      const acks = request.body.items;
      const whose = { actor: actorOf(request), consignee: consigneeOf(request) };
      const answers = await acknowledgeAll(gateway, { ...whose, acks }, isCallers);
      const items = answers.map((one) =>
        'error' in one
          ? { transfer: one.transfer, problem: toProblem(one.error, request.language).body }
          : { transfer: one.transfer, status: 'delivered' as const },
      );
      return { status: 200, body: { items } };
    },
    async ackTransfer(request) {
      const { lease, receipt } = request.body;
      const body = await acknowledge(gateway, { ...held(request, lease), receipt });
      return { status: 200, body: { ...body, status: 'delivered' } };
    },
    async rejectTransfer(request) {
      const { lease, code, message } = request.body;
      const rejection = { code, ...(message === undefined ? {} : { message }) };
      const body = await reject(gateway, { ...held(request, lease), rejection });
      return { status: 200, body: { ...body, status: 'rejected' } };
    },
    async extendLease(request) {
      const { lease, leaseSeconds } = request.body;
      const until = await extendLease(gateway, { ...held(request, lease), leaseSeconds });
      const { transferId: transfer } = request.path;
      return {
        status: 200,
        body: { transfer, lease: { token: lease, until: until.toISOString() } },
      };
    },
  };
}

type Answering = 'ackTransfer' | 'rejectTransfer' | 'extendLease';

function held(request: Pick<ApiRequest<Answering>, 'path' | 'caller' | 'source'>, lease: string) {
  const transfer = request.path.transferId;
  return { actor: actorOf(request), consignee: consigneeOf(request), transfer, lease };
}

/** A client that was revoked, or lost this scope, while it waited takes nothing. */
async function assertStillMay({ clients }: Gateway, client: string): Promise<void> {
  const state = await clients.lookup(client);
  if (!state) throw new GatewayError('UNAUTHENTICATED', { facts: { reason: 'REVOKED' } });
  const scope = 'inbox:claim';
  if (!state.scopes.has(scope)) throw new GatewayError('INSUFFICIENT_SCOPE', { facts: { scope } });
}

function seekFrom(body: ApiRequest<'seekInbox'>['body']): SeekFrom {
  const { after, since, until } = body;
  if (after !== undefined) return { after };
  if (since === undefined) throw new GatewayError('INVALID_REQUEST');
  const to = until === undefined ? undefined : instantOf('/until', until);
  return { since: instantOf('/since', since), until: to };
}
