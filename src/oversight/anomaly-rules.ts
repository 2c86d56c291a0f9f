/** Finds anomalies by plain rules: pure, and the same for whoever counts again from the ledger. */
import {
  thresholds,
  usual,
  type Anomaly,
  type AnomalyFacts,
  type AnomalyRule,
  type PeriodCount,
  type PeriodFacts,
} from './anomaly.ts';
import { sentenceOf } from './anomaly-sentences.ts';

type Finding = Omit<Anomaly, 'sentence'>;

const entriesMax = 100;
const accessKinds = /^(access|staff)-(granted|changed|revoked|unlocked)$/;
const readKinds = /^(audit-read|disclosures-read|quarantine-read|exported)$/;

const sum = (counts: readonly PeriodCount[]) => counts.reduce((all, { count }) => all + count, 0);
const percent = (part: number, whole: number) => Math.round((1_000 * part) / whole) / 10;

function found(rule: AnomalyRule, facts: AnomalyFacts, entries: readonly number[] = []): Finding {
  return { rule, facts, entries: entries.slice(0, entriesMax) };
}

/** The middle of some numbers; the mean of the two in the middle where they are even. */
function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[half - 1], sorted[half]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

/** The values of a member among counts, in their order. */
function valuesOf(counts: readonly PeriodCount[], name: 'consignee' | 'who'): string[] {
  return [...new Set(counts.map((one) => one[name]))].filter((value) => value !== '').sort();
}

/** What counts came to in each earlier period; undefined where too few are known for a usual. */
function usualOf(
  { earlier }: PeriodFacts,
  pick: (one: PeriodCount) => boolean,
): number | undefined {
  if (earlier.length < usual.periodsMin) return undefined;
  return median(earlier.slice(0, usual.periodsMax).map((counts) => sum(counts.filter(pick))));
}

/** More or less than usual, by consignee and by client. */
function volumes(facts: PeriodFacts): Finding[] {
  const isOrder = ({ kind }: PeriodCount) => kind === 'released';
  const { volumeHigh: high, volumeLow: low } = thresholds;
  return (['consignee', 'who'] as const).flatMap((name) => {
    const all = [...facts.counts, ...facts.earlier.flat()].filter(isOrder);
    return valuesOf(all, name).flatMap((value) => {
      const isOwn = (one: PeriodCount) => isOrder(one) && one[name] === value;
      const count = sum(facts.counts.filter(isOwn));
      const before = usualOf(facts, isOwn);
      if (before === undefined || (before === 0 && count === 0)) return [];
      const said = { about: name === 'who' ? 'client' : 'consignee', name: value, count };
      const told = { ...said, usual: before };
      if (count > before * high.times && count - before >= high.more) {
        return [found('VOLUME_HIGH', told)];
      }
      const isLow = before >= low.usualMin && count < before * low.part;
      return isLow ? [found('VOLUME_LOW', told)] : [];
    });
  });
}

/** Consignees, items and clients that were not seen before. Nothing is new in the first period. */
function news({ counts, earlier, newItems }: PeriodFacts): Finding[] {
  if (earlier.length === 0) return [];
  const isKnown = new Set(
    earlier.flat().flatMap(({ kind, who }) => (kind === 'released' ? who : [])),
  );
  const clients = valuesOf(
    counts.filter(({ kind, who }) => kind === 'released' && !isKnown.has(who)),
    'who',
  );
  const consignees = new Set(newItems.flatMap((one) => (one.isConsigneeNew ? one.consignee : [])));
  return [
    ...[...consignees].sort().map((consignee) => found('NEW_CONSIGNEE', { consignee })),
    ...clients.map((client) => found('NEW_CLIENT', { client })),
    ...newItems
      .filter((one) => !one.isConsigneeNew)
      .map(({ consignee, item }) => found('NEW_ITEM', { consignee, item })),
  ];
}

