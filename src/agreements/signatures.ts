/** Gives every contract version the state of its signatures, as they lie beside its text. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { daysAfter } from '#src/base/seoul.ts';
import type { Contract, Party } from '#src/base/words.ts';
import { noticeDaysMin } from './force.ts';
import type { Agreements } from './load.ts';
import { shippedDigests } from './shipped.ts';
import {
  invalidSignature,
  judgeSignatures,
  nobodySigned,
  signatureBytesMax,
  signatureText,
  signContract,
  thumbprint,
  type SignatureInput,
} from './signature-file.ts';
import { fileFaults } from './signature-words.ts';

/** Signing in the names of all, for a trial on one machine: proves nothing to anyone. */
export interface DemoSigning {
  /** The private key (JWK) that a trial signs with for the clinic (`null`) or a consignee. */
  keyOf(consignee: string | null): JWK;
}

type Registered = Pick<Agreements, 'clinic' | 'consignees'>;

/** The file that the signatures of a version lie in, beside its text. */
export function signaturePath(
  contractsDir: string,
  { consignee, version }: Pick<Contract, 'consignee' | 'version'>,
): string {
  return join(contractsDir, consignee, `v${version}.jws`);
}

/** The key of a trial for a party of a contract. */
export function demoKey(demo: DemoSigning, contract: Contract, party: Party): JWK {
  return demo.keyOf(party === 'clinic' ? null : contract.consignee);
}

function publicHalf(jwk: JWK): JWK {
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => name !== 'd'));
}

/** Whose signatures count for a version: the registered keys, and those of a trial. */
export async function signersOf(
  { clinic, consignees }: Registered,
  contract: Contract,
  demo: DemoSigning | null,
): Promise<SignatureInput> {
  const registered = {
    clinic: clinic?.signingKeys ?? [],
    consignee: consignees.get(contract.consignee)?.signingKeys ?? [],
  };
  if (!demo) return { contract, keys: registered };
  const own = {
    clinic: demoKey(demo, contract, 'clinic'),
    consignee: demoKey(demo, contract, 'consignee'),
  };
  const keys = {
    clinic: [...registered.clinic, publicHalf(own.clinic)],
    consignee: [...registered.consignee, publicHalf(own.consignee)],
  };
  const kids = await Promise.all([own.clinic, own.consignee].map(thumbprint));
  return { contract, keys, demoKids: new Set(kids) };
}

/** What lies at a path: nothing, something that cannot be read as signatures, or bytes. */
export function readSignatures(path: string): Buffer | 'none' | 'unreadable' {
  try {
    // Not followed: a link that leads nowhere is there all the same.
    lstatSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'unreadable';
  }
  try {
    // A pipe would let the start wait for ever.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(file);
      return stats.isFile() && stats.size <= signatureBytesMax ? readFileSync(file) : 'unreadable';
    } finally {
      closeSync(file);
    }
  } catch {
    return 'unreadable';
  }
}

/** Both signatures of a trial over a shipped contract, as bytes that are judged like any others. */
async function signForTrial(
  deps: { now: () => number },
  contract: Contract,
  demo: DemoSigning,
): Promise<Buffer> {
  const noticedOn = daysAfter(contract.validFrom, -noticeDaysMin);
  const entries = [
    await signContract(deps, {
      ...{ contract, party: 'clinic', key: demoKey(demo, contract, 'clinic'), noticedOn },
    }),
    await signContract(deps, {
      ...{ contract, party: 'consignee', key: demoKey(demo, contract, 'consignee') },
    }),
  ];
  return Buffer.from(signatureText(contract, entries));
}

async function stateOf(
  deps: { now: () => number },
  input: {
    agreements: Registered;
    contractsDir: string;
    contract: Contract;
    demo: DemoSigning | null;
  },
): Promise<Pick<Contract, 'signature' | 'signatureFile'>> {
  const { agreements, contract, demo } = input;
  const lying = readSignatures(signaturePath(input.contractsDir, contract));
  if (lying === 'unreadable') return { signature: invalidSignature(fileFaults.unreadable) };
  const isOurs = demo !== null && shippedDigests.has(contract.digest.toString('hex'));
  if (lying === 'none' && !isOurs) return { signature: nobodySigned };
  const bytes = lying === 'none' ? await signForTrial(deps, contract, demo as DemoSigning) : lying;
  const signers = await signersOf(agreements, contract, demo);
  const keys = [...signers.keys.clinic, ...signers.keys.consignee];
  const signatureFile = { text: bytes.toString('utf8'), keys };
  return { signature: await judgeSignatures(signers, bytes), signatureFile };
}

/**
 * The agreements with the state of each version's signatures, from `<consignee>/v<N>.jws` below
 * `contractsDir`. What is in those files never makes this reject.
 *
 * With `demo` (the embedded default) its keys are registered, and shipped contracts that no
 * file of signatures lies beside are signed with them: in memory, never in the contracts folder.
 */
export async function attachSignatures(
  deps: { now: () => number },
  input: { agreements: Agreements; contractsDir: string; demo?: DemoSigning | null },
): Promise<Agreements> {
  const { agreements, contractsDir, demo = null } = input;
  const contracts: Contract[] = [];
  for (const contract of agreements.contracts) {
    const signed = await stateOf(deps, { agreements, contractsDir, contract, demo });
    contracts.push({ ...contract, ...signed });
  }
  return { ...agreements, contracts, consignees: withTrialKeys(agreements, demo) };
}

/** In a trial, what a consignee signs with its key of the trial holds, whatever it signs. */
function withTrialKeys({ consignees }: Registered, demo: DemoSigning | null) {
  if (!demo) return consignees;
  return new Map(
    [...consignees].map(([id, one]) => {
      const signingKeys = [...one.signingKeys, publicHalf(demo.keyOf(id))];
      return [id, { ...one, signingKeys }];
    }),
  );
}
