/** Operations of a consignee: its contract, its inbox, its results. Anything else's is 404. */
import { GatewayError } from '#src/base/errors.ts';
import { contractInForce } from '#src/agreements/force.ts';
import { payloadSchema, samplePayload } from '#src/agreements/payload.ts';
import type { Contract } from '#src/base/words.ts';
import { acknowledge, claimInbox, reject } from '#src/delivery/inbox.ts';
import type { Gateway } from '#src/gateway.ts';
import { returnResult } from '#src/transfers/results.ts';
import { actorOf, consigneeOf } from './caller.ts';
import type { Handlers } from './handler.ts';
import { repeatableOf } from './idempotency-key.ts';

type ConsigneeOperation =
  'claimInbox' | 'ackTransfer' | 'rejectTransfer' | 'returnResult' | 'getContract';

export function consigneeHandlers(gateway: Gateway): Pick<Handlers, ConsigneeOperation> {
  return {
    async claimInbox(request) {
      const { limit, leaseSeconds } = request.body;
      const consignee = consigneeOf(request);
      const actor = actorOf(request);
      const items = await claimInbox(gateway, { actor, consignee, limit, leaseSeconds });
      return { status: 200, body: { items } };
    },
    async ackTransfer(request) {
      const body = await acknowledge(gateway, {
        ...{ actor: actorOf(request), consignee: consigneeOf(request) },
        ...{ transfer: request.path.transferId, lease: request.body.lease },
      });
      return { status: 200, body: { ...body, status: 'delivered' } };
    },
    async rejectTransfer(request) {
      const { lease, code, message } = request.body;
      const body = await reject(gateway, {
        ...{ actor: actorOf(request), consignee: consigneeOf(request) },
        ...{ transfer: request.path.transferId, lease },
        rejection: { code, ...(message === undefined ? {} : { message }) },
      });
      return { status: 200, body: { ...body, status: 'rejected' } };
    },
    async returnResult(request) {
      const { transfer, result } = request.body;
      const body = await returnResult(gateway, {
        ...{ actor: actorOf(request), consignee: consigneeOf(request), transfer, result },
        idempotency: repeatableOf(gateway.fingerprint, 'returnResult', request),
      });
      return { status: 201, body, headers: { location: `/v1/results/${body.id}` } };
    },
    getContract(request) {
      const { versions, clock } = gateway;
      const contract = contractInForce(versions, consigneeOf(request), clock.today());
      if (!contract) throw new GatewayError('NOT_FOUND');
      return { status: 200, body: contractView(contract) };
    },
  };
}

function contractView(contract: Contract) {
  const listed = ({ item, required }: { item: string; required: boolean }) => {
    const entry = contract.dictionary.items.get(item);
    if (!entry) throw new GatewayError('INTERNAL');
    return { item, required, label: entry.label, class: entry.class, encrypted: entry.encrypted };
  };
  return {
    contract: contract.id,
    work: contract.work,
    purpose: contract.purpose,
    validFrom: contract.validFrom,
    validUntil: contract.validUntil,
    items: contract.items.map(listed),
    returns: contract.returns.map(listed),
    payloadSchema: payloadSchema(contract),
    samplePayload: samplePayload(contract),
  };
}
