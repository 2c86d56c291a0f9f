/** What a contract change would have meant for the transfers of late; no payload is read. */
import type { ContractDiff } from '#src/agreements/diff.ts';
import type { Database } from '#src/store/pool.ts';

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

interface Counted {
  item: string;
  released: number;
  notListed: number;
  baseless: number;
  all: number;
}

const countSql = `
  SELECT item,
    count(*) FILTER (WHERE item = ANY(released) OR item = ANY(derived))::integer AS released,
    count(*) FILTER (WHERE withheld @> jsonb_build_array(
      jsonb_build_object('item', item, 'reason', 'NOT_IN_CONTRACT')))::integer AS "notListed",
    count(*) FILTER (WHERE withheld @> jsonb_build_array(
      jsonb_build_object('item', item, 'reason', 'NO_LEGAL_BASIS')))::integer AS baseless,
    count(*)::integer AS all
  FROM transfers, unnest($2::text[]) AS item
  WHERE consignee = $1 AND id >= uuid_floor(now() - make_interval(days => $3))
  GROUP BY item`;

/**
 * Counts, for each item that a change touches, the transfers of the last `days` days in which it
 * would have gone another way: by what each transfer's row says was released and withheld.
 */
export async function impactOf(
  { db }: { db: Database },
  { diff, days }: { diff: ContractDiff; days: number },
): Promise<ImpactReport> {
  const touched = [...diff.added, ...diff.removed, ...diff.changed].map(({ item }) => item);
  const items = [...new Set(touched)];
  const values = [diff.consignee, items, days];
  const { rows } = await db.query<Counted>(countSql, values);
  const total = await db.query<{ all: number }>(
    `SELECT count(*)::integer AS all FROM transfers
     WHERE consignee = $1 AND id >= uuid_floor(now() - make_interval(days => $2))`,
    [diff.consignee, days],
  );
  const counts = new Map(rows.map((row) => [row.item, row]));
  const impacts = items.flatMap((item) => {
    const count = counts.get(item);
    return count ? effectsOn(diff, count) : [];
  });
  return {
    days,
    transfers: total.rows[0]?.all ?? 0,
    items: impacts.filter(({ transfers }) => transfers > 0),
  };
}

function effectsOn(diff: ContractDiff, count: Counted): Impact[] {
  const { item, released, notListed, baseless, all } = count;
  const added = diff.added.find((one) => one.item === item);
  if (added) {
    const goes = added.legalBasis !== 'missing';
    const lacking: Impact = { item, effect: 'wouldBeRefused', transfers: all - notListed };
    return [
      ...(goes ? [{ item, effect: 'wouldBeReleased', transfers: notListed } as const] : []),
      ...(goes && added.required ? [lacking] : []),
    ];
  }
  if (diff.removed.some((one) => one.item === item)) {
    return [{ item, effect: 'wouldBeWithheld', transfers: released }];
  }
  return diff.changed.flatMap((change): Impact[] => {
    if (change.item !== item) return [];
    if (change.what === 'required' && change.to === 'true') {
      return [{ item, effect: 'wouldBeRefused', transfers: all - released - baseless }];
    }
    if (change.what !== 'legalBasis') return [];
    if (change.from === 'missing') {
      return [{ item, effect: 'wouldBeReleased', transfers: baseless }];
    }
    return change.to === 'missing'
      ? [{ item, effect: 'wouldBeWithheld', transfers: released }]
      : [];
  });
}
