/** Takes an order in: decide, seal, record, make durable, answer. It never sends anything. */
import type { EntryMaker } from '#src/ledger/entry.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Failpoint } from '#src/base/failpoint.ts';
import type { Order } from '#src/base/words.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';
import type { Sealer } from '#src/sealing/seal.ts';
import type { Batcher } from '#src/store/batcher.ts';
import type { Database } from '#src/store/pool.ts';
import type { Acceptance, Verdict } from './acceptance.ts';
import { decide, type DecideDeps, type RefusedDecision, type ReleasedDecision } from './decide.ts';
import { storedReply, type RepeatableRequest } from './idempotency.ts';
import { HmacKeyChanged, underCurrentKey } from './hmac-key.ts';
import { prepare, toldOf } from './prepare.ts';
import type { Preview, ReleaseReply, ReleaseRequest } from './prepare.ts';
import { assertReplaceable } from './replaces.ts';
import { findSubject, isGone, isSuspendedFor, subjectHmac } from './subjects.ts';
import type { KnownSubject } from './subjects.ts';

export interface ReleaseDeps extends DecideDeps {
  db: Database;
  sealer: Sealer;
  fingerprint: Fingerprint;
  makeEntry: EntryMaker;
  acceptances: Batcher<Acceptance, Verdict>;
  /** Reads anew what has become of contracts. */
  standing: { refresh: () => Promise<void> };
  /** Reads anew which keys count. */
  keys: { refresh: () => Promise<unknown> };
  /** Throws when nothing may be accepted now (law 8). */
  assertOpen: () => void;
  /** Told when entries are waiting for the sequencer. */
  onSubmitted: () => void;
  failpoint?: Failpoint | undefined;
}

/** A request whose HMACs are made under the keys of the moment in which they are needed. */
export type ReleaseAsk = Omit<ReleaseRequest, 'idempotency'> & {
  idempotency: () => RepeatableRequest;
};

/**
 * Releases one order to its consignee's queue and records that it did.
 * @returns the reply, durable: the same key and order are answered the same for 30 days
 * @throws GatewayError with a `RefusedReason` (an entry says so), `IDEMPOTENCY_KEY_REUSED`,
 *   `NOT_REPLACEABLE`, `REQUEST_IN_PROGRESS`, `DATABASE_UNAVAILABLE`, `CLOCK_SKEWED`,
 *   `LEDGER_STALLED`, `SHUTTING_DOWN` (also where a version has begun that this process lacks)
 */
export async function release(deps: ReleaseDeps, asked: ReleaseAsk): Promise<ReleaseReply> {
  const attempt = () =>
    underCurrentKey(deps, () => releaseOnce(deps, { ...asked, idempotency: asked.idempotency() }));
  const reply = await attempt();
  if (reply !== 'outdated') return reply;
  await deps.standing.refresh();
  const next = await attempt();
  if (next !== 'outdated') return next;
  // This process cannot decide any more; it notices by itself within a second, and closes.
  throw new GatewayError('SHUTTING_DOWN', { retryAfterSeconds: 5 });
}

/** `outdated`: what decided has ended or was superseded since this process looked. */
async function releaseOnce(
  deps: ReleaseDeps,
  request: ReleaseRequest,
): Promise<ReleaseReply | 'outdated'> {
  deps.assertOpen();
  const decision = decide(deps, request.order);
  if (decision.outcome === 'refused') return refuse(deps, request, decision);
  const { client } = request.actor;
  try {
    await assertReplaceable(deps, { client, order: request.order });
  } catch (error) {
    const first = await storedReply<ReleaseReply>(deps, request.idempotency);
    if (first) return first;
    throw error;
  }
  const { acceptance, reply } = prepare(deps, request, decision);
  // Made in one go, or the keys have turned between the two.
  if (acceptance.subjectHmac.hmacKey !== request.idempotency.hmacKey) throw new HmacKeyChanged();
  const verdict = await deps.acceptances.submit(acceptance);
  await deps.failpoint?.('reply:before');
  if (verdict.outcome === 'accepted') return reply;
  if (verdict.outcome === 'rekeyed') throw new HmacKeyChanged();
  if (verdict.outcome === 'suspended') {
    return refuse(deps, request, stopped(decision), verdict.subject);
  }
  const first = await storedReply<ReleaseReply>(deps, request.idempotency);
  if (first) return first;
  if (verdict.outcome === 'outdated') return 'outdated';
  throw new GatewayError('REQUEST_IN_PROGRESS', { retryAfterSeconds: 1 });
}

/** What the contract let leave, and the person did not. */
function stopped({ contract, consignee }: ReleasedDecision): RefusedDecision {
  const reason = 'SUBJECT_SUSPENDED';
  return { outcome: 'refused', reason, contract, consignee, problems: [], items: [] };
}

/**
 * Records the refusal and throws it; an order that was accepted before keeps its first answer.
 * @param person who said stop, for the sealed detail
 */
async function refuse(
  deps: ReleaseDeps,
  request: ReleaseRequest,
  decision: RefusedDecision,
  person?: KnownSubject,
): Promise<ReleaseReply> {
  const first = await storedReply<ReleaseReply>(deps, request.idempotency);
  if (first) return first;
  const { contract, consignee, reason } = decision;
  const entryAbout = (about: KnownSubject | undefined) =>
    deps.makeEntry({
      ...{ kind: 'refused', at: deps.clock.now(), person: about },
      ...(consignee ? { consignee: consignee.id } : {}),
      ...(contract ? { contract: { id: contract.id, digest: contract.digest } } : {}),
      items: decision.items,
      detail: {
        ...{ ...actorDetail(request.actor), subject: about?.id },
        ...{ reason, problems: decision.problems },
      },
    });
  await submit(deps.db, [{ entry: entryAbout(person) }]).catch((error: unknown) => {
    if (!isGone(error)) throw error;
    return submit(deps.db, [{ entry: entryAbout(undefined) }]);
  });
  deps.onSubmitted();
  throw refusal(decision);
}

function refusal({ reason, contract, problems, items }: RefusedDecision): GatewayError {
  const facts = { items: items.join(', '), ...(contract ? { contract: contract.id } : {}) };
  return new GatewayError(reason, { problems, facts });
}

/** What `release` would do, exactly, with nothing stored, recorded or sent. */
export async function preview(
  deps: DecideDeps & { db: Database; fingerprint: Fingerprint },
  { client, order }: { client: string; order: Order },
): Promise<Preview> {
  const decision = decide(deps, order);
  if (decision.outcome === 'refused') throw refusal(decision);
  const subject = await findSubject(deps.db, subjectHmac(deps.fingerprint, order.subject));
  if (subject && isSuspendedFor(subject, order.consignee)) throw refusal(stopped(decision));
  await assertReplaceable(deps, { client, order });
  const payload = decision.released.canonical().toString('utf8');
  return { ...toldOf(decision), payload };
}
