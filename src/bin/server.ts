/** A gateway with its HTTP server, started whole or not at all, and stopped without losing a reply. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createApp } from '#api/app.ts';
import { createMetrics } from '#api/metrics.ts';
import { createLog, type Log } from '#src/base/log.ts';
import { StartupError } from '#src/base/errors.ts';
import { openGateway, type Gateway } from '#src/gateway.ts';
import type { Engine } from '#src/store/engine.ts';
import { makeDemoClients, openEmbedded, writeVkey } from './embedded.ts';
import { readSettings, rootDir, tokenKeyFromSeed, type Environment } from './settings.ts';

export interface RunningServer {
  /** The public origin: issuer of tokens, base of every path. */
  url: string;
  log: Log;
  /** Takes no more requests, lets those under way end, delivers what is being sent, and closes. */
  close(): Promise<void>;
}

/** How long a client may take to send its request whole: a slow one holds nothing for longer. */
const requestMsMax = 30_000;

/** Starts everything that the environment asks for. Throws `StartupError` with every fault. */
export async function startServer(env: Environment): Promise<RunningServer> {
  const { config, keys, agreements } = readSettings(env);
  const log = createLog({ level: config.logLevel });
  let listener: RequestListener = notYet;
  const server = createServer({ requestTimeout: requestMsMax }, (request, response) =>
    listener(request, response),
  );
  const port = await listen(server, config);
  const url = config.publicUrl?.replace(/\/$/, '') ?? `http://${hostOf(config.host)}:${port}`;
  let engine: Engine | null = null;
  let gateway: Gateway | null = null;
  const close = async () => {
    gateway?.health.shut();
    await endServer(server);
    await gateway?.close();
    await engine?.stop();
  };
  try {
    if (config.databaseUrl === null) engine = await openEmbedded(config.home, log);
    const metrics = createMetrics();
    gateway = await openGateway({
      ...{ agreements, keys, log, ledgerOrigin: config.ledgerOrigin },
      databaseUrl: config.databaseUrl ?? engine?.gatewayUrl ?? '',
      databaseConnectionsMax: config.databaseConnectionsMax,
      onSettled: metrics.settled,
    });
    metrics.watch(gateway);
    if (engine) {
      await makeDemoClients(gateway, config.home, log);
      writeVkey(config.home, gateway.vkey);
    }
    listener = createApp(gateway, {
      ...{ specPath: join(rootDir, 'openapi.yaml'), issuer: url, metrics, log },
      ...config,
      tokenKey: tokenKeyFromSeed(keys.token),
    });
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
  return { url, log, close };
}

const notYet: RequestListener = (_request, response) => {
  response.writeHead(503, { 'retry-after': '1', 'content-type': 'text/plain' });
  response.end('starting\n');
};

function hostOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

async function listen(server: Server, at: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is in use; set PORT to another' : error.code;
      reject(new StartupError([`PORT: ${at.port} on ${at.host} ${why ?? 'cannot be used'}`]));
    });
    server.listen(at.port, at.host, () => resolve((server.address() as AddressInfo).port));
  });
}

async function endServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await closed;
}
