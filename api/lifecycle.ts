/** The end of a relation, and what a consignee then has to destroy. */
import type { Gateway } from '#src/gateway.ts';
import { certify } from '#src/lifecycle/certificate.ts';
import { findOrder, listOrders, orderView } from '#src/lifecycle/destruction.ts';
import { endRelation } from '#src/lifecycle/end.ts';
import { consigneeStates } from '#src/lifecycle/pause.ts';
import { pageOf, readCursor } from '#src/transfers/cursor.ts';
import { actorOf } from './caller.ts';
import type { Handlers } from './handler.ts';
import { pageLimit } from './page.ts';

type LifecycleOperation = 'endContract' | 'listDestructionOrders' | 'certifyDestruction';

export function lifecycleHandlers(gateway: Gateway): Pick<Handlers, LifecycleOperation> {
  return {
    async endContract(request) {
      const { consignee } = request.path;
      const { reason } = request.body;
      const end = await endRelation(gateway, { actor: actorOf(request), consignee, reason });
      await gateway.sweepEnded();
      const order = end.order === null ? null : await findOrder(gateway.db, { order: end.order });
      const { waiting } = await consigneeStates(gateway.db);
      const body = {
        ...{ consignee, contract: end.contract, endedOn: end.endedOn },
        waiting: waiting.get(consignee) ?? 0,
        destructionOrder: order === null ? null : await orderView(gateway, order),
      };
      return { status: 200, body };
    },
    async listDestructionOrders({ query, caller }) {
      const { client, consignee } = caller;
      const { status } = query;
      const scope = { client, query: { list: 'destruction-orders', consignee, status } };
      const limit = pageLimit(query.limit);
      const after = readCursor(gateway.fingerprint, scope, query.cursor);
      const rows = await listOrders(gateway, { consignee, status, after, limit: limit + 1 });
      const page = pageOf(gateway, scope, { rows, limit, toItem: (row) => row });
      const items = [];
      // One after the other: each is counted over all that its consignee has received.
      for (const row of page.items) items.push(await orderView(gateway, row));
      return { status: 200, body: { items, next: page.next } };
    },
    async certifyDestruction(request) {
      const body = await certify(gateway, {
        ...{ actor: actorOf(request), consignee: request.caller.consignee },
        ...{ order: request.path.id, certificate: request.body },
      });
      return { status: 200, body };
    },
  };
}
