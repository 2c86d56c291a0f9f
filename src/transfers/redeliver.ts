/** The one way back: what ended waits again, with its entry, for whoever may ask for that. */
import { contractInForce, isEnded, outdated, type Versions } from '#src/agreements/force.ts';
import { underWay } from '#src/base/under-way.ts';
import type { Actor, TransferStatus } from '#src/base/words.ts';
import type { Entry } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Queryable } from '#src/store/pool.ts';
import type { StepDeps } from './step.ts';
import { personColumns, personOf, type PersonRow } from './subjects.ts';

export interface RedeliverDeps extends StepDeps {
  versions: Versions;
}

/** The states in which a transfer has ended. One that was cancelled or withdrawn stays so. */
export type Redeliverable = Extract<
  TransferStatus,
  'delivered' | 'rejected' | 'failed' | 'expired'
>;

export interface Redelivery {
  /** Transfers that the caller may speak for, in the order in which they are to go. */
  ids: readonly string[];
  /** From which states. */
  from: readonly Redeliverable[];
  actor: Actor;
  /** By which way it was asked for. */
  outcome: 'redeliver' | 'replay' | 'seek';
  /** Free text of a person: in sealed detail only. */
  reason?: string | undefined;
}

/**
 * What became of one: it waits `again`; it was `waiting` or on its way already, and was left alone;
 * its payload is `purged`; it is `refused`: not in one of the states, never covered by the ledger,
 * its relation ended, the version in force lets it go no more, its person said stop, a later
 * order replaces it and nobody but the consignee that lost both asks for it, or it is only the
 * consignee that asks, and it had it for as long as it may.
 */
export type Verdict = 'again' | 'waiting' | 'purged' | 'refused';

/** How many one transaction takes at most. */
export const redeliverBatchMax = 500;

interface Row extends PersonRow {
  id: string;
  consignee: string;
  contract: string;
  status: TransferStatus;
  items: string[];
  attempts: number;
  covered: boolean;
  purged: boolean;
  stopped: boolean;
  ended: boolean;
  replaced: boolean;
  created_at: Date;
  /** When its consignee first took it over, if ever it did. */
  first_taken_at: Date | null;
  now: Date;
}

// Locked in the order of their ids, so that two batches never wait for each other. The end of a
// relation is asked of the database too: the standing of this process may be a second old.
const lookSql = `
  SELECT id, consignee, contract, status, released || derived AS items, attempts,
    entry IS NOT NULL AS covered, purged_at IS NOT NULL AS purged,
    EXISTS (SELECT FROM suspensions WHERE suspensions.subject = transfers.subject
      AND suspensions.consignee IN (transfers.consignee, '*')) AS stopped,
    (substring(contract FROM '[.]v([0-9]{1,9})$')::integer <= (SELECT max(through)
      FROM relation_ends WHERE relation_ends.consignee = transfers.consignee)) IS TRUE AS ended,
    EXISTS (SELECT FROM transfers AS later
      WHERE later.replaces = transfers.id AND later.status <> 'cancelled') AS replaced,
    created_at, now(), ${personColumns},
    coalesce(taken_at, CASE WHEN status = 'delivered' THEN settled_at END) AS first_taken_at
  FROM transfers WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`;

// Attempts go on being counted: what may have arrived once may have arrived, whatever comes now.
// Due a microsecond apart, in the order that was asked for.
const againSql = `
  UPDATE transfers SET status = 'ready', last_outcome = $3, lease = NULL,
    due_at = now() + again.place * interval '1 microsecond',
    expires_at = least(now() + make_interval(days => again.days), again.until),
    taken_at = CASE WHEN status = 'delivered' THEN coalesce(taken_at, settled_at) ELSE taken_at END,
    attempts_before = attempts, settled_at = NULL, purge_at = NULL
  FROM unnest($1::uuid[], $2::integer[], $4::timestamptz[])
    WITH ORDINALITY AS again (id, days, until, place)
  WHERE transfers.id = again.id`;

/**
 * Lets transfers that ended wait again, in the transaction of the caller, an entry each. Asked for
 * twice, the second time finds them waiting and changes nothing. After its commit the caller calls
 * `onSubmitted`.
 * @param request.ids 500 at most
 * @returns what became of each that exists, in the order of `ids`
 */
