/** The shipped contracts, compiled by the product and read by the oracle, side by side. */
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { loadAgreements } from '#src/agreements/load.ts';
import type { Contract } from '#src/base/words.ts';
import { compileContract, type CompiledContract } from '#src/minimise/compile.ts';
import { readRules, withoutBasis, type ContractRules, type RuleBook } from './rules.ts';

export interface Pair {
  name: string;
  rules: ContractRules;
  compiled: CompiledContract;
}

export interface Shipped {
  book: RuleBook;
  contracts: readonly Pair[];
  /** What no shipped contract is: one without a legal basis, and ones that mask. */
  variants: readonly Pair[];
}

const root = join(import.meta.dirname, '../..');

/** The shipped contracts as they were agreed, and as the oracle reads them. */
export interface Agreed {
  book: RuleBook;
  contracts: readonly Contract[];
}

/** Reads them as the gateway does. Secrets have no part in what leaves: any will do. */
export function readAgreed(): Agreed {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = JSON.stringify(publicKey.export({ format: 'jwk' }));
  const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
  const contractsDir = join(root, 'contracts');
  const { contracts } = loadAgreements(
    {
      resolveSecret: (_, { use }) => {
        if (use === 'encryptionKey' || use === 'signingKey') return { ok: true, value: jwk };
        return { ok: true, value: use === 'webhookSecret' ? secret : 'token' };
      },
    },
    { contractsDir, consigneesDir: join(root, 'consignees') },
  );
  const book = readRules(contractsDir);
  if (contracts.length !== book.contracts.size) {
    throw new Error('the product has not read a contract');
  }
  return { book, contracts };
}

/** Compiles them as the gateway does. */
export function loadShipped({ book, contracts }: Agreed = readAgreed()): Shipped {
  const paired = contracts.map((contract) => {
    const rules = book.contracts.get(contract.id);
    if (!rules) throw new Error(`the oracle has not read ${contract.id}`);
    return { name: contract.id, rules, compiled: compileContract(contract) };
  });
  const variants = contracts.flatMap((contract): Pair[] => {
    const rules = book.contracts.get(contract.id)!;
    if (contract.legalBasis.size === 0) return [];
    const unfounded = { ...contract, legalBasis: new Map<string, never>() };
    const masking = { ...unfounded, onTextMatch: 'mask' as const };
    const bare = withoutBasis(rules);
    return [
      {
        name: `${contract.id} without a legal basis`,
        ...{ rules: bare, compiled: compileContract(unfounded) },
      },
      {
        name: `${contract.id} without a legal basis, masking`,
        ...{ rules: { ...bare, isMasking: true }, compiled: compileContract(masking) },
      },
    ];
  });
  return { book, contracts: paired, variants };
}
