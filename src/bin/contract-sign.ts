/** `waybill contract sign`: adds one party's signature to a version, or says why it cannot. */
import { renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { JWK } from 'jose';
import { clinicFile } from '#src/agreements/folders.ts';
import type { Agreements } from '#src/agreements/load.ts';
import {
  isOver,
  judgeSignatures,
  keyByThumbprint,
  readSignatureFile,
  signatureText,
  signContract,
  thumbprint,
  type SignatureEntry,
} from '#src/agreements/signature-file.ts';
import { demoKey, readSignatures, signaturePath, signersOf } from '#src/agreements/signatures.ts';
import { fileFaults } from '#src/agreements/signature-words.ts';
import { readConfig, type Config } from '#src/base/config.ts';
import { StartupError } from '#src/base/errors.ts';
import { isRealDate, seoulDate } from '#src/base/seoul.ts';
import type { Contract, ContractSignature, Party, Words } from '#src/base/words.ts';
import { outlook, readFiles } from './contract-verify.ts';
import { demoSigning, rootDir, type Environment } from './settings.ts';
import { readSigningKey, registerLine } from './signing-key.ts';
import { languageOf, refusals, told } from './signing-words.ts';

const signUsage =
  'say contract sign CONSIGNEE.vN --as clinic|consignee [--key FILE] [--noticed-on DATE]';

/** Why nothing was signed, thrown to the one place that tells it. */
export class Refusal extends Error {
  readonly words: Words;
  constructor(words: Words) {
    super(words.en);
    this.words = words;
  }
}

interface Asked {
  /** `samkwang.v1` */
  id: string;
  party: Party;
  keyFile?: string | undefined;
  noticedOn?: string | undefined;
}

interface Place {
  config: Config;
  agreements: Agreements;
  contract: Contract;
  path: string;
}

/**
 * Adds one party's signature to `<consignee>/v<N>.jws`.
 *
 * @returns what was done and what is missing now, a sentence each
 * @throws Refusal when nothing was signed; StartupError for faults of the files
 */
export async function signAs(env: Environment, asked: Asked): Promise<Words[]> {
  assertNoticed(asked);
  const config = readConfig(env, rootDir);
  const agreements = readFiles(env, config);
  const contract = find(agreements, asked.id);
  const path = signaturePath(config.contractsDir, contract);
  return sign({ config, agreements, contract, path }, asked);
}

/** Signs as the command line asks. Exit status 0, or 1 when nothing was signed. */
export async function signVersion(env: Environment, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      as: { type: 'string' },
      key: { type: 'string' },
      'noticed-on': { type: 'string' },
      lang: { type: 'string' },
    },
  });
  const [id] = positionals;
  const { as: party, key: keyFile, 'noticed-on': noticedOn } = values;
  if (!id || positionals.length > 1 || (party !== 'clinic' && party !== 'consignee')) {
    throw new StartupError([signUsage]);
  }
  const language = languageOf(values.lang);
  try {
    const told = await signAs(env, { id, party, keyFile, noticedOn });
    process.stdout.write(`${told.map((words) => words[language]).join('\n')}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    process.stderr.write(`waybill contract sign: ${error.words[language]}\n`);
    return 1;
  }
}

function assertNoticed({ party, noticedOn }: Asked): void {
  if (noticedOn === undefined) return;
  if (party !== 'clinic') throw new Refusal(refusals.noticedByConsignee());
  // A day to come is a promise, not a fact that can be signed.
  const hasCome = isRealDate(noticedOn) && noticedOn <= seoulDate(Date.now());
  if (!hasCome) throw new Refusal(refusals.notADay());
}

function find({ contracts }: Agreements, id: string): Contract {
  const contract = contracts.find((one) => one.id === id);
  if (contract) return contract;
  const own = contracts.filter(({ consignee }) => id.startsWith(`${consignee}.`));
  const near = (own.length > 0 ? own : contracts).map((one) => one.id);
  throw new Refusal(refusals.unknown(id, near));
}

async function sign(place: Place, asked: Asked): Promise<Words[]> {
  const { agreements, config, contract, path } = place;
  const { party, noticedOn } = asked;
  const signers = await signersOf(agreements, contract, demoSigning(config));
  const judge = (text: string) => judgeSignatures(signers, Buffer.from(text));
  const lying = await readLying(place, judge);
  const earlier = lying.state?.[party];
  if (earlier) throw new Refusal(refusals.signedAlready(party, earlier.signedAt));
  const key = chooseKey(place, asked);
  if (!(await keyByThumbprint(signers.keys[party], await thumbprint(key)))) {
    throw new Refusal(refusals.notRegistered(registerOf(place, party), await registerLine(key)));
  }
  const entry = await signContract({ now: Date.now }, { contract, party, key, noticedOn });
  const text = signatureText(contract, [...lying.entries, entry]);
  const state = await judge(text);
  // Its halves do not belong together, or it would hold now.
  if (state.state === 'invalid') throw new Refusal(refusals.notAKey(asked.keyFile ?? ''));
  writeWhole(path, text);
  const done = [told.signedFor(contract.id, party, path), ...outlook(contract, state)];
  return state.state === 'signed' ? [...done, told.restart()] : done;
}

/** The signatures that are there, all of which hold. */
async function readLying(
  { contract, path }: Place,
  judge: (text: string) => Promise<ContractSignature>,
): Promise<{ entries: readonly SignatureEntry[]; state: ContractSignature | null }> {
  const bytes = readSignatures(path);
  if (bytes === 'none') return { entries: [], state: null };
  if (bytes === 'unreadable') throw new Refusal(refusals.notValid(path, fileFaults.unreadable));
  const file = readSignatureFile(bytes);
  if (file && !isOver(file, contract)) throw new Refusal(refusals.otherText(path));
  const state = await judge(bytes.toString());
  if (state.state === 'invalid') {
    throw new Refusal(refusals.notValid(path, state.why ?? fileFaults.malformed));
  }
  return { entries: file?.signatures ?? [], state };
}

function chooseKey({ config, contract }: Place, { keyFile, party }: Asked): JWK {
  const demo = demoSigning(config);
  if (keyFile === undefined && demo) return demoKey(demo, contract, party);
  if (keyFile === undefined) throw new Refusal(refusals.keyNotNamed());
  const read = readSigningKey(keyFile);
  if ('fault' in read) throw new Refusal(read.fault);
  return read.key;
}

function registerOf({ config, contract }: Place, party: Party) {
  const { contractsDir, consigneesDir } = config;
  const path =
    party === 'clinic'
      ? join(contractsDir, clinicFile)
      : join(consigneesDir, `${contract.consignee}.yaml`);
  return { path, party };
}

/** Replaces the file in one step: whoever reads it meanwhile reads the old one or the new one. */
function writeWhole(path: string, text: string): void {
  const beside = join(dirname(path), `.signing.${process.pid}`);
  writeFileSync(beside, text, { flush: true });
  renameSync(beside, path);
}
