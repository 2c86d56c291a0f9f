/**
 * A simulated consignee: accepts only what it has recomputed,
 * once by id, and returns a result for it.
 */
import type { ApiClient } from '../api-client.ts';
import { call, type Schemas } from './calls.ts';
import type { Part } from './place.ts';
import { checkEnvelope, Refusal, type Accepted, type Envelope, type Keyring } from './verifier.ts';
import { resultFor } from './results.ts';

export interface Consignee {
  id: string;
  part: Part;
  /** Its contract and client, known once the gateway is up. Null before. */
  desk: Desk | null;
  /** Takes over an envelope; again is as good as once. Throws a `Refusal`. */
  take(envelope: Envelope): Promise<void>;
  /** Resolves when every result that is due has been returned. */
  idle(): Promise<void>;
}

/** What a consignee works with once it has read its contract. */
export interface Desk {
  api: ApiClient;
  contract: Schemas['ContractForConsignee'];
  keyring: Keyring;
}

const returnsAtOnceMax = 4;

/**
 * @param told.accepted what was taken over for the first time
 * @param told.failed why a result could not be returned
 */
export function createConsignee(
  part: Part,
  told: {
    accepted: (consignee: string, transfer: string, accepted: Accepted) => void;
    failed: (error: unknown) => void;
    today: () => string;
    signal: AbortSignal;
  },
): Consignee {
  // Its "database": a transfer that comes twice is recognised by its id.
  const taken = new Set<string>();
  const due: string[] = [];
  const busy = new Set<Promise<void>>();

  function startReturning(desk: Desk): void {
    while (busy.size < returnsAtOnceMax && due.length > 0) {
      const lane = returnDue(desk).catch(told.failed);
      busy.add(lane);
      void lane.finally(() => busy.delete(lane));
    }
  }

  async function returnDue({ api, contract }: Desk): Promise<void> {
    for (let transfer = due.shift(); transfer !== undefined; transfer = due.shift()) {
      const result = resultFor(contract.returns, { transfer, today: told.today() });
      await call(api, {
        path: '/v1/results',
        body: { transfer, result },
        key: `result-${transfer}`,
        signal: told.signal,
      });
    }
  }

  const consignee: Consignee = {
    ...{ id: part.id, part, desk: null },
    async take(envelope) {
      const { desk } = consignee;
      if (desk === null) throw new Error('not open yet');
      const accepted = await checkEnvelope(desk.keyring, envelope);
      if (taken.has(envelope.transfer)) return;
      taken.add(envelope.transfer);
      told.accepted(part.id, envelope.transfer, accepted);
      due.push(envelope.transfer);
      startReturning(desk);
    },
    async idle() {
      while (busy.size > 0) await Promise.all(busy);
    },
  };
  return consignee;
}

/** Reads the contract and makes ready to take transfers. */
export async function openDesk(part: Part, api: ApiClient, vkey: string): Promise<Desk> {
  const contract = await api.json<Schemas['ContractForConsignee']>('/v1/contract');
  return {
    ...{ api, contract },
    keyring: {
      ...{ consignee: part.id, contract: contract.contract, vkey },
      ...{ privateKey: part.privateKey, items: new Set(contract.items.map(({ item }) => item)) },
    },
  };
}

/** The reason of a refusal, or null for any other fault. */
export function refusalOf(error: unknown): Refusal['reason'] | null {
  return error instanceof Refusal ? error.reason : null;
}
