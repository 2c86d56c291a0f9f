/** What an EMR is told of its transfers, when it asks; and what an operator should know of. */
import type { Gateway } from '#src/gateway.ts';
import { listAlerts } from '#src/transfers/alerts.ts';
import { listEvents } from '#src/transfers/events.ts';
import type { Handlers } from './handler.ts';
import { pageLimit } from './page.ts';

export function eventHandlers(gateway: Gateway): Pick<Handlers, 'listEvents' | 'listAlerts'> {
  return {
    async listEvents({ query, caller }) {
      const limit = pageLimit(query.limit);
      const ask = { client: caller.client, after: query.after ?? null, limit };
      return { status: 200, body: await listEvents(gateway, ask) };
    },
    async listAlerts() {
      return { status: 200, body: { items: await listAlerts(gateway), next: null } };
    },
  };
}
