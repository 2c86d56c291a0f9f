/**
 * Every way in which a contract's rules can read a record, without a check that could refuse one:
 * what was released once stays recomputable, whatever is refused since.
 */
import { canonicalBytes } from '#src/base/canonical.ts';
import type { Listed, Plan, Side } from './compile.ts';
import type { DerivationRule } from './derivation-rules.ts';
import { isObject, shaped, type Shape } from './shape.ts';
import type { TakenTest } from './take.ts';
import { guardText, TEXT_MASK, type TextGuard } from './text-guard.ts';

/** One way: the bytes, and what made them. Codes stand in the contract's order. */
export interface Reading {
  /** The RFC 8785 bytes. */
  canonical: Buffer;
  released: string[];
  derived: string[];
  /** The rules that derived, such as `age@1`, and the one that masked. */
  rules: string[];
}

/** What may stand for one item, and by which rule. A value that is undefined does not travel. */
interface Choice {
  code: string;
  value: unknown;
  rule?: DerivationRule;
}

/**
 * Three items can be derived today, in one way each, six can come emptied, and cookies can name a
 * secret: 1024 ways.
 */
const READINGS_MAX = 4096;

/**
 * The readings of a record, that of the first applicable rules first; where the contract masks
 * texts, each of them as it is and masked. Undefined where there are too many to try.
 */
export function readingsOf(
  { outbound: side, guard }: Plan,
  record: Readonly<Record<string, unknown>>,
): Iterable<Reading> | undefined {
  const found = new Map<string, unknown>();
  const values = new Map<string, unknown>();
  for (const { code, at, shape } of side.dictionary.items.values()) {
    const value = ownValue(record, code);
    if (at === 'tests' || value === undefined) continue;
    found.set(code, value);
    values.set(code, copyOf(shape, value));
  }
  const choices = [...side.listed]
    .filter(([, { item, isReleasable }]) => isReleasable && item.at === 'record')
    .map(([code, listed]) => choicesFor(code, listed, { found, values }));
  const count = choices.reduce((total, { length }) => total * length, 1);
  if (count > READINGS_MAX) return undefined;
  const mask = guard?.onMatch === 'mask' ? guard : undefined;
  return allReadings({ side, mask, found, tests: testsIn(side, record) }, choices, count);
}

/** What all readings of one record have in common. */
interface Common {
  side: Side;
  mask: TextGuard | undefined;
  found: ReadonlyMap<string, unknown>;
  tests: readonly TakenTest[];
}

function* allReadings(
  common: Common,
  choices: readonly (readonly Choice[])[],
  count: number,
): Generator<Reading> {
  for (let at = 0; at < count; at += 1) {
    const chosen = new Map<string, Choice>();
    let rest = at;
    for (const ways of choices) {
      const choice = ways[rest % ways.length]!;
      rest = Math.floor(rest / ways.length);
      if (choice.value !== undefined) chosen.set(choice.code, choice);
    }
    yield* readingsBy(common, chosen);
  }
}

/** None where the values have no canonical form: such a record was never released. */
function* readingsBy(common: Common, chosen: ReadonlyMap<string, Choice>): Generator<Reading> {
  const { side, mask, found } = common;
  const travelling = [...side.listed.keys()].filter(
    (code) => chosen.has(code) || common.tests.some(({ values }) => Object.hasOwn(values, code)),
  );
  const isDerived = (code: string) => chosen.get(code)?.rule !== undefined;
  const derived = travelling.filter(isDerived);
  const released = travelling.filter((code) => !isDerived(code));
  const rules = derived.map((code) => chosen.get(code)!.rule!.name);
  const payload: Record<string, unknown> = {};
  for (const { code, value } of chosen.values()) payload[code] = value;
  if (common.tests.length > 0) payload['tests'] = common.tests.map(({ values }) => values);
  let canonical: Buffer;
  try {
    canonical = canonicalBytes(payload);
  } catch {
    return;
  }
  yield { canonical, released, derived, rules };
  if (!mask) return;
  // masking writes into what it is given
  const copy = JSON.parse(canonical.toString('utf8')) as Record<string, unknown>;
  const elements = (copy['tests'] ?? []) as Record<string, unknown>[];
  const tests = elements.map((values, at) => ({ index: common.tests[at]!.index, values }));
  const guarded = guardText(mask, { side, found, payload: copy, tests });
  if ('findings' in guarded || guarded.masked.length === 0) return;
  yield { canonical: canonicalBytes(copy), released, derived, rules: [...rules, TEXT_MASK] };
}

interface Found {
  /** As they came. */
  found: ReadonlyMap<string, unknown>;
  /** Copied as they would travel. */
  values: ReadonlyMap<string, unknown>;
}

/**
 * Derived by each rule that applies, or as submitted; emptied composites may be left out. Elements
 * that name a secret stay, and left once.
 */
function choicesFor(code: string, { item, rules }: Listed, { found, values }: Found): Choice[] {
  const choices: Choice[] = [];
  for (const rule of rules) {
    if (rule.sources(found) === undefined) continue;
    const value = derivedBy(rule, values);
    if (value !== undefined) choices.push({ code, value, rule });
  }
  const value = values.get(code);
  if (isObject(value) && Object.keys(value).length === 0) {
    choices.push({ code, value: undefined });
  }
  let isNamed = false;
  const left = item.secretsLeft?.(value, () => (isNamed = true));
  if (isNamed) choices.push({ code, value: left });
  choices.push({ code, value });
  return choices;
}

/** Rules expect sound sources; of unsound ones nothing is derived. */
function derivedBy(rule: DerivationRule, values: ReadonlyMap<string, unknown>): unknown {
  try {
    const value = rule.derive(values);
    return Number.isNaN(value) ? undefined : value;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** What is left of `tests[]`: elements without anything that is listed are dropped. */
function testsIn(side: Side, record: Readonly<Record<string, unknown>>): readonly TakenTest[] {
  const tests = ownValue(record, 'tests');
  if (!Array.isArray(tests)) return [];
  return (tests as unknown[]).flatMap((element, index) => {
    if (!isObject(element)) return [];
    const values: Record<string, unknown> = {};
    for (const [code, { item, isReleasable }] of side.listed) {
      const value = ownValue(element, code);
      if (value === undefined || !isReleasable || item.at !== 'tests') continue;
      values[code] = copyOf(item.shape, value);
    }
    return Object.keys(values).length > 0 ? [{ index, values }] : [];
  });
}

/** A member that is null counts as absent. */
function ownValue(holder: Readonly<Record<string, unknown>>, key: string): unknown {
  const value = Object.hasOwn(holder, key) ? holder[key] : undefined;
  return value === null ? undefined : value;
}

function copyOf(shape: Shape, value: unknown): unknown {
  return shaped(shape, value, () => undefined);
}
