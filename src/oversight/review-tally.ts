/** What a run of entries comes to: counts by day, who read about whom, items first released. */
import type { OpenHours } from '#src/base/reviewing.ts';
import { seoulDate } from '#src/base/seoul.ts';
import { readingKinds } from '#src/ledger/evidence-form.ts';

/** Of how many entries the same is true. '' stands for what is not known, or is not there. */
export interface ActivityCount {
  /** Seoul calendar date. */
  day: string;
  kind: string;
  consignee: string;
  /** A client, or `client/person`. */
  who: string;
  /** A closed code: the reason of a refusal, what was read, the format of an export. */
  why: string;
  offHours: boolean;
  count: number;
}

/** An entry that says that somebody read. */
export interface ReadRow {
  entry: number;
  at: string;
  kind: string;
  who: string;
  what: string;
  /** Of the detail, or of the transfer that was looked at. */
  subject: string | null;
  found: number | null;
  /** The id of an export, by which its end names it (UUID). */
  export: string | null;
}

export interface Tally {
  counts: ActivityCount[];
  reads: ReadRow[];
  /** How many rows exports came to that ended in this run. */
  ends: { export: string; rows: number }[];
  /** The first of each in this run, in the order of the ledger. */
  items: { consignee: string; item: string; day: string }[];
}

/** An entry as it is counted. */
export interface CountedEntry {
  index: number;
  leaf: Buffer;
  /** Left out of kinds that are not opened; null where it cannot be. */
  detail?: { content: Buffer } | null;
  erased?: true;
}

/** What rows know and leaves do not: by the id of a transfer. */
export type TransferFacts = ReadonlyMap<string, { client: string; subject: string | null }>;

/**
 * Kinds that come by the thousand and whose detail a review does not need. All others are opened:
 * who did it stands nowhere else.
 */
const closedKinds: readonly string[] = [
  ...['released', 'pulled', 'delivered', 'receipt', 'redelivered', 'rejected', 'failed'],
  ...['cancelled', 'expired', 'withdrawn', 'purged'],
  ...['result-received', 'result-refused', 'result-collected', 'result-quarantined'],
];

interface Leaf {
  kind: string;
  at: string;
  transfer: string | null;
  consignee: string | null;
  items: string[];
}

interface Detail {
  actor?: { client: string | null; person?: string };
  subject?: string;
  reason?: string;
  format?: string;
  found?: number;
  export?: string;
  rows?: number;
  query?: Record<string, unknown>;
}

const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const kindName = /^[a-z-]{1,40}$/;

const textOf = (value: unknown, form: RegExp) =>
  typeof value === 'string' && form.test(value) ? value : null;

/**
 * The leaf of an entry, as far as it has the form of one; null without kind and time. Whoever
 * tampers with a leaf is found out by the tree, and must not be able to stop the counting.
 */
export function readLeaf(leaf: Buffer): Leaf | null {
  try {
    const said = JSON.parse(leaf.toString('utf8')) as Partial<Record<keyof Leaf, unknown>>;
    const [kind, at] = [textOf(said.kind, kindName), textOf(said.at, instant)];
    if (kind === null || at === null || Number.isNaN(Date.parse(at))) return null;
    const items = Array.isArray(said.items) ? (said.items as unknown[]) : [];
    return {
      ...{ kind, at, transfer: textOf(said.transfer, uuid) },
      consignee: textOf(said.consignee, /^[a-z0-9-]{1,40}$/),
      items: items.filter((item): item is string => code(item) !== ''),
    };
  } catch {
    return null;
  }
}

/** True when a review needs the detail of such an entry. */
export function isOpened(kind: string): boolean {
  return !closedKinds.includes(kind);
}

const seoulMinutesAhead = 9 * 60;

function isOffHours(at: Date, { from, to }: OpenHours): boolean {
  const minutes = (at.getUTCHours() * 60 + at.getUTCMinutes() + seoulMinutesAhead) % 1_440;
  return minutes < from || minutes >= to;
}

/** A code of ours, and nothing that a person could have written. */
const code = (text: unknown) =>
  typeof text === 'string' && /^[A-Za-z][A-Za-z_-]{0,39}$/.test(text) ? text : '';

function whyOf(kind: string, { reason, format, query }: Detail): string {
  if (kind === 'refused') return code(reason);
  if (kind === 'exported') return code(format);
  return code(query?.['what']);
}

const whoOf = ({ actor }: Detail) =>
  actor?.person ? `${actor.client}/${actor.person}` : (actor?.client ?? '');

function detailOf({ detail, erased }: CountedEntry, kind: string): Detail | string {
  if (!isOpened(kind)) return {};
  if (!detail) return erased ? 'erased' : 'unreadable';
  return JSON.parse(detail.content.toString('utf8')) as Detail;
}

/** Counts entries in the order of the ledger. */
export function tally(
  entries: readonly CountedEntry[],
  { facts, open }: { facts: TransferFacts; open: OpenHours },
): Tally {
  const counts = new Map<string, ActivityCount>();
  const items = new Map<string, Tally['items'][number]>();
  const [reads, ends]: [ReadRow[], Tally['ends']] = [[], []];
  for (const entry of entries) {
    const leaf = readLeaf(entry.leaf);
    if (!leaf) continue;
    const at = new Date(leaf.at);
    const { kind, transfer } = leaf;
    const consignee = leaf.consignee ?? '';
    const day = seoulDate(at.getTime());
    const detail = detailOf(entry, kind);
    const said: Detail = typeof detail === 'string' ? {} : detail;
    const fact = transfer === null ? undefined : facts.get(transfer);
    const who = kind === 'released' ? (fact?.client ?? '') : whoOf(said);
    const why = typeof detail === 'string' ? detail : whyOf(kind, said);
    add(counts, { day, kind, consignee, who, why, offHours: isOffHours(at, open), count: 1 });
    for (const item of kind === 'released' ? leaf.items : []) {
      const key = `${consignee} ${item}`;
      if (!items.has(key)) items.set(key, { consignee, item, day });
    }
    const exportId = textOf(said.export, uuid);
    if (kind === 'export-ended' && exportId !== null && Number.isSafeInteger(said.rows)) {
      ends.push({ export: exportId, rows: said.rows! });
    }
    if (!readingKinds.has(kind)) continue;
    const subject = said.subject ?? fact?.subject ?? null;
    const read = { entry: entry.index, at: leaf.at, kind, who, what: why, subject };
    reads.push({ ...read, found: said.found ?? null, export: exportId });
  }
  return { counts: [...counts.values()], reads, ends, items: [...items.values()] };
}

function add(counts: Map<string, ActivityCount>, one: ActivityCount): void {
  const { day, kind, consignee, who, why, offHours } = one;
  const key = [day, kind, consignee, who, why, offHours].join('\n');
  const known = counts.get(key);
  if (known) known.count += 1;
  else counts.set(key, one);
}
