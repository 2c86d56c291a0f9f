/** What waits for a consignee, at a glance and at a price that does not grow with its backlog. */
import { checkInsOf, type CheckInDeps } from '#src/lifecycle/check-ins.ts';

export interface Overview {
  /** What could be claimed now; counted up to `countMax`. */
  waiting: number;
  /** What is held under leases now; counted up to `countMax`. */
  leased: number;
  countMax: number;
  /** Since when the one that waits longest could be claimed. */
  oldestWaitingAt: string | null;
  nextLeaseEndsAt: string | null;
  checkIn: { lastAt: string | null; dueBy: string | null };
}

const countMax = 10_000;

// Each part reads a range of the consignee's own index, from one end, up to a limit. In order, also
// where it only counts: the planner, who takes consignees and states for independent, would read
// another's backlog to find that nothing waits here.
const overviewSql = `
  SELECT
    (SELECT count(*)::integer FROM (SELECT FROM transfers
      WHERE consignee = $1 AND status IN ('ready', 'sending', 'leased') AND due_at <= now()
        AND expires_at > now() ORDER BY due_at LIMIT ${countMax}) AS due) AS waiting,
    (SELECT count(*)::integer FROM (SELECT FROM transfers
      WHERE consignee = $1 AND status = 'leased' AND due_at > now()
      ORDER BY due_at LIMIT ${countMax}) AS held) AS leased,
    (SELECT due_at FROM transfers
      WHERE consignee = $1 AND status IN ('ready', 'sending', 'leased') AND due_at <= now()
        AND expires_at > now() ORDER BY due_at LIMIT 1) AS oldest,
    (SELECT due_at FROM transfers
      WHERE consignee = $1 AND status = 'leased' AND due_at > now() ORDER BY due_at LIMIT 1
    ) AS next`;

/** Tells a consignee how its inbox stands. Looking is no check-in: only claiming is. */
export async function overviewOf(deps: CheckInDeps, consignee: string): Promise<Overview> {
  const { rows } = await deps.db.query<{
    waiting: number;
    leased: number;
    oldest: Date | null;
    next: Date | null;
  }>({ name: 'inbox-overview', text: overviewSql, values: [consignee] });
  const row = rows[0];
  const checkIn = (await checkInsOf(deps, [consignee])).get(consignee);
  return {
    ...{ waiting: row?.waiting ?? 0, leased: row?.leased ?? 0, countMax },
    oldestWaitingAt: row?.oldest?.toISOString() ?? null,
    nextLeaseEndsAt: row?.next?.toISOString() ?? null,
    checkIn: {
      lastAt: checkIn?.lastAt?.toISOString() ?? null,
      dueBy: checkIn?.dueBy?.toISOString() ?? null,
    },
  };
}
