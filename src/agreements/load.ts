/**
 * Reads dictionaries, contracts and consignees from their folders, all or nothing: one fault
 * anywhere and no agreement exists, so nothing can leave by a half-read rule (laws 1 and 8).
 */
import { join } from 'node:path';
import type { Consignee, Contract, Dictionary } from '#src/base/words.ts';
import { readConsignee } from './consignee-file.ts';
import type { ResolveSecret } from './consignee-file.ts';
import { readContract } from './contract-file.ts';
import { readDictionary } from './dictionary-file.ts';
import type { DictionaryFile } from './dictionary-file.ts';
import { collectFaults } from './faults.ts';
import type { Faults } from './faults.ts';
import { listConsignees, listContractFolders, listVersions } from './folders.ts';
import { readYaml } from './yaml-file.ts';
import type { YamlFile } from './yaml-file.ts';

/** Everything that was agreed, as read at start. */
export interface Agreements {
  dictionaries: ReadonlyMap<number, Dictionary>;
  /** Every version, sorted by consignee and then by version number. */
  contracts: readonly Contract[];
  consignees: ReadonlyMap<string, Consignee>;
}

type DictionaryFiles = ReadonlyMap<number, DictionaryFile | undefined>;

function readDictionaries(faults: Faults, folder: string): DictionaryFiles {
  const dictionaries = new Map<number, DictionaryFile | undefined>();
  for (const { version, path } of listVersions(folder, faults)) {
    const file = readYaml(path, faults);
    dictionaries.set(version, file && readDictionary(faults, { file, version }));
  }
  return dictionaries;
}

function readVersions(
  deps: { faults: Faults; dictionaries: DictionaryFiles },
  input: { consignee: string; folder: string; isKnown: boolean },
): Contract[] {
  const { faults } = deps;
  const { consignee, folder, isKnown } = input;
  const contracts: Contract[] = [];
  const versions = listVersions(folder, faults);
  if (versions.length === 0) faults.add(folder, 1, 'holds no contract; add v1.yaml');
  for (const { version, path } of versions) {
    const file = readYaml(path, faults);
    if (!file) continue;
    const report = (key: string, wrong: string): void =>
      faults.add(path, file.lineOf([key]), wrong);
    if (!isKnown) {
      report('consignee', `consignee "${consignee}" has no file; add ${consignee}.yaml for it`);
    }
    const contract = readContract(deps, { file, consignee, version });
    if (!contract) continue;
    const previous = contracts.at(-1);
    if (previous && contract.validFrom <= previous.validFrom) {
      report('validFrom', `validFrom is not after that of v${previous.version}; give a later day`);
    }
    contracts.push(contract);
  }
  return contracts;
}

function readConsignees(
  deps: { faults: Faults; resolveSecret: ResolveSecret },
  input: { files: readonly { id: string; path: string }[]; contracted: readonly string[] },
): Map<string, Consignee> {
  const consignees = new Map<string, Consignee>();
  for (const { id, path } of input.files) {
    const file: YamlFile | undefined = readYaml(path, deps.faults);
    if (!file) continue;
    if (!input.contracted.includes(id)) {
      const wrong = `consignee "${id}" has no contract; add contracts/${id}/v1.yaml or remove it`;
      deps.faults.add(path, file.lineOf(['id']), wrong);
    }
    const consignee = readConsignee(deps, { file, id });
    if (consignee) consignees.set(id, consignee);
  }
  return consignees;
}

/**
 * Loads every agreement. Secrets are named in the files and resolved by `resolveSecret`.
 *
 * @param input.contractsDir folder with `dictionary/v<N>.yaml` and `<consignee>/v<N>.yaml`
 * @param input.consigneesDir folder with `<consignee>.yaml`
 * @throws StartupError with every fault at once, `file:line: what is wrong; what would be right`
 */
export function loadAgreements(
  deps: { resolveSecret: ResolveSecret },
  input: { contractsDir: string; consigneesDir: string },
): Agreements {
  const { contractsDir, consigneesDir } = input;
  const faults = collectFaults();
  const dictionaries = readDictionaries(faults, join(contractsDir, 'dictionary'));
  const contracted = listContractFolders(contractsDir, faults);
  const files = listConsignees(consigneesDir, faults);
  const known = new Set(files.map(({ id }) => id));
  const contracts = contracted.flatMap((consignee) =>
    readVersions(
      { faults, dictionaries },
      { consignee, folder: join(contractsDir, consignee), isKnown: known.has(consignee) },
    ),
  );
  const consignees = readConsignees({ ...deps, faults }, { files, contracted });
  if (contracted.length === 0) faults.add(contractsDir, 1, 'holds no contract; add one');
  faults.throwIfAny();
  const read = [...dictionaries].flatMap(([version, file]) =>
    file ? [[version, file.dictionary] as const] : [],
  );
  return { dictionaries: new Map(read), contracts, consignees };
}
