/**
 * Hints to whose result it is: values of items that the contract lets out, and of no others. They
 * come back, so nothing is dropped in silence: whoever sends more has not read the contract.
 */
import { isRealDate } from '#src/base/seoul.ts';
import { checkFacts } from './checks.ts';
import { CompiledContract } from './compile.ts';
import { payloadOf } from './payload.ts';
import { refused, type Finding, type Refused } from './problems.ts';
import { isObject } from './shape.ts';
import { take } from './take.ts';

export type CheckedHints =
  { outcome: 'accepted'; hints: Record<string, unknown> } | (Refused & { reason: 'INVALID_ITEM' });

/**
 * Judges hints by the schemas of the contract's own items, where they stand in a record.
 *
 * @param input.today the calendar date in Seoul, `YYYY-MM-DD`
 * @returns copies of the values; or `INVALID_ITEM` with pointers below `/hints`
 */
export function checkHints(
  compiled: CompiledContract,
  input: { hints: unknown; today: string },
): CheckedHints {
  const { outbound } = CompiledContract.planOf(compiled);
  if (!isRealDate(input.today)) throw new RangeError('today is not a date');
  const wrong = (findings: readonly Finding[]): CheckedHints => ({
    ...refused('INVALID_ITEM', findings),
    reason: 'INVALID_ITEM',
  });
  if (!isObject(input.hints)) return wrong([{ pointer: '/hints', rule: 'type' }]);
  const taken = take(outbound, input.hints);
  const { found, keys, furtherKeys } = taken.account;
  const findings: Finding[] = [...taken.findings, ...checkFacts(taken, input.today)].map((one) => ({
    ...one,
    pointer: one.pointer.replace(/^\/record/, '/hints'),
  }));
  for (const code of found) {
    if (outbound.listed.get(code)?.isReleasable) continue;
    findings.push({ code, pointer: `/hints/${code}`, rule: 'unknown' });
  }
  // a key that no schema knows may itself be a name: it is not told which
  const strange = keys.UNKNOWN_ITEM.size + keys.NEVER_SHARED.size + furtherKeys;
  if (strange > 0) findings.push({ pointer: '/hints', rule: 'unknown' });
  if (findings.length > 0) return wrong(findings);
  return { outcome: 'accepted', hints: payloadOf(taken, new Map()) };
}
