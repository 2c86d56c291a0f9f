/** The operation by which an operator lets a consignee have once more what it did not get. */
import type { Gateway } from '#src/gateway.ts';
import { replayConsignee } from '#src/transfers/replay.ts';
import { actorOf } from './caller.ts';
import type { Handlers } from './handler.ts';
import { instantOf } from './instant.ts';

export function replayHandlers(gateway: Gateway): Pick<Handlers, 'replayConsignee'> {
  return {
    async replayConsignee(request) {
      const { since, ...ask } = request.body;
      const body = await replayConsignee(gateway, {
        ...{ ...ask, actor: actorOf(request), consignee: request.path.id, gone: request.gone },
        since: instantOf('/since', since),
      });
      return { status: 200, body };
    },
  };
}
