/** A clinic as a newcomer has it: `waybill demo` stays up, and people are given their accounts. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, signIn } from '#src/bin/demo/calls.ts';
import type { ApiClient } from '#src/bin/api-client.ts';
import { rootDir } from '#src/bin/settings.ts';
import { enrolPerson } from '#test/support/people.ts';
import { until } from '#test/support/wait.ts';
import { furnish } from './support.ts';

export type DemoHouse = Awaited<ReturnType<typeof openDemoHouse>>;

/** Plays so many orders, and stays up at an address of its own. Close it at the end. */
export async function openDemoHouse(orders: number) {
  const home = mkdtempSync(join(tmpdir(), 'waybill-console-demo-'));
  const args = [join(rootDir, 'src/bin/waybill.ts'), 'demo', '--orders', String(orders)];
  const demo = spawn(process.execPath, args, {
    env: { ...process.env, WAYBILL_HOME: join(home, 'home'), PORT: '0', HOST: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => demo.once('close', () => resolve()));
  let said = '';
  for (const stream of [demo.stdout, demo.stderr]) {
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  }
  const url = await until(
    'the demo to stay up',
    () => {
      if (demo.exitCode !== null) throw new Error(said);
      return /stays up[^]*health +(http:\S+)\/readyz/.exec(said)?.[1];
    },
    120_000,
  );
  const at = { home: join(home, 'home'), url };
  const operator = await signIn(at, 'operator');
  const office = await furnish(url, (role) => hire(operator, url, role));
  async function close(): Promise<void> {
    await office.close();
    demo.kill('SIGINT');
    await ended;
    rmSync(home, { recursive: true, force: true });
  }
  return { ...{ url, office, at, close }, as: (client: string) => signIn(at, client) };
}

async function hire(operator: ApiClient, url: string, role: string) {
  type Begun = { account: { id: string }; enrolment: { token: string } };
  const { account, enrolment } = await call<Begun>(operator, {
    path: '/v1/access/staff',
    body: { roles: [role], reason: 'works here' },
    signal: AbortSignal.timeout(30_000),
  });
  const phone = await enrolPerson(url, enrolment.token);
  return [account.id, phone] as [string, typeof phone];
}
