/** Shorthands for the tests of this room: one record under one contract, and what became of it. */
import { compileContract } from '#src/minimise/compile.ts';
import { minimise, type Minimised } from '#src/minimise/minimise.ts';
import type { Refused } from '#src/minimise/problems.ts';
import type { Released } from '#src/minimise/released.ts';
import { CHART, contract, LAB_ITEMS, SALT, TODAY } from '#test/minimise/dictionary.ts';

type ContractInput = Omit<Parameters<typeof contract>[0], 'items'> & { items?: readonly string[] };
type ReleasedOutcome = Extract<Minimised, { outcome: 'released' }>;

/** Minimises under a contract given by its parts; a lab's contract and subject unless told. */
export function run(
  record: unknown,
  input: ContractInput & { id?: string; today?: string; subjectId?: string } = {},
): Minimised {
  const compiled = compileContract(contract({ ...input, items: input.items ?? LAB_ITEMS }));
  const kind = input.subject ?? 'patient';
  const subject = { kind, id: input.subjectId ?? CHART };
  return minimise(compiled, { record, subject, today: input.today ?? TODAY, salt: SALT });
}

export function release(...args: Parameters<typeof run>): ReleasedOutcome {
  const outcome = run(...args);
  if (outcome.outcome === 'released') return outcome;
  throw new Error(`refused: ${JSON.stringify(outcome)}`);
}

export function refuse(...args: Parameters<typeof run>): Refused {
  const outcome = run(...args);
  if (outcome.outcome === 'refused') return outcome;
  throw new Error(`released: ${payload(outcome.released)}`);
}

/** The canonical text of what would leave. */
export function payload(released: Released): string {
  return released.canonical().toString('utf8');
}

/** What would leave, parsed. */
export function sent(...args: Parameters<typeof run>): Record<string, unknown> {
  return JSON.parse(payload(release(...args).released)) as Record<string, unknown>;
}
