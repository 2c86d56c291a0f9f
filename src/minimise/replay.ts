/** Replays a release offline: whether a contract makes of a record what the ledger committed to. */
import type { Contract, SubjectKind, Withheld } from '#src/base/words.ts';
import { withheldOf } from './account.ts';
import { compileContract, CompiledContract, type Side } from './compile.ts';
import { DERIVATION_RULES } from './derivation-rules.ts';
import { minimise } from './minimise.ts';
import { readingsOf, type Reading } from './readings.ts';
import { commitmentOf } from './released.ts';
import { isObject } from './shape.ts';
import { identifierIn } from './subject.ts';
import { take } from './take.ts';
import { TEXT_MASK } from './text-guard.ts';

/** What is replayed, and what it is held against. */
export interface ReplayInput {
  /** As the strict reader made it: the record, or the whole order with its `record`. */
  source: Readonly<Record<string, unknown>>;
  /** Whose record it is; the order's own, or what the record says of itself, unless given. */
  subject?: { kind: SubjectKind; id: string };
  /** 32 bytes, of the EMR's 202. */
  salt: Uint8Array;
  /** 32 bytes, of the covered ledger leaf. */
  commitment: Uint8Array;
  /** The contract's digest by the ledger leaf, where it is known. */
  digest?: Uint8Array;
  /** The names of the rules that were applied by the ledger's detail, where they are known. */
  rules?: readonly string[];
}

/** The answer. Dictionary codes and counts only: no value and no key of the record is in it. */
export interface Replay {
  answer: 'yes' | 'no' | 'cannot decide';
  contract: string;
  /** Of the contract text that was read, base64. */
  digest: string;
  /** What leaves by this replay: the one that fits, or the first one when none does. */
  released: string[];
  derived: string[];
  /** The rules that made something: derivations, such as `age@1`, and the mask. */
  rules: string[];
  withheld: Withheld[];
  /** One sentence: always beside `no` and `cannot decide`. */
  reason?: string;
}

type Answer = Pick<Replay, 'answer' | 'reason'>;

/** No day is after it: on which day the record was released is not known here. */
const NO_DAY = '9999-12-31';

/**
 * Runs a contract version over the record that an EMR kept. Pure.
 *
 * `yes` is certain: the bytes were recomputed, and only those have that commitment. `no` is said
 * only when every way in which the contract's rules can be applied was tried, whatever today's
 * checks would say of the record. `cannot decide`: a rule is named that this build does not know,
 * the contract is not the one of the digest, or it cannot be compiled.
 *
 * Throws a RangeError unless salt and commitment have 32 bytes.
 */
export function replay(contract: Contract, input: ReplayInput): Replay {
  if (input.salt.length !== 32 || input.commitment.length !== 32) {
    throw new RangeError('a salt and a commitment have 32 bytes');
  }
  const answered = (answer: Answer, account: Partial<Replay> = {}): Replay => ({
    ...{ answer: answer.answer, contract: contract.id, digest: contract.digest.toString('base64') },
    ...{ released: [], derived: [], rules: [], withheld: [], ...account },
    ...(answer.reason === undefined ? {} : { reason: answer.reason }),
  });
  const doubt = doubtAbout(contract, input);
  if (doubt !== undefined) return answered({ answer: 'cannot decide', reason: doubt });
  let compiled: CompiledContract;
  try {
    compiled = compileContract(contract);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown error';
    const reason = `This build cannot compile ${contract.id}: ${why}.`;
    return answered({ answer: 'cannot decide', reason });
  }
  const plan = CompiledContract.planOf(compiled);
  const { outbound: side } = plan;
  let first: Partial<Replay> | undefined;
  for (const record of recordsIn(input.source)) {
    const readings = readingsOf(plan, record);
    if (!readings) {
      return answered({ answer: 'cannot decide', reason: 'There are too many ways to read it.' });
    }
    const fitting: Reading[] = [];
    for (const reading of readings) {
      first ??= told(side, record, reading);
      const commitment = commitmentOf(input.salt, reading.canonical);
      if (commitment.equals(input.commitment)) fitting.push(reading);
    }
    if (fitting.length > 0) return answered(...certain(compiled, input, { record, fitting }));
  }
  if (contract.onTextMatch === 'mask' && input.rules === undefined) {
    const reason =
      `${contract.id} masks texts, and which version of the mask was applied is not known here: ` +
      'give the rules that the ledger names.';
    return answered({ answer: 'cannot decide', reason }, first);
  }
  // An edited text under the same id would be found out by its digest only.
  const other =
    input.digest === undefined
      ? `the commitment or the text of ${contract.id} (no digest was given)`
      : 'or the commitment';
  const reason =
    `Whichever of its rules are applied, ${contract.id} does not make the bytes of that ` +
    `commitment of this record: the record, the salt${input.digest ? '' : ','} ${other} is another one.`;
  return answered({ answer: 'no', reason }, first);
}

