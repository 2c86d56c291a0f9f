/** What a schema cannot see: dates against each other, and a person's facts against each other. */
import { isRealDate } from '#src/base/seoul.ts';
import type { FieldRule } from '#src/base/words.ts';
import { NUMBER } from './derivation-rules.ts';
import type { Finding } from './problems.ts';
import {
  looksLikeRegistrationNumber,
  readRegistrationNumber,
  type RegistrationNumber,
} from './registration-number.ts';
import type { Taken } from './take.ts';

const BIRTH_DATE_MIN = '1800-01-01';

/** What the record says of its person, whether listed or not, as far as it can be read. */
interface Person {
  birthDate: string | undefined;
  gender: unknown;
  number: RegistrationNumber | undefined;
}

/**
 * Checks every valid value against the calendar and against what else the record says of the
 * same person. A value that is neither listed nor needed is never at fault; it can only show
 * that a listed one is.
 *
 * @param today the calendar date in Seoul, `YYYY-MM-DD`
 */
export function checkFacts(taken: Taken, today: string): Finding[] {
  const { found, valid } = taken;
  const person: Person = {
    birthDate: topDate(taken, 'birthDate'),
    gender: found.get('gender'),
    number: readRegistrationNumber(found.get(NUMBER)),
  };
  const findings: Finding[] = [];
  const report = (code: string, rule: FieldRule | undefined) => {
    const concerns = rule !== undefined && valid.has(code);
    if (concerns) findings.push({ code, pointer: `/${taken.side.root}/${code}`, rule });
  };
  for (const code of ['date', 'birthDate', NUMBER]) {
    report(code, calendarRule(taken, code, today));
  }
  const chartNumber = valid.get('chartNumber');
  if (typeof chartNumber === 'string' && looksLikeRegistrationNumber(chartNumber)) {
    report('chartNumber', 'looksLikeRegistrationNumber');
  }
  for (const code of disagreements(person)) {
    report(valid.has(code) ? code : NUMBER, 'disagrees');
  }
  return [...findings, ...checkCollection(taken, person, today)];
}

/** True for a valid registration number whose check digit does not hold: a warning, no more. */
export function hasOddChecksum(taken: Taken): boolean {
  return readRegistrationNumber(taken.valid.get(NUMBER))?.checksumHolds === false;
}

/**
 * What the calendar says against the value of one of the items that name a day, as it was found:
 * an order of tomorrow, a person who was not born yet, a registration number without a day.
 */
export function calendarRule(taken: Taken, code: string, today: string): FieldRule | undefined {
  const orderDate = topDate(taken, 'date');
  if (code === 'date')
    return orderDate !== undefined && orderDate > today ? 'inTheFuture' : undefined;
  if (code === 'birthDate') return birthRule(topDate(taken, code), orderDate, today);
  if (code !== NUMBER) return undefined;
  const number = readRegistrationNumber(taken.found.get(code));
  return number ? birthRule(number.birthDate, orderDate, today) : 'notADate';
}

/** A birth is not after the order date; where there is none to go by, not after today. */
function birthRule(
  birthDate: string | undefined,
  orderDate: string | undefined,
  today: string,
): FieldRule | undefined {
  if (birthDate === undefined) return undefined;
  if (birthDate < BIRTH_DATE_MIN) return 'range';
  if (birthDate > today) return orderDate === undefined ? 'inTheFuture' : 'afterOrderDate';
  return orderDate !== undefined && birthDate > orderDate ? 'afterOrderDate' : undefined;
}

function disagreements({ birthDate, gender, number }: Person): string[] {
  if (number === undefined) return [];
  const codes: string[] = [];
  if (birthDate !== undefined && birthDate !== number.birthDate) codes.push('birthDate');
  if ((gender === 'M' || gender === 'F') && gender !== number.gender) codes.push('gender');
  return codes;
}

function checkCollection({ tests }: Taken, person: Person, today: string): Finding[] {
  const born = person.birthDate ?? person.number?.birthDate;
  const findings: Finding[] = [];
  for (const { index, values } of tests) {
    const collected = values['collectionDate'];
    if (typeof collected !== 'string') continue;
    const place = { code: 'collectionDate', pointer: `/record/tests/${index}/collectionDate` };
    if (born !== undefined && collected < born) findings.push({ ...place, rule: 'beforeBirth' });
    if (collected > today) findings.push({ ...place, rule: 'inTheFuture' });
  }
  return findings;
}

/** A top-level date, where it is one: what passed its schema has shown so already. */
function topDate({ found, valid }: Taken, code: string): string | undefined {
  const value = found.get(code);
  if (typeof value !== 'string') return undefined;
  return valid.has(code) || isRealDate(value) ? value : undefined;
}
