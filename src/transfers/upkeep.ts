/** What time does to transfers: they expire, are withdrawn with their contract, and are purged. */
import {
  contractInForce,
  isEnded,
  releasableItems,
  type Outdated,
  type Versions,
} from '#src/agreements/force.ts';
import { underWaySql } from '#src/base/under-way.ts';
import { gatewayActor } from '#src/base/words.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import { purgeAfterDaysDefault, stepEntry, type StepDeps, type StepKind } from './step.ts';

export interface UpkeepDeps extends StepDeps {
  db: Database;
  versions: Versions;
  onSubmitted: () => void;
}

/** Rows that one round touches at most: a long list is worked off in many short transactions. */
const batchMax = 500;

interface Row {
  id: string;
  consignee: string;
  contract: string;
}

async function record(
  deps: UpkeepDeps,
  tx: Queryable,
  kind: StepKind,
  rows: readonly Row[],
  outcome: string,
): Promise<void> {
  const entries = rows.map(({ id: transfer, consignee, contract }) => {
    const step = { kind, transfer, consignee, contract, actor: gatewayActor };
    return { entry: stepEntry(deps, { ...step, detail: { outcome } }), owner: transfer };
  });
  await submit(tx, entries);
}

/** Ends waiting transfers by a condition (its values from `$5` on); the purge follows in time. */
async function end(
  deps: UpkeepDeps,
  to: { status: 'expired' | 'withdrawn'; outcome: string; where: string; values: unknown[] },
): Promise<number> {
  const { contracts } = deps.agreements;
  const days = contracts.map(({ retention }) => retention.purgeAfterDays);
  const rows = await deps.db.transaction(async (tx) => {
    const { rows } = await tx.query<Row>(
      `UPDATE transfers SET status = '${to.status}', settled_at = now(), last_outcome = $1,
         purge_at = now() + make_interval(days => coalesce(
           (SELECT days FROM unnest($2::text[], $3::integer[]) AS kept (id, days)
            WHERE kept.id = contract), $4))
       WHERE id IN (SELECT id FROM transfers WHERE ${to.where} LIMIT ${batchMax}
         FOR UPDATE SKIP LOCKED)
       RETURNING id, consignee, contract`,
      [to.outcome, contracts.map(({ id }) => id), days, purgeAfterDaysDefault, ...to.values],
    );
    await record(deps, tx, to.status, rows, to.outcome);
    return rows;
  });
  if (rows.length > 0) deps.onSubmitted();
  return rows.length;
}

/** `expired`: nobody claimed it within its contract's time. A push under way is let end. */
export function expireUnclaimed(deps: UpkeepDeps): Promise<number> {
  return end(deps, {
    status: 'expired',
    outcome: 'not-claimed-in-time',
    where: `status IN ('ready', 'sending', 'leased') AND expires_at <= now()
            AND (status = 'ready' OR due_at <= now())`,
    values: [],
  });
}

interface OutdatedVersion {
  id: string;
  consignee: string;
  why: Outdated;
  /** What of it may still go. */
  allowed: readonly string[];
}

/**
 * Versions under which waiting transfers may not go any more. One that is neither over nor
 * replaced, and does not decide all the same (its signatures are gone, say), is none of them:
 * nothing of it is sent, and nothing of it is lost.
 */
function outdatedVersions({ versions, clock }: UpkeepDeps): OutdatedVersion[] {
  const today = clock.today();
  return versions.contracts.flatMap((contract): OutdatedVersion[] => {
    const { id, consignee } = contract;
    if (isEnded(contract, versions.standing)) {
      return [{ id, consignee, why: 'contract-ended', allowed: [] }];
    }
    const inForce = contractInForce(versions, consignee, today);
    if (!inForce || inForce.version <= contract.version) return [];
    const allowed = inForce.subject === contract.subject ? releasableItems(inForce) : [];
    return [{ id, consignee, why: 'contract-superseded', allowed }];
  });
}

/** What waits, by the index that serves it; a push or a lease under way is let end. */
const waiting = [
  `status IN ('ready', 'sending', 'leased') AND (status = 'ready' OR due_at <= now())`,
  `status = 'accepted'`,
];

/** Whether a waiting transfer is outdated, for versions of the one kind or the other. */
const outdatedWhere: Readonly<Record<Outdated, string>> = {
  'contract-ended': `contract = ANY($6::text[])`,
  'contract-superseded': `EXISTS (
    SELECT FROM unnest($6::text[], $7::text[]) AS version (id, allowed)
    WHERE version.id = contract AND NOT (released || derived) <@ allowed::text[])`,
};

/**
 * `withdrawn`: its relation ended while it waited, or its contract was superseded by a version that
 * does not let all of its items leave. Whatever that version does let leave still goes.
 */
export async function withdrawOutdated(deps: UpkeepDeps): Promise<number> {
  const outdated = outdatedVersions(deps);
  let count = 0;
  for (const why of ['contract-ended', 'contract-superseded'] as const) {
    const versions = outdated.filter((one) => one.why === why);
    if (versions.length === 0) continue;
    const consignees = [...new Set(versions.map(({ consignee }) => consignee))];
    const allowed = versions.map((one) => `{${one.allowed.join(',')}}`);
    for (const waits of waiting) {
      count += await end(deps, {
        status: 'withdrawn',
        outcome: why,
        where: `consignee = ANY($5::text[]) AND ${waits} AND ${outdatedWhere[why]}`,
        values: [
          consignees,
          versions.map(({ id }) => id),
          ...(why === 'contract-superseded' ? [allowed] : []),
        ],
      });
    }
  }
  return count;
}

/** Whatever a row says of its time: what may still go is never destroyed. */
async function purge(
  deps: UpkeepDeps,
  what: { where: string; values: unknown[]; outcome: string },
): Promise<number> {
  const rows = await deps.db.transaction(async (tx) => {
    const { rows } = await tx.query<Row>(
      `UPDATE transfers SET purged_at = now()
       WHERE id IN (SELECT id FROM transfers WHERE ${what.where} AND purged_at IS NULL
           AND status NOT IN ${underWaySql}
         LIMIT ${batchMax} FOR UPDATE SKIP LOCKED)
       RETURNING id, consignee, contract`,
      what.values,
    );
    await tx.query('DELETE FROM payloads WHERE id = ANY($1::uuid[])', [rows.map((row) => row.id)]);
    await record(deps, tx, 'purged', rows, what.outcome);
    return rows;
  });
  if (rows.length > 0) deps.onSubmitted();
  return rows.length;
}

/** Destroys the payloads whose time has come; their entries stay. */
export function purgeDue(deps: UpkeepDeps): Promise<number> {
  const where = 'purge_at <= now()';
  return purge(deps, { where, values: [], outcome: 'retention-ended' });
}

/** Destroys at once what nobody took over under a version whose relation has ended. */
export async function purgeEnded(deps: UpkeepDeps): Promise<number> {
  const { contracts, standing } = deps.versions;
  const ended = contracts.filter((contract) => isEnded(contract, standing)).map(({ id }) => id);
  if (ended.length === 0) return 0;
  const where = `status IN ('rejected', 'failed', 'cancelled', 'expired', 'withdrawn')
    AND contract = ANY($1::text[])`;
  return purge(deps, { where, values: [ended], outcome: 'contract-ended' });
}
