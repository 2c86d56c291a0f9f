/** Derives what a contract lists and a record implies, and holds it against what was submitted. */
import { noteUnknownKey } from './account.ts';
import { calendarRule } from './checks.ts';
import type { DerivationRule } from './derivation-rules.ts';
import { judge, type CompiledItem, type Verdict } from './dictionary.ts';
import { findingsOf } from './problems.ts';
import type { Taken } from './take.ts';

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

/**
 * Validates sources that are not listed themselves, and says which derivations go on. Where the
 * contract cannot do without the derived item, a fault of its source is a finding. Where it can,
 * the item being optional or submitted, a source that cannot be read (a masked registration
 * number) is as good as none: nobody asked for it, so nobody is refused for it.
 */
export function judgeSources(
  taken: Taken,
  derivations: readonly Derivation[],
  today: string,
): Derivation[] {
  const unlisted = new Map<string, SourceVerdict>();
  for (const code of new Set(derivations.flatMap(({ sources }) => sources))) {
    const item = taken.side.dictionary.items.get(code);
    const isJudged = taken.side.listed.get(code)?.isReleasable === true;
    if (item && !isJudged) unlisted.set(code, judgeSource(taken, item, today));
  }
  const going = derivations.filter(({ code, sources }) => {
    const isSound = sources.every((source) => unlisted.get(source)?.isSound !== false);
    return isSound || !isDispensable(taken, code);
  });
  const needed = new Set(going.flatMap(({ sources }) => sources));
  for (const [code, { verdict }] of unlisted) {
    if (!needed.has(code)) continue;
    if ('findings' in verdict) taken.findings.push(...verdict.findings);
    else taken.valid.set(code, verdict.value);
  }
  return going;
}

interface SourceVerdict {
  verdict: Verdict;
  /** Fits its schema, and the calendar has nothing against it. */
  isSound: boolean;
}

function judgeSource(taken: Taken, item: CompiledItem, today: string): SourceVerdict {
  const { side, found, account } = taken;
  const pointer = `/${side.root}/${item.code}`;
  const verdict = judge(item, found.get(item.code), pointer, (path, key) =>
    noteUnknownKey(account, side, path, key),
  );
  const isFaulty = 'findings' in verdict || calendarRule(taken, item.code, today) !== undefined;
  return { verdict, isSound: !isFaulty };
}

/** True where the record can go without deriving the item. */
function isDispensable({ side, valid }: Taken, code: string): boolean {
  return side.listed.get(code)?.required !== true || valid.has(code);
}

/**
 * The derived values, by code. A derivation from a faulty source is left out; one that differs
 * from what was submitted becomes a finding, and so does one that its own schema refuses, unless
 * the record can go without it and nothing that was asked for is at fault.
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
      const isAskedFor = sources.some((source) => side.listed.get(source)?.isReleasable);
      if (!isAskedFor && isDispensable(taken, code)) continue;
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
