/** The gateways as processes: started, killed and started again, as by a supervisor. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { FailpointName } from '#src/base/failpoint.ts';
import type { Harm } from './arms.ts';
import { came, pause } from './pace.ts';
import { startProxy, type FaultProxy } from './proxy.ts';
import type { News, Order } from './serve.ts';

/** The place of one gateway: its process comes and goes, its line to PostgreSQL stays. */
export interface Slot {
  name: string;
  database: FaultProxy;
  /** The port of the gateway that is ready here; null: none is. */
  port(): number | null;
  ready(limitMs: number): Promise<boolean>;
  /** Sends a signal to the process that is here; false where none is. */
  signal(name: NodeJS.Signals): boolean;
  /** kill -9; false where no process is. */
  kill(): boolean;
  /** Arms a failpoint; false when it is not reached in time. */
  arm(name: FailpointName, harm: Harm, limitMs: number): Promise<boolean>;
  disarm(): void;
  /** Ends it for good. */
  close(): Promise<void>;
}

const restartMs = 300;
const endMsMax = 10_000;

export interface SlotSettings {
  name: string;
  env: Readonly<Record<string, string>>;
  folder: string;
  postgresPort: () => number;
  /** The URL for the gateway, at the port of its own line. */
  databaseUrl: (port: number) => string;
  /** Told when it ended although nobody had ended it. */
  onFault: (problem: string) => void;
}

/** Starts a gateway and keeps its place: whoever dies there is followed by another. */
export async function startSlot(settings: SlotSettings): Promise<Slot> {
  const { name, folder, onFault } = settings;
  const database = await startProxy(settings.postgresPort);
  const log = createWriteStream(join(folder, `${name}.log`), { flags: 'a' });
  const env = { ...settings.env, DATABASE_URL: settings.databaseUrl(database.port) };
  let child: ChildProcess | undefined;
  let port: number | null = null;
  let isExpected = false;
  let closing = false;
  let reached: () => void = () => undefined;

  /** One life, from its start to its end. */
  async function live(): Promise<void> {
    isExpected = false;
    let wasReady = false;
    const program = join(import.meta.dirname, 'serve.ts');
    const born = spawn(process.execPath, [program], {
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child = born;
    born.stdout?.pipe(log, { end: false });
    born.stderr?.pipe(log, { end: false });
    born.on('message', (news: News) => {
      if ('listening' in news) {
        wasReady = true;
        port = Number(new URL(news.listening).port);
      } else reached();
    });
    const [code, killed] = await new Promise<[number | null, string | null]>((resolve) => {
      born.once('exit', (status, by) => resolve([status, by]));
      born.once('error', () => resolve([-1, null]));
    });
    child = undefined;
    port = null;
    // A start without PostgreSQL may fail; whoever serves may not end by itself.
    if (wasReady && !isExpected) onFault(`${name} ended by itself (${killed ?? code})`);
    if (!isExpected) await pause(restartMs);
  }

  const lives = (async () => {
    while (!closing) await live();
  })();

  const signal = (by: NodeJS.Signals): boolean => {
    if (by === 'SIGKILL' || by === 'SIGTERM') isExpected = true;
    return child?.kill(by) ?? false;
  };
  const tell = (order: Order) => {
    if (child?.connected) child.send(order, () => undefined);
  };

  return {
    ...{ name, database, port: () => port, signal },
    ready: (limitMs) => came(() => port !== null, limitMs),
    kill: () => signal('SIGKILL'),
    async arm(at, harm, limitMs) {
      let isReached = false;
      reached = () => (isReached = true);
      // By itself, and at our word.
      const before = child;
      if (harm === 'kill') isExpected = true;
      tell({ arm: at, harm });
      const gone = () => harm === 'kill' && child !== before;
      return came(() => isReached || gone(), limitMs);
    },
    disarm: () => tell({ disarm: true }),
    async close() {
      closing = true;
      signal('SIGCONT');
      signal('SIGTERM');
      if (!(await came(() => child === undefined, endMsMax))) signal('SIGKILL');
      await lives;
      await database.close();
      log.end();
    },
  };
}
