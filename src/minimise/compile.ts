/** A contract, compiled once per version: what it lists, in its order, ready to judge records. */
import type { Contract } from '#src/base/words.ts';
import { DERIVATION_RULES, type DerivationRule } from './derivation-rules.ts';
import { compileDictionary, type CompiledDictionary, type CompiledItem } from './dictionary.ts';
import { textGuardOf, type TextGuard } from './text-guard.ts';

/** One item of a contract's list. */
export interface Listed {
  item: CompiledItem;
  required: boolean;
  /**
   * False for a unique identifier without a legal basis: it is withheld, whatever the list says.
   */
  isReleasable: boolean;
  /** How it may be derived, the preferred rule first. */
  rules: readonly DerivationRule[];
}

/** One direction of a contract: what may go out, or what may come back. */
export interface Side {
  /** First segment of every pointer. */
  root: 'record' | 'result';
  /** By dictionary code, in the contract's order. */
  listed: ReadonlyMap<string, Listed>;
  dictionary: CompiledDictionary;
}

/** What this room knows of a contract. */
export interface Plan {
  contract: Contract;
  outbound: Side;
  returned: Side;
  /** Undefined where nothing that is guarded is withheld. */
  guard: TextGuard | undefined;
}

/**
 * A compiled contract. Opaque, and real at run time too: only `compileContract` makes one, so
 * only a contract that went through its checks can decide what leaves.
 */
export class CompiledContract {
  readonly #plan: Plan;

  constructor(contract: Contract) {
    if (new.target !== CompiledContract) throw new TypeError('a compiled contract has no kinds');
    this.#plan = planFor(contract);
    Object.freeze(this);
  }

  /** The plan within. Throws a TypeError on anything that `compileContract` did not make. */
  static planOf(compiled: CompiledContract): Plan {
    return compiled.#plan;
  }
}
Object.freeze(CompiledContract);

/**
 * Compiles a contract version. Throws a TypeError where its dictionary has an open schema or an
 * unknown rule, or where it lists an item twice, an unknown one, or one at the wrong place.
 */
export function compileContract(contract: Contract): CompiledContract {
  return new CompiledContract(contract);
}

function planFor(contract: Contract): Plan {
  const outbound = sideOf(contract, 'record', contract.items);
  return {
    contract,
    outbound,
    returned: sideOf(contract, 'result', contract.returns),
    guard: textGuardOf(contract, outbound),
  };
}

function sideOf(contract: Contract, root: Side['root'], items: Contract['items']): Side {
  const dictionary = compileDictionary(contract.dictionary);
  const listed = new Map<string, Listed>();
  for (const { item: code, required } of items) {
    const item = dictionary.items.get(code);
    if (!item) throw new TypeError(`${contract.id}: ${code} is not in the dictionary`);
    if (listed.has(code)) throw new TypeError(`${contract.id}: ${code} is listed twice`);
    const misplaced = root === 'record' ? item.at === 'result' : item.at === 'tests';
    if (misplaced) throw new TypeError(`${contract.id}: ${code} cannot stand in a ${root}`);
    const isReleasable = !item.isUniqueIdentifier || contract.legalBasis.has(code);
    const rules = root === 'record' ? rulesOf(contract, code) : [];
    listed.set(code, { item, required, isReleasable, rules });
  }
  return { root, listed, dictionary };
}

function rulesOf(contract: Contract, code: string): DerivationRule[] {
  const names = contract.dictionary.items.get(code)?.derivedBy ?? [];
  return names.map((name) => {
    const rule = DERIVATION_RULES.get(name);
    if (rule?.code === code) return rule;
    throw new TypeError(`${contract.id}: ${code} cannot be derived by ${name}`);
  });
}
