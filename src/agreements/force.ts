/** Says which single contract version decides: rules are never merged. */
import type { Contract } from '#src/base/words.ts';
import type { Agreements } from './load.ts';

/**
 * The contract version in force for a consignee on a Seoul calendar day, or `undefined`.
 *
 * The version that began last decides. When it has ended (`validUntil`, its last day) the relation
 * has ended: an earlier version never comes back, only a later one can begin anew.
 *
 * @param today `YYYY-MM-DD`, the date in Seoul by PostgreSQL's clock
 */
export function contractInForce(
  contracts: readonly Contract[],
  consignee: string,
  today: string,
): Contract | undefined {
  let begun: Contract | undefined;
  for (const contract of contracts) {
    if (contract.consignee !== consignee || contract.validFrom > today) continue;
    if (!begun || contract.version > begun.version) begun = contract;
  }
  if (!begun || (begun.validUntil !== null && begun.validUntil < today)) return undefined;
  return begun;
}

/**
 * The contract version with an id such as `samkwang.v1`. Registered versions are always loaded, so
 * an id that is not there is a broken invariant and throws a plain error.
 */
export function requireContract(agreements: Pick<Agreements, 'contracts'>, id: string): Contract {
  const contract = agreements.contracts.find((candidate) => candidate.id === id);
  if (!contract) throw new Error(`contract ${id} is not loaded`);
  return contract;
}
