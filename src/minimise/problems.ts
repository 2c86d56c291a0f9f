/** What was wrong with a record, place by place. A pointer names places, never what stood there. */
import type { ErrorObject } from 'ajv/dist/2020.js';
import { ruleOfKeyword } from '#src/base/field-rule.ts';
import type { FieldProblem, FieldRule, RefusedReason } from '#src/base/words.ts';

/** A problem and the dictionary code that it concerns, if it concerns one. */
export interface Finding extends FieldProblem {
  code?: string;
}

/** An order or a result turned away: places without values, codes without names. */
export interface Refused {
  outcome: 'refused';
  reason: RefusedReason;
  /** For the direct reply. */
  problems: FieldProblem[];
  /** For the ledger: dictionary codes only. */
  items: string[];
}

/** Who is wrong in more places than this is told the first of them. They fit into an entry, too. */
const PROBLEMS_MAX = 200;

/** Errors of a branch, whose one verdict is the error of its `anyOf`. */
const BRANCH = /\/(?:anyOf|oneOf|not|if|then|else)\//;

/**
 * Turns a validator's errors into findings. Requires: the value went through `shaped` first, so
 * that no pointer can hold a key that the schema does not know.
 */
export function findingsOf(
  errors: readonly ErrorObject[],
  code: string,
  pointer: string,
): Finding[] {
  const verdicts = errors.filter((error) => !BRANCH.test(error.schemaPath));
  return verdicts.map((error) => {
    const missing = error.keyword === 'required' ? `/${error.params['missingProperty']}` : '';
    return { code, pointer: `${pointer}${error.instancePath}${missing}`, rule: ruleOf(error) };
  });
}

/** A refusal for findings: every problem once, and the codes that they concern. */
export function refused(reason: RefusedReason, findings: readonly Finding[]): Refused {
  const problems = new Map<string, FieldProblem>();
  const items = new Set<string>();
  for (const { code, pointer, rule } of findings) {
    if (problems.size < PROBLEMS_MAX) problems.set(`${rule} ${pointer}`, { pointer, rule });
    if (code !== undefined) items.add(code);
  }
  return { outcome: 'refused', reason, problems: [...problems.values()], items: [...items] };
}

function ruleOf(error: ErrorObject): FieldRule {
  if (error.keyword === 'format' && error.params['format'] === 'real-date') return 'notADate';
  return ruleOfKeyword(error.keyword) ?? 'invalid';
}
