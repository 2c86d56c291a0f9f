/** Takes out of a record what its contract lists, judged and copied, and accounts for the rest. */
import { newAccount, noteUnknownKey, type Account } from './account.ts';
import type { Listed, Side } from './compile.ts';
import { judge, type CompiledItem } from './dictionary.ts';
import type { Finding } from './problems.ts';
import { isObject } from './shape.ts';

/** Elements of `tests[]` in one record. */
const TESTS_MAX = 500;

/** What is left of one element of `tests[]`, and where it stood. */
export interface TakenTest {
  index: number;
  values: Record<string, unknown>;
}

/** A record, sorted. */
export interface Taken {
  side: Side;
  /** Values of top-level dictionary items as they came, listed or not. Never sent. */
  found: Map<string, unknown>;
  /** Copies that passed their schema, by code: listed items, and later sources of derived ones. */
  valid: Map<string, unknown>;
  tests: TakenTest[];
  findings: Finding[];
  account: Account;
}

/**
 * Reads each member of a record once. A member that is null counts as absent. Values of items
 * that are not listed are noted by their code and not looked into.
 */
export function take(side: Side, source: Readonly<Record<string, unknown>>): Taken {
  const taken: Taken = {
    side,
    found: new Map(),
    valid: new Map(),
    tests: [],
    findings: [],
    account: newAccount(),
  };
  for (const key of Object.keys(source)) {
    const value = source[key];
    if (value === null || value === undefined) continue;
    const item = side.dictionary.items.get(key);
    if (item && item.at !== 'tests') takeItem(taken, item, value);
    else if (key === 'tests' && side.root === 'record') takeTests(taken, value);
    else noteUnknownKey(taken.account, side, '', key);
  }
  return taken;
}

/** Judges one top-level value into `valid` or `findings`. */
export function judgeInto(taken: Taken, item: CompiledItem, value: unknown): void {
  const verdict = judge(item, value, `/${taken.side.root}/${item.code}`, (path, key) =>
    noteUnknownKey(taken.account, taken.side, path, key),
  );
  if ('findings' in verdict) taken.findings.push(...verdict.findings);
  else taken.valid.set(item.code, verdict.value);
}

function takeItem(taken: Taken, item: CompiledItem, value: unknown): void {
  taken.found.set(item.code, value);
  taken.account.found.add(item.code);
  if (taken.side.listed.get(item.code)?.isReleasable) judgeInto(taken, item, value);
}

function takeTests(taken: Taken, value: unknown): void {
  if (!Array.isArray(value)) return refuseTests(taken, '', 'type');
  if (value.length > TESTS_MAX) return refuseTests(taken, '', 'length');
  for (const [index, element] of (value as unknown[]).entries()) {
    if (!isObject(element)) refuseTests(taken, `/${index}`, 'type');
    else takeTest(taken, index, element);
  }
}

/** Filters inside one element of `tests[]`; an element with nothing left is dropped. */
function takeTest(taken: Taken, index: number, element: Record<string, unknown>): void {
  const { side, account, findings } = taken;
  const values: Record<string, unknown> = {};
  let isEmpty = true;
  for (const key of Object.keys(element)) {
    const value = element[key];
    if (value === null || value === undefined) continue;
    const item = side.dictionary.items.get(key);
    if (item?.at !== 'tests') {
      noteUnknownKey(account, side, 'tests[]', key);
      continue;
    }
    account.found.add(key);
    if (!side.listed.get(key)?.isReleasable) continue;
    const verdict = judge(item, value, `/record/tests/${index}/${key}`, (path, inner) =>
      noteUnknownKey(account, side, `tests[].${path}`, inner),
    );
    isEmpty = false;
    if ('findings' in verdict) findings.push(...verdict.findings);
    else values[key] = verdict.value;
  }
  if (!isEmpty) taken.tests.push({ index, values });
}

/** `tests` that cannot be read is wrong where the contract lists something in it, else unknown. */
function refuseTests(taken: Taken, at: string, rule: 'type' | 'length'): void {
  const wanted = [...taken.side.listed.values()].filter(isWantedTest);
  for (const { item } of wanted) {
    taken.findings.push({ code: item.code, pointer: `/record/tests${at}`, rule });
  }
  if (wanted.length === 0) noteUnknownKey(taken.account, taken.side, '', 'tests');
}

function isWantedTest({ item, isReleasable }: Listed): boolean {
  return item.at === 'tests' && isReleasable;
}
