/** What became of a record by its contract, as the ledger recorded it: not as a row says. */
import type { Withheld } from '#src/base/words.ts';
import type { LedgerEntry } from '#src/ledger/read.ts';

/** One release, item by item. Together with the EMR's record it can be replayed offline. */
export interface Minimisation {
  /** The index of the entry that says so. */
  entry: number;
  /** The version that decided, and the SHA-256 of its text, base64. */
  contract: { id: string; digest: string };
  /** SHA-256(salt || bytes), base64. */
  commitment: string;
  released: string[];
  /** Each with the version of the rule that made it. */
  derived: { item: string; rule: string }[];
  /** Every rule that was applied, the mask of texts among them. */
  rules: string[];
  masked: string[];
  withheld: Withheld[];
}

interface ReleasedLeaf {
  kind: string;
  contract: Minimisation['contract'];
  items: string[];
  commitment: string;
}

/**
 * Reads it out of a transfer's entries. Null while no checkpoint covers the release, and where its
 * entry cannot be read: half a story would be taken for a whole one.
 */
export function minimisationOf(entries: readonly LedgerEntry[]): Minimisation | null {
  for (const { index, leaf, detail } of entries) {
    const said = parsed(leaf) as ReleasedLeaf | null;
    if (said?.kind !== 'released') continue;
    const told = detail ? parsed(detail.content) : null;
    if (!told) return null;
    const { rules = [], masked = [], withheld = [] } = told as Partial<Minimisation>;
    // `age@1` makes the item `age`; what is no item of the release is a rule of another kind
    const derived = rules
      .map((rule) => ({ item: rule.slice(0, rule.indexOf('@')), rule }))
      .filter(({ item }) => said.items.includes(item));
    const made = new Set(derived.map(({ item }) => item));
    const released = said.items.filter((item) => !made.has(item));
    const { contract, commitment } = said;
    return { entry: index, contract, commitment, released, derived, rules, masked, withheld };
  }
  return null;
}

function parsed(json: Buffer): object | null {
  try {
    const value: unknown = JSON.parse(json.toString('utf8'));
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
