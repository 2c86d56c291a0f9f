/** When a consignee last asked for its inbox, and whether it has asked as often as it agreed to. */
import { contractInForce, type Versions } from '#src/agreements/force.ts';
import type { Clock } from '#src/base/clock.ts';
import type { Consignee } from '#src/base/words.ts';
import type { Queryable } from '#src/store/pool.ts';

export interface CheckIns {
  /** Notes that a consignee asks now. */
  note(consignee: string): Promise<void>;
}

/** One process writes a consignee's row this often at most. */
const noteMsMin = 10_000;

/** @param deps.steadyNow milliseconds on a clock that nobody sets */
export function createCheckIns(deps: { db: Queryable; steadyNow: () => number }): CheckIns {
  const noted = new Map<string, number>();
  return {
    async note(consignee) {
      const now = deps.steadyNow();
      if (now - (noted.get(consignee) ?? -noteMsMin) < noteMsMin) return;
      noted.set(consignee, now);
      await deps.db.query({
        name: 'check-in',
        text: `INSERT INTO check_ins (consignee) VALUES ($1)
               ON CONFLICT (consignee) DO UPDATE SET seen_at = now()`,
        values: [consignee],
      });
    },
  };
}

export interface CheckInDeps {
  db: Queryable;
  agreements: { consignees: ReadonlyMap<string, Pick<Consignee, 'channel' | 'checkInHours'>> };
  versions: Versions;
  clock: Pick<Clock, 'today'>;
}

export interface CheckIn {
  lastAt: Date | null;
  /** When it has to ask again at the latest; null where nothing was agreed or is in force. */
  dueBy: Date | null;
  overdue: boolean;
}

// Who has never asked, or not since its relation began anew, counts from when it was recorded that
// the first version of the relation decides.
const checkInsSql = `
  SELECT asked.consignee, asked.seen_at, asked.base + make_interval(hours => asked.hours) AS due_by,
    coalesce(asked.base + make_interval(hours => asked.hours) <= now(), false) AS overdue
  FROM (
    SELECT one.consignee, one.hours, check_ins.seen_at, greatest(check_ins.seen_at, (
      SELECT min(recorded_at) FROM contract_steps
      WHERE step = 'activated' AND split_part(contract, '.v', 1) = one.consignee
        AND split_part(contract, '.v', 2)::integer > coalesce((SELECT max(through)
          FROM relation_ends WHERE relation_ends.consignee = one.consignee), 0)
    )) AS base
    FROM unnest($1::text[], $2::integer[]) AS one (consignee, hours)
    LEFT JOIN check_ins ON check_ins.consignee = one.consignee
  ) AS asked`;

/**
 * The check-ins of consignees that pull; one that is pushed to has none.
 * @param only all of them unless given
 */
export async function checkInsOf(
  deps: CheckInDeps,
  only: readonly string[] = [...deps.agreements.consignees.keys()],
): Promise<Map<string, CheckIn>> {
  const { consignees } = deps.agreements;
  const pulling = only.filter((id) => consignees.get(id)?.channel === 'pull');
  const today = deps.clock.today();
  const hours = pulling.map((id) =>
    contractInForce(deps.versions, id, today) ? (consignees.get(id)?.checkInHours ?? null) : null,
  );
  const { rows } = await deps.db.query<{
    consignee: string;
    seen_at: Date | null;
    due_by: Date | null;
    overdue: boolean;
  }>({ name: 'check-ins', text: checkInsSql, values: [pulling, hours] });
  return new Map(
    rows.map(({ consignee, seen_at: lastAt, due_by: dueBy, overdue }) => [
      consignee,
      { lastAt, dueBy, overdue },
    ]),
  );
}

/** Who has not asked within its agreed time while a contract is in force, and since when. */
export async function overdueCheckIns(
  deps: CheckInDeps,
): Promise<{ consignee: string; since: Date }[]> {
  const all = await checkInsOf(deps);
  return [...all].flatMap(([consignee, { dueBy, overdue }]) =>
    overdue && dueBy ? [{ consignee, since: dueBy }] : [],
  );
}
