/** The named, versioned rules by which an item may be derived. Rules are only ever added. */
import { completedYears } from '#src/base/seoul.ts';
import { readRegistrationNumber } from './registration-number.ts';

/** A rule for one item. It reads validated sources only, and its values travel only if listed. */
export interface DerivationRule {
  name: string;
  /** The dictionary code that it makes. */
  code: string;
  /** The sources it would read of what was found, `undefined` when it does not apply. */
  sources: (found: ReadonlyMap<string, unknown>) => readonly string[] | undefined;
  /** Requires: every source valid, and no birth after the order. */
  derive: (valid: ReadonlyMap<string, unknown>) => unknown;
}

export const NUMBER = 'residentRegistrationNumber';

/** Completed years at the order date, also where an age was submitted: the two must agree. */
const age1: DerivationRule = {
  name: 'age@1',
  code: 'age',
  sources: (found) => {
    if (!found.has('date')) return undefined;
    if (found.has('birthDate')) return ['birthDate', 'date'];
    return found.has(NUMBER) ? [NUMBER, 'date'] : undefined;
  },
  derive: (valid) => {
    const born = valid.get('birthDate') ?? readRegistrationNumber(valid.get(NUMBER))?.birthDate;
    return completedYears(born as string, valid.get('date') as string);
  },
};

const birthDate1: DerivationRule = {
  name: 'birthDate@1',
  code: 'birthDate',
  sources: (found) => fromNumberUnlessSubmitted(found, 'birthDate'),
  derive: (valid) => readRegistrationNumber(valid.get(NUMBER))?.birthDate,
};

const gender1: DerivationRule = {
  name: 'gender@1',
  code: 'gender',
  sources: (found) => fromNumberUnlessSubmitted(found, 'gender'),
  derive: (valid) => readRegistrationNumber(valid.get(NUMBER))?.gender,
};

/** Every rule that a dictionary may name. */
export const DERIVATION_RULES: ReadonlyMap<string, DerivationRule> = new Map(
  [age1, birthDate1, gender1].map((rule) => [rule.name, rule]),
);

function fromNumberUnlessSubmitted(found: ReadonlyMap<string, unknown>, code: string) {
  return !found.has(code) && found.has(NUMBER) ? [NUMBER] : undefined;
}
