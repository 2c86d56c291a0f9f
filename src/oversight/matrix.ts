/** Who may have which item, and who was really given it of late: the picture for the board. */
import { contractInForce } from '#src/agreements/force.ts';
import { daysAfter } from '#src/base/seoul.ts';
import type { Contract, Dictionary, Words } from '#src/base/words.ts';
import { itemUse, type ConsigneeUse } from './item-use.ts';
import type { NamedItem, UsageDeps } from './usage.ts';

interface Cell {
  item: string;
  /** Transfers of these days in which it was released or derived. */
  transfers: number;
  /** Seoul day of the newest of them. */
  lastReleasedOn: string | null;
}

export interface MatrixRow {
  consignee: string;
  name: Words;
  /** The version in force; null where there is none. */
  contract: string | null;
  transfers: number;
  /** What that version lists, in its order. */
  items: (Cell & { required: boolean })[];
  /** What it does not list, and went in these days: under a version before it. */
  earlier: Cell[];
}

export interface Matrix {
  days: number;
  /** Seoul day from which was counted. */
  since: string;
  /** Every item that can leave, in the order of the dictionary. */
  items: NamedItem[];
  consignees: MatrixRow[];
}

/**
 * The dictionary in force: the newest that a contract in force pins; where none is in force, the
 * newest that there is.
 */
export function dictionaryInForce(deps: Omit<UsageDeps, 'db'>): Dictionary | undefined {
  const { agreements, versions, clock } = deps;
  const today = clock.today();
  const pinned = [...agreements.consignees.keys()].flatMap(
    (consignee) => contractInForce(versions, consignee, today)?.dictionary ?? [],
  );
  const known = pinned.length > 0 ? pinned : [...agreements.dictionaries.values()];
  return known.toSorted((one, other) => other.version - one.version)[0];
}

/** The items of a dictionary, in its order. */
export function namedItems(dictionary: Dictionary | undefined): NamedItem[] {
  return [...(dictionary?.items.values() ?? [])].map(({ code, label, class: of }) => ({
    ...{ item: code, label, class: of },
  }));
}

/**
 * Consignees by items. Columns are all items of a record that the dictionary in force has, and any
 * other that a contract in force lists under an older one; rows are all consignees.
 */
export async function contractMatrix(deps: UsageDeps, days: number): Promise<Matrix> {
  const { db, agreements, versions, clock } = deps;
  const today = clock.today();
  const used = await itemUse(db, { days });
  const rows = [...agreements.consignees.values()].map(({ id, name }) => {
    const contract = contractInForce(versions, id, today);
    return { contract, row: rowOf({ consignee: id, name, contract, use: used.get(id) }) };
  });
  const inForce = rows.flatMap(({ contract }) => contract ?? []);
  return {
    days,
    since: daysAfter(today, -days),
    items: columnsOf(dictionaryInForce(deps), inForce),
    consignees: rows.map(({ row }) => row),
  };
}

function columnsOf(newest: Dictionary | undefined, contracts: readonly Contract[]): NamedItem[] {
  const columns = new Map<string, NamedItem>();
  for (const named of namedItems(newest)) {
    if (named.class !== 'returned') columns.set(named.item, named);
  }
  for (const { dictionary, items } of contracts) {
    for (const { item } of items) {
      const known = dictionary.items.get(item);
      if (!known || columns.has(item)) continue;
      columns.set(item, { item, label: known.label, class: known.class });
    }
  }
  return [...columns.values()];
}

function rowOf(of: {
  consignee: string;
  name: Words;
  contract: Contract | undefined;
  use: ConsigneeUse | undefined;
}): MatrixRow {
  const { consignee, name, contract, use } = of;
  const cell = (item: string): Cell => {
    const { released = 0, lastOn = null } = use?.items.get(item) ?? {};
    return { item, transfers: released, lastReleasedOn: lastOn };
  };
  const listed = new Set(contract?.items.map(({ item }) => item));
  const went = [...(use?.items ?? [])].filter(([, { released }]) => released > 0);
  return {
    ...{ consignee, name, contract: contract?.id ?? null, transfers: use?.transfers ?? 0 },
    items: (contract?.items ?? []).map(({ item, required }) => ({ ...cell(item), required })),
    earlier: went.flatMap(([item]) => (listed.has(item) ? [] : [cell(item)])),
  };
}
