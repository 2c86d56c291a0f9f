/** A program in a process of its own: waited for until it is ready, ended with the benchmark. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Program {
  /** Of its ready line. */
  url: string;
  pid: number;
  /** From its start to its ready line. */
  readyMs: number;
  /** The last of what it wrote. */
  said: () => string;
  /** Asks it to end (SIGTERM) and waits until it has. */
  stop: () => Promise<void>;
}

const tether = new URL('../src/bin/demo/tether.ts', import.meta.url).href;
/** What it may inherit: anything else could point it at another database. */
const inherited = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ'];

/**
 * Starts a program that says on standard output when it is ready, as `waybill serve` does.
 * @param settings.flags of Node.js, before the program
 * @throws Error with what it wrote, when it ends before
 */
export async function startProgram(settings: {
  file: string;
  args?: readonly string[];
  env: Readonly<Record<string, string>>;
  flags?: readonly string[];
}): Promise<Program> {
  const { file, args = [], env, flags = [] } = settings;
  const kept = inherited.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  const before = performance.now();
  const child = spawn(process.execPath, [...flags, '--import', tether, file, ...args], {
    env: { ...(Object.fromEntries(kept) as Record<string, string>), ...env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  const hear = (text: string) => void (said = (said + text).slice(-4_000));
  child.stdin.on('error', () => undefined);
  child.stderr.on('data', (chunk: Buffer) => hear(chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => reject(new Error(`${file} ended:\n${said}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = /^\{.*"msg":"ready"/.test(line);
      if (ready) resolve((JSON.parse(line) as { url: string }).url);
      else hear(`${line}\n`);
    });
  });
  return {
    ...{ url, pid: child.pid ?? 0, readyMs: performance.now() - before },
    said: () => said,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
