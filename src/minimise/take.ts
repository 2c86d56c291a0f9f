/** Takes out of a record what its contract lists, judged and copied, and accounts for the rest. */
import { newAccount, noteUnknownKey, type Account } from './account.ts';
import type { Listed, Side } from './compile.ts';
import { judge, type CompiledItem, type Verdict } from './dictionary.ts';
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

/** Judges one top-level value into `valid` or `findings`, where it is listed. */
function takeItem(taken: Taken, item: CompiledItem, value: unknown): void {
  const { side, account, found, valid, findings } = taken;
  const listed = side.listed.get(item.code);
  if (!listed?.isReleasable) {
    found.set(item.code, value);
    account.found.add(item.code);
    return;
  }
  const verdict = judge(item, value, `/${side.root}/${item.code}`, (path, key) =>
    noteUnknownKey(account, side, path, key),
  );
  if (isEmptied(verdict) && !listed.required) return;
  found.set(item.code, value);
  account.found.add(item.code);
  if ('findings' in verdict) findings.push(...verdict.findings);
  else valid.set(item.code, verdict.value);
}

/**
 * True for a composite value of which nothing is known, and which its schema refuses so: an EMR
 * that has only an e-mail address to give as contact information gave none of this contract's.
 */
function isEmptied(verdict: Verdict): boolean {
  return 'findings' in verdict && verdict.isEmpty;
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
    const listed = side.listed.get(key);
    if (!listed?.isReleasable) {
      account.found.add(key);
      continue;
    }
    const verdict = judge(item, value, `/record/tests/${index}/${key}`, (path, inner) =>
      noteUnknownKey(account, side, `tests[].${path}`, inner),
    );
    if (isEmptied(verdict) && !listed.required) continue;
    account.found.add(key);
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
