/** The inbox: a consignee claims what is its own under a lease, and acknowledges or rejects it. */
import { contractInForce, requireContract } from '#src/agreements/force.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Log } from '#src/base/log.ts';
import type { Actor } from '#src/base/words.ts';
import type { Entry } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import type { LedgerReader } from '#src/ledger/read.ts';
import { submit } from '#src/ledger/submit.ts';
import type { EncryptTo } from '#src/sealing/jwe.ts';
import type { Batcher } from '#src/store/batcher.ts';
import type { Database } from '#src/store/pool.ts';
import { claimDue, type Claim } from '#src/transfers/claim.ts';
import { reopenTransfer, type ReopenDeps } from '#src/transfers/reopen.ts';
import type { Settlement } from '#src/transfers/settle.ts';
import { purgeAfterDays, stepEntry, type StepDeps } from '#src/transfers/step.ts';
import { makeEnvelope, type Envelope, type WireProof } from './envelope.ts';
import { lacksKey, waitForKey } from './keys.ts';

export interface InboxDeps extends ReopenDeps, StepDeps {
  db: Database;
  ledger: Pick<LedgerReader, 'leavesAt' | 'proofsFor'>;
  settlements: Batcher<Settlement, boolean>;
  encryptors: ReadonlyMap<string, EncryptTo | null>;
  log: Log;
  assertOpen: () => void;
  onSubmitted: () => void;
  onSettled: (consignee: string, status: string) => void;
}

export interface InboxItem extends Envelope {
  lease: { token: string; until: string };
}

/** Why a consignee will not take a transfer; its free text goes to sealed detail only. */
export interface Rejection {
  code: string;
  message?: string;
}

/**
 * Claims up to `limit` waiting transfers. The lease is taken first and the entries are durable
 * before the answer: a crash in between leaves a lease that ends, and nothing that left unrecorded.
 * @throws GatewayError `INBOX_LOCKED` while no contract is in force
 */
export async function claimInbox(
  deps: InboxDeps,
  request: { actor: Actor; consignee: string; limit: number; leaseSeconds: number },
): Promise<InboxItem[]> {
  deps.assertOpen();
  if (!contractInForce(deps.versions, request.consignee, deps.clock.today())) {
    throw new GatewayError('INBOX_LOCKED');
  }
  const consignee = deps.agreements.consignees.get(request.consignee);
  if (consignee?.channel !== 'pull') return [];
  const claims = await claimDue(deps.db, {
    slots: new Map([[request.consignee, request.limit]]),
    status: 'leased',
    leaseSeconds: request.leaseSeconds,
    contracts: deps.agreements.contracts,
  });
  if (claims.length === 0) return [];
  const indexes = claims.map((claim) => claim.entry);
  const leaves = await deps.ledger.leavesAt(indexes);
  const proofs = await deps.ledger.proofsFor(indexes);
  const items: InboxItem[] = [];
  const entries: { entry: Entry; owner: string }[] = [];
  for (const [at, claim] of claims.entries()) {
    const item = await open(deps, request.actor, claim, leaves[at], proofs[at]);
    if (item === null) continue;
    items.push(item);
    entries.push({ entry: pulledEntry(deps, request.actor, claim), owner: claim.id });
  }
  await submit(deps.db, entries);
  deps.onSubmitted();
  return items;
}

/** The item of one claim; null when it must not leave: it is settled then, or waits for a key. */
async function open(
  deps: InboxDeps,
  actor: Actor,
  claim: Claim,
  leaf: Buffer | null | undefined,
  proof: WireProof | null | undefined,
): Promise<InboxItem | null> {
  const reopened = reopenTransfer(deps, claim, leaf);
  if (reopened.outcome === 'corrupt' || !proof) {
    const error = reopened.outcome === 'corrupt' ? reopened.cause : new Error('no proof');
    deps.log.error('transfer failed its checks: not handed out', { transfer: claim.id, error });
    await settleAs(deps, actor, claim, 'failed', { outcome: 'integrity' });
    return null;
  }
  if (reopened.outcome === 'withdrawn') {
    await settleAs(deps, actor, claim, 'withdrawn', { outcome: reopened.why });
    return null;
  }
  const encrypt = deps.encryptors.get(claim.consignee) ?? null;
  if (lacksKey(encrypt, reopened.released)) {
    await waitForKey(deps, claim);
    return null;
  }
  const envelope = await makeEnvelope(encrypt, {
    transfer: claim.id,
    released: reopened.released,
    proof,
  });
  const lease = { token: claim.lease.toString('base64url'), until: claim.leaseUntil.toISOString() };
  return { ...envelope, lease };
}

