/** The clinic's published table of consignees, made from the contracts in force. */
import type { Contract, ItemClass, Words } from '#src/base/words.ts';
import { contractInForce } from './force.ts';
import type { Agreements } from './load.ts';

export interface NoticeItem {
  item: string;
  label: Words;
  class: ItemClass;
  /** What the item means in this contract, where its label leaves it open. */
  meaning?: Words;
}

/** What is doubtful about a contract although it holds. */
export interface ContractWarning {
  code: 'LEGAL_BASIS_UNCONFIRMED';
  item: string;
}

export interface NoticeRow {
  consignee: string;
  name: Words;
  work: Words;
  items: NoticeItem[];
  retention: Words;
  contract: string;
  warnings: ContractWarning[];
}

/** What the law asks the clinic to publish: who processes what for it, and until when. */
export interface Notice {
  /** Seoul calendar date. */
  asOf: string;
  consignees: NoticeRow[];
}

/** What an item means in a contract, where the contract pins it. */
export function pinOf(contract: Contract, item: string): Words | undefined {
  const pins = (contract.text['pins'] ?? {}) as Readonly<Record<string, Words>>;
  return Object.hasOwn(pins, item) ? pins[item] : undefined;
}

function itemRow(contract: Contract, code: string): NoticeItem {
  const entry = contract.dictionary.items.get(code);
  if (!entry) throw new Error(`${contract.id} lists ${code}, which its dictionary lacks`);
  const meaning = pinOf(contract, code);
  return { item: code, label: entry.label, class: entry.class, ...(meaning && { meaning }) };
}

/** The warnings of one contract version: legal bases that counsel has not confirmed yet. */
export function contractWarnings(contract: Contract): ContractWarning[] {
  return [...contract.legalBasis]
    .filter(([, { confirmed }]) => !confirmed)
    .map(([item]) => ({ code: 'LEGAL_BASIS_UNCONFIRMED', item }));
}

/**
 * The notice as of a Seoul calendar date (`YYYY-MM-DD`), one row for each consignee with a
 * contract in force, in the order of their ids.
 */
export function notice(agreements: Agreements, today: string): Notice {
  const rows: NoticeRow[] = [];
  for (const consignee of [...agreements.consignees.values()].toSorted((a, b) =>
    a.id < b.id ? -1 : 1,
  )) {
    const contract = contractInForce(agreements.contracts, consignee.id, today);
    if (!contract) continue;
    rows.push({
      consignee: consignee.id,
      name: consignee.name,
      work: contract.work,
      items: contract.items.map(({ item }) => itemRow(contract, item)),
      retention: contract.retention.text,
      contract: contract.id,
      warnings: contractWarnings(contract),
    });
  }
  return { asOf: today, consignees: rows };
}
