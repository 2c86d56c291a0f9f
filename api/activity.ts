/** What happened by day and consignee, for all staff: numbers only. */
import type { Gateway } from '#src/gateway.ts';
import { readActivity } from '#src/oversight/activity.ts';
import type { Handlers } from './handler.ts';

const daysDefault = 30;

export function activityHandlers(gateway: Gateway): Pick<Handlers, 'getActivity'> {
  return {
    async getActivity({ query }) {
      return { status: 200, body: await readActivity(gateway, query.days ?? daysDefault) };
    },
  };
}
