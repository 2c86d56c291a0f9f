/** Derives what a contract lists and a record implies, and holds it against what was submitted. */
import type { DerivationRule } from './derivation-rules.ts';
import { findingsOf } from './problems.ts';
import { judgeInto, type Taken } from './take.ts';

/** An item that will be derived, by which rule, from what. */
export interface Derivation {
  code: string;
  rule: DerivationRule;
  sources: readonly string[];
}

/** Which listed items can be derived of what was found. Nothing else of the record is needed. */
export function planDerivations({ side, found }: Taken): Derivation[] {
  const derivations: Derivation[] = [];
  for (const [code, { rules }] of side.listed) {
    for (const rule of rules) {
      const sources = rule.sources(found);
      if (sources === undefined) continue;
      derivations.push({ code, rule, sources });
      break;
    }
  }
  return derivations;
}

/** Validates sources that are not listed themselves: what is derived of them depends on it. */
export function judgeSources(taken: Taken, derivations: readonly Derivation[]): void {
  const needed = new Set(derivations.flatMap(({ sources }) => sources));
  for (const code of needed) {
    const item = taken.side.dictionary.items.get(code);
    const isJudged = taken.side.listed.get(code)?.isReleasable === true;
    if (item && !isJudged) judgeInto(taken, item, taken.found.get(code));
  }
}

/**
 * The derived values, by code. A derivation from a faulty source is left out; one that differs
 * from what was submitted, or that its own schema refuses, becomes a finding.
 */
export function derive(
  taken: Taken,
  derivations: readonly Derivation[],
): ReadonlyMap<string, unknown> {
  const { side, valid, findings } = taken;
  const faulty = new Set(findings.map(({ code }) => code));
  const derived = new Map<string, unknown>();
  for (const { code, rule, sources } of derivations) {
    if (sources.some((source) => faulty.has(source))) continue;
    const value = rule.derive(valid);
    const item = side.listed.get(code)?.item;
    if (valid.has(code) && valid.get(code) !== value) {
      findings.push({ code, pointer: `/${side.root}/${code}`, rule: 'disagrees' });
    } else if (!item?.validate(value)) {
      // the source is what the caller can mend
      findings.push(
        ...findingsOf(item?.validate.errors ?? [], code, `/${side.root}/${sources[0]}`),
      );
    } else {
      derived.set(code, value);
    }
  }
  return derived;
}
