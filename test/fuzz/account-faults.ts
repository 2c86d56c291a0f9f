/** Holds the account of a release against the record: each item once, each key for its reason. */
import type { Minimised } from '#src/minimise/minimise.ts';
import type { Finding } from './oracle.ts';
import type { Reading, UnknownReason } from './reading.ts';
import type { ContractRules } from './rules.ts';

type ReleasedOutcome = Extract<Minimised, { outcome: 'released' }>;

const DIGITS_MAX = 5;

/** @param input.unknown every unknown key that this contract's account has to count */
export function accountFaults(
  input: {
    contract: ContractRules;
    reading: Reading;
    travels: ReadonlySet<string>;
    unknown: ReadonlyMap<string, UnknownReason>;
  },
  outcome: ReleasedOutcome,
): Finding[] {
  const wrong = new Set<string>();
  const { contract, reading, travels } = input;
  const { released, withheld, ledgerWithheld, rules } = outcome;
  checkTravelling(input, released, wrong);
  const isMasked = outcome.masked.length > 0;
  if (rules.length !== released.derived.length + (isMasked ? 1 : 0)) wrong.add('rules');

  const expected = expectedWithheld(contract, reading, travels);
  let items = 0;
  let placeholders = 0;
  for (const { item, reason, count } of ledgerWithheld) {
    if (reason === 'UNKNOWN_ITEM' || reason === 'NEVER_SHARED') {
      placeholders += 1;
      if (item !== reason || count !== countOf(input.unknown, reason)) wrong.add(reason);
    } else {
      items += 1;
      if (expected.get(item) !== reason) wrong.add(reason);
    }
  }
  if (items !== expected.size) wrong.add('withheld');
  const kinds = new Set(input.unknown.values()).size;
  if (placeholders !== kinds) wrong.add('unknown keys');
  checkReply(input.unknown, withheld.slice(items), wrong);
  for (let at = 0; at < items; at += 1) {
    const isSame = withheld[at]?.item === ledgerWithheld[at]?.item;
    if (!isSame || withheld[at]?.reason !== ledgerWithheld[at]?.reason) wrong.add('reply');
  }
  return [...wrong].map((path) => ({ kind: 'ACCOUNT', path }));
}

function checkTravelling(
  { contract, reading, travels }: Parameters<typeof accountFaults>[0],
  released: ReleasedOutcome['released'],
  wrong: Set<string>,
): void {
  const isDerived = (code: string) =>
    contract.dictionary.items.get(code)?.isDerivable === true && reading.derived.has(code);
  for (const code of released.derived) {
    if (!travels.has(code) || !isDerived(code)) wrong.add('derived');
  }
  for (const code of released.released) {
    if (!travels.has(code) || isDerived(code)) wrong.add('released');
  }
  const told = new Set([...released.released, ...released.derived]);
  const isOnce = told.size === released.released.length + released.derived.length;
  if (!isOnce || told.size !== travels.size) wrong.add('released');
}

function expectedWithheld(
  contract: ContractRules,
  reading: Reading,
  travels: ReadonlySet<string>,
): Map<string, string> {
  const expected = new Map<string, string>();
  const found = [...reading.items.keys(), ...(reading.tests?.codes ?? [])];
  for (const code of found) {
    if (!contract.listed.has(code)) expected.set(code, 'NOT_IN_CONTRACT');
    else if (!contract.releasable.has(code)) expected.set(code, 'NO_LEGAL_BASIS');
  }
  for (const code of contract.listed.keys()) {
    if (!travels.has(code) && !expected.has(code)) expected.set(code, 'ABSENT');
  }
  return expected;
}

/** The direct reply names keys, but none that could be a person's number. */
function checkReply(
  unknown: ReadonlyMap<string, UnknownReason>,
  told: ReleasedOutcome['withheld'],
  wrong: Set<string>,
): void {
  const counts = { UNKNOWN_ITEM: 0, NEVER_SHARED: 0 };
  for (const { item, reason, count } of told) {
    if (reason !== 'UNKNOWN_ITEM' && reason !== 'NEVER_SHARED') {
      wrong.add('reply');
      continue;
    }
    counts[reason] += count ?? 1;
    if (count !== undefined) continue;
    const isTellable = (item.match(/\p{N}/gu)?.length ?? 0) <= DIGITS_MAX;
    if (unknown.get(item) !== reason || !isTellable) wrong.add('reply');
  }
  for (const reason of ['UNKNOWN_ITEM', 'NEVER_SHARED'] as const) {
    if (counts[reason] !== countOf(unknown, reason)) wrong.add('reply');
  }
}

function countOf(unknown: ReadonlyMap<string, UnknownReason>, reason: UnknownReason): number {
  let count = 0;
  for (const each of unknown.values()) if (each === reason) count += 1;
  return count;
}
