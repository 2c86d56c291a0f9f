/**
 * Explains contracts to whoever answers for them: everything that keeps a gateway from starting,
 * and everything that is missing or doubtful about what it would start with.
 */
import { createHash } from 'node:crypto';
import { basename, dirname, relative } from 'node:path';
import type { Consignee } from '#src/base/words.ts';
import type { ResolveSecret } from '../consignee-file.ts';
import type { Fault } from '../faults.ts';
import { isSignedTooLate } from '../force.ts';
import { readAgreements, type AgreementsRead } from '../load.ts';
import { attachSignatures } from '../signatures.ts';
import { doubtsOfItems } from './doubts-of-items.ts';
import { doubtsOfLife } from './doubts-of-life.ts';
import { doubtsOfClinic, doubtsOfConsignee } from './doubts-of-parties.ts';
import { doubtsOfWords } from './doubts-of-words.ts';
import type { Finding, Version } from './finding.ts';

export interface LintReport {
  /** True when there is no error. */
  ok: boolean;
  errors: number;
  warnings: number;
  /** How much was looked at. */
  consignees: readonly string[];
  contracts: readonly string[];
  /** Who they are, where their files could be read. */
  names: ReadonlyMap<string, Consignee>;
  /** By consignee (those about none first), errors before warnings, then by file and line. */
  findings: readonly Finding[];
}

export interface LintInput {
  contractsDir: string;
  consigneesDir: string;
  /** Ids of consignees; empty: all of them. */
  only: readonly string[];
  /** Seoul calendar date. */
  today: string;
}

/** Whom a fault is about, which its path tells: its file may say nothing that can be read. */
function findingOf(fault: Fault, input: LintInput): Finding {
  const below = (dir: string) => {
    const path = relative(dir, fault.file);
    return path.startsWith('..') ? null : path;
  };
  const inContracts = below(input.contractsDir)?.split('/') ?? [];
  const [folder = '', name] = inContracts;
  const finding = { ...fault, level: 'error' as const, consignee: null, contract: null };
  if (name !== undefined && folder !== 'dictionary') {
    const version = /^(v\d+)\.ya?ml$/.exec(name)?.[1];
    return { ...finding, consignee: folder, contract: version ? `${folder}.${version}` : null };
  }
  if (dirname(fault.file) === input.contractsDir && !/\.ya?ml$|^dictionary$/.test(folder)) {
    return { ...finding, consignee: folder };
  }
  const isConsignee = dirname(fault.file) === input.consigneesDir;
  return { ...finding, consignee: isConsignee ? basename(fault.file, '.yaml') : null };
}

/**
 * The versions that can still matter: in force, to come, or the one that a signed one has not
 * replaced yet. What was replaced or has ended is history, and nobody can change it.
 */
function liveVersions(versions: readonly Version[], today: string): Version[] {
  return versions.filter(({ contract }) => {
    const isOver = contract.validUntil !== null && contract.validUntil < today;
    // one that was not signed in time has never begun, and whoever wrote it thinks that it has
    const hasBegun = contract.signature.state === 'signed' && !isSignedTooLate(contract);
    if (isOver && (hasBegun || contract !== versions.at(-1)?.contract)) return false;
    return !versions.some(
      ({ contract: later }) =>
        later.version > contract.version &&
        later.signature.state === 'signed' &&
        !isSignedTooLate(later) &&
        later.validFrom <= today,
    );
  });
}

function versionsOf({ agreements, files }: AgreementsRead, consignee: string): Version[] {
  return agreements.contracts.flatMap((contract) => {
    const file = files.contracts.get(contract.id);
    return contract.consignee === consignee && file ? [{ contract, file }] : [];
  });
}

function doubtsAbout(
  read: AgreementsRead,
  input: { id: string; today: string; absentKeys: ReadonlySet<string> },
): Finding[] {
  const { id, today, absentKeys } = input;
  const all = versionsOf(read, id);
  const live = liveVersions(all, today);
  const consignee = read.agreements.consignees.get(id);
  const hasKeys = !absentKeys.has(id) && !absentKeys.has('clinic');
  return [
    ...(consignee ? doubtsOfConsignee(read, { consignee, versions: live, absentKeys }) : []),
    ...live.flatMap((version) => [
      ...doubtsOfItems(version),
      ...doubtsOfWords(version),
      ...doubtsOfLife(version, { today, isLast: version === all.at(-1), hasKeys }),
    ]),
  ];
}

function compare(a: Finding, b: Finding): number {
  const key = ({ consignee, level, file, line }: Finding) =>
    [consignee ?? '', level, file, String(line).padStart(6, '0')].join('\0');
  const [left, right] = [key(a), key(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * Reads every file of the two folders and says what is wrong or doubtful. Only the keys that
 * signatures are checked with are wanted of `resolveSecret`; one that is not there is told, and
 * stands for nothing. Nothing is written, made or started.
 */
export async function lintAgreements(
  deps: { resolveSecret: ResolveSecret },
  input: LintInput,
): Promise<LintReport> {
  const absentKeys = new Set<string>();
  const resolveSecret: ResolveSecret = (reference, hint) => {
    const found = deps.resolveSecret(reference, hint);
    if (found.ok || hint.use !== 'signingKey') return found;
    absentKeys.add(hint.consignee);
    return { ok: true, value: nobodysKey(reference) };
  };
  const unsigned = readAgreements({ resolveSecret }, input);
  const agreements = await attachSignatures(
    // nothing is signed here, so no time is needed
    { now: () => 0 },
    { agreements: unsigned.agreements, contractsDir: input.contractsDir },
  );
  const read = { ...unsigned, agreements };
  const faults = read.faults.list().map((fault) => findingOf(fault, input));
  const known = new Set([
    ...agreements.contracts.map(({ consignee }) => consignee),
    ...agreements.consignees.keys(),
    // one whose files cannot be read yet is there all the same
    ...faults.flatMap(({ consignee }) => consignee ?? []),
  ]);
  const wanted = (id: string) => input.only.length === 0 || input.only.includes(id);
  const consignees = [...known].filter(wanted).toSorted();
  const findings = [
    ...faults,
    ...doubtsOfClinic(read, absentKeys),
    ...consignees.flatMap((id) => doubtsAbout(read, { id, today: input.today, absentKeys })),
  ]
    .filter(({ consignee }) => consignee === null || wanted(consignee))
    .toSorted(compare);
  const errors = findings.filter(({ level }) => level === 'error').length;
  const contracts = agreements.contracts.filter(({ consignee }) => consignees.includes(consignee));
  return {
    ...{ ok: errors === 0, errors, warnings: findings.length - errors, findings, consignees },
    contracts: contracts.map(({ id }) => id),
    names: agreements.consignees,
  };
}

/** A public key (Ed25519) that belongs to nobody, one for each name: no signature holds by it. */
function nobodysKey(reference: string): string {
  const x = createHash('sha256').update(reference).digest('base64url');
  return JSON.stringify({ kty: 'OKP', crv: 'Ed25519', x });
}
