/**
 * Invented people: names from syllables, numbers that were given to nobody, the same for one seed.
 */

/** A number from 0 up to 1. */
export type Random = () => number;

export interface Person {
  name: string;
  gender: 'M' | 'F';
  /** `YYYY-MM-DD`. */
  birthDate: string;
  residentRegistrationNumber: string;
  mobile: string;
  otherMobile: string;
  landline: string;
  fax: string;
  address: { zip: string; line1: string; line2: string };
}

const surnames = [...'김이박최정강조윤장임한오서신권황안송류홍'];
const first = [...'가나다라서지하도시유윤은예태준민수현채아'];
const second = [...'온람솔빛별샘결찬율린우진연호원담슬봄늘한'];
const cities = ['서울특별시 중구', '부산광역시 수영구', '대전광역시 서구', '광주광역시 동구'];
const streets = ['가온로', '누리길', '다솜로', '마루길', '보람로', '새별길', '아람로', '한빛길'];

/**
 * A generator for one seed and one position: mulberry32, which is small and good enough for play.
 */
export function seeded(seed: number, position: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(position + 1, 0x85ebca6b)) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `min` to `max`, both included. */
export function between(random: Random, min: number, max: number): number {
  return min + Math.floor(random() * (max - min + 1));
}

/** One of a list that is not empty. */
export function oneOf<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!;
}

/** That many digits, zeros in front. */
export function digits(value: number, count: number): string {
  return String(value).padStart(count, '0');
}

export function nameOf(random: Random): string {
  return oneOf(random, surnames) + oneOf(random, first) + oneOf(random, second);
}

/** An adult, invented. */
export function personOf(random: Random): Person {
  const gender = oneOf(random, ['M', 'F'] as const);
  const year = between(random, 1940, 2006);
  const born = new Date(Date.UTC(year, between(random, 0, 11), between(random, 1, 31)));
  const birthDate = born.toISOString().slice(0, 10);
  const number = between(random, 0, 9_998);
  // 010-0000 and 02-000 are numbers that no subscriber has.
  return {
    name: nameOf(random),
    gender,
    birthDate,
    residentRegistrationNumber: registrationNumber(birthDate, gender, random),
    mobile: `010-0000-${digits(number, 4)}`,
    otherMobile: `010-0000-${digits(number + 1, 4)}`,
    landline: `02-000-${digits(between(random, 0, 4_999), 4)}`,
    fax: `02-000-${digits(between(random, 5_000, 9_999), 4)}`,
    address: {
      zip: digits(between(random, 1_000, 63_000), 5),
      line1: `${oneOf(random, cities)} ${oneOf(random, streets)} ${between(random, 1, 300)}`,
      line2: `${between(random, 101, 2_504)}호`,
    },
  };
}

const weights = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];

/** Of the right shape and date, with a check digit that does not hold: nobody was born with it. */
function registrationNumber(birthDate: string, gender: 'M' | 'F', random: Random): string {
  const century = (birthDate < '2000' ? 1 : 3) + (gender === 'F' ? 1 : 0);
  const day = birthDate.slice(2).replaceAll('-', '');
  const twelve = `${day}${century}${digits(between(random, 0, 99_999), 5)}`;
  const sum = weights.reduce((total, weight, at) => total + weight * Number(twelve[at]), 0);
  const wrong = (11 - (sum % 11) + between(random, 1, 9)) % 10;
  return `${twelve.slice(0, 6)}-${twelve.slice(6)}${wrong}`;
}
