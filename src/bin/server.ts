/**
 * A gateway with its HTTP server, started whole or not at all, and stopped without losing a reply.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createApp } from '#api/app.ts';
import { createMetrics } from '#api/metrics.ts';
import { createLog, type Log } from '#src/base/log.ts';
import type { Contract } from '#src/base/words.ts';
import { checkSubscribers } from '#src/delivery/subscriber-clients.ts';
import { openGateway, type Gateway, type GatewaySettings } from '#src/gateway.ts';
import type { Engine } from '#src/store/engine.ts';
import { makeDemoClients, openEmbedded, writeVkey } from './embedded.ts';
import { openHttp } from './http.ts';
import { createSharedMetrics, isWorker } from './workers.ts';
import { readSettings, rootDir, tokenKeysOf, type Environment } from './settings.ts';

/** How long an upload may send nothing. */
const uploadIdleMs = 60_000;

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

/**
 * Starts everything that the environment asks for. Throws `StartupError` with every fault.
 * @param trial for the fault driver alone: nothing in the product passes any
 */
export async function startServer(
  env: Environment,
  trial: Pick<GatewaySettings, 'failpoint'> = {},
): Promise<RunningServer> {
  const { config, keys, agreements, subscribers, witnesses } = await readSettings(env);
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
      ...{ agreements, subscribers, keys, log, ledgerOrigin: config.ledgerOrigin },
      ...{ witnesses, ledgerFiles: config.ledgerFiles },
      reviewing: config.reviewing,
      databaseUrl: config.databaseUrl ?? engine?.gatewayUrl ?? '',
      databaseConnectionsMax: config.databaseConnectionsMax,
      sessionLimits: {
        idleSeconds: config.sessionIdleMinutes * 60,
        absoluteSeconds: config.sessionHours * 3600,
      },
      arePeopleVouched: config.openid !== null,
      ...{ onSettled: metrics.settled, onPush: metrics.pushes, ...trial },
    });
    metrics.watch(gateway);
    if (engine) {
      await makeDemoClients(gateway, config.home, log);
      writeVkey(config.home, gateway.vkey);
    }
    await checkSubscribers(gateway, subscribers);
    const app = createApp(gateway, {
      unhurried: (request) => http.unhurried(request),
      patience: { stallMs: config.uploadStallSeconds * 1000, idleMs: uploadIdleMs },
      ...{ specPath: join(rootDir, 'openapi.yaml'), consoleDir: join(rootDir, 'console/dist') },
      ...{ issuer: url, metrics, log },
      ...config,
      tokenKeys: tokenKeysOf(gateway),
    });
    await untilOpen(gateway);
    http.answerWith(app);
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
  return { url, listening, log, close };
}

/** How long a gateway that is in doubt at its start is waited for: `/readyz` tells the rest. */
const openMsMax = 10_000;

/** Making the app keeps every loop waiting; whoever is told "ready" is served at once. */
async function untilOpen({ assertOpen }: Gateway): Promise<void> {
  const late = performance.now() + openMsMax;
  while (performance.now() < late) {
    try {
      return assertOpen();
    } catch {
      await pause(20);
    }
  }
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
