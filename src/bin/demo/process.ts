/**
 * The gateway as a process of its own: started, waited for,
 * and ended with the demo however that ends.
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface GatewayProcess {
  /** Resolves with the URL of the ready line. */
  ready: Promise<string>;
  /** Rejects if it ends before `stop` was called. Never resolves. */
  lost: Promise<never>;
  /** Asks it to end (SIGTERM) and waits until it has. */
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL('../waybill.ts', import.meta.url));
const tether = new URL('./tether.ts', import.meta.url).href;
/** A drain takes 30 s at most; whatever lives longer hangs. */
const stopMsMax = 40_000;

/** What it may inherit: everything else of the environment could point it at another database. */
const inherited = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'NODE_EXTRA_CA_CERTS'];

/** Starts `waybill serve`. */
export function startGateway(settings: {
  home: string;
  consigneesDir: string;
  port: number;
  host: string;
  /** Told each line that it logs. */
  onLine: (line: string) => void;
}): GatewayProcess {
  const kept = inherited.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  const child = spawn(process.execPath, ['--import', tether, program, 'serve'], {
    env: {
      ...(Object.fromEntries(kept) as Record<string, string>),
      ...{ WAYBILL_HOME: settings.home, WAYBILL_CONSIGNEES: settings.consigneesDir },
      ...{ HOST: settings.host, PORT: String(settings.port), LOG_LEVEL: 'warn' },
    },
    // A group of its own: Ctrl-C reaches the demo, and the demo ends the gateway in good order.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stopping = false;
  let faults = '';
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(`status ${code ?? signal}`));
  });
  const lost = ended.then((how): never | Promise<never> => {
    if (stopping) return new Promise<never>(() => undefined);
    throw new Error(`the gateway ended (${how})${faults ? `:\n${faults.trim()}` : ''}`);
  });
  lost.catch(() => undefined);
  child.stdin.on('error', () => undefined);
  child.stderr.on('data', (chunk: Buffer) => (faults = (faults + chunk.toString()).slice(-4_000)));
  const stop = async () => {
    stopping = true;
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
    await ended;
    clearTimeout(late);
  };
  const ready = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { msg, url } = readLine(line);
      if (msg === 'ready' && url) resolve(url);
      else settings.onLine(line);
    });
  });
  return { ready, lost, stop };
}

function readLine(line: string): { msg?: string; url?: string } {
  try {
    return JSON.parse(line) as { msg?: string; url?: string };
  } catch {
    return {};
  }
}

/** The port if it is free, else 0: any free one. */
export function freePort(port: number, host: string): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer()
      .once('error', () => resolve(0))
      .listen(port, host, () => probe.close(() => resolve(port)));
  });
}
