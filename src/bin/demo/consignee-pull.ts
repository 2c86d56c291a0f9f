/** A real polling client for a consignee that fetches what is its own. */
import { setTimeout as pause } from 'node:timers/promises';
import { call, CallFailure, inParallel, type Schemas } from './calls.ts';
import { refusalOf, type Consignee, type Desk } from './consignee.ts';
import type { Envelope } from './verifier.ts';

export interface PullClient {
  consignee: Consignee;
  /** The first item that was accepted, to make twins of. */
  firstItem: Envelope | null;
}

type Item = Schemas['ClaimedTransfer'];

const claimMax = 50;
const leaseSeconds = 30;
const acksAtOnce = 4;
const restMsMin = 50;
const restMsMax = 400;

/**
 * Claims, recomputes, acknowledges; rests when the inbox is empty. Ends when the signal says so.
 */
export async function pullUntil(client: PullClient, desk: Desk, signal: AbortSignal) {
  let restMs = restMsMin;
  while (!signal.aborted) {
    const body = { limit: claimMax, leaseSeconds };
    const claim = { path: '/v1/inbox/claim', body, signal };
    const { items } = await call<{ items: Item[] }>(desk.api, claim).catch((error: unknown) => {
      // Its contract was ended by whoever looks at the demo: there is nothing any more.
      if (!(error instanceof CallFailure && error.code === 'INBOX_LOCKED')) throw error;
      return { items: [] };
    });
    await inParallel(items, acksAtOnce, (item) => settle(client, desk, item, signal));
    restMs = items.length > 0 ? restMsMin : Math.min(restMs * 2, restMsMax);
    if (items.length < claimMax) await pause(restMs, undefined, { signal });
  }
}

async function settle(client: PullClient, { api }: Desk, item: Item, signal: AbortSignal) {
  const path = `/v1/inbox/${item.transfer}`;
  const { lease, ...envelope } = item;
  try {
    await client.consignee.take(envelope);
  } catch (error) {
    if (refusalOf(error) === null) throw error;
    const rejection = { lease: lease.token, code: 'PROOF_INVALID' };
    await call(api, { path: `${path}/reject`, body: rejection, signal });
    return;
  }
  client.firstItem ??= envelope;
  const ack = { path: `${path}/ack`, body: { lease: lease.token }, signal };
  await call(api, ack).catch((error: unknown) => {
    // Too slow: it is offered again under the same id.
    if (!(error instanceof CallFailure && error.code === 'LEASE_LOST')) throw error;
  });
}
