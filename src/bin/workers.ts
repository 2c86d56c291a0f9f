/**
 * `serve --workers N`: as many gateways as cores behind one port, each replaced when it dies.
 */
import cluster, { type Worker } from 'node:cluster';
import { setTimeout as pause } from 'node:timers/promises';
import { AggregatorRegistry, type Registry } from 'prom-client';

/** Where a gateway is reached, as its ready line says it. */
export interface Address {
  url: string;
  listening: string;
}

/** What a worker and its supervisor say to each other. */
type Message =
  | { waybill: 'ready'; address: Address }
  | { waybill: 'metrics'; text?: string | null }
  | { waybill: 'alive' };

/** How long a worker that died is waited for, growing while its successors die, too. */
const restartMsMin = 500;
const restartMsMax = 30_000;
/** How often a worker says that it is there, and after how long a silence it is killed. */
const aliveMs = 2_000;
const silenceMsMax = 30_000;

/** True in a process that `--workers` started. */
export const isWorker = cluster.isWorker;

/**
 * Starts the workers, replaces those that die, and passes a signal on to all of them. The first one
 * starts alone: what is made and checked at a first start is made once, and every fault told once.
 * @param deps.onReady told once, when all of them take requests
 * @param deps.warn told of each worker that died
 * @returns the exit status: 0 when all of them ended in good order after a signal
 */
export async function superviseWorkers(
  deps: { onReady: (address: Address) => void; warn: (line: string) => void },
  count: number,
): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  answerMetrics();
  const first = startWorker(stop.signal);
  const address = await first.ready;
  if (address === null) return stop.signal.aborted ? first.ended : 1;
  const rest = Array.from({ length: count - 1 }, () => startWorker(stop.signal));
  const places = [first, ...rest].map((started) => keepPlace(deps, started, stop.signal));
  await Promise.all(rest.map(({ ready }) => ready));
  if (!stop.signal.aborted) deps.onReady(address);
  return Math.max(...(await Promise.all(places)));
}

interface StartedWorker {
  /** Null when it ended before it was ready. */
  ready: Promise<Address | null>;
  /** Its exit status; 1 where a signal ended it. */
  ended: Promise<number>;
}

function startWorker(stop: AbortSignal): StartedWorker {
  const worker = cluster.fork();
  const end = () => void worker.process.kill('SIGTERM');
  if (stop.aborted) end();
  stop.addEventListener('abort', end, { once: true });
  const ended = new Promise<number>((resolve) => {
    worker.once('exit', (code: number | null) => {
      stop.removeEventListener('abort', end);
      resolve(code ?? 1);
    });
  });
  const told = new Promise<Address>((resolve) => {
    worker.on('message', (message: Message) => {
      if (message.waybill === 'ready') resolve(message.address);
    });
  });
  void told.then(() => watch(worker));
  return { ended, ready: Promise.race([told, ended.then(() => null)]) };
}

/** A worker that hangs goes on being dealt connections: after a silence it is killed. */
function watch(worker: Worker): void {
  let heardAt = performance.now();
  worker.on('message', () => (heardAt = performance.now()));
  const looking = setInterval(() => {
    if (performance.now() - heardAt > silenceMsMax) worker.process.kill('SIGKILL');
  }, aliveMs);
  worker.once('exit', () => clearInterval(looking));
}

/** Whoever dies in a place is followed by another, until a signal ends them all. */
async function keepPlace(
  deps: { warn: (line: string) => void },
  first: StartedWorker,
  stop: AbortSignal,
): Promise<number> {
  let worker = first;
  let restartMs = restartMsMin;
  for (;;) {
    const isReady = (await worker.ready) !== null;
    if (isReady) restartMs = restartMsMin;
    const status = await worker.ended;
    if (stop.aborted) return isReady ? status : 0;
    deps.warn('a worker died and is replaced');
    await pause(restartMs, undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) return 0;
    restartMs = Math.min(restartMs * 2, restartMsMax);
    worker = startWorker(stop);
  }
}

/** Adds up the counters of all workers for whichever of them was asked. */
function answerMetrics(): void {
  const all = new AggregatorRegistry();
  cluster.on('message', (worker: Worker, message: Message) => {
    if (message.waybill !== 'metrics') return;
    void all
      .clusterMetrics()
      .catch(() => null)
      .then((text) => {
        if (worker.isConnected()) worker.send({ waybill: 'metrics', text } satisfies Message);
      });
  });
}

/** In a worker: tells the supervisor that requests are taken. */
export function tellReady(address: Address): void {
  process.send?.({ waybill: 'ready', address } satisfies Message);
  const say = () => {
    if (process.connected) process.send?.({ waybill: 'alive' } satisfies Message);
  };
  setInterval(say, aliveMs).unref();
}

/** In a worker that has closed everything: lets go of its supervisor, which kept it alive. */
export function tellEnded(): void {
  cluster.worker?.disconnect();
}

/**
 * In a worker: the metrics of all workers, which the supervisor gathers; its own alone where one of
 * the others does not answer.
 */
export function createSharedMetrics(registry: Registry): () => Promise<string> {
  AggregatorRegistry.setRegistries(registry);
  // It is its constructor that makes a worker answer when it is asked for its own.
  void new AggregatorRegistry();
  let waiting: PromiseWithResolvers<string | null> | undefined;
  process.on('message', (message: Message) => {
    if (message.waybill !== 'metrics') return;
    waiting?.resolve(message.text ?? null);
    waiting = undefined;
  });
  return async () => {
    if (!waiting) {
      waiting = Promise.withResolvers<string | null>();
      process.send?.({ waybill: 'metrics' } satisfies Message);
    }
    return (await waiting.promise) ?? registry.metrics();
  };
}
