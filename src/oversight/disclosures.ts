/**
 * "Who received my data?": one person's accounting of disclosures. A person is found by what the
 * EMR calls them and by nothing else, so that people of one name never mix.
 */
import type { Agreements } from '#src/agreements/load.ts';
import { idFloor } from '#src/base/ids.ts';
import type { Actor, Order, Words } from '#src/base/words.ts';
import type { Queryable } from '#src/store/pool.ts';
import { pageOf, readCursor } from '#src/transfers/cursor.ts';
import {
  itemNames,
  momentOf,
  termsOf,
  type Moment,
  type NamedItem,
  type Terms,
} from './disclosure-terms.ts';
import {
  disclosed,
  instantSql,
  outcomeSql,
  outcomeWords,
  type DisclosureOutcome,
} from './disclosure-words.ts';
import { recordRead, type OversightDeps } from './record-read.ts';
import { findPerson } from './search.ts';

export interface DisclosureDeps extends OversightDeps {
  agreements: Agreements;
}

export interface DisclosureAsk {
  actor: Actor;
  subject: Order['subject'];
  /** Instants between which it was ordered: from inclusive, to exclusive. */
  from?: Date | undefined;
  to?: Date | undefined;
  /** What it was wanted for; in the sealed detail only. */
  reason?: string | undefined;
  cursor?: string | undefined;
  limit: number;
}

/** All that one recipient got or may have got under one version (45 CFR 164.528(b)(3)). */
export interface Recipient extends Terms {
  count: number;
  first: Moment;
  last: Moment;
  /** How many of them are not known to have arrived, or were not accepted. */
  uncertain: number;
  turnedAway: number;
  items: NamedItem[];
}

/** One transfer. */
export interface Disclosure extends Terms {
  transfer: string;
  moment: Moment;
  outcome: DisclosureOutcome;
  words: Words;
  items: NamedItem[];
  /** What came back for it. */
  results: { moment: Moment; items: NamedItem[] }[];
}

export interface Disclosures {
  /** False where nothing kept is this person's: never known, or destroyed. */
  known: boolean;
  asOf: Moment;
  /** Orders from before this day (UTC) lie in archives, and are not among these. */
  archivedBefore: string | null;
  totals: Record<DisclosureOutcome, number>;
  recipients: Recipient[];
  /** Newest first. */
  disclosures: Disclosure[];
  next: string | null;
}

interface Range {
  subject: string;
  from: string;
  below: string;
}

const idMax = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const resultsMax = 5_000;

/**
 * One page of the accounting, and all of its summary. The first page leaves an entry, before the
 * answer, also where nobody is known; a cursor goes on with what that entry said.
 * @throws GatewayError `INVALID_CURSOR`
 */
export async function readDisclosures(
  deps: DisclosureDeps,
  ask: DisclosureAsk,
): Promise<Disclosures> {
  const { actor, from, to, reason, limit } = ask;
  const person = await findPerson(deps, ask.subject);
  const subject = person?.id ?? null;
  const period = { from: from?.toISOString() ?? null, to: to?.toISOString() ?? null };
  // Of the one who asked: another person's page would have no entry of theirs.
  const query = { what: 'disclosures', subject, person: actor.person ?? null, ...period };
  const scope = { client: actor.client, query };
  const after = readCursor(deps.fingerprint, scope, ask.cursor);
  const none = { from: idFloor(from ?? new Date(0)), below: to ? idFloor(to) : idMax };
  const range = subject === null ? null : { ...none, subject };
  const groups = range ? await readGroups(deps.db, range) : [];
  const totals = totalsOf(groups);
  if (after === null) {
    const found = Object.values(totals).reduce((all, count) => all + count, 0);
    await recordRead(deps, { kind: 'disclosures-read', actor, found, person, reason });
  }
  const rows = range
    ? await readRows(deps.db, { ...range, below: after ?? range.below, limit })
    : [];
  const { items: shown, next } = pageOf(deps, scope, { rows, limit, toItem: (row) => row });
  const terms = await termsOf(deps, [...groups, ...shown]);
  return {
    known: person !== undefined,
    asOf: momentOf(deps.clock.now()),
    archivedBefore: await archivedBefore(deps.db),
    totals,
    recipients: recipientsOf(deps.agreements, terms, groups),
    disclosures: await disclosuresOf(deps, terms, shown),
    next,
  };
}

