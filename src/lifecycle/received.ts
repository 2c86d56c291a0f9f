/** What a consignee had received: counted from the rows of transfers, whatever their number. */
import type { Clock } from '#src/base/clock.ts';
import { idFloor, idTime } from '#src/base/ids.ts';
import { seoulDate } from '#src/base/seoul.ts';
import type { Queryable } from '#src/store/pool.ts';

/**
 * Transfers that certainly arrived (the consignee's receipt is here), and those of which bytes may
 * have: handed out or sent, and never confirmed.
 */
interface Counts {
  delivered: number;
  mayHaveArrived: number;
}

/** What a consignee had received. Nothing arrived before `from` or after `until` (Seoul days). */
export interface Received {
  transfers: Counts;
  items: ({ item: string } & Counts)[];
  from: string | null;
  until: string | null;
}

/** Which transfers are meant: those to a consignee under some versions. */
export interface Counted {
  consignee: string;
  contracts: readonly string[];
}

interface CountDeps {
  db: Queryable;
  clock: Pick<Clock, 'now'>;
}

interface Group extends Counts {
  items: string[];
  first: Date;
  last: Date;
}

// Grouped by what was released, of which there are few. What has no end yet may still arrive now.
// What was taken over once has arrived, also where it waits again, or ended otherwise since.
const receivedSql = `
  SELECT released || derived AS items, min(created_at) AS first,
    max(coalesce(settled_at, now())) AS last,
    count(*) FILTER (WHERE status = 'delivered' OR taken_at IS NOT NULL) AS delivered,
    count(*) FILTER (WHERE status <> 'delivered' AND taken_at IS NULL) AS "mayHaveArrived"
  FROM transfers
  WHERE consignee = $1 AND contract = ANY($2::text[]) AND (status = 'delivered' OR attempts > 0)
    AND id >= $3 AND id < $4
  GROUP BY released || derived`;

/** Days whose transfers one statement counts: none is long, however long a relation lasted. */
const spanMs = 30 * 86_400_000;
/** Ids are made by clocks that may be ahead of this one. */
const aheadMs = 60_000;

async function countGroups(
  { db, clock }: CountDeps,
  { consignee, contracts }: Counted,
): Promise<Group[]> {
  const { rows } = await db.query<{ id: string }>(
    'SELECT id FROM transfers WHERE consignee = $1 ORDER BY id LIMIT 1',
    [consignee],
  );
  const groups: Group[] = [];
  const oldest = rows[0];
  if (!oldest) return groups;
  const end = clock.now().getTime() + aheadMs;
  for (let from = idTime(oldest.id); from <= end; from += spanMs) {
    const bounds = [idFloor(new Date(from)), idFloor(new Date(from + spanMs))];
    const values = [consignee, contracts, ...bounds];
    groups.push(...(await db.query<Group>(receivedSql, values)).rows);
  }
  return groups;
}

/** What a consignee has received under some versions, counted as the rows stand now. */
export async function countReceived(deps: CountDeps, counted: Counted): Promise<Received> {
  const groups = await countGroups(deps, counted);
  const items = new Map<string, Counts>();
  for (const group of groups) {
    for (const item of group.items) items.set(item, sum([items.get(item) ?? sum([]), group]));
  }
  const days = (pick: (group: Group) => Date) =>
    groups.map((group) => seoulDate(pick(group).getTime())).toSorted();
  return {
    transfers: sum(groups),
    items: [...items].map(([item, counts]) => ({ item, ...counts })).toSorted(byItem),
    from: days(({ first }) => first).at(0) ?? null,
    until: days(({ last }) => last).at(-1) ?? null,
  };
}

function sum(counts: readonly Counts[]): Counts {
  return {
    delivered: counts.reduce((total, { delivered }) => total + delivered, 0),
    mayHaveArrived: counts.reduce((total, { mayHaveArrived }) => total + mayHaveArrived, 0),
  };
}

const byItem = (a: { item: string }, b: { item: string }) => (a.item < b.item ? -1 : 1);
