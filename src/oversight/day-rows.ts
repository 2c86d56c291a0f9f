/**
 * What each side should hold of one day. A transfer and a result belong to the day, in Seoul, in
 * which their id was made (UUIDv7): every side reads that off the id, whatever its clock says.
 */
import { GatewayError } from '#src/base/errors.ts';
import { idFloor } from '#src/base/ids.ts';
import { seoulDate, seoulMidnight } from '#src/base/seoul.ts';
import type { Queryable } from '#src/store/pool.ts';

/** `emr`: what the gateway accepted, or handed back to it; `consignee`: what that one was given. */
export type Side = 'emr' | 'consignee';

/** Whose day, and of what. `hour`: 0 to 23, in Seoul; null: the whole day. */
export interface DayAsk {
  what: 'transfers' | 'results';
  /** `YYYY-MM-DD`. */
  day: string;
  hour: number | null;
  side: Side;
  client: string | null;
  consignee: string | null;
}

export interface DayRow {
  id: string;
  consignee: string;
  status: string;
  /** A signed checkpoint covers its entry, the row says. */
  covered: boolean;
}

/** The instants between which ids belong to the ask, and the same as ids. */
export interface Span {
  from: Date;
  to: Date;
  /** When the day began, in milliseconds since 1970 UTC. */
  dayStartMs: number;
  first: string;
  /** Not included. */
  end: string;
}

const hourMs = 3_600_000;
const pageRows = 10_000;

/**
 * The span of a day, or of an hour of it.
 * @throws GatewayError `INVALID_REQUEST` for a day that has not begun
 */
export function spanOf({ day, hour }: DayAsk, now: Date): Span {
  if (day > seoulDate(now.getTime())) {
    const problems = [{ pointer: '/day', rule: 'inTheFuture' as const }];
    throw new GatewayError('INVALID_REQUEST', { problems });
  }
  const dayStartMs = seoulMidnight(day);
  const from = new Date(dayStartMs + (hour ?? 0) * hourMs);
  const to = new Date(from.getTime() + (hour === null ? 24 : 1) * hourMs);
  return { from, to, dayStartMs, first: idFloor(from), end: idFloor(to) };
}

/** What a side holds once it has taken part: its own condition on the rows of the gateway. */
const held: Readonly<Record<DayAsk['what'], Readonly<Record<Side, string>>>> = {
  transfers: { emr: 'true', consignee: `(taken_at IS NOT NULL OR status = 'delivered')` },
  results: { emr: `status = 'collected'`, consignee: 'true' },
};

/** The rows that a side should hold, by ascending id, read page by page. */
export async function* dayRows(db: Queryable, ask: DayAsk, span: Span): AsyncGenerator<DayRow> {
  let { first } = span;
  for (let rows: DayRow[] = []; ;) {
    ({ rows } = await db.query<DayRow>(
      `SELECT id, consignee, status, entry IS NOT NULL AS covered FROM ${ask.what}
       WHERE id >= $1 AND id < $2 AND ($3::text IS NULL OR client = $3)
         AND ($4::text IS NULL OR consignee = $4) AND ${held[ask.what][ask.side]}
       ORDER BY id LIMIT $5`,
      [first, span.end, ask.client, ask.consignee, pageRows],
    ));
    yield* rows;
    if (rows.length < pageRows) return;
    first = after(rows.at(-1)!.id);
  }
}

/** The transfers whose release the ledger holds, by ascending id: each has one such entry. */
export async function* releasedIds(
  db: Queryable,
  { consignee }: Pick<DayAsk, 'consignee'>,
  span: Span,
): AsyncGenerator<string> {
  let { first } = span;
  for (let rows: { id: string }[] = []; ;) {
    ({ rows } = await db.query<{ id: string }>(
      `SELECT leaf_transfer(leaf) AS id FROM entries
       WHERE leaf_transfer(leaf) >= $1 AND leaf_transfer(leaf) < $2
         AND position('"kind":"released"'::bytea IN leaf) > 0
         AND ($3::bytea IS NULL OR position($3 IN leaf) > 0)
       ORDER BY leaf_transfer(leaf) LIMIT $4`,
      [first, span.end, consignee && Buffer.from(`"consignee":"${consignee}"`), pageRows],
    ));
    for (const { id } of rows) yield id;
    if (rows.length < pageRows) return;
    first = after(rows.at(-1)!.id);
  }
}

/** The UUID that follows in order. */
function after(id: string): string {
  const next = (BigInt(`0x${id.replaceAll('-', '')}`) + 1n).toString(16).padStart(32, '0');
  return next.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
