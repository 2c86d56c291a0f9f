/** Puts together what travels: the contract's list decides, not the record. */
import type { Derivation } from './derive.ts';
import type { Finding } from './problems.ts';
import type { Taken } from './take.ts';

/** Bytes of a minimised record, or of a minimised result, in RFC 8785 form. */
export const RECORD_BYTES_MAX = 1_048_576;

/** A finding for each required item that was neither found nor can be derived. */
export function missingItems(taken: Taken, derivations: readonly Derivation[]): Finding[] {
  const missing: Finding[] = [];
  for (const [code, { item, required, isReleasable }] of taken.side.listed) {
    if (!required || !isReleasable || taken.account.found.has(code)) continue;
    if (derivations.some((derivation) => derivation.code === code)) continue;
    const place = item.at === 'tests' ? `tests/0/${code}` : code;
    missing.push({ code, pointer: `/${taken.side.root}/${place}`, rule: 'required' });
  }
  return missing;
}

/** The codes that travel, in the contract's order. Requires: no findings. */
export function travellingCodes(
  taken: Taken,
  derived: ReadonlyMap<string, unknown>,
): { released: string[]; derived: string[] } {
  const codes = { released: [] as string[], derived: [] as string[] };
  for (const [code, { isReleasable }] of taken.side.listed) {
    if (derived.has(code)) codes.derived.push(code);
    else if (isReleasable && taken.account.found.has(code)) codes.released.push(code);
  }
  return codes;
}

/** The minimised record. Requires: no findings. `tests` is left out when nothing is left of it. */
export function payloadOf(
  { side, valid, tests }: Taken,
  derived: ReadonlyMap<string, unknown>,
): Record<string, unknown> {
  const payload: Record<string, unknown> = {};
  for (const [code, { item, isReleasable }] of side.listed) {
    if (!isReleasable || item.at === 'tests') continue;
    const value = derived.has(code) ? derived.get(code) : valid.get(code);
    if (value !== undefined) payload[code] = value;
  }
  if (tests.length > 0) payload['tests'] = tests.map(({ values }) => values);
  return payload;
}
