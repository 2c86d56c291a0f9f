/** Who sends, fetches, returns, collects and watches while faults happen. */
import { randomOf } from '#test/fuzz/random.ts';
import type { ApiClient } from '#src/bin/api-client.ts';
import { collectResults, sendOrders, type EmrDeps } from './emr.ts';
import { within } from './pace.ts';
import { pulling } from './parties.ts';
import { returnResults } from './returns.ts';
import type { System } from './system.ts';
import { workInbox, type Held } from './vendors.ts';
import { watchLedger } from './watcher.ts';

export interface Traffic {
  emr: EmrDeps;
  /** No new orders; resolves when the last one under way has its answer, or none. */
  stopOrders(): Promise<void>;
  startOrders(): void;
  close(): Promise<void>;
}

const orderLanes = 3;
const workersEach = 2;
const uploadMsMax = 8_000;

/** Starts everybody but the lanes of orders. */
export function startTraffic(system: System, seed: number): Traffic {
  const { book, calls, parties, today, auditor, vkey, calm, isCovered } = system;
  const over = new AbortController();
  const call = (name: string) => {
    const found = calls.get(name);
    if (!found) throw new Error(`nobody is ${name}`);
    return found;
  };
  const upload = (text: string) => uploadLines(system.emr, text);
  const emr = {
    book,
    call: call('emr'),
    upload,
    parties,
    today,
    random: randomOf(seed, 3_000_000),
  };
  const isCalm = () => calm.is;
  const vendors = pulling.flatMap((consignee, at) => {
    const held: Held = new Map();
    return Array.from({ length: workersEach }, (_, worker) => {
      const random = randomOf(seed, 4_000_000 + at * workersEach + worker);
      const deps = { book, call: call(consignee), isCovered, isCalm, random };
      return workInbox(deps, { consignee, held }, over.signal);
    });
  });
  const running = [
    ...vendors,
    returnResults({ book, calls, parties, today }, over.signal),
    collectResults(emr, over.signal),
    watchLedger({ book, auditor, vkey }, over.signal),
  ];
  let lanes: Promise<void>[] = [];
  let stop = new AbortController();
  const stopOrders = async () => {
    stop.abort();
    await Promise.all(lanes);
    lanes = [];
  };
  return {
    ...{ emr, stopOrders },
    startOrders() {
      stop = new AbortController();
      lanes = Array.from({ length: orderLanes }, () => sendOrders(emr, stop.signal));
    },
    async close() {
      await stopOrders();
      over.abort();
      await Promise.all(running);
    },
  };
}

/** The whole lines that came before it ended, or broke off. */
async function uploadLines(emr: ApiClient, body: string): Promise<string[]> {
  const signal = AbortSignal.timeout(uploadMsMax);
  const headers = { 'content-type': 'application/x-ndjson' };
  let heard = '';
  const read = async () => {
    const reply = await emr.fetch('/v1/transfers/batch', { method: 'POST', headers, body, signal });
    if (!reply.ok || !reply.body) return;
    const decoder = new TextDecoder();
    for await (const piece of reply.body)
      heard += decoder.decode(piece as Uint8Array, { stream: true });
  };
  await within(uploadMsMax, read()).catch(() => undefined);
  return heard.split('\n').slice(0, -1);
}
