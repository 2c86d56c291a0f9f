/**
 * Whether a ledger's releases keep to the life of their contract versions. Imports only a type, so
 * that a browser runs it too.
 */
import type { LeafFacts } from './leaf.ts';

/** A fault that shows only later than its entry; null where no single one is to blame. */
export interface LifeFault {
  index: number | null;
  problem: string;
}

export interface VersionCheck {
  /** Every entry, in order. A problem where a version is named with another digest than before. */
  hear(leaf: LeafFacts): string | undefined;
  /** A release, after `hear`. `text` names its contract, one string for all that have it. */
  release(index: number, leaf: LeafFacts): { text: string; problem: string | undefined };
  /** Releases under versions that were never activated, or not in time. */
  finish(): LifeFault[];
}

interface Version {
  consignee: string;
  number: number;
  digest: string;
  text: string;
  activated: boolean;
  /** Its relation has ended, or a later version has begun. */
  over: boolean;
  /** The first release before its `contract-activated` was heard of. */
  early: { index: number; at: string } | null;
}

/**
 * Every process decides by the date itself, and one of them writes the entry a moment later: so
 * long a release may stand before the activation of its contract.
 */
const activationMsMax = 60_000;

/** Id and digest in one text. */
export function contractText({ id, digest }: { id: string; digest: string }): string {
  return `${id} ${digest}`;
}

/** Starts checking. Keeps one record a contract version. */
export function createVersionCheck(): VersionCheck {
  const versions = new Map<string, Version>();
  const late: LifeFault[] = [];
  let lastAt = '';

  const isLate = ({ early }: Version, at: string): boolean =>
    early !== null && Date.parse(at) - Date.parse(early.at) > activationMsMax;
  const faultOf = ({ early }: Version): LifeFault => {
    return { index: early!.index, problem: 'a release before its contract was activated' };
  };

  const close = ({ consignee, number }: Version, isThrough: boolean): void => {
    for (const other of versions.values()) {
      if (other.consignee !== consignee) continue;
      if (other.number < number || (isThrough && other.number === number)) other.over = true;
    }
  };

  return {
    hear({ kind, contract, at }) {
      lastAt = at;
      if (contract === null) return undefined;
      const known = versions.get(contract.id);
      const version = known ?? versionOf(contract);
      if (!known) versions.set(contract.id, version);
      else if (known.digest !== contract.digest) {
        return 'the contract version is named with another digest than before';
      }
      if (kind === 'contract-ended') close(version, true);
      if (kind !== 'contract-activated') return undefined;
      if (isLate(version, at)) late.push(faultOf(version));
      Object.assign(version, { activated: true, early: null });
      close(version, false);
      return undefined;
    },
    release(index, { at, contract }) {
      const version = versions.get(contract!.id)!;
      if (!version.activated) version.early ??= { index, at };
      const problem = version.over
        ? 'a release after its contract had ended, or after a later version had begun'
        : undefined;
      return { text: version.text, problem };
    },
    finish() {
      const open = [...versions.values()].filter((version) => isLate(version, lastAt));
      return [...late, ...open.map(faultOf)];
    },
  };
}

function versionOf(contract: { id: string; digest: string }): Version {
  const [consignee = '', number] = contract.id.split('.v');
  return {
    ...{ consignee, number: Number(number), digest: contract.digest },
    ...{ text: contractText(contract), activated: false, over: false, early: null },
  };
}
