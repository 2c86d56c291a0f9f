/** Why a record should not have been released: whose it is, what fits, what agrees. */
import type { JsonObject, SubjectOfRecord } from './realistic.ts';
import { isBirth, NUMBER, readNumber, type ReadItem, type Reading } from './reading.ts';
import type { ContractRules } from './rules.ts';

interface Input {
  contract: ContractRules;
  subject: SubjectOfRecord;
  reading: Reading;
  case: { record: JsonObject; today: string };
}

/** Paths of everything for which this release should have been refused. */
export function causesToRefuse(input: Input, travels: ReadonlySet<string>): string[] {
  const { contract, subject, reading } = input;
  const causes: string[] = [];
  if (subject.kind !== contract.subject) causes.push('subject.kind');
  const named = namedSubject(input);
  const isText = typeof named === 'string';
  const isSame = isText && named.normalize('NFC') === subject.id.normalize('NFC');
  if (named !== undefined && named !== null && !isSame) causes.push('subject.id');
  for (const [code, required] of contract.listed) {
    const isMissing = required && contract.releasable.has(code) && !travels.has(code);
    if (isMissing) causes.push(code);
  }
  for (const code of travels) {
    const item = reading.items.get(code);
    const isSubmitted = item && contract.dictionary.items.get(code)?.at === 'record';
    // what was emptied counts as absent, and what travels then was derived
    if (item?.isEmptied && contract.listed.get(code) === false) continue;
    if (isSubmitted && !item.fits) causes.push(code);
  }
  if (contract.tests.length > 0) causes.push(...testFaults(input));
  causes.push(...factFaults(input, travels));
  return causes;
}

function namedSubject({ contract, case: { record } }: Input): unknown {
  if (contract.subject === 'patient') return record['chartNumber'];
  if (contract.subject === 'practitioner') return record['licenseNumber'];
  if (contract.subject === 'visitor') return undefined;
  const member = record['websiteMemberInformation'];
  const isObject = typeof member === 'object' && member !== null && !Array.isArray(member);
  return isObject ? (member as JsonObject)['memberId'] : undefined;
}

function testFaults({ contract, reading, case: { today } }: Input): string[] {
  const isAbsent = ({ code, isEmptied }: ReadItem) => isEmptied && !contract.listed.get(code);
  const causes: string[] = [];
  if (reading.tests?.isMalformed) causes.push('tests');
  const born = reading.facts.birthDate ?? reading.facts.number?.birthDate;
  for (const element of reading.tests?.elements ?? []) {
    for (const code of contract.tests) {
      const item = element.get(code);
      if (item && !item.fits && !isAbsent(item)) causes.push(`tests[].${code}`);
    }
    const collected = element.get('collectionDate')?.value;
    if (!contract.tests.includes('collectionDate') || typeof collected !== 'string') continue;
    const isBefore = born !== undefined && collected < born;
    if (isBefore || collected > today) causes.push('tests[].collectionDate');
  }
  return causes;
}

function factFaults({ reading, case: { today } }: Input, travels: ReadonlySet<string>): string[] {
  const { facts, items, derived } = reading;
  const causes: string[] = [];
  const given = (code: string) => {
    const item = travels.has(code) ? items.get(code) : undefined;
    return item?.isEmptied ? undefined : item?.value;
  };
  const date = given('date');
  if (typeof date === 'string' && date > today) causes.push('date');
  const birthDate = given('birthDate');
  if (typeof birthDate === 'string' && !isBirth(birthDate, facts, today)) causes.push('birthDate');
  const number = given(NUMBER);
  if (number !== undefined) {
    const read = readNumber(number);
    if (!read || !isBirth(read.birthDate, facts, today)) causes.push(NUMBER);
  }
  const chart = given('chartNumber');
  if (typeof chart === 'string' && /(?<!\d)\d{6}-?\d{7}(?!\d)/.test(chart)) {
    causes.push('chartNumber');
  }
  for (const code of ['birthDate', 'gender'] as const) {
    const says = items.get(code)?.value;
    const concerns = travels.has(code) || travels.has(NUMBER);
    const isKnown =
      code === 'birthDate' ? facts.birthDate !== undefined : /^[MF]$/.test(String(says));
    const disagrees = facts.number !== undefined && isKnown && says !== facts.number[code];
    if (concerns && disagrees) causes.push(code);
  }
  const age = given('age');
  const years = derived.get('age');
  if (age !== undefined && years !== undefined && age !== years) causes.push('age');
  return causes;
}
