/** One client that posts an order every so often, whether or not the one before has its reply. */
import { setTimeout as pause } from 'node:timers/promises';
import { openConnection, type Connection } from './connection.ts';
import { orderBytes, type OrderBytes } from './orders.ts';

export interface SteadyJob {
  kind: 'steady';
  url: string;
  token: string;
  consignee: string;
  perSecond: number;
  /** Not counted: while what is measured is still warming up. */
  warmSeconds: number;
  seconds: number;
  run: number;
}

export interface Steady {
  accepted: number;
  /** Of those that were sent in the time that counts, from sending to the whole reply. */
  latenciesMs: number[];
  busy: number;
}

/** @throws Error at the first reply that is not 202 */
export async function steady(job: SteadyJob): Promise<Steady> {
  const begun = performance.now();
  const from = begun + job.warmSeconds * 1_000;
  const to = from + job.seconds * 1_000;
  const latenciesMs: number[] = [];
  const idle: { connection: Connection; orders: OrderBytes }[] = [];
  const all: Connection[] = [];
  let made = 0;
  const open = () => {
    const connection = openConnection(job.url);
    all.push(connection);
    return { connection, orders: orderBytes({ ...job, count: () => (made += 1) }) };
  };
  const post = async () => {
    const lane = idle.pop() ?? open();
    const bytes = lane.orders.next();
    const sent = performance.now();
    const { status, body } = await lane.connection.send(bytes);
    if (status !== 202) throw new Error(`HTTP ${status}: ${body.toString().slice(0, 300)}`);
    if (sent >= from) latenciesMs.push(performance.now() - sent);
    idle.push(lane);
  };
  const used = process.cpuUsage();
  const posts: Promise<void>[] = [];
  for (let due = begun; due < to; due += 1_000 / job.perSecond) {
    await pause(Math.max(0, due - performance.now()));
    const posted = post();
    // looked at in the end
    posted.catch(() => undefined);
    posts.push(posted);
  }
  await Promise.all(posts);
  for (const connection of all) connection.close();
  const { user, system } = process.cpuUsage(used);
  const busy = (user + system) / 1_000 / (performance.now() - begun);
  return { accepted: posts.length, latenciesMs, busy };
}
