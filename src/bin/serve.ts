/**
 * `waybill serve`: runs the gateway until a signal, and says on standard output when it is ready.
 */
import { flushCompileCache } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import { framesOf } from '#src/base/log.ts';
import { parseArgs } from 'node:util';
import type { Environment } from './settings.ts';
import { startServer, type RunningServer } from './server.ts';
import { isWorker, superviseWorkers, tellEnded, tellReady, type Address } from './workers.ts';

/** How long a drain may take before the process ends all the same: nothing is lost by that. */
const drainMsMax = 30_000;
/** Long enough for a request that was on its way when the signal came. */
const lingerMs = 250;

const workersMax = 64;

/**
 * Resolves with the exit status once a signal has come and everything is closed.
 * @param args `--workers N`: so many processes behind one port, one for each core, say
 */
export async function serve(env: Environment, args: readonly string[]): Promise<number> {
  const workers = workersOf(args);
  if (workers === null) {
    process.stderr.write(`usage: waybill serve [--workers 1…${workersMax}]\n`);
    return 2;
  }
  if (workers === 1 || isWorker) return serveHere(env);
  return superviseWorkers({ onReady: sayReady, warn: (msg) => say('warn', msg, {}) }, workers);
}

function workersOf(args: readonly string[]): number | null {
  try {
    const options = { workers: { type: 'string' } } as const;
    const { values } = parseArgs({ args: [...args], options });
    const count = Number(values.workers ?? 1);
    return Number.isInteger(count) && count >= 1 && count <= workersMax ? count : null;
  } catch {
    return null;
  }
}

async function serveHere(env: Environment): Promise<number> {
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  const stop = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
  });
  const server = await startServer(env);
  // Now, when nobody waits for an answer, and not only at an end in good order.
  flushCompileCache();
  (isWorker ? tellReady : sayReady)({ url: server.url, listening: server.listening });
  await stop;
  server.log.info('stopping: nothing more is accepted');
  const status = await drain(server);
  tellEnded();
  return status;
}

/** Written past the log, whose level may be silent: whoever started us waits for this line. */
function sayReady({ url, listening }: Address): void {
  say('info', 'ready', { url, listening, pid: process.pid });
}

function say(level: 'info' | 'warn', msg: string, facts: object): void {
  const time = new Date().toISOString();
  process.stdout.write(`${JSON.stringify({ level, time, msg, ...facts })}\n`);
}

async function drain(server: RunningServer): Promise<number> {
  const late = pause(drainMsMax, 'late', { ref: false });
  const outcome = await Promise.race([server.close({ lingerMs }), late]);
  if (outcome === 'late') process.exit(1);
  server.log.info('stopped');
  return 0;
}

/** A broken invariant: recovery is the next start. The message may quote data and is not told. */
function crash(error: unknown): void {
  const name = error instanceof Error ? error.name : typeof error;
  const stack = error instanceof Error ? framesOf(error) : [];
  process.stdout.write(`${JSON.stringify({ level: 'fatal', msg: 'crashed', name, stack })}\n`);
  process.exit(1);
}
