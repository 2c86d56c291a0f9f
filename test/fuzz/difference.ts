/** Where two texts of a record differ, told by known keys and never by a value. */
import type { Finding } from './oracle.ts';
import type { ContractRules, RuleBook } from './rules.ts';

/** Findings for bytes that are not the expected ones: the first difference under each item. */
export function differenceOf(
  book: RuleBook,
  contract: ContractRules,
  text: string,
  expected: string,
): Finding[] {
  const [is, should] = [JSON.parse(text) as unknown, JSON.parse(expected) as unknown];
  const isSame = contract.isMasking ? isSameButMasked : Object.is;
  const found = differences({ book, isSame }, is, should, '');
  if (found.length > 0 || JSON.stringify(is) === text) return found;
  // the same values in another form: a repeated key, other escapes
  return [{ kind: 'CHANGED', path: contract.id }];
}

/** Equal, but for asterisks that stand for letters. */
function isSameButMasked(is: unknown, should: unknown): boolean {
  if (typeof is !== 'string' || typeof should !== 'string') return is === should;
  const isOf = (letter: string, at: number) => letter === '*' || letter === should[at];
  return is.length === should.length && is.split('').every(isOf);
}

interface Comparing {
  book: RuleBook;
  isSame: (is: unknown, should: unknown) => boolean;
}

function differences(by: Comparing, is: unknown, should: unknown, path: string): Finding[] {
  if (Array.isArray(is) && Array.isArray(should) && is.length === should.length) {
    return is.flatMap((one, at) => differences(by, one, should[at], `${path}[]`)).slice(0, 1);
  }
  if (isObject(is) && isObject(should)) {
    const at = (key: string) => {
      const known = by.book.segments.has(key) ? key : '*';
      return path === '' ? known : `${path}.${known}`;
    };
    const found: Finding[] = [];
    for (const key of Object.keys(is)) {
      if (!Object.hasOwn(should, key)) found.push({ kind: 'UNCONTRACTED', path: at(key) });
      else found.push(...differences(by, is[key], should[key], at(key)));
    }
    for (const key of Object.keys(should)) {
      if (!Object.hasOwn(is, key)) found.push({ kind: 'LOST', path: at(key) });
    }
    return found;
  }
  return by.isSame(is, should) ? [] : [{ kind: 'CHANGED', path }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
