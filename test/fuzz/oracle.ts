/**
 * Judges what minimising made of a record, without its code: from the contract files and the
 * record alone it works out the one text that may leave, and holds bytes, account and commitment
 * against it. Bytes that are that text, letter for letter, hold no withheld value anywhere but
 * inside a released text, and those are searched.
 */
import { hash } from 'node:crypto';
import type { Minimised } from '#src/minimise/minimise.ts';
import { findLeaks, isReleasedAnyway, type Leak } from './leaks.ts';
import type { JsonObject, SubjectOfRecord } from './realistic.ts';
import { causesToRefuse } from './causes.ts';
import { NUMBER, readingFor, readRecord } from './reading.ts';
import type { ReadItem, Reading, UnknownReason } from './reading.ts';
import type { ContractRules, DictionaryRules, RuleBook } from './rules.ts';
import { differenceOf } from './difference.ts';
import { accountFaults } from './account-faults.ts';

export type FindingKind =
  | 'UNCONTRACTED'
  | 'CHANGED'
  | 'LOST'
  | 'VALUE_IN_TEXT'
  | 'SHOULD_BE_REFUSED'
  | 'REFUSED_WITHOUT_CAUSE'
  | 'ACCOUNT'
  | 'COMMITMENT'
  | 'TELLS_A_VALUE'
  | 'RECORD_CHANGED'
  | 'THROWN';

/** What is wrong, and where: known keys only, never a value. */
export interface Finding {
  kind: FindingKind;
  path: string;
}

/** One record as all contracts are judged by. */
export interface Case {
  record: JsonObject;
  today: string;
  salt: Uint8Array;
  /** Nothing in it is a reason to refuse, but for a value in a text. */
  isBenign: boolean;
}

/** Begins every value that the generator puts under keys that may never leave. */
export const STRANGE = 'QZstrange';

interface Known {
  reading: Reading;
  leaks: Leak[];
  testTexts: Map<string, string>;
}

/** Judges all decisions about one record; what it reads of the record, it reads once. */
export function judgeOf(book: RuleBook, one: Case) {
  const known = new Map<DictionaryRules, Known>();
  const knownBy = (rules: DictionaryRules): Known => {
    const before = known.get(rules);
    if (before) return before;
    const reading = readRecord(rules, one.record, one.today);
    const made = { reading, leaks: findLeaks(rules, reading), testTexts: new Map() };
    known.set(rules, made);
    return made;
  };
  return (contract: ContractRules, subject: SubjectOfRecord, outcome: Minimised): Finding[] => {
    const all = knownBy(contract.dictionary);
    const reading = readingFor(all.reading, contract.listed, one.today);
    const input = { book, contract, subject, case: one, ...all, reading };
    if (outcome.outcome === 'refused') return refusalFaults(input, outcome);
    return releaseFaults(input, outcome);
  };
}

interface Input extends Known {
  book: RuleBook;
  contract: ContractRules;
  subject: SubjectOfRecord;
  case: Case;
}

type ReleasedOutcome = Extract<Minimised, { outcome: 'released' }>;
type RefusedOutcome = Exclude<Minimised, ReleasedOutcome>;

function releaseFaults(input: Input, outcome: ReleasedOutcome): Finding[] {
  const { contract, reading } = input;
  const { released } = outcome;
  const faults: Finding[] = [];
  const bytes = released.canonical();
  const text = bytes.toString('utf8');
  const travels = new Set<string>();
  const expected = expectedText(input, travels);
  if (text !== expected) faults.push(...differenceOf(input.book, contract, text, expected));
  if (text.includes(STRANGE)) faults.push({ kind: 'UNCONTRACTED', path: '*' });
  for (const path of causesToRefuse(input, travels)) {
    faults.push({ kind: 'SHOULD_BE_REFUSED', path });
  }
  for (const leak of leaksIn(input, text === expected ? undefined : text)) {
    const { item = NUMBER, within, path } = leak;
    // of a number that is nobody's, only a contract that names no such number can say anything
    const isNamed = leak.item === undefined ? contract.releasable.has(NUMBER) : travels.has(item);
    if (!travels.has(within) || isNamed || isReleasedAnyway(leak, reading, travels)) continue;
    faults.push({ kind: 'VALUE_IN_TEXT', path: `${item} in ${path}` });
  }
  const digest = hash('sha256', Buffer.concat([input.case.salt, bytes]), 'hex');
  const isCommitted =
    digest === released.commitment.toString('hex') && released.salt.equals(input.case.salt);
  if (!isCommitted) faults.push({ kind: 'COMMITMENT', path: '' });
  if (released.contract !== contract.id) faults.push({ kind: 'ACCOUNT', path: 'contract' });
  faults.push(...accountFaults({ contract, reading, travels, unknown: unknownOf(input) }, outcome));
  return faults;
}

