/** A gateway of a home as a process that can be killed, and what its clients ask of it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { createApiClient, type ApiClient } from '#src/bin/api-client.ts';
import { rootDir } from '#src/bin/settings.ts';

export interface DrillGateway {
  url: string;
  as(client: string): Promise<ApiClient>;
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();

/** Ends whatever a drill that broke off has left running. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Starts it; rejects with what it wrote when it refuses to. */
export async function startGatewayOf(home: string): Promise<DrillGateway> {
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env;
  const env = { PATH, NODE_COMPILE_CACHE, WAYBILL_HOME: home, PORT: '0', LOG_LEVEL: 'warn' };
  const child: ChildProcess = spawn(
    process.execPath,
    [join(rootDir, 'src/bin/waybill.ts'), 'serve'],
    { env, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  running.add(child);
  child.once('close', () => running.delete(child));
  let output = '';
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    const listen = (chunk: Buffer) => {
      output += chunk.toString();
      const ready = /^\{.*"msg":"ready".*\}$/m.exec(output);
      if (ready) resolve((JSON.parse(ready[0]) as { url: string }).url);
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('close', () => reject(new Error(output)));
  });
  return {
    url,
    as(clientId) {
      const clientKey = keyOf(home, clientId);
      return createApiClient({ url, clientId, clientKey });
    },
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

export function keyOf(home: string, client: string): JWK {
  return JSON.parse(readFileSync(join(home, 'clients', `${client}.jwk.json`), 'utf8')) as JWK;
}
