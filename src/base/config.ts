/** Configuration, read once from the environment; every fault is told at the same time. */
import { resolve } from 'node:path';
import { StartupError } from './errors.ts';
import type { LogLevel } from './log.ts';

export interface Config {
  port: number;
  host: string;
  /** The public origin, which is the token issuer; null: the address that is listened on. */
  publicUrl: string | null;
  /** The gateway's role; null: the embedded PostgreSQL under `home`. */
  databaseUrl: string | null;
  home: string;
  contractsDir: string;
  consigneesDir: string;
  /** The file that says who is told of events; null: nobody is. */
  subscribersFile: string | null;
  /** C2SP origin line of the ledger. */
  ledgerOrigin: string;
  logLevel: LogLevel;
  /** Check every reply against openapi.yaml before it is sent: costs time, used by the tests. */
  validateResponses: boolean;
  databaseConnectionsMax: number;
  /** How many proxies in front are believed about the caller's address. */
  trustedProxies: number;
  /** How long a client may leave the answers to its upload unread. */
  uploadStallSeconds: number;
}

const logLevels: readonly string[] = [
  ...['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
];

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and checks the environment. `root` holds the shipped contracts and consignees. */
export function readConfig(env: Environment, root: string): Config {
  const faults: string[] = [];
  const integer = (name: string, fallback: number, min: number, max: number): number => {
    const text = env[name];
    if (text === undefined || text === '') return fallback;
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max) {
      faults.push(`${name}: must be a whole number from ${min} to ${max}`);
    }
    return value;
  };
  const publicUrl = env['PUBLIC_URL'] || null;
  if (publicUrl !== null) faults.push(...originFaults(publicUrl));
  const logLevel = env['LOG_LEVEL'] || 'info';
  if (!logLevels.includes(logLevel)) {
    faults.push(`LOG_LEVEL: must be one of ${logLevels.join(', ')}`);
  }
  const ledgerOrigin = env['WAYBILL_LEDGER_ORIGIN'] || 'waybill.invalid/ledger';
  if (!/^[\x21-\x2a\x2c-\x7e]{1,200}$/.test(ledgerOrigin)) {
    faults.push('WAYBILL_LEDGER_ORIGIN: must be 1 to 200 ASCII characters without space or plus');
  }
  const config: Config = {
    port: integer('PORT', 8080, 0, 65_535),
    host: env['HOST'] || '127.0.0.1',
    publicUrl,
    databaseUrl: env['DATABASE_URL'] || null,
    home: resolve(env['WAYBILL_HOME'] || '.waybill'),
    contractsDir: resolve(env['WAYBILL_CONTRACTS'] || resolve(root, 'contracts')),
    consigneesDir: resolve(env['WAYBILL_CONSIGNEES'] || resolve(root, 'consignees')),
    subscribersFile: env['WAYBILL_WEBHOOKS'] ? resolve(env['WAYBILL_WEBHOOKS']) : null,
    ledgerOrigin,
    logLevel: logLevel as LogLevel,
    validateResponses: env['WAYBILL_VALIDATE_RESPONSES'] === '1',
    databaseConnectionsMax: integer('WAYBILL_DATABASE_CONNECTIONS', 10, 4, 200),
    trustedProxies: integer('WAYBILL_TRUSTED_PROXIES', 0, 0, 10),
    uploadStallSeconds: integer('WAYBILL_UPLOAD_STALL_SECONDS', 30, 1, 600),
  };
  if (faults.length > 0) throw new StartupError(faults);
  return config;
}

function originFaults(text: string): string[] {
  if (!URL.canParse(text)) return ['PUBLIC_URL: must be an origin such as https://waybill.example'];
  const url = new URL(text);
  if (url.origin !== text.replace(/\/$/, '') || !/^https?:$/.test(url.protocol)) {
    return ['PUBLIC_URL: must be scheme, host and port only, such as https://waybill.example'];
  }
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol === 'http:' && !loopback) return ['PUBLIC_URL: must be https'];
  return [];
}