function doubtAbout(contract: Contract, { digest, rules = [] }: ReplayInput): string | undefined {
  if (digest !== undefined && !contract.digest.equals(digest)) {
    return `The text of ${contract.id} that was read is not the one with that digest.`;
  }
  const named = contract.items.flatMap(
    ({ item }) => contract.dictionary.items.get(item)?.derivedBy ?? [],
  );
  const unknown = [...new Set([...named, ...rules])].filter(
    (rule) => rule !== TEXT_MASK && !DERIVATION_RULES.has(rule),
  );
  if (unknown.length === 0) return undefined;
  return `This build does not know the rule ${unknown.join(', ')}: a later build can decide.`;
}

/** An order holds its record; what has a member of that name may still be the record itself. */
function recordsIn(source: ReplayInput['source']): ReplayInput['source'][] {
  const { record } = source;
  return isObject(record) ? [record, source] : [source];
}

/** What leaves and what stays by a reading, in the words of the ledger. */
function told(side: Side, record: ReplayInput['source'], reading: Reading): Partial<Replay> {
  const { released, derived, rules } = reading;
  const { account } = take(side, record);
  const { ledgerWithheld } = withheldOf(account, side, new Set([...released, ...derived]));
  return { released, derived, rules, withheld: ledgerWithheld };
}

/**
 * The bytes are those. Where two readings make them (an age that was submitted, and is derived the
 * same), the rules say which is meant: those of the ledger, else those that this build applies.
 */
function certain(
  compiled: CompiledContract,
  input: ReplayInput,
  { record, fitting }: { record: ReplayInput['source']; fitting: readonly Reading[] },
): [Answer, Partial<Replay>] {
  const { contract, outbound: side } = CompiledContract.planOf(compiled);
  const own = { kind: contract.subject, id: String(identifierIn(contract.subject, record)) };
  const subject = input.subject ?? subjectOf(input.source) ?? own;
  const today = minimise(compiled, { record, subject, today: NO_DAY, salt: input.salt });
  const rules = sorted(input.rules ?? (today.outcome === 'released' ? today.rules : []));
  const meant = fitting.find((reading) => sorted(reading.rules) === rules);
  const account = told(side, record, meant ?? fitting[0]!);
  if (today.outcome === 'released') return [{ answer: 'yes' }, account];
  // worth a sentence: this build would not release them again
  const reason = `The bytes are those, although this build would refuse the record: ${today.reason}.`;
  return [{ answer: 'yes', reason }, account];
}

const sorted = (rules: readonly string[]) => rules.toSorted().join(' ');

/** The subject that an order names. */
function subjectOf({ record, subject }: ReplayInput['source']): ReplayInput['subject'] {
  if (!isObject(record) || !isObject(subject)) return undefined;
  const { kind, id } = subject;
  if (typeof kind !== 'string' || typeof id !== 'string') return undefined;
  return { kind: kind as SubjectKind, id };
}
