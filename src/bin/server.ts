/**
 * A gateway with its HTTP server, started whole or not at all, and stopped without losing a reply.
 */
import { join } from 'node:path';
import { createApp } from '#api/app.ts';
import { createMetrics } from '#api/metrics.ts';
import { createLog, type Log } from '#src/base/log.ts';
import type { Contract } from '#src/base/words.ts';
import { openGateway, type Gateway } from '#src/gateway.ts';
import type { Engine } from '#src/store/engine.ts';
import { makeDemoClients, openEmbedded, writeVkey } from './embedded.ts';
import { openHttp } from './http.ts';
import { createSharedMetrics, isWorker } from './workers.ts';
import { readSettings, rootDir, tokenKeyFromSeed, type Environment } from './settings.ts';

export interface RunningServer {
  /** The public origin: issuer of tokens, base of every path. */
  url: string;
  /** Where it listens, which is the same unless PUBLIC_URL says otherwise. */
  listening: string;
  log: Log;
  /**
   * Takes no more requests, lets those under way end, delivers what is being sent, and closes.
   * @param options.lingerMs how long whoever comes now is still told so (default 0)
   */
  close(options?: { lingerMs?: number }): Promise<void>;
}

/** Starts everything that the environment asks for. Throws `StartupError` with every fault. */
export async function startServer(env: Environment): Promise<RunningServer> {
  const { config, keys, agreements } = await readSettings(env);
  const log = createLog({ level: config.logLevel });
  tellSignatures(log, agreements.contracts);
  const http = await openHttp(config);
  const listening = `http://${hostOf(config.host)}:${http.port}`;
  const url = config.publicUrl?.replace(/\/$/, '') ?? listening;
  let engine: Engine | null = null;
  let gateway: Gateway | null = null;
  const close: RunningServer['close'] = async ({ lingerMs = 0 } = {}) => {
    gateway?.health.shut();
    await http.close(lingerMs);
    await gateway?.close();
    await engine?.stop();
  };
  try {
    if (config.databaseUrl === null) engine = await openEmbedded(config.home, log);
    const metrics = createMetrics(isWorker ? createSharedMetrics : undefined);
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
    const app = createApp(gateway, {
      ...{ specPath: join(rootDir, 'openapi.yaml'), issuer: url, metrics, log },
      ...config,
      tokenKey: tokenKeyFromSeed(keys.token),
    });
    http.answerWith(app);
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
  return { url, listening, log, close };
}

/** Who started this must not believe that all contracts are in force, or signed by anyone. */
function tellSignatures(log: Log, contracts: readonly Contract[]): void {
  const count = contracts.filter(({ signature }) => signature.isDemo).length;
  if (count > 0) log.warn('contracts are signed with demo keys', { count });
  for (const { id, signature } of contracts) {
    if (signature.state === 'signed') continue;
    log.warn(`a contract version is not in force: ${signature.why?.en}`, { contract: id });
  }
}

function hostOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
