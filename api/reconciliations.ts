/** A day held against what an EMR, a consignee or an auditor has of it. */
import { GatewayError } from '#src/base/errors.ts';
import { isRealDate } from '#src/base/seoul.ts';
import type { FieldProblem } from '#src/base/words.ts';
import type { Gateway } from '#src/gateway.ts';
import type { DayAsk } from '#src/oversight/day-rows.ts';
import { reconcile } from '#src/oversight/reconcile.ts';
import { actorOf } from './caller.ts';
import type { ApiRequest, Handlers } from './handler.ts';

export function reconciliationHandlers(gateway: Gateway): Pick<Handlers, 'reconcileDay'> {
  return {
    async reconcileDay(request) {
      const day = dayOf(request);
      const { have, ids } = request.body;
      const withLedger = isAuditor(request) && day.what === 'transfers';
      const claim = { have, ids };
      const found = await reconcile(gateway, { actor: actorOf(request), day, claim, withLedger });
      return { status: 200, body: { ...day, ...found } };
    },
  };
}

const isAuditor = ({ caller }: ApiRequest<'reconcileDay'>) => caller.scopes.has('audit:read');

/** Whose day it is: auditors say so, an EMR and a consignee compare their own (law 7). */
function dayOf(request: ApiRequest<'reconcileDay'>): DayAsk {
  const { what, day, hour = null, side, client, consignee } = request.body;
  const { caller } = request;
  if (!isRealDate(day)) throw invalid('/day', 'notADate');
  const common = { what, day, hour };
  if (isAuditor(request)) {
    const ask = { client: client ?? null, consignee: consignee ?? null };
    return { ...common, side: side ?? 'emr', ...ask };
  }
  if (client !== undefined && client !== caller.client) throw invalid('/client', 'invalid');
  const own = caller.consignee === null ? 'emr' : 'consignee';
  if (side !== undefined && side !== own) throw invalid('/side', 'invalid');
  if (own === 'emr') {
    return { ...common, side: own, client: caller.client, consignee: consignee ?? null };
  }
  if (consignee !== undefined && consignee !== caller.consignee) {
    throw invalid('/consignee', 'invalid');
  }
  return { ...common, side: own, client: null, consignee: caller.consignee };
}

function invalid(pointer: string, rule: FieldProblem['rule']): GatewayError {
  return new GatewayError('INVALID_REQUEST', { problems: [{ pointer, rule }] });
}
