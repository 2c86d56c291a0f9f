/** Results come down the same stairs: minimised by the contract's `returns`, sealed, recorded. */
import { GatewayError } from '#src/base/errors.ts';
import type { Failpoint } from '#src/base/failpoint.ts';
import type { Actor, Withheld } from '#src/base/words.ts';
import { minimiseReturned } from '#src/minimise/returned.ts';
import type { Queryable } from '#src/store/pool.ts';
import { attach, lockAttachments, reportItem } from './attached.ts';
import { underCurrentKey } from './hmac-key.ts';
import { claimKey, inTurn, storedReply, type RepeatableRequest } from './idempotency.ts';
import { quarantineResult, type QuarantineDeps } from './quarantine.ts';
import { refuseResult, type ResultRefusal } from './result-refusal.ts';
import { insertResult, lockTransfer, placeResult, receivedEntry } from './result-store.ts';

export interface ReturnDeps extends QuarantineDeps {
  /** Reads anew which keys count. */
  keys: { refresh: () => Promise<unknown> };
  failpoint?: Failpoint | undefined;
}

export interface ReturnRequest {
  actor: Actor;
  consignee: string;
  /** Left out by a consignee that cannot echo it: the result goes into quarantine. */
  transfer?: string | undefined;
  result: Readonly<Record<string, unknown>>;
  /** Ids of files that were uploaded for this transfer. */
  attachments?: readonly string[] | undefined;
  /** Values of items that its contract releases, by which a person can tell whose it is. */
  hints?: Readonly<Record<string, unknown>> | undefined;
  idempotency: RepeatableRequest;
}

/** A request whose HMACs are made under the keys of the moment in which they are needed. */
export type ReturnAsk = Omit<ReturnRequest, 'idempotency'> & {
  idempotency: () => RepeatableRequest;
};

/** What the consignee is told. `salt` and `commitment` in base64. */
export interface ReturnReply {
  id: string;
  accepted: string[];
  withheld: Withheld[];
  commitment: string;
  salt: string;
  /** Which of the transfer's results it is, from 1, and the one that it stands in place of. */
  transfer?: string;
  version?: number;
  replaces?: string | null;
  /** Nobody knows yet whose it is. */
  quarantined?: true;
}

/** `repeated`: its key is taken, and nothing was stored. */
export type ReturnOutcome = { reply: ReturnReply } | { refusal: ResultRefusal } | 'repeated';

/**
 * Takes a consignee's result for one of its own transfers, or into quarantine.
 * @throws GatewayError `NOT_FOUND` (also another's transfer), and after an entry that says so
 *   `RESULT_NOT_EXPECTED`, `RESULT_OUT_OF_ORDER`, `DUPLICATE_RESULT`, `TRANSFER_REQUIRED`,
 *   `ATTACHMENT_UNUSABLE`, `INVALID_ITEM`, `REQUIRED_ITEM_MISSING` (nothing that the contract lets
 *   come back), `NO_CONTRACT_IN_FORCE`; `IDEMPOTENCY_KEY_REUSED`, `REQUEST_IN_PROGRESS`
 */
export function returnResult(deps: ReturnDeps, asked: ReturnAsk): Promise<ReturnReply> {
  return underCurrentKey(deps, () =>
    returnOnce(deps, { ...asked, idempotency: asked.idempotency() }),
  );
}

async function returnOnce(deps: ReturnDeps, request: ReturnRequest): Promise<ReturnReply> {
  deps.assertOpen();
  const { transfer, hints, idempotency } = request;
  if (transfer !== undefined && hints !== undefined) {
    const problems = [{ pointer: '/hints', rule: 'unknown' as const }];
    throw new GatewayError('INVALID_REQUEST', { problems });
  }
  const first = await storedReply<ReturnReply>(deps, idempotency);
  if (first) return first;
  await deps.failpoint?.('result:before');
  const outcome = await inTurn(deps.db, (tx) =>
    transfer === undefined
      ? quarantineResult(deps, tx, request)
      : storeResult(deps, tx, { ...request, transfer }),
  );
  await deps.failpoint?.('result:after');
  if (outcome !== 'repeated' && 'reply' in outcome) {
    deps.onSubmitted();
    return outcome.reply;
  }
  // Also before refusing: the first request with this key may have been what this one repeats.
  const winner = await storedReply<ReturnReply>(deps, idempotency);
  if (winner) return winner;
  if (outcome !== 'repeated') return refuseResult(deps, request, outcome.refusal);
  throw new GatewayError('REQUEST_IN_PROGRESS', { retryAfterSeconds: 1 });
}

async function storeResult(
  deps: ReturnDeps,
  tx: Queryable,
  request: ReturnRequest & { transfer: string },
): Promise<ReturnOutcome> {
  const transfer = await lockTransfer(deps, tx, request);
  const { contract, compiled } = transfer;
  if (!transfer.mayHaveArrived) return { refusal: { reason: 'RESULT_NOT_EXPECTED', contract } };
  const wanted = [...new Set(request.attachments)];
  const files = await lockAttachments(tx, transfer, wanted);
  if (!files) return { refusal: { reason: 'ATTACHMENT_UNUSABLE', contract } };
  const minimised = minimiseReturned(compiled, {
    result: request.result,
    today: deps.clock.today(),
    salt: deps.randomBytes(32),
    ...(files.length > 0 ? { beside: reportItem } : {}),
  });
  if (minimised.outcome === 'refused') return { refusal: { ...minimised, contract } };
  const { accepted, withheld, canonical, commitment, salt } = minimised;
  const content = { accepted, withheld: minimised.ledgerWithheld, canonical, commitment, salt };
  const found = await placeResult(deps, tx, { transfer, ...content });
  if ('refusal' in found) return found;
  const { id, version, replaces } = found.placed;
  const reply: ReturnReply = {
    ...{ id, transfer: transfer.id, version, replaces, accepted, withheld },
    ...{ commitment: commitment.toString('base64'), salt: salt.toString('base64') },
  };
  const claim = { request: request.idempotency, owner: id, reply };
  if (!(await claimKey(deps, tx, claim))) return 'repeated';
  await attach(tx, id, files);
  await insertResult(
    deps,
    tx,
    found.placed,
    receivedEntry(deps, request.actor, found.placed, files),
  );
  return { reply };
}
