/** A vendor with several workers: each claims some of what waits, and acknowledges it. */
import { openConnection, requestBytes } from './connection.ts';

export interface PullJob {
  kind: 'pull';
  url: string;
  token: string;
  workers: number;
  /** How many to claim at a time. */
  limit: number;
  /** Whether a worker acknowledges what it claimed in one request, or each in one of its own. */
  together: boolean;
}

export interface Pulled {
  acknowledged: number;
  perSecond: number;
  busy: number;
}

interface Claimed {
  items: { transfer: string; lease: { token: string } }[];
}

/** Goes on until nothing waits. */
export async function pull({ url, token, workers, limit, together }: PullJob): Promise<Pulled> {
  const claim = requestBytes({
    ...{ url, token, path: '/v1/inbox/claim' },
    body: JSON.stringify({ limit, leaseSeconds: 120 }),
  });
  let acknowledged = 0;
  const worker = async () => {
    const connection = openConnection(url);
    const ask = async (request: Buffer): Promise<Buffer> => {
      const { status, body } = await connection.send(request);
      if (status !== 200) throw new Error(`HTTP ${status}: ${body.toString().slice(0, 300)}`);
      return body;
    };
    for (;;) {
      const { items } = JSON.parse((await ask(claim)).toString()) as Claimed;
      if (items.length === 0) break;
      const leases = items.map(({ transfer, lease }) => ({ transfer, lease: lease.token }));
      if (together) {
        const body = JSON.stringify({ items: leases });
        const answer = await ask(requestBytes({ url, token, path: '/v1/inbox/ack', body }));
        acknowledged += deliveredOf(answer);
        continue;
      }
      for (const { transfer, lease } of leases) {
        const body = JSON.stringify({ lease });
        await ask(requestBytes({ url, token, path: `/v1/inbox/${transfer}/ack`, body }));
        acknowledged += 1;
      }
    }
    connection.close();
  };
  const [before, used] = [performance.now(), process.cpuUsage()];
  await Promise.all(Array.from({ length: workers }, worker));
  const ms = performance.now() - before;
  const { user, system } = process.cpuUsage(used);
  return {
    ...{ acknowledged, perSecond: acknowledged / (ms / 1_000) },
    busy: (user + system) / 1_000 / ms,
  };
}

function deliveredOf(answer: Buffer): number {
  const { items } = JSON.parse(answer.toString()) as { items: { status?: string }[] };
  return items.filter(({ status }) => status === 'delivered').length;
}
