/**
 * The clinic's EMR: sends whole records, knows from each 202 what left, collects what comes back.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient } from '../api-client.ts';
import { fault, noteCollected, noteOrdered, noteSettled, unsettled, type Book } from './book.ts';
import { call, inParallel, type Schemas } from './calls.ts';
import type { PlayedOrder } from './records.ts';
import { base64, canonical, sha256 } from './verifier.ts';

export interface EmrDeps {
  api: ApiClient;
  book: Book;
  /** Tells this run's idempotency keys from those of every other. */
  run: string;
  signal: AbortSignal;
}

const collectAtOnce = 8;
const pageMax = 200;
const restMsMin = 50;
const restMsMax = 500;
/** Up to so many open transfers are asked for one by one; more, page by page. */
const singlyMax = 40;

type Receipt = Schemas['ReleaseReceipt'];

/** Sends one order and checks the answer against the record that was sent. */
export async function sendOrder(deps: EmrDeps, order: PlayedOrder): Promise<Receipt> {
  const receipt = await call<Receipt>(deps.api, {
    path: '/v1/transfers',
    body: order,
    key: `${deps.run}-${order.reference}`,
    signal: deps.signal,
  });
  const text = canonical(expectedOf(order.record, receipt));
  const commitment = sha256(base64(receipt.salt), Buffer.from(text)).toString('base64');
  if (commitment !== receipt.commitment) {
    fault(deps.book, `transfer ${receipt.id}: commits to other bytes than the EMR expects`);
  }
  noteOrdered(deps.book, receipt);
  return receipt;
}

/** The record as it should leave: cut down here, on its own, to what the answer says is sent. */
function expectedOf(record: Readonly<Record<string, unknown>>, receipt: Receipt) {
  const sent = new Set([...receipt.released, ...receipt.derived]);
  const cut = (holder: object) => Object.entries(holder).filter(([code]) => sent.has(code));
  const expected = structuredClone(Object.fromEntries(cut(record)));
  const tests = (record['tests'] as object[]).map((test) => Object.fromEntries(cut(test)));
  const filled = tests.filter((test) => Object.keys(test).length > 0);
  if (filled.length > 0) expected['tests'] = filled;
  for (const { item } of receipt.withheld) {
    const [code = '', key] = item.split('.');
    if (key !== undefined) delete (expected[code] as Record<string, unknown> | undefined)?.[key];
  }
  return expected;
}

/** Collects results as they come, until the signal ends it. */
export async function collectUntil(deps: EmrDeps, signal: AbortSignal): Promise<void> {
  let restMs = restMsMin;
  while (!signal.aborted) {
    const path = `/v1/results?status=ready&limit=${pageMax}`;
    const { items } = await call<Schemas['ResultList']>(deps.api, { path, signal });
    await inParallel(items, collectAtOnce, ({ id }) => collect(deps, id));
    restMs = items.length > 0 ? restMsMin : Math.min(restMs * 2, restMsMax);
    if (items.length < pageMax) await pause(restMs, undefined, { signal });
  }
}

/** Fetches one result, checks it, stores it (here: counts it) and only then acknowledges it. */
async function collect({ api, book, signal }: EmrDeps, id: string): Promise<void> {
  const path = `/v1/results/${id}`;
  const { result, salt, commitment, transfer, accepted } = await call<Schemas['Result']>(api, {
    ...{ path, signal },
  });
  const text = canonical(result);
  const computed = salt && sha256(base64(salt), Buffer.from(text)).toString('base64');
  if (!commitment || computed !== commitment) {
    fault(book, `result ${id}: is not what it commits to`);
  }
  if (Object.keys(result ?? {}).some((code) => !accepted.includes(code))) {
    fault(book, `result ${id}: holds more than was accepted`);
  }
  await call(api, { path: `${path}/ack`, post: true, signal });
  noteCollected(book, transfer);
}

const open: ReadonlySet<string> = new Set(['accepted', 'ready', 'sending', 'leased']);

/** Looks once how the transfers that have not settled stand. */
export async function followOnce({ api, book, signal }: EmrDeps): Promise<void> {
  const note = ({ id, status }: { id: string; status: string }) => {
    if (!open.has(status)) noteSettled(book, id, status);
  };
  const waiting = unsettled(book);
  if (waiting.length <= singlyMax) {
    return inParallel(waiting, collectAtOnce, async (id) => {
      note(await call<Schemas['Transfer']>(api, { path: `/v1/transfers/${id}`, signal }));
    });
  }
  let unseen = waiting.length;
  const wanted = new Set(waiting);
  for (let cursor: string | null = ''; cursor !== null && unseen > 0;) {
    const query = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const path = `/v1/transfers?limit=${pageMax}${query}`;
    const page: Schemas['TransferList'] = await call(api, { path, signal });
    page.items.forEach(note);
    unseen -= page.items.filter(({ id }) => wanted.has(id)).length;
    cursor = page.next;
  }
}
