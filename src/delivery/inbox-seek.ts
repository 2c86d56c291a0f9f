/** A consignee goes back in its inbox: what it had taken, or missed, since then waits again. */
import { GatewayError } from '#src/base/errors.ts';
import type { Actor } from '#src/base/words.ts';
import {
  countPurged,
  redeliverBatch,
  redeliverBatchMax,
  type Redeliverable,
  type RedeliverDeps,
} from '#src/transfers/redeliver.ts';
import { assertUnlocked, type InboxDeps } from './inbox.ts';

export type SeekDeps = RedeliverDeps &
  Pick<InboxDeps, 'db' | 'agreements' | 'assertOpen' | 'onSubmitted'>;

/** Back to when: an instant, or the moment at which a transfer of its own was taken. */
export type SeekFrom = { since: Date; until?: Date | undefined } | { after: string };

export interface SeekReply {
  replayed: number;
  /** Whose payload is destroyed. */
  purged: number;
  /** What the contract, or the person, lets go no more. */
  notAllowed: number;
  /** The body of the next request, where this one had its fill. */
  next: { since: string; until: string } | null;
}

/** What was taken, and what was missed. What it turned away stays away. */
const from: readonly Redeliverable[] = ['delivered', 'expired'];

/** How many one request looks at: the rest by the next. */
const seekMax = 5_000;

/** How long after its day a payload may still be here, because nobody was there to purge it. */
const purgeGraceDays = 7;

interface Span {
  consignee: string;
  since: Date;
  until: Date;
  /** Left out: whatever was taken together with it is not. */
  except: string | null;
}

/**
 * Lets what this consignee took or missed in a time wait again, oldest first. What waits already is
 * left alone, so that asking twice replays once, unless it was taken again meanwhile.
 * @throws GatewayError `INBOX_LOCKED`, `NOT_FOUND` (`after` is no transfer of this consignee)
 */
export async function seek(
  deps: SeekDeps,
  request: { actor: Actor; consignee: string; to: SeekFrom; reason?: string | undefined },
): Promise<SeekReply> {
  const { consignee, to } = request;
  assertUnlocked(deps, consignee);
  const span = await spanOf(deps, consignee, to);
  const reply: SeekReply = { replayed: 0, purged: 0, notAllowed: 0, next: null };
  if (deps.agreements.consignees.get(consignee)?.channel !== 'pull') return reply;
  reply.purged = await countPurged(deps.db, { ...span, from });
  let place: Place = { at: span.since.toISOString(), id: firstId };
  for (let seen = 0; seen < seekMax; seen += redeliverBatchMax) {
    const batch = await nextOf(deps, span, place);
    await replay(deps, request, batch, reply);
    const last = batch.at(-1);
    if (!last || batch.length < redeliverBatchMax) return reply;
    place = last;
  }
  const since = new Date(place.at).toISOString();
  return { ...reply, next: { since, until: span.until.toISOString() } };
}

/** A row's place in the order in which things were taken; `at` to the microsecond. */
interface Place {
  at: string;
  id: string;
}

const firstId = '00000000-0000-0000-0000-000000000000';

/** The end is now unless told: what is taken again meanwhile is not replayed once more. */
async function spanOf(deps: SeekDeps, consignee: string, to: SeekFrom): Promise<Span> {
  const { rows } = await deps.db.query<{ now: Date; at: Date | null }>(
    `SELECT now(), (SELECT coalesce(settled_at, taken_at, created_at) FROM transfers
       WHERE id = $1::uuid AND consignee = $2) AS at`,
    ['after' in to ? to.after : null, consignee],
  );
  const { now, at } = rows[0] as { now: Date; at: Date | null };
  if ('since' in to) return { consignee, since: to.since, until: to.until ?? now, except: null };
  if (at === null) throw new GatewayError('NOT_FOUND');
  return { consignee, since: at, until: now, except: to.after };
}

/** The next batch of what is still here. A payload is here for its days, and a little longer. */
async function nextOf(deps: SeekDeps, span: Span, place: Place): Promise<Place[]> {
  const kept = deps.agreements.contracts
    .filter(({ consignee }) => consignee === span.consignee)
    .map(({ retention }) => retention.purgeAfterDays);
  const { rows } = await deps.db.query<Place>(
    `SELECT settled_at::text AS at, id FROM transfers
     WHERE consignee = $1 AND settled_at >= now() - make_interval(days => $2)
       AND (settled_at, id) > ($3::timestamptz, $4::uuid) AND settled_at < $5
       AND status = ANY($6::text[]) AND purged_at IS NULL AND id IS DISTINCT FROM $7::uuid
     ORDER BY settled_at, id LIMIT ${redeliverBatchMax}`,
    [
      ...[span.consignee, Math.max(0, ...kept) + purgeGraceDays],
      ...[place.at, place.id, span.until, from, span.except],
    ],
  );
  return rows;
}

async function replay(
  deps: SeekDeps,
  request: { actor: Actor; reason?: string | undefined },
  batch: readonly Place[],
  reply: SeekReply,
): Promise<void> {
  if (batch.length === 0) return;
  const { actor, reason } = request;
  const ids = batch.map(({ id }) => id);
  const verdicts = await deps.db.transaction((tx) =>
    redeliverBatch(deps, tx, { ids, from, actor, outcome: 'seek', reason }),
  );
  deps.onSubmitted();
  for (const verdict of verdicts.values()) {
    if (verdict === 'again') reply.replayed += 1;
    if (verdict === 'purged') reply.purged += 1;
    if (verdict === 'refused') reply.notAllowed += 1;
  }
}
