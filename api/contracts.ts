/** Contract versions for all staff: their text, where they stand, what a change would do. */
import { diffContracts } from '#src/agreements/diff.ts';
import { contractInForce, decidesFrom, isEnded, type Standing } from '#src/agreements/force.ts';
import { contractWarnings } from '#src/agreements/notice.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Contract } from '#src/base/words.ts';
import type { Gateway } from '#src/gateway.ts';
import { lostSignatures } from '#src/lifecycle/lost-signatures.ts';
import { countItems, impactOf } from '#src/oversight/impact.ts';
import { reportUsage } from '#src/oversight/usage.ts';
import type { Handlers } from './handler.ts';
import type { components } from './openapi.d.ts';

type ContractOperation =
  'listContracts' | 'getContractVersion' | 'diffContracts' | 'countItems' | 'reportUsage';

const daysDefault = 30;

export function contractHandlers(gateway: Gateway): Pick<Handlers, ContractOperation> {
  const { agreements, clock, versions } = gateway;

  const find = (consignee: string, version: number): Contract => {
    const contract = agreements.contracts.find(({ id }) => id === `${consignee}.v${version}`);
    if (!contract) throw new GatewayError('NOT_FOUND');
    return contract;
  };

  function viewOf(contract: Contract) {
    const current = contractInForce(versions, contract.consignee, clock.today());
    const inForce = current?.id === contract.id;
    return {
      ...{ id: contract.id, digest: contract.digest.toString('base64'), inForce },
      life: lifeOf(gateway, contract, inForce),
    };
  }

  return {
    listContracts: () => ({
      status: 200,
      body: {
        items: agreements.contracts.map((contract) => {
          const { consignee, version, validFrom, validUntil } = contract;
          const warnings = contractWarnings(contract);
          return { ...viewOf(contract), consignee, version, validFrom, validUntil, warnings };
        }),
        next: null,
      },
    }),
    getContractVersion({ path }) {
      const contract = find(path.consignee, path.version);
      return { status: 200, body: { ...viewOf(contract), text: { ...contract.text } } };
    },
    async diffContracts({ path, query }) {
      const from = find(path.consignee, query.from);
      const diff = diffContracts(from, find(path.consignee, query.to));
      const days = query.days ?? daysDefault;
      const counts = await countItems(gateway, { consignee: path.consignee, days });
      return { status: 200, body: { ...diff, impact: impactOf(diff, counts) } };
    },
    async countItems({ path, query }) {
      if (!agreements.consignees.has(path.consignee)) throw new GatewayError('NOT_FOUND');
      const days = query.days ?? daysDefault;
      const counts = await countItems(gateway, { consignee: path.consignee, days });
      return { status: 200, body: counts };
    },
    async reportUsage({ query }) {
      return { status: 200, body: await reportUsage(gateway, query.days ?? daysDefault) };
    },
  };
}

function lifeOf({ versions, clock }: Gateway, contract: Contract, inForce: boolean) {
  const { signature } = contract;
  const { state, isDemo: demo, clinic, consignee, why } = signature;
  return {
    status: statusOf({ versions, clock }, contract, inForce),
    signature: { state, demo, clinic, consignee, why },
    noticedOn: versions.standing.noticedOn.get(contract.id) ?? null,
    decidesFrom: hasNoDay(contract, versions.standing)
      ? null
      : decidesFrom(contract, versions.standing),
  };
}

/** One that was ended before it began never will begin. */
function hasNoDay(contract: Contract, standing: Standing): boolean {
  return isEnded(contract, standing) && !standing.activated.has(contract.id);
}

function statusOf(
  { versions, clock }: Pick<Gateway, 'versions' | 'clock'>,
  contract: Contract,
  inForce: boolean,
): components['schemas']['ContractLife']['status'] {
  const { standing } = versions;
  const today = clock.today();
  const isOver = contract.validUntil !== null && contract.validUntil < today;
  if (inForce) return 'inForce';
  if (isEnded(contract, standing)) return 'ended';
  if (lostSignatures(versions, today).includes(contract)) return 'unsigned';
  if (standing.activated.has(contract.id)) return isOver ? 'ended' : 'superseded';
  if (contract.signature.state !== 'signed') return 'drafted';
  return standing.noticedOn.has(contract.id) ? 'noticed' : 'signed';
}
