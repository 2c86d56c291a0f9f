/** What waits for a consignee or did not get there, and what an operator does about it. */
import { GatewayError } from '#src/base/errors.ts';
import { retryNow } from '#src/delivery/retry.ts';
import type { Gateway } from '#src/gateway.ts';
import { findDelivery, listDeliveries, type DeliverySummary } from '#src/transfers/for-operator.ts';
import { redeliver } from '#src/transfers/replay.ts';
import { actorOf } from './caller.ts';
import type { ApiRequest, Handlers } from './handler.ts';
import { pageLimit } from './page.ts';

export function deliveryHandlers(
  gateway: Gateway,
): Pick<Handlers, 'listDeliveries' | 'retryConsignee'> {
  return {
    async listDeliveries({ path, query, caller }) {
      const { state, cursor } = query;
      const ask = { client: caller.client, consignee: path.id, state, cursor };
      const body = await listDeliveries(gateway, { ...ask, limit: pageLimit(query.limit) });
      return { status: 200, body };
    },
    async retryConsignee(request) {
      const { id: consignee } = request.path;
      const ask = { ...request.body, actor: actorOf(request), consignee };
      return { status: 200, body: { due: await retryNow(gateway, ask) } };
    },
  };
}

/** A redelivery of whatever EMR's transfer: with a reason, and shown without what it holds. */
export async function redeliverForOperator(
  gateway: Gateway,
  request: ApiRequest<'redeliverTransfer'>,
): Promise<{ status: 200; body: DeliverySummary }> {
  const { id } = request.path;
  const reason = request.body?.reason;
  if (reason === undefined) {
    const problems = [{ pointer: '/reason', rule: 'required' }] as const;
    throw new GatewayError('INVALID_REQUEST', { problems });
  }
  await redeliver(gateway, { actor: actorOf(request), client: null, transfer: id, reason });
  const body = await findDelivery(gateway.db, id);
  if (!body) throw new GatewayError('NOT_FOUND');
  return { status: 200, body };
}
