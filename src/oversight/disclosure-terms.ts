/** What a contract version says of a disclosure: to whom, what for, which items, until when. */
import type { Agreements } from '#src/agreements/load.ts';
import { seoulDate } from '#src/base/seoul.ts';
import type { Contract, ItemClass, Words } from '#src/base/words.ts';
import type { Queryable } from '#src/store/pool.ts';

export interface NamedItem {
  item: string;
  label: Words;
  class: ItemClass | null;
}

/** The recipient, and the version that decided: the one of then, not the one of today. */
export interface Terms {
  consignee: string;
  /** As its file says today; its id where it has none any more. */
  name: Words;
  address: Words | null;
  contract: { id: string; version: number | null };
  work: Words | null;
  purpose: Words | null;
  /** Until when it may keep what it received, by the text of the contract. */
  keptUntil: Words | null;
  /** The relation has ended: until when it had to destroy what it received, and whether it did. */
  destruction: { dueOn: string; destroyedOn: string | null } | null;
  /** To whom it passes work on, with the clinic's consent. */
  passesOnTo: { name: Words; work: Words }[];
}

const same = (text: string): Words => ({ en: text, ko: text });

/** The orders to destroy what was received under each contract; the last one where several. */
async function destructions(
  db: Queryable,
  contracts: readonly string[],
): Promise<ReadonlyMap<string, Terms['destruction']>> {
  const { rows } = await db.query<{ id: string; dueOn: string; destroyedOn: string | null }>(
    `SELECT asked.id, due_on AS "dueOn", destroyed_on AS "destroyedOn"
     FROM unnest($1::text[]) AS asked (id) JOIN destruction_orders ON asked.id = ANY (contracts)
     ORDER BY destruction_orders.id`,
    [contracts],
  );
  return new Map(rows.map(({ id, ...order }) => [id, order]));
}

/** Tells the terms of contract versions. One that nobody knows, which tampering makes, says so. */
export async function termsOf(
  { db, agreements }: { db: Queryable; agreements: Agreements },
  contracts: readonly { consignee: string; contract: string }[],
): Promise<(consignee: string, contract: string) => Terms> {
  const ended = await destructions(db, [...new Set(contracts.map(({ contract }) => contract))]);
  const known = new Map(agreements.contracts.map((one) => [one.id, one]));
  return (consignee, id) => {
    const company = agreements.consignees.get(consignee);
    const contract = known.get(id);
    return {
      consignee,
      name: company?.name ?? same(consignee),
      address: company?.address ?? null,
      contract: { id, version: contract?.version ?? null },
      work: contract?.work ?? null,
      purpose: contract?.purpose ?? null,
      keptUntil: contract?.retention.text ?? null,
      destruction: ended.get(id) ?? null,
      passesOnTo: (contract?.subConsignees ?? []).map(({ name, work }) => ({ name, work })),
    };
  };
}

/** Names items as the dictionary of their contract does; names only, there are no values here. */
export function itemNames(
  agreements: Agreements,
): (contract: string, items: readonly string[]) => NamedItem[] {
  const known = new Map(agreements.contracts.map((one): [string, Contract] => [one.id, one]));
  return (contract, items) =>
    items.map((item) => {
      const entry = known.get(contract)?.dictionary.items.get(item);
      return { item, label: entry?.label ?? same(item), class: entry?.class ?? null };
    });
}

/** An instant as people and programs write it: the Seoul day, and RFC 3339. */
export interface Moment {
  date: string;
  at: string;
}

export const momentOf = (at: Date): Moment => ({
  date: seoulDate(at.getTime()),
  at: at.toISOString(),
});
