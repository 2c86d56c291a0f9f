/**
 * `waybill serve`: runs the gateway until a signal, and says on standard output when it is ready.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { framesOf } from '#src/base/log.ts';
import type { Environment } from './settings.ts';
import { startServer, type RunningServer } from './server.ts';

/** How long a drain may take before the process ends all the same: nothing is lost by that. */
const drainMsMax = 30_000;
/** Long enough for a request that was on its way when the signal came. */
const lingerMs = 250;

/** Resolves with the exit status once a signal has come and everything is closed. */
export async function serve(env: Environment): Promise<number> {
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  const stop = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
  });
  const server = await startServer(env);
  // Written past the log, whose level may be silent: whoever started us waits for this line.
  const ready = { level: 'info', time: new Date().toISOString(), msg: 'ready', url: server.url };
  const { listening } = server;
  process.stdout.write(`${JSON.stringify({ ...ready, listening, pid: process.pid })}\n`);
  await stop;
  server.log.info('stopping: nothing more is accepted');
  return drain(server);
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
