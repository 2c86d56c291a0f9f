/** Sets of ids that two sides can compare: how many, and one digest that anyone can recompute. */
import { createHash } from 'node:crypto';
import { idTime } from '#src/base/ids.ts';

/** `digest`: SHA-256 (base64) over the ids in ascending order, a newline after each. */
export interface IdSet {
  count: number;
  digest: string;
}

/** The part of one consignee, and of each hour in which there was something. */
export interface Group extends IdSet {
  consignee: string;
  /** `hour`: 0 to 23, in Seoul. */
  hours: (IdSet & { hour: number })[];
}

/** Takes ids in ascending order, one by one, and keeps none of them. */
export interface IdSetBuilder {
  add(id: string): void;
  /** The set so far; nothing can be added after that. */
  finish(): IdSet;
}

export function createIdSet(): IdSetBuilder {
  const hash = createHash('sha256');
  let count = 0;
  return {
    add(id) {
      hash.update(id).update('\n');
      count++;
    },
    finish: () => ({ count, digest: hash.digest('base64') }),
  };
}

/** The set of ids that come in any order, and more than once. Equal to `sort -u | sha256sum`. */
export function idSetOf(ids: Iterable<string>): IdSet {
  const set = createIdSet();
  // Code units in ascending order, as PostgreSQL orders UUIDs.
  for (const id of [...new Set(ids)].sort()) set.add(id);
  return set.finish();
}

interface GroupBuilder {
  all: IdSetBuilder;
  hours: Map<number, IdSetBuilder>;
}

const newGroup = (): GroupBuilder => ({ all: createIdSet(), hours: new Map() });
const hourMs = 3_600_000;

/** Makes the sets of each consignee and hour in one reading, by ascending id. */
export function createGroups(dayStartMs: number) {
  const made = new Map<string, GroupBuilder>();
  return {
    add({ id, consignee }: { id: string; consignee: string }): void {
      const group: GroupBuilder = made.get(consignee) ?? newGroup();
      made.set(consignee, group);
      const hour = Math.floor((idTime(id) - dayStartMs) / hourMs);
      const part = group.hours.get(hour) ?? createIdSet();
      group.hours.set(hour, part);
      group.all.add(id);
      part.add(id);
    },
    finish: (): Group[] =>
      [...made]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([consignee, { all, hours }]) => ({
          consignee,
          ...all.finish(),
          hours: [...hours].map(([hour, part]) => ({ hour, ...part.finish() })),
        })),
  };
}
