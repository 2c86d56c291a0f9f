/**
 * Samples a running process over its inspector: only while it does what is asked about, neither its
 * start nor its end. The same profile as `--cpu-prof` writes.
 */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** As far as it is used of V8's form: times in microseconds. */
export interface Profile {
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number };
    children?: number[];
  }[];
  samples: number[];
  timeDeltas: number[];
}

const intervalUs = 500;

/** A port for `--inspect=127.0.0.1:PORT`. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** What the process whose inspector listens there did while `work` ran. */
export async function sampleWhile(port: number, work: () => Promise<void>): Promise<Profile> {
  const reply = await fetch(`http://127.0.0.1:${port}/json/list`);
  const [target] = (await reply.json()) as { webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '');
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', () => reject(new Error('no inspector')), { once: true });
  });
  let id = 0;
  const ask = (method: string, params: object = {}) =>
    new Promise<{ profile?: Profile }>((resolve) => {
      const own = (id += 1);
      const hear = ({ data }: { data: unknown }) => {
        const answer = JSON.parse(String(data)) as { id?: number; result?: { profile?: Profile } };
        if (answer.id !== own) return;
        socket.removeEventListener('message', hear);
        resolve(answer.result ?? {});
      };
      socket.addEventListener('message', hear);
      socket.send(JSON.stringify({ id: own, method, params }));
    });
  try {
    await ask('Profiler.enable');
    await ask('Profiler.setSamplingInterval', { interval: intervalUs });
    await ask('Profiler.start');
    await work();
    const { profile } = await ask('Profiler.stop');
    if (!profile) throw new Error('no profile');
    return profile;
  } finally {
    socket.close();
  }
}
