/** Results, as the EMR collects them and as the consignee that returned them follows them. */
import type { Gateway } from '#src/gateway.ts';
import { collect } from '#src/transfers/collect.ts';
import { getReturned, listReturned } from '#src/transfers/for-consignee.ts';
import { getCollected, getResult, listResults } from '#src/transfers/for-emr.ts';
import { actorOf } from './caller.ts';
import type { Handlers } from './handler.ts';
import { pageLimit } from './page.ts';

type ResultOperation = 'listResults' | 'getResult' | 'ackResult';

export function resultHandlers(gateway: Gateway): Pick<Handlers, ResultOperation> {
  return {
    // Both ends list results: the EMR those for its orders, a consignee those it returned.
    async listResults({ caller, query }) {
      const ask = { ...query, client: caller.client, limit: pageLimit(query.limit) };
      const { consignee } = caller;
      const page = consignee
        ? await listReturned(gateway, { ...ask, consignee })
        : await listResults(gateway, ask);
      return { status: 200, body: page };
    },
    async getResult({ caller, path }) {
      const { consignee, client } = caller;
      const body = consignee
        ? await getReturned(gateway, { consignee, id: path.id })
        : await getResult(gateway, { client, id: path.id });
      return { status: 200, body };
    },
    async ackResult(request) {
      const { id } = request.path;
      await collect(gateway, { actor: actorOf(request), result: id });
      const body = await getCollected(gateway, { client: request.caller.client, id });
      return { status: 200, body };
    },
  };
}
