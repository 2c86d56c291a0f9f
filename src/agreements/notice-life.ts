/** What the notice tells beside today: versions that will decide, and those that once did. */
import { canonicalText } from '#src/base/canonical.ts';
import { daysAfter } from '#src/base/seoul.ts';
import type { Consignee, Contract, Words } from '#src/base/words.ts';
import { contractBegun, contractInForce, decidesFrom, isEnded, type Standing } from './force.ts';
import type { NoticeItem, NoticeRow } from './notice.ts';

/** What a version changes beside the items that it lists. */
export type NoticeTerm =
  'work' | 'purpose' | 'subject' | 'retention' | 'meaning' | 'subConsignees' | 'validUntil';

/** A version that is signed and shown and not yet in force, or an end that was announced. */
export interface NoticeChange {
  consignee: string;
  name: Words;
  contract: string;
  /** The first Seoul day on which the version decides; of an end, the first day without it. */
  from: string;
  noticedOn: string;
  reason: Words | null;
  /** Against what is in force on the day before; all items of a consignee that is new. */
  added: NoticeItem[];
  removed: NoticeItem[];
  terms: NoticeTerm[];
  /** True when the relation ends and nothing follows. */
  ends: boolean;
  /** The row as it will stand in the notice; null when the relation ends. */
  entry: NoticeRow | null;
}

/** A version that once decided. */
export interface NoticePast {
  consignee: string;
  name: Words;
  contract: string;
  from: string;
  /** The last Seoul day on which it decided; null where nobody has recorded it. */
  until: string | null;
  status: 'superseded' | 'ended';
  items: NoticeItem[];
}

/** The standing, and the Seoul day of each recorded step by `samkwang.v1 ended`. */
export interface NoticeStanding extends Standing {
  /** Where it is absent, days are worked out from the files. */
  recorded?: ReadonlyMap<string, string>;
}

/** One consignee, all its versions, and how a version looks as a row. */
export interface Relation {
  consignee: Consignee;
  contracts: readonly Contract[];
  standing: NoticeStanding;
  rowOf: (contract: Contract) => NoticeRow;
}

/** The first Seoul day on which a version decided or will decide; null: never, as it stands. */
export function sinceDay(contract: Contract, standing: NoticeStanding): string | null {
  return standing.recorded?.get(`${contract.id} activated`) ?? decidesFrom(contract, standing);
}

const inForce = (relation: Relation, day: string) =>
  contractInForce(relation, relation.consignee.id, day);

/** Changes that are announced as of a Seoul day, the next one first. */
export function upcomingOf(relation: Relation, today: string): NoticeChange[] {
  const { consignee, contracts, standing } = relation;
  const coming = contracts.filter((contract) => {
    if (contract.consignee !== consignee.id || isEnded(contract, standing)) return false;
    const from = decidesFrom(contract, standing);
    // One that a later version overtakes on the same day, or that is over by then, never decides.
    return from !== null && from > today && inForce(relation, from)?.id === contract.id;
  });
  const current = inForce(relation, today);
  const changes = [
    ...coming.map((contract) => beginning(relation, contract)),
    ...[...(current ? [current] : []), ...coming].flatMap((contract) => ending(relation, contract)),
  ];
  return changes.sort((a, b) => (a.from < b.from ? -1 : 1));
}

function beginning(relation: Relation, contract: Contract): NoticeChange {
  const { consignee, standing, rowOf } = relation;
  const from = decidesFrom(contract, standing) ?? contract.validFrom;
  const before = inForce(relation, daysAfter(from, -1));
  const [was, entry] = [before && rowOf(before), rowOf(contract)];
  const has = (row: NoticeRow | undefined, item: string) =>
    row?.items.some((one) => one.item === item) ?? false;
  return {
    ...{ consignee: consignee.id, name: consignee.name, contract: contract.id, from },
    noticedOn: standing.noticedOn.get(contract.id) ?? from,
    reason: contract.reason,
    added: entry.items.filter(({ item }) => !has(was, item)),
    removed: (was?.items ?? []).filter(({ item }) => !has(entry, item)),
    terms: was ? termsOf(was, entry) : [],
    ...{ ends: false, entry },
  };
}

