/**
 * `waybill transfer replay`: anybody who holds a record, its salt and the contract can recompute,
 * offline and without a gateway, what the ledger committed to.
 */
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readContract } from '#src/agreements/contract-file.ts';
import { readDictionary } from '#src/agreements/dictionary-file.ts';
import { collectFaults, type Faults } from '#src/agreements/faults.ts';
import { readYaml } from '#src/agreements/yaml-file.ts';
import { GatewayError, StartupError } from '#src/base/errors.ts';
import { parseStrictJson } from '#src/base/strict-json.ts';
import type { Contract, SubjectKind } from '#src/base/words.ts';
import { replay, type Replay, type ReplayInput } from '#src/minimise/replay.ts';
import { rootDir, type Environment } from './settings.ts';

const usage = `usage: waybill transfer replay --record FILE --contract ID --salt BASE64
         --commitment BASE64 [--subject KIND:ID] [--contracts DIR] [--digest BASE64]
         [--rules age@1,…] [--json]

Reruns a contract over the EMR's own record. Exit status: 0 yes, 1 no, 2 cannot decide.
`;

/** By sysexits: what was asked is not a question that can be answered. */
const EXIT_USAGE = 64;
const EXIT = { yes: 0, no: 1, 'cannot decide': 2 } as const;
const kinds: readonly string[] = ['patient', 'practitioner', 'member', 'visitor'];
const recordFileBytesMax = 16 * 1024 * 1024;

/** What the command line asks, or everything that is wrong with it. */
type Question = Omit<ReplayInput, 'source'> & {
  recordFile: string;
  contractsDir: string;
  consignee: string;
  version: number;
  asJson: boolean;
};

/** What was asked wrongly; told with the usage, and never a `no`. */
class NotAQuestion extends Error {}

/** The command. Nothing that goes wrong in it is ever answered with the exit status of a no. */
export function replayTransfer(env: Environment, args: readonly string[]): Promise<number> {
  return Promise.resolve(answer(env, args));
}

function answer(env: Environment, args: readonly string[]): number {
  try {
    const question = readQuestion(env, args);
    const source = readRecord(question.recordFile);
    const outcome = decide(question, source);
    process.stdout.write(question.asJson ? `${JSON.stringify(outcome)}\n` : sentences(outcome));
    return EXIT[outcome.answer];
  } catch (error) {
    if (!(error instanceof NotAQuestion)) {
      // its text might repeat what it stumbled over
      const kind = error instanceof Error ? error.name : 'unknown error';
      process.stderr.write(`waybill: cannot decide: the replay itself failed (${kind})\n`);
      return EXIT['cannot decide'];
    }
    process.stderr.write(`waybill: ${error.message}\n\n${usage}`);
    return EXIT_USAGE;
  }
}

function decide(question: Question, source: ReplayInput['source']): Replay {
  const { contractsDir, consignee, version } = question;
  const faults = collectFaults();
  const contract = readOneContract(faults, { contractsDir, consignee, version });
  if (contract) return replay(contract, { ...question, source });
  let reason = 'The contract cannot be read.';
  try {
    faults.throwIfAny();
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    reason = `The contract cannot be read: ${error.faults[0]}.`;
  }
  const nothing = { released: [], derived: [], rules: [], withheld: [] };
  const id = `${consignee}.v${version}`;
  return { answer: 'cannot decide', contract: id, digest: '', ...nothing, reason };
}

/** One contract and the dictionary that it pins: no other file is opened. */
function readOneContract(
  faults: Faults,
  { contractsDir, consignee, version }: Pick<Question, 'contractsDir' | 'consignee' | 'version'>,
): Contract | undefined {
  const file = readYaml(join(contractsDir, consignee, `v${version}.yaml`), faults);
  if (!file) return undefined;
  const pinned = (file.value as { dictionary?: unknown } | null)?.dictionary;
  const dictionaries = new Map<number, ReturnType<typeof readDictionary>>();
  if (Number.isSafeInteger(pinned)) {
    const number = pinned as number;
    const text = readYaml(join(contractsDir, 'dictionary', `v${number}.yaml`), faults);
    dictionaries.set(number, text && readDictionary(faults, { file: text, version: number }));
  }
  return readContract({ faults, dictionaries }, { file, consignee, version });
}

