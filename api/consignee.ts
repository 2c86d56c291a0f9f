/** Operations of a consignee beside its inbox and what it returns: its contract. */
import { GatewayError } from '#src/base/errors.ts';
import { contractInForce } from '#src/agreements/force.ts';
import { payloadSchema, samplePayload } from '#src/agreements/payload.ts';
import type { Contract } from '#src/base/words.ts';
import type { Gateway } from '#src/gateway.ts';
import { consigneeOf } from './caller.ts';
import type { Handlers } from './handler.ts';

export function consigneeHandlers(gateway: Gateway): Pick<Handlers, 'getContract'> {
  return {
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
    receipts: contract.receipts,
    items: contract.items.map(listed),
    returns: contract.returns.map(listed),
    payloadSchema: payloadSchema(contract),
    samplePayload: samplePayload(contract),
  };
}
