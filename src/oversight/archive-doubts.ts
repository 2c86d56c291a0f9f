/** Why a part of the database may not be archived yet: its age, or what is still open in it. */
import type { Clock } from '#src/base/clock.ts';
import { underWaySql } from '#src/base/under-way.ts';
import type { MonthPart, SpanPart } from '#src/store/archive-parts.ts';
import type { Queryable } from '#src/store/pool.ts';

interface Deps {
  owner: Queryable;
  clock: Pick<Clock, 'now'>;
}

/** Years for which it is kept who was given access, changed and revoked (PIPC Notice 5). */
const grantYears = 3;

/** The same day so many years later. */
export function yearsAfter(at: Date, years: number): Date {
  const later = new Date(at);
  later.setUTCFullYear(at.getUTCFullYear() + years);
  return later;
}

/** The day on which something of this age may go, where that is not yet. */
function tooYoung(deps: Deps, what: string, newest: Date, years: number): string[] {
  const from = yearsAfter(newest, years);
  if (from <= deps.clock.now()) return [];
  return [`${what} is kept ${years} years: it may go from ${from.toISOString().slice(0, 10)} on`];
}

/** Why a month stays; none: it may go. */
export async function monthDoubts(
  deps: Deps,
  part: MonthPart,
  { yearsMin }: { yearsMin: number },
): Promise<string[]> {
  const young = tooYoung(deps, 'a month', part.end, yearsMin);
  if (young.length > 0) return young;
  const bounds = `>= uuid_floor($1::timestamptz - interval '1 month')
    AND id < uuid_floor($1::timestamptz)`;
  const ofTransfer = bounds.replaceAll(/\bid\b/g, 'transfer');
  const { rows } = await deps.owner.query<Record<string, number>>(
    `SELECT
       (SELECT count(*) FROM transfers WHERE id ${bounds}
          AND status IN ${underWaySql}) AS "transfers under way",
       (SELECT count(*) FROM transfers WHERE id ${bounds} AND purged_at IS NULL
          AND status NOT IN ${underWaySql})
         AS "transfers whose payload is kept",
       (SELECT count(*) FROM results WHERE purged_at IS NULL
          AND (id ${bounds} OR transfer ${ofTransfer})) AS "results that nobody collected",
       (SELECT count(*) FROM payloads WHERE id ${bounds}) AS "payloads",
       (SELECT count(*) FROM attachments WHERE purged_at IS NULL AND transfer ${ofTransfer})
         AS "files"`,
    [part.end],
  );
  return Object.entries(rows[0] ?? {}).flatMap(([what, count]) =>
    count > 0 ? [`${what}: ${count}`] : [],
  );
}

/** Why a span of entries stays; null: nobody asked for it yet, or it is not full. */
export async function spanDoubts(
  deps: Deps,
  part: SpanPart,
  { before, yearsMin }: { before: string; yearsMin: number },
): Promise<string[] | null> {
  const signed = await signedAfter(deps, part.to);
  if (signed === null || signed >= new Date(`${before}-01T00:00:00Z`)) return null;
  const { rows } = await deps.owner.query<{ granted: number | null; open: number }>(
    `SELECT
       (SELECT max(index) FROM ${part.table}
        WHERE encode(leaf, 'escape') ~ '"kind":"(access|staff)-[a-z]+"') AS granted,
       (SELECT count(*) FROM transfers
        WHERE status IN ${underWaySql} AND entry < $1) AS open`,
    [part.to],
  );
  const { granted = null, open = 0 } = rows[0] ?? {};
  const grantedAt = granted === null ? null : await signedAfter(deps, granted + 1);
  return [
    ...tooYoung(deps, 'the ledger', signed, yearsMin),
    ...(grantedAt ? tooYoung(deps, 'who was given access', grantedAt, grantYears) : []),
    ...(open > 0 ? [`transfers under way: ${open}`] : []),
  ];
}

/** When the first checkpoint was signed that covers so many entries; null: none yet. */
async function signedAfter({ owner }: Deps, size: number): Promise<Date | null> {
  const { rows } = await owner.query<{ signed_at: Date }>(
    'SELECT signed_at FROM checkpoints WHERE size >= $1 ORDER BY size LIMIT 1',
    [size],
  );
  return rows[0]?.signed_at ?? null;
}
