/** A gateway of a benchmark's own: a process on the embedded PostgreSQL, all 17 on loopback. */
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { mkdirSync, cpSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { parse, stringify } from 'yaml';
import { createApiClient, type ApiClient } from '#src/bin/api-client.ts';
import { rootDir } from '#src/bin/settings.ts';
import { removeEngineData } from '#src/store/engine.ts';
import { openPostgres, type Postgres } from './postgres.ts';
import { startProgram, type Program } from './program.ts';

export interface BenchGateway {
  url: string;
  /** Of the gateway's process. */
  pid: number;
  postgres: Postgres;
  /** The last of its log. */
  said: () => string;
  /** A client of the embedded default, with all scopes of its role. */
  as: (client: string) => Promise<ApiClient>;
  /** One more gateway on the same database. */
  startAnother: () => Promise<Program>;
  stop: () => Promise<void>;
}

/** What `npm start` runs. */
const asUsual = join(rootDir, 'src/bin/waybill.js');

/** The ids of the shipped consignees. */
export const shippedConsignees = readdirSync(join(rootDir, 'consignees'))
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.slice(0, -5));

export interface BenchSettings {
  /** Where each consignee is pushed to; the others stay as they are shipped. */
  urls: ReadonlyMap<string, string>;
  /** Of Node.js. */
  flags?: readonly string[];
  /** The working copy whose gateway it is; this one unless given. */
  root?: string;
}

/** Opens a gateway as it is shipped, with its log level and its number of connections. */
export async function openBenchGateway(settings: BenchSettings): Promise<BenchGateway> {
  const { urls, flags = [], root = rootDir } = settings;
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'waybill-bench-')));
  const consigneesDir = join(home, 'consignees');
  mkdirSync(consigneesDir);
  cpSync(join(rootDir, 'consignees'), consigneesDir, { recursive: true });
  for (const [id, url] of urls) writePush(join(consigneesDir, `${id}.yaml`), id, url);
  const start = (of: { file: string; flags: readonly string[]; more?: Record<string, string> }) =>
    startProgram({
      ...{ file: of.file, args: ['serve'], flags: of.flags },
      env: {
        ...{ WAYBILL_HOME: home, WAYBILL_CONSIGNEES: consigneesDir },
        ...{ HOST: '127.0.0.1', PORT: '0', ...of.more },
      },
    });
  // as it keeps it itself, but from before what ties it to the benchmark is loaded
  const more = { NODE_COMPILE_CACHE: join(home, 'compiled') };
  const { url, pid, said, stop } = await start({ file: join(root, 'src/bin/waybill.ts'), flags });
  const postgres = await openPostgres(home);
  return {
    ...{ url, pid, said, postgres, startAnother: () => start({ file: asUsual, flags: [], more }) },
    as: (clientId) => {
      const path = join(home, 'clients', `${clientId}.jwk.json`);
      const clientKey = JSON.parse(readFileSync(path, 'utf8')) as JWK;
      return createApiClient({ url, clientId, clientKey });
    },
    async stop() {
      await postgres.close();
      await stop();
      await removeEngineData(home);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Opens a gateway for `work`, and removes everything of it however that ends. */
export async function withGateway<T>(
  settings: BenchSettings,
  work: (gateway: BenchGateway) => Promise<T>,
): Promise<T> {
  const gateway = await openBenchGateway(settings);
  try {
    return await work(gateway);
  } catch (error) {
    throw new Error(`the gateway said last:\n${gateway.said()}`, { cause: error });
  } finally {
    await gateway.stop();
  }
}

/** Stops deliveries to a consignee: what is accepted for it waits. */
export async function pause(operator: ApiClient, consignee: string): Promise<void> {
  await operator.json(`/v1/consignees/${consignee}/pause`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"reason":"a benchmark"}',
  });
}

function writePush(path: string, id: string, url: string): void {
  const { checkInHours, ...consignee } = parse(readFileSync(path, 'utf8')) as Record<
    string,
    unknown
  >;
  void checkInHours;
  const webhookSecret = `\${env:WAYBILL_${id.toUpperCase().replaceAll('-', '_')}_WEBHOOK_SECRET}`;
  const retry = { timeoutSeconds: 15 };
  writeFileSync(
    path,
    stringify({ ...consignee, channel: 'push', push: { url, webhookSecret }, retry }),
  );
}

/**
 * Sends orders by bulk upload and answers how many lines were accepted.
 * @param onAccepted told after each how many there were
 */
export async function upload(
  emr: ApiClient,
  url: string,
  lines: Iterable<string>,
  onAccepted: (count: number) => void = () => undefined,
): Promise<number> {
  const encoder = new TextEncoder();
  const source = lines[Symbol.iterator]();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const line = source.next();
      if (line.done) controller.close();
      else controller.enqueue(encoder.encode(`${line.value}\n`));
    },
  });
  const reply = await fetch(`${url}/v1/transfers/batch`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-ndjson',
      authorization: `Bearer ${await emr.bearer()}`,
    },
    body,
    duplex: 'half',
  });
  let accepted = 0;
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of (reply.body ?? []) as AsyncIterable<Uint8Array>) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      if (line.includes('"status":202')) onAccepted((accepted += 1));
      else if (line.trim() !== '') throw new Error(`an order was not accepted: ${line}`);
    }
  }
  return accepted;
}