/** What is left to find in the texts: of masked ones, those that leave. */
function leaksIn({ contract, case: one, leaks }: Input, masked: string | undefined): Leak[] {
  if (!contract.isMasking || masked === undefined) return leaks;
  const record = { ...one.record, ...(JSON.parse(masked) as JsonObject) };
  return findLeaks(contract.dictionary, readRecord(contract.dictionary, record, one.today));
}

/** The RFC 8785 text that this contract makes of the record; notes the codes that travel. */
function expectedText(input: Input, travels: Set<string>): string {
  const { contract, reading } = input;
  let text = '';
  for (const member of contract.members) {
    const value = member === 'tests' ? testsText(input) : itemText(input, member);
    if (value === undefined) continue;
    if (member !== 'tests') travels.add(member);
    text += `${text === '' ? '' : ','}"${member}":${value}`;
  }
  for (const element of reading.tests?.elements ?? []) {
    for (const code of contract.tests) if (isThere(contract, element.get(code))) travels.add(code);
  }
  return `{${text}}`;
}

function itemText({ contract, reading }: Input, code: string): string | undefined {
  if (contract.dictionary.items.get(code)?.isDerivable) {
    const derived = reading.derived.get(code);
    if (derived !== undefined) return JSON.stringify(derived);
  }
  const item = reading.items.get(code);
  return isThere(contract, item) ? item.text : undefined;
}

/** An optional object of which nothing is known counts as absent. */
function isThere(contract: ContractRules, item: ReadItem | undefined): item is ReadItem {
  return item !== undefined && !(item.isEmptied && contract.listed.get(item.code) === false);
}

function testsText({ contract, reading, testTexts }: Input): string | undefined {
  const key = contract.tests.join();
  let text = testTexts.get(key);
  if (text === undefined) {
    const elements = (reading.tests?.elements ?? []).map((element) => {
      const codes = contract.tests.filter((code) => isThere(contract, element.get(code)));
      return codes.map((code) => `"${code}":${element.get(code)!.text}`).join();
    });
    text = elements
      .filter((element) => element !== '')
      .map((element) => `{${element}}`)
      .join();
    testTexts.set(key, text);
  }
  return text === '' ? undefined : `[${text}]`;
}

/** Unknown keys that this contract's account has to tell: those inside what it looks into, too. */
function unknownOf({ contract, reading }: Input): ReadonlyMap<string, UnknownReason> {
  let all: Map<string, UnknownReason> | undefined;
  for (const code of contract.members) {
    const inside = reading.items.get(code)?.unknown;
    if (!inside || inside.size === 0) continue;
    all ??= new Map(reading.unknown);
    for (const [path, reason] of inside) all.set(path, reason);
  }
  const isTestsUnknown = reading.tests?.isMalformed === true && contract.tests.length === 0;
  if (isTestsUnknown) all = new Map(all ?? reading.unknown).set('tests', 'UNKNOWN_ITEM');
  return all ?? reading.unknown;
}

function refusalFaults({ book, contract, case: one }: Input, outcome: RefusedOutcome): Finding[] {
  const faults: Finding[] = [];
  for (const { pointer } of outcome.problems) {
    const isTold = pointer
      .split('/')
      .slice(1)
      .every((part) => book.segments.has(part) || /^\d{1,4}$/.test(part));
    if (!isTold) faults.push({ kind: 'TELLS_A_VALUE', path: 'problems' });
  }
  const isCode = (code: string) => contract.dictionary.items.has(code);
  if (!outcome.items.every(isCode)) faults.push({ kind: 'TELLS_A_VALUE', path: 'items' });
  if (one.isBenign && outcome.reason !== 'UNCONTRACTED_VALUE_IN_TEXT') {
    faults.push({ kind: 'REFUSED_WITHOUT_CAUSE', path: outcome.problems[0]?.pointer ?? '' });
  }
  return faults;
}
