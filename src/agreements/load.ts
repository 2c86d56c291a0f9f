/**
 * Reads dictionaries, contracts and consignees from their folders, all or nothing: one fault
 * anywhere and no agreement exists, so nothing can leave by a half-read rule (laws 1 and 8).
 */
import { join } from 'node:path';
import type { JWK } from 'jose';
import type { Clinic, Consignee, Contract, Dictionary } from '#src/base/words.ts';
import { readClinic } from './clinic-file.ts';
import { readConsignee } from './consignee-file.ts';
import type { ResolveSecret } from './consignee-file.ts';
import { readContract } from './contract-file.ts';
import { readDictionary } from './dictionary-file.ts';
import type { DictionaryFile } from './dictionary-file.ts';
import { collectFaults, wrong, type Faults, type Wrong } from './faults.ts';
import { clinicFile, listConsignees, listContractFolders, listVersions } from './folders.ts';
import { readYaml } from './yaml-file.ts';
import type { YamlFile } from './yaml-file.ts';

/** Everything that was agreed, as read at start. */
export interface Agreements {
  dictionaries: ReadonlyMap<number, Dictionary>;
  /** Every version, sorted by consignee and then by version number. */
  contracts: readonly Contract[];
  consignees: ReadonlyMap<string, Consignee>;
  /** The clinic itself; null where there is no `clinic.yaml`. */
  clinic: Clinic | null;
}

/** What was read, whatever is wrong with it, and where each part of it stands. */
export interface AgreementsRead {
  /** Only what has no fault of its own. */
  agreements: Agreements;
  faults: Faults;
  /** The files of contracts by id, of consignees by id, and of the clinic. */
  files: {
    contracts: ReadonlyMap<string, YamlFile>;
    consignees: ReadonlyMap<string, YamlFile>;
    clinic: string;
  };
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
  input: { consignee: string; folder: string; isKnown: boolean; files: Map<string, YamlFile> },
): Contract[] {
  const { faults } = deps;
  const { consignee, folder, isKnown } = input;
  const contracts: Contract[] = [];
  const versions = listVersions(folder, faults);
  if (versions.length === 0) faults.add(folder, 1, wrong('folder.empty', 'v1.yaml'));
  for (const { version, path } of versions) {
    const file = readYaml(path, faults);
    if (!file) continue;
    const report = (key: string, said: Wrong): void => faults.add(path, file.lineOf([key]), said);
    if (!isKnown) {
      report('consignee', wrong('contract.no-consignee-file', consignee));
    }
    const contract = readContract(deps, { file, consignee, version });
    if (!contract) continue;
    const previous = contracts.at(-1);
    if (previous && contract.validFrom <= previous.validFrom) {
      report('validFrom', wrong('contract.not-later', previous.version));
    }
    contracts.push(contract);
    input.files.set(contract.id, file);
  }
  return contracts;
}

/** One key for both parties would let whoever holds it sign a contract alone. */
function reportSharedKeys(
  faults: Faults,
  input: { file: YamlFile; consignee: Consignee; clinic: Clinic | null },
): void {
  const { file, consignee, clinic } = input;
  const identity = ({ kty, crv, x, y }: JWK): string => JSON.stringify([kty, crv, x, y]);
  const own = new Set(clinic?.signingKeys.map(identity));
  consignee.signingKeys.forEach((key, index) => {
    if (!own.has(identity(key))) return;
    const place = ['signingKeys', index];
    faults.add(file.path, file.lineOf(place), wrong('key.shared', `signingKeys[${index}]`));
  });
}

function readConsignees(
  deps: { faults: Faults; resolveSecret: ResolveSecret },
  input: {
    found: readonly { id: string; path: string }[];
    contracted: readonly string[];
    files: Map<string, YamlFile>;
    clinic: Clinic | null;
  },
): Map<string, Consignee> {
  const consignees = new Map<string, Consignee>();
  for (const { id, path } of input.found) {
    const file: YamlFile | undefined = readYaml(path, deps.faults);
    if (!file) continue;
    if (!input.contracted.includes(id)) {
      deps.faults.add(path, file.lineOf(['id']), wrong('consignee.no-contract', id));
    }
    const consignee = readConsignee(deps, { file, id });
    if (!consignee) continue;
    reportSharedKeys(deps.faults, { file, consignee, clinic: input.clinic });
    consignees.set(id, consignee);
    input.files.set(id, file);
  }
  return consignees;
}

/**
 * Reads every agreement and collects what is wrong instead of refusing: for the linter, which
 * explains. What a gateway works with comes from `loadAgreements`.
 */
export function readAgreements(
  deps: { resolveSecret: ResolveSecret },
  input: { contractsDir: string; consigneesDir: string },
): AgreementsRead {
  const { contractsDir, consigneesDir } = input;
  const faults = collectFaults();
  const files = { contracts: new Map<string, YamlFile>(), consignees: new Map<string, YamlFile>() };
  const dictionaries = readDictionaries(faults, join(contractsDir, 'dictionary'));
  const contracted = listContractFolders(contractsDir, faults);
  const found = listConsignees(consigneesDir, faults);
  const known = new Set(found.map(({ id }) => id));
  const contracts = contracted.flatMap((consignee) => {
    const folder = join(contractsDir, consignee);
    const isKnown = known.has(consignee);
    const own = { consignee, folder, isKnown, files: files.contracts };
    return readVersions({ faults, dictionaries }, own);
  });
  const clinicPath = join(contractsDir, clinicFile);
  const clinic = readClinic({ ...deps, faults }, clinicPath);
  const consignees = readConsignees(
    { ...deps, faults },
    { found, contracted, files: files.consignees, clinic },
  );
  if (contracted.length === 0) faults.add(contractsDir, 1, wrong('folder.empty', 'one'));
  const read = [...dictionaries].flatMap(([version, file]) =>
    file ? [[version, file.dictionary] as const] : [],
  );
  const agreements = { dictionaries: new Map(read), contracts, consignees, clinic };
  return { agreements, faults, files: { ...files, clinic: clinicPath } };
}

/**
 * Loads every agreement. Secrets are named in the files and resolved by `resolveSecret`.
 *
 * @param input.contractsDir folder with `dictionary/v<N>.yaml`, `<consignee>/v<N>.yaml` and,
 *   where there is one, `clinic.yaml`
 * @param input.consigneesDir folder with `<consignee>.yaml`
 * @throws StartupError with every fault at once, `file:line: what is wrong; what would be right`
 */
export function loadAgreements(
  deps: { resolveSecret: ResolveSecret },
  input: { contractsDir: string; consigneesDir: string },
): Agreements {
  const { agreements, faults } = readAgreements(deps, input);
  faults.throwIfAny();
  return agreements;
}
