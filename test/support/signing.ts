/** Signs the contracts of a world in the names of its clinic and its consignees. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { loadAgreements } from '#src/agreements/load.ts';
import {
  readSignatureFile,
  signatureText,
  signContract,
  type Signable,
} from '#src/agreements/signature-file.ts';
import { signaturePath } from '#src/agreements/signatures.ts';
import { makeSigningKey } from '#src/base/made-secrets.ts';
import type { Contract, Party } from '#src/base/words.ts';
import { rootDir } from '#src/bin/settings.ts';
import { resolveSecret } from '#test/agreements/folders.ts';

/** What signing needs of a world. */
export interface SigningWorld {
  contractsDir: string;
  /** Private keys of `clinic` and of each consignee. */
  signing: ReadonlyMap<string, JWK>;
}

/** When every shipped contract of a world was noticed: long before it begins. */
const noticedOnDefault = '2025-12-01';

/** The public half of a key of `makeSigningKey`. */
export function publicHalf(jwk: JWK): JWK {
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => name !== 'd'));
}

/** Every version of a folder of contracts, with the shipped consignees. */
export function contractsIn(contractsDir: string): readonly Contract[] {
  const consigneesDir = join(rootDir, 'consignees');
  return loadAgreements({ resolveSecret }, { contractsDir, consigneesDir }).contracts;
}

let shipped: readonly Contract[] | undefined;

/** Every version that is shipped, read once: each world begins with a copy of them. */
export function shippedContracts(): readonly Contract[] {
  return (shipped ??= contractsIn(join(rootDir, 'contracts')));
}

/** Makes a key for the clinic and each consignee of a world. */
export function makeSigningKeys(consignees: readonly string[]): Map<string, JWK> {
  return new Map(['clinic', ...consignees].map((owner) => [owner, makeSigningKey()]));
}

export interface HowSigned {
  /** The Seoul day that the clinic states; null: none. */
  noticedOn?: string | null;
  /** Who signs; both unless told. */
  parties?: readonly Party[];
  /** Signs instead of the key that is registered for a party. */
  keys?: Partial<Record<Party, JWK>>;
  /** What is signed instead of the contract. */
  over?: Signable;
  /** The instant (RFC 3339) of both signatures. */
  at?: string;
}

const atDefault = '2025-12-01T09:00:00+09:00';

/** The text of a file of signatures over a contract. */
export async function signedText(
  signing: SigningWorld['signing'],
  contract: Contract,
  how: HowSigned = {},
): Promise<string> {
  const { noticedOn = noticedOnDefault, parties = ['clinic', 'consignee'], over = contract } = how;
  const entries = await Promise.all(
    parties.map((party) => {
      const owner = party === 'clinic' ? 'clinic' : contract.consignee;
      const key = how.keys?.[party] ?? signing.get(owner);
      if (!key) throw new Error(`no signing key of ${owner}`);
      const stated = party === 'clinic' && noticedOn !== null ? { noticedOn } : {};
      return signContract(
        { now: () => Date.parse(how.at ?? atDefault) },
        { contract: over, party, key, ...stated },
      );
    }),
  );
  return signatureText(over, entries);
}

/** Signs every version of a world's folder that is given. */
export async function signAll(
  world: SigningWorld,
  contracts: readonly Contract[],
  how: HowSigned = {},
): Promise<void> {
  for (const contract of contracts) {
    const text = await signedText(world.signing, contract, how);
    writeFileSync(signaturePath(world.contractsDir, contract), text);
  }
}

/** Signs one version as it lies in a world's folder, by both parties unless told otherwise. */
export async function signVersion(
  world: SigningWorld,
  consignee: string,
  version: number,
  how: HowSigned = {},
): Promise<void> {
  const id = `${consignee}.v${version}`;
  const contract = contractsIn(world.contractsDir).find((one) => one.id === id);
  if (!contract) throw new Error(`no contract ${id} in ${world.contractsDir}`);
  await signAll(world, [contract], how);
}

/** Lets the first contract of a consignee ask for receipts, and signs it anew. */
export async function requireReceipts(world: SigningWorld, consignee: string): Promise<void> {
  const path = join(world.contractsDir, consignee, 'v1.yaml');
  const text = readFileSync(path, 'utf8').replace('\nitems:\n', '\nreceipts: required\nitems:\n');
  writeFileSync(path, text);
  await signVersion(world, consignee, 1);
}

/** The signatures of a version as they lie in a world's folder. */
export function signaturesIn(world: SigningWorld, consignee: string, version: number) {
  const bytes = readFileSync(signaturePath(world.contractsDir, { consignee, version }));
  const file = readSignatureFile(bytes);
  if (!file) throw new Error('no file of signatures');
  return file;
}