function termsOf(was: NoticeRow, entry: NoticeRow): NoticeTerm[] {
  const differ = (one: unknown, other: unknown) => canonicalText(one) !== canonicalText(other);
  const terms = ['work', 'purpose', 'subject', 'retention', 'subConsignees', 'validUntil'] as const;
  const meaningOf = (row: NoticeRow, item: string) =>
    row.items.find((one) => one.item === item)?.meaning ?? null;
  const kept = entry.items.filter(({ item }) => was.items.some((one) => one.item === item));
  const meaning = kept.some(({ item }) => differ(meaningOf(was, item), meaningOf(entry, item)));
  return [
    ...terms.filter((term) => differ(was[term], entry[term])),
    ...(meaning ? (['meaning'] as const) : []),
  ];
}

/** The end that a version announces by its `validUntil`, unless another then takes over. */
function ending(relation: Relation, contract: Contract): NoticeChange[] {
  const { consignee, standing, rowOf } = relation;
  const { validUntil } = contract;
  if (validUntil === null || inForce(relation, validUntil)?.id !== contract.id) return [];
  const from = daysAfter(validUntil, 1);
  if (inForce(relation, from)) return [];
  return [
    {
      ...{ consignee: consignee.id, name: consignee.name, contract: contract.id, from },
      noticedOn: standing.noticedOn.get(contract.id) ?? contract.validFrom,
      reason: null,
      ...{ added: [], removed: rowOf(contract).items, terms: [], ends: true, entry: null },
    },
  ];
}

/** Versions that have decided and do so no more as of a Seoul day, the newest first. */
export function historyOf(relation: Relation, today: string): NoticePast[] {
  const { consignee, standing, rowOf } = relation;
  const begun = begunBy(relation, today);
  const current = inForce(relation, today);
  const past = begun.flatMap(({ contract, from }, at) => {
    if (contract.id === current?.id) return [];
    const end = endOf(contract, { next: begun[at + 1], standing, today });
    const { id, name } = consignee;
    const items = rowOf(contract).items;
    return end ? [{ consignee: id, name, contract: contract.id, from, ...end, items }] : [];
  });
  return past.reverse();
}

interface Begun {
  contract: Contract;
  from: string;
}

/** The versions that have begun by a day, each before the next; without ones never in force. */
function begunBy(relation: Relation, today: string): Begun[] {
  const { consignee, contracts, standing } = relation;
  const last = contractBegun(relation, consignee.id, today);
  const days = contracts
    .filter((one) => one.consignee === consignee.id && one.version <= (last?.version ?? 0))
    .map((contract) => ({ contract, from: sinceDay(contract, standing) ?? contract.validFrom }))
    .filter(({ contract, from }) => {
      if (standing.activated.has(contract.id)) return true;
      return from <= today && couldBegin(contract, standing);
    });
  // Noticed late, a version may have been overtaken before its day came, and not only by the next.
  return days.filter(({ contract, from }, at) => {
    const later = days.slice(at + 1);
    return standing.activated.has(contract.id) || later.every((next) => from < next.from);
  });
}

/** Whether a version that nobody has recorded as begun can have: not if it was called off. */
function couldBegin(contract: Contract, standing: Standing): boolean {
  const from = decidesFrom(contract, standing);
  if (from === null || isEnded(contract, standing)) return false;
  return contract.validUntil === null || from <= contract.validUntil;
}

/** When a version stopped, and why; undefined for one that is only not signed any more. */
function endOf(
  contract: Contract,
  { next, standing, today }: { next: Begun | undefined; standing: NoticeStanding; today: string },
): Pick<NoticePast, 'until' | 'status'> | undefined {
  const { validUntil, id } = contract;
  const recorded = standing.recorded?.get(`${id} ended`);
  const limit = next?.from ?? daysAfter(today, 1);
  // An operator can end it before its last day; its last day is recorded on the day after.
  const lastDays = [recorded, validUntil].filter((day) => typeof day === 'string');
  const [until] = lastDays.filter((day) => day < limit).sort();
  if (until !== undefined) return { until, status: 'ended' };
  if (next) return { until: daysAfter(next.from, -1), status: 'superseded' };
  return isEnded(contract, standing) ? { until: null, status: 'ended' } : undefined;
}
