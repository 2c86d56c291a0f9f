/** Invented people: what a clinic knows of a person, each fact in agreement with the others. */
import { between, chance, digits, pick, type Random } from './random.ts';

/** The day on which all of them are patients, in Seoul. */
export const FUZZ_TODAY = '2026-03-10';

export interface Person {
  name: string;
  gender: 'M' | 'F';
  birthDate: string;
  residentRegistrationNumber: string;
  phone: string;
  landline: string;
  email: string;
  address: { zip: string; line1: string; line2?: string };
}

const FAMILIES = [
  ...'김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허남심노하곽성차주우구',
];
const GIVEN = [...'가나다라마바사아자차카타파하온솔빛결봄별샘윤슬든찬들새누리해담율겸'];
const PLACES = [
  '서울특별시 중구',
  '부산광역시 해운대구',
  '경기도 성남시 분당구',
  '전라남도 여수시',
];
const STREETS = [
  '가온로',
  '나래길',
  '다솜대로',
  '라온로',
  '마루길',
  '바른로',
  '새벽달길',
  '아람로',
];
const WEIGHTS = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Someone born in the given years, both included, at the latest in 2025. */
export function person(random: Random, bornFrom = 1928, bornUntil = 2025): Person {
  const gender = chance(random, 0.5) ? 'M' : 'F';
  const birthDate = day(random, bornFrom, bornUntil);
  return {
    name: koreanName(random),
    gender,
    birthDate,
    residentRegistrationNumber: registrationNumber(random, birthDate, gender),
    phone: mobilePhone(random),
    landline: landline(random),
    email: `${pick(random, ['user', 'hello', 'my.mail', 'w'])}${digits(random, 6)}@mail.invalid`,
    address: address(random),
  };
}

export function koreanName(random: Random): string {
  return pick(random, FAMILIES) + pick(random, GIVEN) + pick(random, GIVEN);
}

/** A day that exists, `YYYY-MM-DD`. */
export function day(random: Random, yearMin: number, yearMax: number): string {
  const year = between(random, yearMin, yearMax);
  const month = between(random, 1, 12);
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const last = MONTH_DAYS[month - 1]! + (isLeap && month === 2 ? 1 : 0);
  return `${year}-${two(month)}-${two(between(random, 1, last))}`;
}

/** A day of the ten weeks before the day of the run. */
export function recentDay(random: Random): string {
  const month = between(random, 1, 3);
  return `2026-${two(month)}-${two(between(random, 1, month === 3 ? 10 : MONTH_DAYS[month - 1]!))}`;
}

/** As given until 2020, with a check digit, or as given since, without; one in twenty foreign. */
export function registrationNumber(random: Random, birthDate: string, gender: 'M' | 'F'): string {
  const isForeign = chance(random, 0.05);
  const first = birthDate < '2000' ? (isForeign ? 5 : 1) : isForeign ? 7 : 3;
  const born = birthDate.slice(2, 4) + birthDate.slice(5, 7) + birthDate.slice(8);
  const head = `${born}${first + (gender === 'F' ? 1 : 0)}${digits(random, 5)}`;
  const last = chance(random, 0.7) ? checkDigit(head, isForeign) : between(random, 0, 9);
  const hyphen = chance(random, 0.8) ? '-' : '';
  return `${head.slice(0, 6)}${hyphen}${head.slice(6)}${last}`;
}

/** Written in one of the ways in which people write it. */
export function mobilePhone(random: Random): string {
  // 010-0 and 010-1 are given to nobody
  const middle = `${between(random, 0, 1)}${digits(random, 3)}`;
  const last = digits(random, 4);
  const way = random();
  if (way < 0.6) return `010-${middle}-${last}`;
  if (way < 0.85) return `010${middle}${last}`;
  if (way < 0.95) return `+82-10-${middle}-${last}`;
  return `+8210${middle}${last}`;
}

export function landline(random: Random): string {
  const area = pick(random, ['02', '031', '051', '061', '070']);
  const hyphen = chance(random, 0.8) ? '-' : '';
  return `${area}${hyphen}${between(random, 200, 9999)}${hyphen}${digits(random, 4)}`;
}

/** Completed years; born on 29 February counts from 1 March. */
export function ageOn(birthDate: string, on: string): number {
  const years = Number(on.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return on.slice(5) < birthDate.slice(5) ? years - 1 : years;
}

function address(random: Random): Person['address'] {
  const street = `${pick(random, STREETS)} ${between(random, 1, 390)}`;
  const line1 = `${pick(random, PLACES)} ${street}`;
  const zip = digits(random, 5);
  if (chance(random, 0.3)) return { zip, line1 };
  return { zip, line1, line2: `${between(random, 101, 130)}동 ${between(random, 101, 2404)}호` };
}

function checkDigit(head: string, isForeign: boolean): number {
  let sum = 0;
  for (let at = 0; at < 12; at += 1) sum += WEIGHTS[at]! * (head.charCodeAt(at) - 48);
  return (11 - (sum % 11) + (isForeign ? 2 : 0)) % 10;
}

export function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
