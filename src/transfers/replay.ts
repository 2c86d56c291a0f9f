/** What ended goes once more: one order for its EMR, or what a consignee missed for an operator. */
import type { Agreements } from '#src/agreements/load.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Actor } from '#src/base/words.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';
import type { Database } from '#src/store/pool.ts';
import { cursorAfter, readCursor } from './cursor.ts';
import {
  countPurged,
  redeliverBatch,
  redeliverBatchMax,
  type Redeliverable,
  type RedeliverDeps,
  type Verdict,
} from './redeliver.ts';

export interface ReplayDeps extends RedeliverDeps {
  db: Database;
  agreements: Agreements;
  fingerprint: Fingerprint;
  assertOpen: () => void;
  onSubmitted: () => void;
}

/**
 * Lets a transfer that has ended wait again. While it waits or is on its way nothing more happens.
 * @param request.client whose it must be; null: whoever ordered it, which only an operator may ask
 * @throws GatewayError `NOT_FOUND`, `NOT_REDELIVERABLE`, `PAYLOAD_PURGED`
 */
export async function redeliver(
  deps: ReplayDeps,
  request: {
    actor: Actor;
    client: string | null;
    transfer: string;
    reason?: string | undefined;
  },
): Promise<void> {
  deps.assertOpen();
  const { actor, client, transfer: id, reason } = request;
  const from = ['delivered', 'rejected', 'failed', 'expired'] as const;
  const verdict = await deps.db.transaction(async (tx) => {
    // Whose it is never changes: asked before it is locked.
    const sql = 'SELECT FROM transfers WHERE id = $1 AND ($2::text IS NULL OR client = $2)';
    const { rowCount } = await tx.query(sql, [id, client]);
    if (rowCount === 0) throw new GatewayError('NOT_FOUND');
    const one = { ids: [id], from, actor, outcome: 'redeliver', reason } as const;
    return (await redeliverBatch(deps, tx, one)).get(id);
  });
  if (verdict === 'refused') throw new GatewayError('NOT_REDELIVERABLE');
  if (verdict === 'purged') throw new GatewayError('PAYLOAD_PURGED');
  if (verdict === 'again') deps.onSubmitted();
}

/** What never came to its consignee, as far as anybody knows; what it turned away is not in it. */
export type Missed = 'failed' | 'unacknowledged';

/** What a consignee claimed and never answered waits by itself, or has expired. */
const endedAs: Readonly<Record<Missed, readonly Redeliverable[]>> = {
  failed: ['failed'],
  unacknowledged: ['failed', 'expired'],
};

export interface ReplayRequest {
  actor: Actor;
  consignee: string;
  what: Missed;
  /** The instant from which on they ended. */
  since: Date;
  /** Free text of a person: in sealed detail only. */
  reason: string;
  /** How many are looked at, `replayMax` at most. */
  limit?: number | undefined;
  cursor?: string | undefined;
  /** Aborted when the caller has left: the rest is for its next request. */
  gone: AbortSignal;
}

export interface ReplayReply {
  replayed: number;
  /** Another request was faster. */
  waiting: number;
  purged: number;
  refused: number;
  /** The cursor of the next request, where this one had its fill. */
  next: string | null;
}

/** How many one request looks at, at most. */
export const replayMax = 10_000;

const countedAs: Readonly<Record<Verdict, Exclude<keyof ReplayReply, 'next'>>> = {
  again: 'replayed',
  ...{ waiting: 'waiting', purged: 'purged', refused: 'refused' },
};

/**
 * Lets what a consignee missed wait again, in the order in which it was accepted, an entry each, in
 * short transactions: whatever interrupts it, the same request does the rest. All of it is due at
 * once; its consignee's concurrency, rate, breaker and pause decide how fast it goes.
 * @throws GatewayError `NOT_FOUND` (no such consignee), `INVALID_CURSOR`
 */
export async function replayConsignee(
  deps: ReplayDeps,
  request: ReplayRequest,
): Promise<ReplayReply> {
  deps.assertOpen();
  const { actor, consignee, what, since, reason, limit = replayMax } = request;
  if (!deps.agreements.consignees.has(consignee)) throw new GatewayError('NOT_FOUND');
  const query = { list: 'replay', consignee, what, since: since.toISOString() };
  const scope = { client: actor.client, query };
  const after = readCursor(deps.fingerprint, scope, request.cursor);
  const reply: ReplayReply = { replayed: 0, waiting: 0, purged: 0, refused: 0, next: null };
  const from = endedAs[what];
  if (after === null) reply.purged = await countPurged(deps.db, { consignee, from, since });
  const missed = await findMissed(deps, request, { after, limit: limit + 1 });
  const ids = missed.slice(0, limit);
  const last = missed.length > limit ? ids.at(-1) : undefined;
  if (last !== undefined) reply.next = cursorAfter(deps.fingerprint, scope, last);
  const ask = { from, actor, outcome: 'replay', reason } as const;
  for (let at = 0; at < ids.length && !request.gone.aborted; at += redeliverBatchMax) {
    deps.assertOpen();
    const batch = ids.slice(at, at + redeliverBatchMax);
    const verdicts = await deps.db.transaction((tx) =>
      redeliverBatch(deps, tx, { ...ask, ids: batch }),
    );
    deps.onSubmitted();
    for (const verdict of verdicts.values()) reply[countedAs[verdict]] += 1;
  }
  return reply;
}

type Ask = Pick<ReplayRequest, 'consignee' | 'what' | 'since'>;

// The states stand in the statement, not in a parameter, so that the index of what nobody took over
// serves it (transfers_untaken): it holds what can go again and little else, however much was
// delivered in that time.
const missedSql = (what: Missed) => `
  SELECT id FROM transfers
  WHERE consignee = $1 AND contract = ANY($2::text[]) AND status IN (${stateList(what)})
    AND purged_at IS NULL AND settled_at >= $3 AND ($4::uuid IS NULL OR id > $4)
  ORDER BY id LIMIT $5`;

const stateList = (what: Missed) => endedAs[what].map((status) => `'${status}'`).join(', ');

async function findMissed(
  deps: ReplayDeps,
  { consignee, what, since }: Ask,
  page: { after: string | null; limit: number },
): Promise<string[]> {
  const { contracts } = deps.agreements;
  const own = contracts.filter((one) => one.consignee === consignee).map(({ id }) => id);
  const values = [consignee, own, since, page.after, page.limit];
  const { rows } = await deps.db.query<{ id: string }>(missedSql(what), values);
  return rows.map(({ id }) => id);
}
