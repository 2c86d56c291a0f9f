/** Who plays: which consignees are pushed to, which pull, and what each holds to check with. */
import { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { Contract, SubjectKind } from '#src/base/words.ts';
import type { Keyring } from '#src/bin/demo/verifier.ts';
import { rootDir } from '#src/bin/settings.ts';
import { readRules } from '#test/fuzz/rules.ts';
import type { World } from '#test/support/gateway.ts';
import { contractsIn } from '#test/support/signing.ts';

export const pushed = ['samkwang', 'bioage', 'eone', 'mediage', 'tnc-pathology'];
export const pulling = ['engitech', 'infinite'];
/** Never asks for its inbox. */
export const absent = 'areumnuri';
export const everybody = [...pushed, ...pulling, absent];

/** Short enough that every transfer comes to its end while somebody watches. */
const retry = { scheduleSeconds: [1, 1, 1, 2, 2, 2, 2, 2, 2, 2], timeoutSeconds: 2 };
const breaker = { failuresMax: 8, openSeconds: 1 };

/** Makes a consignee's file one of the trial. */
export function hurry(consignee: Record<string, unknown>): void {
  if (consignee['push']) Object.assign(consignee, { retry, breaker });
}

export interface Party {
  id: string;
  subject: SubjectKind;
  returns: Contract['returns'];
  keyring: Keyring;
}

/** @param vkey the ledger's public key */
export function castParties(world: World, vkey: string): ReadonlyMap<string, Party> {
  // The oracle's own reading of the contracts: no line of the gateway is in it.
  const { contracts: rules } = readRules(world.contractsDir);
  const contracts = contractsIn(join(rootDir, 'contracts'));
  return new Map(
    everybody.map((id) => {
      const contract = contracts.find((one) => one.id === `${id}.v1`);
      const items = rules.get(`${id}.v1`)?.releasable;
      if (!contract || !items) throw new Error(`no contract of ${id}`);
      const key = world.decryption.get(id);
      const privateKey = key ? KeyObject.from(key) : null;
      const keyring = { consignee: id, contract: contract.id, items, vkey, privateKey };
      return [id, { id, subject: contract.subject, returns: contract.returns, keyring }];
    }),
  );
}
