/** What waits for a consignee or did not get there, and what an operator does about it. */
import type { Gateway } from '#src/gateway.ts';
import { listDeliveries } from '#src/transfers/for-operator.ts';
import type { Handlers } from './handler.ts';
import { pageLimit } from './page.ts';

type DeliveryOperation = 'listDeliveries';

export function deliveryHandlers(gateway: Gateway): Pick<Handlers, DeliveryOperation> {
  return {
    async listDeliveries({ path, query, caller }) {
      const { state, cursor } = query;
      const ask = { client: caller.client, consignee: path.id, state, cursor };
      const body = await listDeliveries(gateway, { ...ask, limit: pageLimit(query.limit) });
      return { status: 200, body };
    },
  };
}
