/** Over-contracting: what contracts list and nobody sends, what is sent and nobody may have. */
import { contractInForce, type Versions } from '#src/agreements/force.ts';
import type { Agreements } from '#src/agreements/load.ts';
import type { Clock } from '#src/base/clock.ts';
import { daysAfter } from '#src/base/seoul.ts';
import type { Contract, ItemClass, Words } from '#src/base/words.ts';
import type { Database } from '#src/store/pool.ts';
import { itemUse, type ConsigneeUse } from './item-use.ts';

export interface UsageDeps {
  db: Database;
  agreements: Agreements;
  versions: Versions;
  clock: Clock;
}

export interface NamedItem {
  item: string;
  label: Words;
  class: ItemClass;
}

export interface ConsigneeUsage {
  consignee: string;
  /** The version in force. */
  contract: string;
  /** Transfers in these days; where there were none, an unused item says nothing. */
  transfers: number;
  /** Contracted items that were never released or derived in these days. */
  neverReleased: NamedItem[];
}

export interface UsageReport {
  days: number;
  /** Seoul calendar date from which was counted. */
  since: string;
  consignees: ConsigneeUsage[];
  /** Items that an EMR keeps sending although no contract in force lists them. */
  sentForNobody: (NamedItem & { transfers: number })[];
}

/** The report over the last `days` days, from rows only: no payload is read. */
export async function reportUsage(deps: UsageDeps, days: number): Promise<UsageReport> {
  const { db, agreements, versions, clock } = deps;
  const today = clock.today();
  const used = await itemUse(db, { days });
  const inForce = [...agreements.consignees.keys()].flatMap(
    (consignee) => contractInForce(versions, consignee, today) ?? [],
  );
  const contracted = new Set(inForce.flatMap(({ items }) => items.map(({ item }) => item)));
  return {
    days,
    since: daysAfter(today, -days),
    consignees: inForce.map((contract) => ({
      consignee: contract.consignee,
      contract: contract.id,
      transfers: used.get(contract.consignee)?.transfers ?? 0,
      neverReleased: contract.items
        .filter(({ item }) => !used.get(contract.consignee)?.items.get(item)?.released)
        .flatMap(({ item }) => named([contract], item)),
    })),
    sentForNobody: [...notContracted(used)]
      .filter(([item]) => !contracted.has(item))
      .flatMap(([item, transfers]) =>
        named(agreements.contracts, item).map((name) => ({ ...name, transfers })),
      )
      .toSorted((one, other) => other.transfers - one.transfers),
  };
}

/** In how many transfers, to whomever, each item was sent and not contracted. */
function notContracted(used: ReadonlyMap<string, ConsigneeUse>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { items } of used.values()) {
    for (const [item, { notContracted: count }] of items) {
      if (count > 0) counts.set(item, (counts.get(item) ?? 0) + count);
    }
  }
  return counts;
}

/** The item as the first dictionary among the contracts names it. */
function named(contracts: readonly Contract[], item: string): NamedItem[] {
  for (const { dictionary } of contracts) {
    const entry = dictionary.items.get(item);
    if (entry) return [{ item, label: entry.label, class: entry.class }];
  }
  return [];
}
