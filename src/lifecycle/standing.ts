/** What has become of contracts, read from PostgreSQL each second, so that all processes agree. */
import type { Standing } from '#src/agreements/force.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Queryable } from '#src/store/pool.ts';

/** The standing, and which steps are behind it. */
export interface RecordedStanding extends Standing {
  /** The Seoul day from which each recorded step holds, by `samkwang.v1 signed`. */
  recorded: ReadonlyMap<string, string>;
}

export interface StandingKeeper {
  /** As last read. Before the first reading nothing is in force. */
  current(): RecordedStanding;
  /** As it was read first: what had happened before this process began. */
  first(): RecordedStanding;
  /** Reads it again; rejects when PostgreSQL does not answer, and then `current` grows stale. */
  refresh(): Promise<void>;
  /** Throws `DATABASE_UNAVAILABLE` when the last reading is too old to decide by (law 8). */
  assertFresh(): void;
}

/** How old a reading may be: an end or a new version elsewhere is heeded within a second or two. */
const standingMsMax = 10_000;

const readSql = `
  SELECT
    (SELECT coalesce(jsonb_agg(jsonb_build_object('contract', contract, 'step', step,
       'on', to_char(on_date, 'YYYY-MM-DD'))), '[]') FROM contract_steps) AS steps,
    (SELECT coalesce(jsonb_object_agg(consignee, through), '{}')
     FROM (SELECT consignee, max(through) AS through FROM relation_ends GROUP BY consignee) AS ends)
      AS ended`;

interface Row {
  steps: { contract: string; step: string; on: string }[];
  ended: Record<string, number>;
}

/** The standing as one statement sees it. */
export async function readStanding(db: Queryable): Promise<RecordedStanding> {
  const { rows } = await db.query<Row>({ name: 'contracts-standing', text: readSql });
  const { steps, ended } = rows[0] as Row;
  const of = (step: string) => steps.filter((one) => one.step === step);
  return {
    noticedOn: new Map(of('noticed').map(({ contract, on }) => [contract, on])),
    activated: new Set(of('activated').map(({ contract }) => contract)),
    endedThrough: new Map(Object.entries(ended)),
    recorded: new Map(steps.map(({ contract, step, on }) => [`${contract} ${step}`, on])),
  };
}

/** @param deps.steadyNow milliseconds on a clock that nobody sets */
export function createStanding(deps: { db: Queryable; steadyNow: () => number }): StandingKeeper {
  let standing: RecordedStanding = {
    ...{ noticedOn: new Map(), activated: new Set(), endedThrough: new Map() },
    recorded: new Map(),
  };
  let first = standing;
  let readAt = -Infinity;
  return {
    current: () => standing,
    first: () => first,
    async refresh() {
      const asked = deps.steadyNow();
      const read = await readStanding(deps.db);
      // Two readings at once may come back in the other order: the later question counts.
      if (asked < readAt) return;
      if (readAt === -Infinity) first = read;
      standing = read;
      readAt = asked;
    },
    assertFresh() {
      if (deps.steadyNow() - readAt <= standingMsMax) return;
      throw new GatewayError('DATABASE_UNAVAILABLE', { retryAfterSeconds: 5 });
    },
  };
}
