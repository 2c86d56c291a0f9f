/** Says which single contract version decides, and what of an older one may still go. */
import { daysAfter, seoulDate } from '#src/base/seoul.ts';
import type { Contract } from '#src/base/words.ts';

/** Days for which the clinic's notice has to show a version before it can decide. */
export const noticeDaysMin = 7;

/**
 * What has become of contracts outside their files: rows that every process reads again each
 * second. Where a row is missing, nothing is in force because of it.
 */
export interface Standing {
  /** The Seoul day since which the notice shows a version, by contract id. */
  noticedOn: ReadonlyMap<string, string>;
  /** Ids of versions that have begun: they never have not, whatever happens to their files. */
  activated: ReadonlySet<string>;
  /** By consignee, the highest version whose relation has ended; so ended are all below it. */
  endedThrough: ReadonlyMap<string, number>;
}

/** Every version and what has become of them. */
export interface Versions {
  contracts: readonly Contract[];
  standing: Standing;
}

/**
 * The first Seoul day on which a version can decide: its `validFrom`, or later where it was not
 * noticed in time. Null when it never can as things are: not signed by both, or not noticed.
 */
export function decidesFrom(contract: Contract, standing: Standing): string | null {
  if (contract.signature.state !== 'signed') return null;
  const noticedOn = standing.noticedOn.get(contract.id);
  if (noticedOn === undefined) return null;
  const noticed = daysAfter(noticedOn, noticeDaysMin);
  return noticed > contract.validFrom ? noticed : contract.validFrom;
}

/**
 * True for a version whose last day had passed when the second party signed: no gateway ever
 * notices it, so it never decides, and the version before it goes on.
 */
export function isSignedTooLate({ signature, validUntil }: Contract): boolean {
  if (signature.state !== 'signed' || validUntil === null) return false;
  return [signature.clinic, signature.consignee].some((party) => {
    const signedAt = party?.signedAt ?? null;
    return signedAt !== null && seoulDate(Date.parse(signedAt)) > validUntil;
  });
}

/**
 * True for a version whose relation has ended: by an operator, or with its last day once that was
 * recorded. Nothing that was released under it goes out again, whichever version comes after.
 */
export function isEnded(contract: Contract, standing: Standing): boolean {
  return contract.version <= (standing.endedThrough.get(contract.consignee) ?? 0);
}

/** Whether it begins by its own words: once recorded, nobody asks any more. */
function begins(contract: Contract, standing: Standing, today: string): boolean {
  if (isEnded(contract, standing)) return false;
  const from = decidesFrom(contract, standing);
  return from !== null && from <= today;
}

/**
 * The version that began last, whether or not its relation has ended since.
 *
 * @param today `YYYY-MM-DD`, the date in Seoul by PostgreSQL's clock
 */
export function contractBegun(
  { contracts, standing }: Versions,
  consignee: string,
  today: string,
): Contract | undefined {
  let begun: Contract | undefined;
  for (const contract of contracts) {
    if (contract.consignee !== consignee || contract.validFrom > today) continue;
    const hasBegun = standing.activated.has(contract.id) || begins(contract, standing, today);
    if (hasBegun && (!begun || contract.version > begun.version)) begun = contract;
  }
  return begun;
}

/**
 * The contract version in force for a consignee on a Seoul calendar day, or `undefined`.
 *
 * The version that began last decides; one that is not signed by both, or not noticed for seven
 * days, has not begun. When the one that began last has ended (`validUntil`, its last day, or an
 * operator's end), the relation has ended: an earlier version never comes back, only a later one
 * can begin anew.
 *
 * @param today `YYYY-MM-DD`, the date in Seoul by PostgreSQL's clock
 */
export function contractInForce(
  versions: Versions,
  consignee: string,
  today: string,
): Contract | undefined {
  const begun = contractBegun(versions, consignee, today);
  if (!begun || isEnded(begun, versions.standing)) return undefined;
  // It began, and its signatures are gone since: nothing decides, least of all an older version.
  if (begun.signature.state !== 'signed') return undefined;
  return begun.validUntil !== null && begun.validUntil < today ? undefined : begun;
}

/** Codes that a contract lets leave: listed, and with a legal basis where one is needed. */
export function releasableItems(contract: Contract): string[] {
  return contract.items.flatMap(({ item }) => {
    const isIdentifier = contract.dictionary.items.get(item)?.class === 'uniqueIdentifier';
    return isIdentifier && !contract.legalBasis.has(item) ? [] : [item];
  });
}

/** Why a transfer that waits may not go any more. */
export type Outdated = 'contract-ended' | 'contract-superseded';

/**
 * Whether what was released under an older version may still go: only when the version that is
 * now in force is about the same kind of person and lets every one of its items leave.
 *
 * @param released dictionary codes in the payload, released or derived
 * @returns undefined when it may
 */
export function outdated(
  contract: Contract,
  inForce: Contract | undefined,
  released: readonly string[],
): Outdated | undefined {
  if (!inForce) return 'contract-ended';
  if (inForce.id === contract.id) return undefined;
  const allowed = new Set(releasableItems(inForce));
  const goes = inForce.subject === contract.subject && released.every((item) => allowed.has(item));
  return goes ? undefined : 'contract-superseded';
}

/**
 * The contract version with an id such as `samkwang.v1`. Registered versions are always loaded, so
 * an id that is not there is a broken invariant and throws a plain error.
 */
export function requireContract(
  { contracts }: { contracts: readonly Contract[] },
  id: string,
): Contract {
  const contract = contracts.find((candidate) => candidate.id === id);
  if (!contract) throw new Error(`contract ${id} is not loaded`);
  return contract;
}