interface HeldRow {
  status: string;
  contract: string;
  lease: Buffer | null;
  live: boolean;
}

export interface Answer {
  actor: Actor;
  consignee: string;
  transfer: string;
  /** The token of the lease, base64url. */
  lease: string;
}

/**
 * Settles a leased transfer in the words of its consignee. The same answer under the same lease is
 * answered the same again; a lease that ended or was taken over is `LEASE_LOST`.
 */
async function answer(
  deps: InboxDeps,
  request: Answer,
  status: 'delivered' | 'rejected',
  detail: { outcome: string; reason?: string },
): Promise<{ transfer: string; status: string }> {
  deps.assertOpen();
  const { rows } = await deps.db.query<HeldRow>(
    `SELECT status, contract, lease, due_at > now() AS live FROM transfers
     WHERE id = $1 AND consignee = $2`,
    [request.transfer, request.consignee],
  );
  const row = rows[0];
  if (!row) throw new GatewayError('NOT_FOUND');
  const lease = Buffer.from(request.lease, 'base64url');
  const same = row.lease?.equals(lease) ?? false;
  const done = { transfer: request.transfer, status };
  if (same && row.status === status) return done;
  if (!same || !row.live || row.status !== 'leased') throw new GatewayError('LEASE_LOST');
  const { transfer: id, consignee } = request;
  const claim = { id, consignee, lease, contract: row.contract };
  const held = await settleAs(deps, request.actor, claim, status, detail);
  // Lost between the look and the settling: to this same answer, or to another holder.
  return held ? done : answer(deps, request, status, detail);
}

/** Takes the transfer over: `delivered`. */
export function acknowledge(deps: InboxDeps, request: Answer) {
  return answer(deps, request, 'delivered', { outcome: 'acknowledged' });
}

/** Turns the transfer away: `rejected`, with the consignee's code. */
export function reject(deps: InboxDeps, request: Answer & { rejection: Rejection }) {
  const { code, message } = request.rejection;
  return answer(deps, request, 'rejected', {
    outcome: code,
    ...(message === undefined ? {} : { reason: message }),
  });
}

type Held = Pick<Claim, 'id' | 'consignee' | 'contract' | 'lease'>;

function pulledEntry(deps: InboxDeps, actor: Actor, claim: Claim): Entry {
  const { id: transfer, consignee, leaseUntil, attempts } = claim;
  const { id, digest } = requireContract(deps.agreements, claim.contract);
  return deps.makeEntry({
    kind: 'pulled',
    at: deps.clock.now(),
    ...{ transfer, consignee, contract: { id, digest } },
    detail: { ...actorDetail(actor), via: 'inbox', attempts, leaseUntil: leaseUntil.toISOString() },
  });
}

async function settleAs(
  deps: InboxDeps,
  actor: Actor,
  held: Held,
  status: Settlement['status'],
  detail: { outcome: string; reason?: string },
): Promise<boolean> {
  const { id: transfer, consignee, contract, lease } = held;
  const settled = await deps.settlements.submit({
    ...{ transfer, lease, status, outcome: detail.outcome },
    purgeAfterDays: purgeAfterDays(deps, contract),
    entry: stepEntry(deps, {
      ...{ kind: status, transfer, consignee, contract, actor },
      detail: { via: 'inbox', ...detail },
    }),
  });
  if (settled) deps.onSettled(held.consignee, status);
  return settled;
}
