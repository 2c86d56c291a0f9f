/** What a contract change would have meant for the transfers of late; no payload is read. */
import type { ContractDiff } from '#src/agreements/diff.ts';
import type { Database } from '#src/store/pool.ts';
import { itemUse } from './item-use.ts';

/** What would have become of an item in the transfers of the last days. */
export interface Impact {
  item: string;
  effect: 'wouldBeReleased' | 'wouldBeWithheld' | 'wouldBeRefused';
  /** In how many transfers. */
  transfers: number;
}

export interface ImpactReport {
  days: number;
  /** Transfers of this consignee in these days, under whatever version. */
  transfers: number;
  items: Impact[];
}

/** What became of each item in the transfers of a consignee, by the codes that were found. */
export interface ItemCounts {
  consignee: string;
  days: number;
  transfers: number;
  items: { item: string; released: number; notContracted: number; noLegalBasis: number }[];
}

/** Counts what was released and withheld in the transfers of the last days. */
export async function countItems(
  { db }: { db: Database },
  { consignee, days }: { consignee: string; days: number },
): Promise<ItemCounts> {
  const used = (await itemUse(db, { days, consignee })).get(consignee);
  const items = [...(used?.items ?? [])]
    .map(([item, { lastOn: _lastOn, ...counts }]) => ({ item, ...counts }))
    .sort((one, other) => (one.item < other.item ? -1 : 1));
  return { consignee, days, transfers: used?.transfers ?? 0, items };
}

/**
 * For each item that a change touches, in how many of the counted transfers it would have gone
 * another way. Pure: the change may be one that no gateway has read yet.
 */
export function impactOf(diff: ContractDiff, counts: ItemCounts): ImpactReport {
  const touched = [...diff.added, ...diff.removed, ...diff.changed].map(({ item }) => item);
  const { days, transfers } = counts;
  const impacts = [...new Set(touched)].flatMap((item) => {
    const none = { item, released: 0, notContracted: 0, noLegalBasis: 0 };
    const count = counts.items.find((one) => one.item === item) ?? none;
    return effectsOn(diff, { ...count, all: transfers });
  });
  return { days, transfers, items: impacts.filter((impact) => impact.transfers > 0) };
}

type Counted = ItemCounts['items'][number] & { all: number };

function effectsOn(diff: ContractDiff, count: Counted): Impact[] {
  const { item, released, notContracted, noLegalBasis, all } = count;
  const added = diff.added.find((one) => one.item === item);
  if (added) {
    const goes = added.legalBasis !== 'missing';
    const lacking: Impact = { item, effect: 'wouldBeRefused', transfers: all - notContracted };
    return [
      ...(goes ? [{ item, effect: 'wouldBeReleased', transfers: notContracted } as const] : []),
      ...(goes && added.required ? [lacking] : []),
    ];
  }
  if (diff.removed.some((one) => one.item === item)) {
    return [{ item, effect: 'wouldBeWithheld', transfers: released }];
  }
  return diff.changed.flatMap((change): Impact[] => {
    if (change.item !== item) return [];
    if (change.what === 'required' && change.to === 'true') {
      return [{ item, effect: 'wouldBeRefused', transfers: all - released - noLegalBasis }];
    }
    if (change.what !== 'legalBasis') return [];
    if (change.from === 'missing') {
      return [{ item, effect: 'wouldBeReleased', transfers: noLegalBasis }];
    }
    return change.to === 'missing'
      ? [{ item, effect: 'wouldBeWithheld', transfers: released }]
      : [];
  });
}