function hours(facts: PeriodFacts): Finding[] {
  const orders = facts.counts.filter(({ kind }) => kind === 'released');
  const before = facts.earlier.flat().filter(({ kind }) => kind === 'released');
  const own = (counts: readonly PeriodCount[], name: string) =>
    counts.filter(({ who }) => who === name);
  const off = (counts: readonly PeriodCount[]) => sum(counts.filter(({ offHours }) => offHours));
  const ordered = valuesOf(orders, 'who').flatMap((client) => {
    const [mine, mineBefore] = [own(orders, client), own(before, client)];
    const [count, all] = [off(mine), sum(mine)];
    const share = percent(count, all);
    const usualShare = sum(mineBefore) === 0 ? 0 : percent(off(mineBefore), sum(mineBefore));
    const { min, times } = thresholds.ordersOffHours;
    const isMany = count >= min && share > usualShare * times;
    return isMany ? [found('ORDERS_OFF_HOURS', { client, count, share, usualShare })] : [];
  });
  const reads = facts.counts.filter(({ kind, offHours }) => offHours && readKinds.test(kind));
  const read = valuesOf(reads, 'who').flatMap((who) => {
    const count = sum(own(reads, who));
    return count >= thresholds.readsOffHours.min ? [found('READS_OFF_HOURS', { who, count })] : [];
  });
  return [...ordered, ...read];
}

function refusals({ counts }: PeriodFacts): Finding[] {
  const refused = counts.filter(({ kind }) => kind === 'refused');
  return valuesOf(refused, 'who').flatMap((client) => {
    const own = refused.filter(({ who }) => who === client);
    const count = sum(own);
    const released = sum(counts.filter(({ kind, who }) => kind === 'released' && who === client));
    const share = count / (count + released);
    const { min, share: shareMin } = thresholds.refusals;
    const top = own.toSorted((a, b) => b.count - a.count || (a.why < b.why ? -1 : 1))[0]?.why ?? '';
    const told = { client, count, share: percent(count, count + released), reason: top };
    const mixed = sum(own.filter(({ why }) => why === 'SUBJECT_MISMATCH'));
    return [
      ...(count >= min && share >= shareMin ? [found('REFUSALS', told)] : []),
      ...(mixed >= thresholds.mixedUp.min
        ? [found('MIXED_UP_PERSON', { client, count: mixed })]
        : []),
    ];
  });
}

function readings(facts: PeriodFacts): Finding[] {
  const isRead = ({ kind }: PeriodCount) => readKinds.test(kind);
  const { readsHigh } = thresholds;
  const many = valuesOf(facts.counts.filter(isRead), 'who').flatMap((who) => {
    const isOwn = (one: PeriodCount) => isRead(one) && one.who === who;
    const count = sum(facts.counts.filter(isOwn));
    const before = usualOf(facts, isOwn);
    if (before === undefined) return [];
    const isHigh = count >= readsHigh.min && count > before * readsHigh.times;
    return isHigh ? [found('READS_HIGH', { who, count, usual: before })] : [];
  });
  const again = facts.subjectReads
    .filter(({ count }) => count >= thresholds.subjectReads.min)
    .map(({ who, count, entries }) => found('SUBJECT_READ_OFTEN', { who, count }, entries));
  const lookups = facts.lookups
    .filter(({ count }) => count > thresholds.lookups.perDay)
    .map(({ who, day, count }) => found('MASS_LOOKUP', { who, day, count }));
  return [...many, ...again, ...lookups];
}

function exported({ exports }: PeriodFacts): Finding[] {
  return exports.map(({ entry, who, format, found: rows }) => {
    const isLarge = rows !== null && rows >= thresholds.exportLarge.rows;
    const said = { who, format, ...(rows === null ? {} : { rows }) };
    return found(isLarge ? 'EXPORT_LARGE' : 'EXPORT', said, [entry]);
  });
}

function access({ counts }: PeriodFacts): Finding[] {
  const of = (rule: AnomalyRule, pick: (one: PeriodCount) => boolean) => {
    const own = counts.filter(pick);
    const kinds = [...new Set(own.map(({ kind }) => kind))].sort();
    return kinds.map((kind) => {
      const count = sum(own.filter((one) => one.kind === kind));
      return found(rule, rule === 'STAFF_LOCKED' ? { count } : { kind, count });
    });
  };
  return [
    ...of('ACCESS_CHANGED', ({ kind }) => accessKinds.test(kind)),
    ...of('STAFF_LOCKED', ({ kind }) => kind === 'staff-locked'),
    ...of('DETAIL_UNREADABLE', ({ why }) => why === 'unreadable'),
  ];
}

/** Every anomaly of a period, in the order of the rules. */
export function findAnomalies(facts: PeriodFacts): Anomaly[] {
  const rules = [volumes, news, hours, refusals, exported, readings, access];
  return rules
    .flatMap((rule) => rule(facts))
    .map((finding) => ({ ...finding, sentence: sentenceOf(finding.rule, finding.facts) }));
}