interface Group {
  consignee: string;
  contract: string;
  outcome: DisclosureOutcome;
  items: string[];
  count: number;
  first: Date;
  last: Date;
}

/** The whole of it, as few rows: one for each recipient, version, outcome and list of items. */
async function readGroups(db: Queryable, { subject, from, below }: Range): Promise<Group[]> {
  const { rows } = await db.query<Group>(
    `SELECT consignee, contract, ${outcomeSql} AS outcome, released || derived AS items,
       count(*) AS count, min(${instantSql}) AS first, max(${instantSql}) AS last
     FROM transfers WHERE subject = $1 AND id >= $2 AND id < $3
     GROUP BY 1, 2, 3, 4 ORDER BY max(${instantSql}) DESC, 1, 2`,
    [subject, from, below],
  );
  return rows;
}

function totalsOf(groups: readonly Group[]): Disclosures['totals'] {
  const none = { received: 0, 'turned-away': 0, uncertain: 0, 'on-its-way': 0, 'never-left': 0 };
  return groups.reduce(
    (totals, { outcome, count }) => ({ ...totals, [outcome]: totals[outcome] + count }),
    none,
  );
}

/** Who has or may have the data; whoever nothing went to is not among them. */
function recipientsOf(
  agreements: Agreements,
  terms: (consignee: string, contract: string) => Terms,
  groups: readonly Group[],
): Recipient[] {
  const names = itemNames(agreements);
  const own = groups.filter(({ outcome }) => disclosed.includes(outcome));
  const keys = [...new Set(own.map(({ consignee, contract }) => `${consignee} ${contract}`))];
  return keys.map((key) => {
    const mine = own.filter(({ consignee, contract }) => `${consignee} ${contract}` === key);
    const [consignee = '', contract = ''] = key.split(' ');
    const counted = (outcome?: DisclosureOutcome) =>
      mine.reduce((all, one) => all + (outcome && one.outcome !== outcome ? 0 : one.count), 0);
    const items = [...new Set(mine.flatMap((one) => one.items))];
    return {
      ...terms(consignee, contract),
      count: counted(),
      first: momentOf(new Date(Math.min(...mine.map(({ first }) => first.getTime())))),
      last: momentOf(new Date(Math.max(...mine.map(({ last }) => last.getTime())))),
      uncertain: counted('uncertain'),
      turnedAway: counted('turned-away'),
      items: names(contract, items),
    };
  });
}

interface Row {
  id: string;
  consignee: string;
  contract: string;
  outcome: DisclosureOutcome;
  items: string[];
  at: Date;
}

async function readRows(
  db: Queryable,
  { subject, from, below, limit }: Range & { limit: number },
): Promise<Row[]> {
  const { rows } = await db.query<Row>(
    `SELECT id, consignee, contract, ${outcomeSql} AS outcome, released || derived AS items,
       ${instantSql} AS at
     FROM transfers WHERE subject = $1 AND id >= $2 AND id < $3 ORDER BY id DESC LIMIT $4`,
    [subject, from, below, limit + 1],
  );
  return rows;
}

async function disclosuresOf(
  { db, agreements }: DisclosureDeps,
  terms: (consignee: string, contract: string) => Terms,
  rows: readonly Row[],
): Promise<Disclosure[]> {
  const names = itemNames(agreements);
  const { rows: results } = await db.query<{ transfer: string; items: string[]; at: Date }>(
    `SELECT transfer, accepted AS items, created_at AS at FROM results
     WHERE transfer = ANY ($1::uuid[]) AND retracted_at IS NULL ORDER BY id LIMIT ${resultsMax}`,
    [rows.map(({ id }) => id)],
  );
  return rows.map(({ id, consignee, contract, outcome, items, at }) => ({
    ...terms(consignee, contract),
    transfer: id,
    moment: momentOf(at),
    ...{ outcome, words: outcomeWords[outcome] },
    items: names(contract, items),
    results: results
      .filter(({ transfer }) => transfer === id)
      .map((one) => ({ moment: momentOf(one.at), items: names(contract, one.items) })),
  }));
}

/** The first day after the newest month whose transfers lie in an archive. */
async function archivedBefore(db: Queryable): Promise<string | null> {
  const { rows } = await db.query<{ day: string | null }>(
    `SELECT (max(month) + interval '1 month')::date AS day FROM archives WHERE what = 'transfers'`,
  );
  return rows[0]?.day ?? null;
}
