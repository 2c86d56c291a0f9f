/** Operations of the operator and all staff on consignees and their state. */
import { contractInForce } from '#src/agreements/force.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Consignee } from '#src/base/words.ts';
import { deliveryStates, oldestWaiting, undisturbed } from '#src/delivery/delivery-states.ts';
import type { Gateway } from '#src/gateway.ts';
import { checkInsOf, type CheckIn } from '#src/lifecycle/check-ins.ts';
import { consigneeStates, setPaused } from '#src/lifecycle/pause.ts';
import { failedLately } from '#src/transfers/for-operator.ts';
import { actorOf } from './caller.ts';
import type { ApiRequest, Handlers } from './handler.ts';

type StaffOperation = 'listConsignees' | 'getConsignee' | 'pauseConsignee' | 'resumeConsignee';

export function staffHandlers(gateway: Gateway): Pick<Handlers, StaffOperation> {
  const { agreements, clock, db } = gateway;
  const inForce = (consignee: string) =>
    contractInForce(gateway.versions, consignee, clock.today());

  async function deliveryViews(consignees: readonly Consignee[]) {
    const pushed = consignees.filter(({ channel }) => channel === 'push').map(({ id }) => id);
    const states = await deliveryStates(db);
    const oldest = await oldestWaiting(db, pushed);
    return new Map(
      pushed.map((id) => {
        const state = states.get(id) ?? undisturbed;
        return [id, { ...state, oldestWaitingAt: oldest.get(id) ?? null }];
      }),
    );
  }

  async function consigneeViews(consignees: readonly Consignee[]) {
    const { paused, waiting } = await consigneeStates(db);
    const deliveries = await deliveryViews(consignees);
    const ids = consignees.map(({ id }) => id);
    const checkIns = await checkInsOf(gateway, ids);
    const failed = await failedLately(db, ids);
    return consignees.map(({ id, name, channel }) => {
      const contract = inForce(id);
      // The work is told also where it has ended: every consignee has at least one contract.
      const work = agreements.contracts.findLast((one) => one.consignee === id)?.work ?? name;
      return {
        ...{ id, name, channel, work, contract: contract?.id ?? null },
        ...{ checkIn: checkInView(checkIns.get(id)), delivery: deliveries.get(id) ?? null },
        ...{ paused: paused.has(id), waiting: waiting.get(id) ?? 0 },
        failed: failed.get(id) ?? 0,
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

function checkInView(checkIn: CheckIn | undefined) {
  if (!checkIn) return null;
  const { lastAt, dueBy, overdue } = checkIn;
  const told = (at: Date | null) => at?.toISOString() ?? null;
  return { lastAt: told(lastAt), dueBy: told(dueBy), overdue };
}
