/** The shipped contracts, as the tests of this room use them. */
import { join } from 'node:path';
import { loadAgreements } from '#src/agreements/load.ts';
import type { Contract, SubjectKind } from '#src/base/words.ts';
import { compileContract } from '#src/minimise/compile.ts';
import { minimise, type Minimised } from '#src/minimise/minimise.ts';
import { resolveSecret } from '#test/agreements/folders.ts';
import { SALT } from '#test/minimise/dictionary.ts';

const root = join(import.meta.dirname, '../..');
export const contractsDir = join(root, 'contracts');

export const { contracts, dictionaries } = loadAgreements(
  { resolveSecret },
  { contractsDir, consigneesDir: join(root, 'consignees') },
);

/** The first version of a consignee's contract. */
export function agreedWith(consignee: string): Contract {
  const contract = contracts.find((one) => one.consignee === consignee && one.version === 1);
  if (!contract) throw new Error(`no contract with ${consignee}`);
  return contract;
}

/** Minimises a record under a contract; about somebody of its kind unless told otherwise. */
export function minimiseUnder(
  contract: Contract,
  record: unknown,
  more: { id?: string; kind?: SubjectKind; today?: string } = {},
): Minimised {
  const subject = { kind: more.kind ?? contract.subject, id: more.id ?? '00012345' };
  const order = { record, subject, today: more.today ?? '2026-03-10', salt: SALT };
  return minimise(compileContract(contract), order);
}

/** What was released; throws with the refusal where it was refused. */
export function releasedUnder(...args: Parameters<typeof minimiseUnder>) {
  const outcome = minimiseUnder(...args);
  if (outcome.outcome === 'refused') throw new Error(JSON.stringify(outcome));
  const text = outcome.released.canonical().toString('utf8');
  return { ...outcome, text, payload: JSON.parse(text) as Record<string, unknown> };
}
