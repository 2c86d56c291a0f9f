/** Configuration, read once from the environment; every fault is told at the same time. */
import { join, resolve } from 'node:path';
import { StartupError } from './errors.ts';
import type { LogLevel } from './log.ts';
import { readOpenid, type OpenidSettings } from './openid-settings.ts';
import { readReviewing, type Reviewing } from './reviewing.ts';

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
  /**
   * Where this process keeps the newest checkpoint, outside the database. `strict`, where it was
   * named or the database is the embedded one: what the ledger's key has signed for any other
   * ledger refuses the start, too. Otherwise several databases may share the default.
   */
  ledgerFiles: { folder: string; strict: boolean };
  /** The file that lists the witnesses of the ledger; null: none. */
  witnessesFile: string | null;
  /** So many years of transfers and entries stay in the database; the law asks for 2. */
  ledgerYearsMin: number;
  logLevel: LogLevel;
  databaseConnectionsMax: number;
  /** How many proxies in front are believed about the caller's address. */
  trustedProxies: number;
  /** How long people stay signed in: without a sign of life, and at all. */
  sessionIdleMinutes: number;
  sessionHours: number;
  /** The clinic's own OpenID provider; null: people sign in with passwords alone. */
  openid: OpenidSettings | null;
  /** How long a client may leave the answers to its upload unread. */
  uploadStallSeconds: number;
  /** Requests under way while several clients ask, and those of one that may wait for a turn. */
  requests: { atOnceMax: number; waitingMax: number };
  reviewing: Reviewing;
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
  const home = resolve(env['WAYBILL_HOME'] || '.waybill');
  const config: Config = {
    port: integer('PORT', 8080, 0, 65_535),
    host: env['HOST'] || '127.0.0.1',
    publicUrl,
    databaseUrl: env['DATABASE_URL'] || null,
    home,
    contractsDir: resolve(env['WAYBILL_CONTRACTS'] || resolve(root, 'contracts')),
    consigneesDir: resolve(env['WAYBILL_CONSIGNEES'] || resolve(root, 'consignees')),
    subscribersFile: env['WAYBILL_WEBHOOKS'] ? resolve(env['WAYBILL_WEBHOOKS']) : null,
    ledgerOrigin,
    ledgerFiles: {
      folder: resolve(env['WAYBILL_LEDGER_CHECKPOINT'] || join(home, 'ledger-checkpoint')),
      strict: !!env['WAYBILL_LEDGER_CHECKPOINT'] || !env['DATABASE_URL'],
    },
    witnessesFile: env['WAYBILL_WITNESSES'] ? resolve(env['WAYBILL_WITNESSES']) : null,
    ledgerYearsMin: integer('WAYBILL_LEDGER_YEARS_MIN', 2, 2, 100),
    logLevel: logLevel as LogLevel,
    databaseConnectionsMax: integer('WAYBILL_DATABASE_CONNECTIONS', 10, 4, 200),
    trustedProxies: integer('WAYBILL_TRUSTED_PROXIES', 0, 0, 10),
    sessionIdleMinutes: integer('WAYBILL_SESSION_IDLE_MINUTES', 15, 1, 120),
    sessionHours: integer('WAYBILL_SESSION_HOURS', 8, 1, 24),
    openid: readOpenid(env, faults),
    uploadStallSeconds: integer('WAYBILL_UPLOAD_STALL_SECONDS', 30, 1, 600),
    requests: {
      atOnceMax: integer('WAYBILL_REQUESTS_AT_ONCE', 16, 4, 1_000),
      waitingMax: integer('WAYBILL_REQUESTS_WAITING', 256, 1, 10_000),
    },
    reviewing: readReviewing(env, integer('WAYBILL_REVIEW_DAYS', 10, 1, 90), faults),
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