export async function redeliverBatch(
  deps: RedeliverDeps,
  tx: Queryable,
  request: Redelivery,
): Promise<Map<string, Verdict>> {
  if (request.ids.length > redeliverBatchMax) throw new Error('a batch is 500 transfers at most');
  const { rows } = await tx.query<Row>(lookSql, [request.ids]);
  const found = new Map(rows.map((row) => [row.id, row]));
  const verdicts = new Map<string, Verdict>();
  const again: Row[] = [];
  for (const id of new Set(request.ids)) {
    const row = found.get(id);
    if (!row) continue;
    const verdict = verdictOf(deps, request, row);
    verdicts.set(id, verdict);
    if (verdict === 'again') again.push(row);
  }
  if (again.length === 0) return verdicts;
  const days = again.map((row) => contractOf(deps, row)?.retention.expireAfterDays ?? 1);
  const until = again.map((row) => latestOf(deps, request, row));
  await tx.query(againSql, [again.map(({ id }) => id), days, request.outcome, until]);
  const entries = again.map((row) => ({ entry: entryOf(deps, request, row), owner: row.id }));
  await submit(tx, entries);
  return verdicts;
}

/** How many purged ones are counted at most. */
const purgedMax = 10_000;

/** What ended in such states in a time and cannot go again, because its payload is destroyed. */
export async function countPurged(
  db: Queryable,
  ask: { consignee: string; from: readonly Redeliverable[]; since: Date; until?: Date },
): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `SELECT count(*)::integer FROM (
       SELECT FROM transfers WHERE consignee = $1 AND settled_at >= $2
         AND settled_at < coalesce($3, 'infinity'::timestamptz)
         AND status = ANY($4::text[]) AND purged_at IS NOT NULL LIMIT ${purgedMax}) AS purged`,
    [ask.consignee, ask.since, ask.until ?? null, ask.from],
  );
  return rows[0]?.count ?? 0;
}

const dayMs = 86_400_000;

/**
 * Until when it may wait. A consignee that goes back again and again does not decide how long the
 * clinic keeps a payload: as long as one may wait and be kept after it was first taken over, or had
 * first expired. What the clinic's own people and systems ask for has no such end: null.
 */
function latestOf(deps: RedeliverDeps, { outcome }: Redelivery, row: Row): Date | null {
  const { expireAfterDays = 1, purgeAfterDays = 0 } = contractOf(deps, row)?.retention ?? {};
  if (outcome !== 'seek') return null;
  const firstMs =
    row.first_taken_at?.getTime() ?? row.created_at.getTime() + expireAfterDays * dayMs;
  return new Date(firstMs + (expireAfterDays + purgeAfterDays) * dayMs);
}

function verdictOf(deps: RedeliverDeps, request: Redelivery, row: Row): Verdict {
  const { from, outcome } = request;
  if (underWay.has(row.status)) return 'waiting';
  if (!row.covered || !from.some((status) => status === row.status)) return 'refused';
  if (row.purged) return 'purged';
  // Sent after its correction it would be taken for the later of the two.
  if (row.replaced && outcome !== 'seek') return 'refused';
  const latest = latestOf(deps, request, row);
  if (latest !== null && latest <= row.now) return 'refused';
  return !row.stopped && !row.ended && mayGo(deps, row) ? 'again' : 'refused';
}

/** Whether the version in force lets it go: else the next claim would only withdraw it. */
function mayGo(deps: RedeliverDeps, row: Row): boolean {
  const contract = contractOf(deps, row);
  if (!contract || isEnded(contract, deps.versions.standing)) return false;
  const inForce = contractInForce(deps.versions, row.consignee, deps.clock.today());
  return outdated(contract, inForce, row.items) === undefined;
}

const contractOf = ({ agreements }: RedeliverDeps, row: Row) =>
  agreements.contracts.find(({ id }) => id === row.contract);

function entryOf(deps: RedeliverDeps, request: Redelivery, row: Row): Entry {
  const { id: transfer, consignee, attempts } = row;
  const { actor, outcome, reason } = request;
  const contract = contractOf(deps, row);
  return deps.makeEntry({
    ...{ kind: 'redelivered', at: deps.clock.now(), transfer, consignee },
    ...(contract ? { contract: { id: contract.id, digest: contract.digest } } : {}),
    ...(reason === undefined ? {} : { person: personOf(row) }),
    detail: { ...actorDetail(actor), outcome, attempts, reason },
  });
}
