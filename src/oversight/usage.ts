/** Over-contracting: what contracts list and nobody sends, what is sent and nobody may have. */
import { contractInForce, type Versions } from '#src/agreements/force.ts';
import type { Agreements } from '#src/agreements/load.ts';
import type { Clock } from '#src/base/clock.ts';
import { daysAfter } from '#src/base/seoul.ts';
import type { Contract, ItemClass, Words } from '#src/base/words.ts';
import type { Database } from '#src/store/pool.ts';

export interface UsageDeps {
  db: Database;
  agreements: Agreements;
  versions: Versions;
  clock: Clock;
}

interface NamedItem {
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

const releasedSql = `
  SELECT consignee, item, count(*)::integer AS transfers
  FROM transfers, unnest(released || derived) AS item
  WHERE id >= uuid_floor(now() - make_interval(days => $1)) GROUP BY consignee, item`;
const totalsSql = `
  SELECT consignee, count(*)::integer AS transfers FROM transfers
  WHERE id >= uuid_floor(now() - make_interval(days => $1)) GROUP BY consignee`;
const withheldSql = `
  SELECT kept.item, count(*)::integer AS transfers
  FROM transfers, jsonb_to_recordset(withheld) AS kept (item text, reason text)
  WHERE id >= uuid_floor(now() - make_interval(days => $1)) AND kept.reason = 'NOT_IN_CONTRACT'
  GROUP BY kept.item`;

/** The report over the last `days` days, from rows only: no payload is read. */
export async function reportUsage(deps: UsageDeps, days: number): Promise<UsageReport> {
  const { db, agreements, versions, clock } = deps;
  const today = clock.today();
  const released = await db.query<{ consignee: string; item: string }>(releasedSql, [days]);
  const totals = await db.query<{ consignee: string; transfers: number }>(totalsSql, [days]);
  const withheld = await db.query<{ item: string; transfers: number }>(withheldSql, [days]);
  const used = new Set(released.rows.map(({ consignee, item }) => `${consignee} ${item}`));
  const totalOf = new Map(totals.rows.map((row) => [row.consignee, row.transfers]));
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
      transfers: totalOf.get(contract.consignee) ?? 0,
      neverReleased: contract.items
        .filter(({ item }) => !used.has(`${contract.consignee} ${item}`))
        .flatMap(({ item }) => named([contract], item)),
    })),
    sentForNobody: withheld.rows
      .filter(({ item }) => !contracted.has(item))
      .flatMap(({ item, transfers }) =>
        named(agreements.contracts, item).map((name) => ({ ...name, transfers })),
      )
      .toSorted((one, other) => other.transfers - one.transfers),
  };
}

/** The item as the first dictionary among the contracts names it. */
function named(contracts: readonly Contract[], item: string): NamedItem[] {
  for (const { dictionary } of contracts) {
    const entry = dictionary.items.get(item);
    if (entry) return [{ item, label: entry.label, class: entry.class }];
  }
  return [];
}
