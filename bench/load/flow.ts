/**
 * Orders from the EMR to their consignees: posts them, hears them arrive at a server on loopback,
 * and posts the next only then, so that there are never more on their way than lanes.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { openConnection } from './connection.ts';
import { orderBytes } from './orders.ts';

export interface ListenJob {
  kind: 'listen';
}

export interface FlowJob {
  kind: 'flow';
  url: string;
  token: string;
  consignees: readonly string[];
  lanes: number;
  seconds: number;
  /** The time is counted in so many parts. */
  windows: number;
  /** Between the arrival of one and the next, in each lane. */
  restMs: number;
  run: number;
}

export interface Flowed {
  accepted: number;
  /** Arrivals a second in each window. */
  perSecond: number[];
  /** From the 202 to the arrival, each in its order. */
  deliveredMs: number[];
  busy: number;
}

/** When each transfer arrived; whoever waits for one that has not. */
const arrivals = new Map<string, number>();
const waiting = new Map<string, (at: number) => void>();

/** The consignees: one server, which takes whatever is pushed. */
export async function listen(): Promise<{ url: string }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(204).end();
      const id = String(request.headers['webhook-id']);
      const tell = waiting.get(id);
      waiting.delete(id);
      if (tell) tell(performance.now());
      else arrivals.set(id, performance.now());
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function arrivalOf(id: string): Promise<number> | number {
  const at = arrivals.get(id);
  if (at === undefined) return new Promise((resolve) => waiting.set(id, resolve));
  arrivals.delete(id);
  return at;
}

export async function flow(job: FlowJob): Promise<Flowed> {
  const begun = performance.now();
  const windowMs = (job.seconds * 1_000) / job.windows;
  const ends = begun + job.seconds * 1_000;
  const counts = Array.from({ length: job.windows }, () => 0);
  const deliveredMs: number[] = [];
  let made = 0;
  let accepted = 0;
  const lane = async (number: number) => {
    const connection = openConnection(job.url);
    const count = () => (made += 1);
    const orders = job.consignees.map((consignee) => orderBytes({ ...job, consignee, count }));
    for (let turn = number; performance.now() < ends; turn += 1) {
      const { status, body } = await connection.send(orders[turn % orders.length]!.next());
      if (status !== 202) throw new Error(`HTTP ${status}: ${body.toString().slice(0, 300)}`);
      accepted += 1;
      const before = performance.now();
      const at = await arrivalOf((JSON.parse(body.toString()) as { id: string }).id);
      deliveredMs.push(at - before);
      const window = Math.floor((at - begun) / windowMs);
      if (window < job.windows) counts[window]! += 1;
      if (job.restMs > 0) await pause(job.restMs);
    }
    connection.close();
  };
  const used = process.cpuUsage();
  await Promise.all(Array.from({ length: job.lanes }, (_, number) => lane(number)));
  const { user, system } = process.cpuUsage(used);
  const busy = (user + system) / 1_000 / (performance.now() - begun);
  return { accepted, perSecond: counts.map((n) => (n * 1_000) / windowMs), deliveredMs, busy };
}