function readQuestion(env: Environment, args: readonly string[]): Question {
  const values = readOptions(args);
  const wrong: string[] = [];
  const bytes = (name: 'salt' | 'commitment' | 'digest'): Uint8Array => {
    const text = values[name] ?? '';
    const isBase64 = /^[0-9A-Za-z+/_-]{43}=?$/.test(text);
    if (!isBase64) wrong.push(`--${name} must be 32 bytes in base64`);
    return Buffer.from(text, isBase64 && /[-_]/.test(text) ? 'base64url' : 'base64');
  };
  const [salt, commitment] = [bytes('salt'), bytes('commitment')];
  const [, consignee = '', version = ''] =
    /^([a-z0-9]+(?:-[a-z0-9]+)*)\.v([1-9]\d{0,3})$/.exec(values.contract ?? '') ?? [];
  if (consignee === '') wrong.push('--contract must be the id of a version, such as samkwang.v1');
  if (!values.record) wrong.push('--record must name the file of the record');
  const [kind = '', id] = values.subject?.split(/:(.*)/s) ?? [];
  const hasSubject = values.subject !== undefined;
  if (hasSubject && (!kinds.includes(kind) || !id)) {
    wrong.push(`--subject must be KIND:ID, its kind one of ${kinds.join(', ')}`);
  }
  const rules = values.rules?.split(',').map((rule) => rule.trim());
  const digest = values.digest === undefined ? undefined : bytes('digest');
  if (wrong.length > 0) throw new NotAQuestion(wrong.join('; '));
  return {
    ...{ salt, commitment, consignee, version: Number(version) },
    ...(hasSubject ? { subject: { kind: kind as SubjectKind, id: id ?? '' } } : {}),
    ...(digest ? { digest } : {}),
    ...(rules ? { rules: rules.filter((rule) => rule !== '') } : {}),
    recordFile: values.record ?? '',
    contractsDir: resolve(
      values.contracts || env['WAYBILL_CONTRACTS'] || resolve(rootDir, 'contracts'),
    ),
    asJson: values.json === true,
  };
}

function readOptions(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        ...{ record: text, contract: text, salt: text, commitment: text, subject: text },
        ...{ contracts: text, digest: text, rules: text, json: { type: 'boolean' } as const },
      },
    }).values;
  } catch (error) {
    throw new NotAQuestion(error instanceof Error ? error.message : 'not understood');
  }
}

/** Read as strictly as a gateway reads a body: what it would not take was never released. */
function readRecord(path: string): ReplayInput['source'] {
  let bytes: Buffer;
  try {
    const { size } = statSync(path);
    if (size > recordFileBytesMax) throw new NotAQuestion(`--record: ${path} is too large`);
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof NotAQuestion) throw error;
    const code = (error as { code?: string }).code ?? 'unknown error';
    throw new NotAQuestion(`--record: ${path} cannot be read (${code})`);
  }
  let value: unknown;
  try {
    value = parseStrictJson(bytes);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { reason, offset } = error.facts;
    const place = offset === undefined ? '' : ` at byte ${offset}`;
    throw new NotAQuestion(`--record: ${path} is not JSON as it stands (${reason}${place})`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new NotAQuestion(`--record: ${path} holds no object`);
  }
  return value as ReplayInput['source'];
}

function sentences({ answer, contract, digest, reason, ...lists }: Replay): string {
  const { released, derived, rules, withheld } = lists;
  const lines = [
    `${answer}: ${verdicts[answer](contract)}`,
    ...(reason === undefined ? [] : [reason]),
  ];
  if (digest !== '') lines.push(`contract digest: ${digest}`);
  if (answer === 'cannot decide') return `${lines.join('\n')}\n`;
  const stays = withheld.map(
    ({ item, reason: why, count }) => `${item} (${why}${count === undefined ? '' : ` × ${count}`})`,
  );
  const would = answer === 'yes' ? '' : ' by this replay';
  lines.push(
    `released${would}: ${released.join(', ') || 'nothing'}`,
    `derived${would}: ${derived.map((code, at) => `${code} (${rules[at]})`).join(', ') || 'nothing'}`,
    `withheld${would}: ${stays.join(', ') || 'nothing'}`,
  );
  return `${lines.join('\n')}\n`;
}

const verdicts: Readonly<Record<Replay['answer'], (contract: string) => string>> = {
  yes: (contract) => `${contract} makes the bytes of that commitment of this record`,
  no: (contract) => `${contract} does not make the bytes of that commitment of this record`,
  'cannot decide': (contract) => `about ${contract}`,
};
