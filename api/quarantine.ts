/** Results that are nobody's yet, as staff of the EMR look at them and say whose they are. */
import type { Gateway } from '#src/gateway.ts';
import { matchQuarantined, unmatchQuarantined } from '#src/transfers/match.ts';
import {
  getQuarantined,
  getQuarantineState,
  listQuarantine,
} from '#src/transfers/quarantine-view.ts';
import { actorOf } from './caller.ts';
import type { Handlers } from './handler.ts';
import { pageLimit } from './page.ts';

type QuarantineOperation =
  'listQuarantine' | 'getQuarantined' | 'matchQuarantined' | 'unmatchQuarantined';

export function quarantineHandlers(gateway: Gateway): Pick<Handlers, QuarantineOperation> {
  return {
    async listQuarantine({ caller, query }) {
      const ask = { ...query, client: caller.client, limit: pageLimit(query.limit) };
      return { status: 200, body: await listQuarantine(gateway, ask) };
    },
    async getQuarantined(request) {
      const asked = { actor: actorOf(request), id: request.path.id };
      return { status: 200, body: await getQuarantined(gateway, asked) };
    },
    async matchQuarantined(request) {
      const { id } = request.path;
      const asked = { actor: actorOf(request), quarantined: id, ...request.body };
      await matchQuarantined(gateway, asked);
      const { client } = request.caller;
      return { status: 200, body: await getQuarantineState(gateway, { client, id }) };
    },
    async unmatchQuarantined(request) {
      const { id } = request.path;
      const asked = { actor: actorOf(request), quarantined: id, ...request.body };
      await unmatchQuarantined(gateway, asked);
      const { client } = request.caller;
      return { status: 200, body: await getQuarantineState(gateway, { client, id }) };
    },
  };
}
