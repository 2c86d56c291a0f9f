/** What a new contract version changes: items first, by how carefully they must be handled. */
import { canonicalText } from '#src/base/canonical.ts';
import type { Contract, ItemClass, Words } from '#src/base/words.ts';
import { pinOf } from './notice.ts';

/** Whether a law has to allow an item, and does. */
export type LegalBasisState = 'notNeeded' | 'confirmed' | 'unconfirmed' | 'missing';

/** One item that only one of the two versions lists. */
export interface DiffItem {
  item: string;
  label: Words;
  class: ItemClass;
  required: boolean;
  legalBasis: LegalBasisState;
  meaning?: Words;
}

/** What differs about an item that both versions list. */
export interface ItemChange {
  item: string;
  label: Words;
  class: ItemClass;
  what: 'required' | 'meaning' | 'legalBasis';
  from: string | Words | null;
  to: string | Words | null;
}

export interface ContractDiff {
  consignee: string;
  from: string;
  to: string;
  /** Why the later version replaces the earlier one, as its text says. */
  reason: Words | null;
  added: DiffItem[];
  removed: DiffItem[];
  changed: ItemChange[];
  /** Names of other parts of the text that differ, such as `retention` or `clauses.liability`. */
  terms: string[];
}

/** The most delicate first: what a reviewer must see before anything else. */
const classOrder: readonly ItemClass[] = [
  ...(['uniqueIdentifier', 'sensitiveHealth', 'video', 'member', 'general', 'returned'] as const),
];

const byClass = (one: { class: ItemClass }, other: { class: ItemClass }) =>
  classOrder.indexOf(one.class) - classOrder.indexOf(other.class);

function basisOf(contract: Contract, code: string): LegalBasisState {
  if (contract.dictionary.items.get(code)?.class !== 'uniqueIdentifier') return 'notNeeded';
  const basis = contract.legalBasis.get(code);
  if (!basis) return 'missing';
  return basis.confirmed ? 'confirmed' : 'unconfirmed';
}

type ListedItem = DiffItem & { meaning?: Words };

function listed(contract: Contract): Map<string, ListedItem> {
  return new Map(
    contract.items.map(({ item, required }) => {
      const entry = contract.dictionary.items.get(item);
      if (!entry) throw new Error(`${contract.id} lists ${item}, which its dictionary lacks`);
      const meaning = pinOf(contract, item);
      const { label, class: itemClass } = entry;
      const legalBasis = basisOf(contract, item);
      const row = { item, label, class: itemClass, required, legalBasis };
      return [item, { ...row, ...(meaning && { meaning }) }];
    }),
  );
}

function same(one: unknown, other: unknown): boolean {
  return canonicalText(one ?? null) === canonicalText(other ?? null);
}

function changesOf(from: ListedItem, to: ListedItem): ItemChange[] {
  const { item, label, class: itemClass } = to;
  const changes: ItemChange[] = [];
  const note = (
    what: ItemChange['what'],
    was: string | Words | undefined,
    is: string | Words | undefined,
  ) => {
    if (same(was, is)) return;
    changes.push({ item, label, class: itemClass, what, from: was ?? null, to: is ?? null });
  };
  note('required', String(from.required), String(to.required));
  note('legalBasis', from.legalBasis, to.legalBasis);
  note('meaning', from.meaning, to.meaning);
  return changes;
}

/** Parts that are told elsewhere, or that differ between any two versions. */
const toldElsewhere = ['consignee', 'version', 'items', 'pins', 'legalBasis', 'reason'];

function termsOf(from: Contract, to: Contract): string[] {
  const parts = new Set([...Object.keys(from.text), ...Object.keys(to.text)]);
  return [...parts].flatMap((part) => {
    const [was, is] = [from.text[part], to.text[part]];
    if (toldElsewhere.includes(part) || same(was, is)) return [];
    if (part !== 'clauses') return [part];
    const clauses = is as Readonly<Record<string, unknown>>;
    const before = was as Readonly<Record<string, unknown>>;
    return Object.keys(clauses)
      .filter((clause) => !same(before[clause], clauses[clause]))
      .map((clause) => `clauses.${clause}`);
  });
}

/** Compares two versions of one consignee's contract. Pure; no transfer is looked at. */
export function diffContracts(from: Contract, to: Contract): ContractDiff {
  const before = listed(from);
  const after = listed(to);
  const changed = [...after.values()].flatMap((item) => {
    const was = before.get(item.item);
    return was ? changesOf(was, item) : [];
  });
  return {
    ...{ consignee: to.consignee, from: from.id, to: to.id, reason: to.reason },
    added: [...after.values()].filter(({ item }) => !before.has(item)).sort(byClass),
    removed: [...before.values()].filter(({ item }) => !after.has(item)).sort(byClass),
    changed: changed.sort(byClass),
    terms: termsOf(from, to),
  };
}
