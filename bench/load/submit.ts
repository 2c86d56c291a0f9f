/** Posts orders for a while over many connections, each sending the next when it has its reply. */
import { openConnection } from './connection.ts';
import { orderBytes } from './orders.ts';

export interface SubmitJob {
  kind: 'submit';
  url: string;
  token: string;
  consignee: string;
  connections: number;
  /** Not counted: while what is measured is still warming up. */
  warmSeconds: number;
  seconds: number;
  run: number;
  /** Goes on at once after a 429, as no client should; every other refusal ends it. */
  isRude?: boolean;
}

export interface Submitted {
  /** All that were accepted, those while warming up among them. */
  accepted: number;
  /** With 429. */
  refused: number;
  /** Those whose request was sent and answered in the time that counts. */
  counted: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Of this process, as a share of one core. */
  busy: number;
}

/** @throws Error at the first reply that is not 202, or 429 where it goes on */
export async function submit(job: SubmitJob): Promise<Submitted> {
  const { warmSeconds, seconds } = job;
  const begun = performance.now();
  const [from, to] = [begun + warmSeconds * 1_000, begun + (warmSeconds + seconds) * 1_000];
  const latencies: number[] = [];
  let made = 0;
  let accepted = 0;
  let refused = 0;
  const lane = async () => {
    const connection = openConnection(job.url);
    const orders = orderBytes({ ...job, count: () => (made += 1) });
    for (let sent = performance.now(); sent < to; sent = performance.now()) {
      const { status, body } = await connection.send(orders.next());
      if (status === 429 && job.isRude) {
        refused += 1;
        continue;
      }
      if (status !== 202) throw new Error(`HTTP ${status}: ${body.toString().slice(0, 300)}`);
      accepted += 1;
      const ended = performance.now();
      if (sent >= from && ended <= to) latencies.push(ended - sent);
    }
    connection.close();
  };
  const used = process.cpuUsage();
  await Promise.all(Array.from({ length: job.connections }, lane));
  const { user, system } = process.cpuUsage(used);
  const sorted = latencies.sort((one, other) => one - other);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return {
    ...{ accepted, refused, counted: sorted.length, perSecond: sorted.length / seconds },
    ...{ p50Ms: at(0.5), p99Ms: at(0.99) },
    busy: (user + system) / 1_000 / (performance.now() - begun),
  };
}
