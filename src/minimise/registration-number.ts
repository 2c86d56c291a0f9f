/** Resident registration numbers: what they say of a person, and where they hide. */
import { isRealDate } from '#src/base/seoul.ts';

/** What a registration number says. The two facts travel only where a contract lists them. */
export interface RegistrationNumber {
  /** `YYYY-MM-DD`, a day that exists. */
  birthDate: string;
  gender: 'M' | 'F';
  /** False for many numbers given since October 2020, whose last digits are random: warn only. */
  checksumHolds: boolean;
}

/** Century by the seventh digit: 9 and 0 born in 18xx, 1 2 5 6 in 19xx, 3 4 7 8 in 20xx. */
const CENTURIES = ['18', '19', '19', '20', '20', '19', '19', '20', '20', '18'] as const;
const WEIGHTS = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5] as const;
const DIGITS = 13;

/** Reads a registration number, `undefined` unless it has the form and its day exists. */
export function readRegistrationNumber(text: unknown): RegistrationNumber | undefined {
  if (typeof text !== 'string' || !/^\d{6}-?\d{7}$/.test(text)) return undefined;
  const digits = text.length === DIGITS ? text : text.slice(0, 6) + text.slice(7);
  const birthDate = birthDateIn(digits);
  if (!isRealDate(birthDate)) return undefined;
  return {
    birthDate,
    gender: Number(digits[6]) % 2 === 1 ? 'M' : 'F',
    checksumHolds: checkDigit(digits) === Number(digits[12]),
  };
}

/**
 * True when a chart number holds what may be a registration number: thirteen digits written as
 * one, or any run of thirteen, hyphens left aside, that begins with a day that exists.
 */
export function looksLikeRegistrationNumber(text: string): boolean {
  if (/(?<!\d)\d{6}-?\d{7}(?!\d)/.test(text)) return true;
  for (const [run] of text.replaceAll('-', '').matchAll(/\d{13,}/g)) {
    for (let start = 0; start + DIGITS <= run.length; start += 1) {
      if (isRealDate(birthDateIn(run.slice(start, start + DIGITS)))) return true;
    }
  }
  return false;
}

/**
 * The births that the front of a number says, whatever is masked behind it: both centuries where
 * the seventh digit is not there. Days that do not exist are left out.
 */
export function birthDatesOfFront(digits: string): string[] {
  if (digits.length < 6) return [];
  const front = digits.slice(0, 6);
  const candidates = digits.length > 6 ? [digits] : [`${front}1`, `${front}3`];
  return candidates.map(birthDateIn).filter(isRealDate);
}

function birthDateIn(digits: string): string {
  const century = CENTURIES[Number(digits[6])] ?? '';
  return `${century}${digits.slice(0, 2)}-${digits.slice(2, 4)}-${digits.slice(4, 6)}`;
}

/** Weights 2-9, 2-5 and 11; foreigners' numbers (seventh digit 5 to 8) are two further on. */
function checkDigit(digits: string): number {
  let sum = 0;
  for (let at = 0; at < WEIGHTS.length; at += 1) sum += WEIGHTS[at]! * (digits.charCodeAt(at) - 48);
  const isForeign = digits[6]! >= '5' && digits[6]! <= '8';
  return (11 - (sum % 11) + (isForeign ? 2 : 0)) % 10;
}
