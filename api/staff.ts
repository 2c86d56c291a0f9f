/** Operations of the operator and all staff on consignees and their state. */
import { contractInForce } from '#src/agreements/force.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Consignee } from '#src/base/words.ts';
import type { Gateway } from '#src/gateway.ts';
import { consigneeStates, setPaused } from '#src/lifecycle/pause.ts';
import { actorOf } from './caller.ts';
import type { ApiRequest, Handlers } from './handler.ts';

type StaffOperation = 'listConsignees' | 'getConsignee' | 'pauseConsignee' | 'resumeConsignee';

export function staffHandlers(gateway: Gateway): Pick<Handlers, StaffOperation> {
  const { agreements, clock, db } = gateway;
  const inForce = (consignee: string) =>
    contractInForce(gateway.versions, consignee, clock.today());

  async function consigneeViews(consignees: readonly Consignee[]) {
    const { paused, waiting } = await consigneeStates(db);
    return consignees.map(({ id, name, channel }) => {
      const contract = inForce(id);
      // The work is told also where it has ended: every consignee has at least one contract.
      const work = agreements.contracts.findLast((one) => one.consignee === id)?.work ?? name;
      return {
        ...{ id, name, channel, work, contract: contract?.id ?? null },
        ...{ paused: paused.has(id), waiting: waiting.get(id) ?? 0 },
      };
    });
  }

  async function viewOf(id: string) {
    const consignee = agreements.consignees.get(id);
    const [view] = consignee ? await consigneeViews([consignee]) : [];
    if (!view) throw new GatewayError('NOT_FOUND');
    return view;
  }

  const pausing =
    (paused: boolean) =>
    async (request: ApiRequest<'pauseConsignee'> | ApiRequest<'resumeConsignee'>) => {
      const { id } = request.path;
      const { reason } = request.body;
      await setPaused(gateway, { actor: actorOf(request), consignee: id, paused, reason });
      return { status: 200 as const, body: await viewOf(id) };
    };

  return {
    async listConsignees() {
      const items = await consigneeViews([...agreements.consignees.values()]);
      return { status: 200, body: { items, next: null } };
    },
    async getConsignee({ path }) {
      return { status: 200, body: await viewOf(path.id) };
    },
    pauseConsignee: pausing(true),
    resumeConsignee: pausing(false),
  };
}
