/** What a contract makes of an order: released or refused, with nothing stored and nothing sent. */
import type { Agreements } from '#src/agreements/load.ts';
import { contractInForce, type Versions } from '#src/agreements/force.ts';
import type { Clock } from '#src/base/clock.ts';
import type {
  Consignee,
  Contract,
  FieldProblem,
  Order,
  RefusedReason,
  Withheld,
} from '#src/base/words.ts';
import type { CompiledContract } from '#src/minimise/compile.ts';
import { minimise } from '#src/minimise/minimise.ts';
import type { Released } from '#src/minimise/released.ts';

export interface DecideDeps {
  agreements: Agreements;
  versions: Versions;
  /** Every contract version, compiled, by id. */
  compiled: ReadonlyMap<string, CompiledContract>;
  /** Consignees that have a usable public key for unique identifiers. */
  encryptable: ReadonlySet<string>;
  clock: Clock;
  randomBytes: (count: number) => Buffer;
}

export interface ReleasedDecision {
  outcome: 'released';
  contract: Contract;
  consignee: Consignee;
  released: Released;
  withheld: Withheld[];
  ledgerWithheld: Withheld[];
  rules: string[];
  /** Codes whose texts were masked. */
  masked: string[];
  warnings: { item: string; code: string }[];
}

export interface RefusedDecision {
  outcome: 'refused';
  reason: RefusedReason;
  contract: Contract | null;
  consignee: Consignee | null;
  problems: FieldProblem[];
  items: string[];
}

const saltBytes = 32;

/** Decides one order under the contract in force today (law 1). */
export function decide(deps: DecideDeps, order: Order): ReleasedDecision | RefusedDecision {
  const consignee = deps.agreements.consignees.get(order.consignee) ?? null;
  const contract = consignee && contractInForce(deps.versions, consignee.id, deps.clock.today());
  const refuse = (reason: RefusedReason, problems: FieldProblem[] = [], items: string[] = []) => ({
    outcome: 'refused' as const,
    ...{ reason, contract: contract ?? null, consignee, problems, items },
  });
  if (!consignee) return refuse('UNKNOWN_CONSIGNEE', [{ pointer: '/consignee', rule: 'unknown' }]);
  const compiled = contract && deps.compiled.get(contract.id);
  if (!contract || !compiled) return refuse('NO_CONTRACT_IN_FORCE');
  const minimised = minimise(compiled, {
    record: order.record,
    subject: order.subject,
    today: deps.clock.today(),
    salt: deps.randomBytes(saltBytes),
  });
  if (minimised.outcome === 'refused') {
    return refuse(minimised.reason, minimised.problems, minimised.items);
  }
  const sealedItems = encryptedItems(contract, minimised.released.released);
  if (sealedItems.length > 0 && !deps.encryptable.has(consignee.id)) {
    return refuse('NO_CONSIGNEE_KEY', [], sealedItems);
  }
  return { ...minimised, contract, consignee };
}

function encryptedItems(contract: Contract, released: readonly string[]): string[] {
  return released.filter((item) => contract.dictionary.items.get(item)?.encrypted);
}
