/** A consignee claims what is its own under a lease, and may wait for it. */
import { requireContract } from '#src/agreements/force.ts';
import type { Failpoint } from '#src/base/failpoint.ts';
import type { Actor } from '#src/base/words.ts';
import type { Entry } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import type { CheckIns } from '#src/lifecycle/check-ins.ts';
import { claimDue, putBack, renewLeases, type Claim } from '#src/transfers/claim.ts';
import type { Envelope } from './envelope.ts';
import { assertUnlocked, settleHeld, type InboxDeps } from './inbox.ts';
import type { InboxWaits } from './inbox-waits.ts';
import { lookUp, openClaim } from './open-claim.ts';

export interface ClaimDeps extends InboxDeps {
  waits: InboxWaits;
  checkIns: CheckIns;
  health: { closing: () => boolean };
  /** Milliseconds on a clock that nobody sets. */
  steadyNow: () => number;
  failpoint?: Failpoint | undefined;
}

export interface InboxItem extends Envelope {
  lease: { token: string; until: string };
}

export interface ClaimRequest {
  actor: Actor;
  consignee: string;
  limit: number;
  leaseSeconds: number;
  /** How long to wait while there is nothing; 0: not at all. */
  waitSeconds: number;
  /** Aborted when the caller has left: nothing is leased to nobody. */
  gone: AbortSignal;
  /** Told before the first wait: no work is done for this caller now. */
  rest: () => void;
  /** Throws when the caller may not do this any more; asked again after each wait. */
  assertMay: () => Promise<void>;
}

/**
 * Claims up to `limit` waiting transfers, as soon as there are any or the time is over; no
 * connection to the database is held meanwhile. The gateway's stop ends the wait with nothing.
 * @throws GatewayError `INBOX_LOCKED` while no contract is in force, also when it ends meanwhile
 */
export async function claimInbox(deps: ClaimDeps, request: ClaimRequest): Promise<InboxItem[]> {
  const { consignee: id, gone } = request;
  const until = deps.steadyNow() + request.waitSeconds * 1_000;
  const isPull = deps.agreements.consignees.get(id)?.channel === 'pull';
  deps.assertOpen();
  if (isPull) await deps.checkIns.note(id);
  for (;;) {
    assertUnlocked(deps, id);
    const items = isPull && !gone.aborted ? await claimWaiting(deps, request) : [];
    if (items.length > 0) {
      // There may be more: whoever waits beside this one looks next.
      deps.waits.passOn(id);
      return items;
    }
    request.rest();
    const woken = await deps.waits.wait(id, { ms: until - deps.steadyNow(), gone });
    if (gone.aborted || deps.health.closing()) return [];
    if (!woken) {
      assertUnlocked(deps, id);
      return [];
    }
    await request.assertMay();
  }
}

/** Seconds in which what was claimed is opened, at least, however short the lease to come. */
const openingSeconds = 30;

/**
 * The lease is taken first and the entries are durable before the answer: a crash in between
 * leaves a lease that ends, and nothing that left unrecorded. As long as was asked, to a second, it
 * lasts from when it is handed out: a full hand takes seconds to open.
 */
async function claimWaiting(deps: ClaimDeps, request: ClaimRequest): Promise<InboxItem[]> {
  await deps.failpoint?.('claim:before-commit');
  const claims = await claimDue(deps.flowDb, {
    slots: new Map([[request.consignee, request.limit]]),
    status: 'leased',
    leaseSeconds: Math.max(request.leaseSeconds, openingSeconds),
    contracts: deps.agreements.contracts,
  });
  if (claims.length === 0) return [];
  await deps.failpoint?.('claim:after-commit');
  if (request.gone.aborted) {
    for (const one of claims) await putBack(deps.db, one, { delaySeconds: 0, outcome: 'left' });
    return [];
  }
  const { actor } = request;
  const opened: Opened[] = [];
  for (const work of await lookUp(deps.ledger, claims)) {
    const { claim } = work;
    const envelope = await openClaim(deps, work, (status, outcome) =>
      settleHeld(deps, claim, { actor, status, detail: { outcome } }),
    );
    if (envelope !== null) opened.push({ claim, envelope });
  }
  if (opened.length === 0) return [];
  deps.clock.assertAgrees();
  await deps.failpoint?.('pulled:before');
  const items = await handOut(deps, request, opened);
  await deps.failpoint?.('pulled:after');
  deps.onSubmitted();
  return items;
}

interface Opened {
  claim: Claim;
  envelope: Envelope;
}

/**
 * The items of those that are still held, with their entries: whoever stood still meanwhile hands
 * out nothing that another may have taken, or withdrawn, and records nothing of it.
 */
function handOut(
  deps: ClaimDeps,
  { actor, leaseSeconds }: ClaimRequest,
  opened: readonly Opened[],
): Promise<InboxItem[]> {
  return deps.flowDb.transaction(async (tx) => {
    const claims = opened.map(({ claim }) => claim);
    const renewed = await renewLeases(tx, claims, leaseSeconds);
    const items: InboxItem[] = [];
    const entries: { entry: Entry; owner: string }[] = [];
    for (const { claim, envelope } of opened) {
      const until = renewed.get(claim.id)?.toISOString();
      if (until === undefined) continue;
      items.push({ ...envelope, lease: { token: claim.lease.toString('base64url'), until } });
      entries.push({ entry: pulledEntry(deps, actor, claim, until), owner: claim.id });
    }
    await submit(tx, entries);
    return items;
  });
}

function pulledEntry(deps: InboxDeps, actor: Actor, claim: Claim, leaseUntil: string): Entry {
  const { id: transfer, consignee, attempts } = claim;
  const { id, digest } = requireContract(deps.agreements, claim.contract);
  return deps.makeEntry({
    kind: 'pulled',
    at: deps.clock.now(),
    ...{ transfer, consignee, contract: { id, digest } },
    detail: { ...actorDetail(actor), via: 'inbox', attempts, leaseUntil },
  });
}
