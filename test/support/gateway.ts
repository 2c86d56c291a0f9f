/** A whole gateway for a test: real PostgreSQL, real HTTP, in this process or in one of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, type CryptoKey, type JWK } from 'jose';
import { parse, stringify } from 'yaml';
import { createClientRegistry } from '#src/access/clients.ts';
import { generateClientKey } from '#src/access/keys.ts';
import { scopesOf } from '#src/access/roles.ts';
import type { Role } from '#src/base/words.ts';
import { createApiClient, type ApiClient } from '#src/bin/api-client.ts';
import { startServer } from '#src/bin/server.ts';
import { rootDir } from '#src/bin/settings.ts';
import { openDatabase, type Database } from '#src/store/pool.ts';
import { createFingerprint } from '#src/sealing/fingerprint.ts';
import { freshDatabase, type FreshDatabase } from './database.ts';
import { makeSigningKeys, publicHalf, shippedContracts, signAll } from './signing.ts';

/** What is the same for every process of one gateway. */
export interface World {
  database: FreshDatabase;
  /** As the gateway's role, for looking. */
  db: Database;
  env: Record<string, string>;
  consigneesDir: string;
  contractsDir: string;
  /** Private signing keys of the clients, by id. */
  keys: Map<string, JWK>;
  /** Private decryption keys of consignees, by id. */
  decryption: Map<string, CryptoKey>;
  /** Private signing keys of `clinic` and of each consignee, for contracts. */
  signing: Map<string, JWK>;
  close(): Promise<void>;
}

export interface WorldSettings {
  /** Migrated, empty, and dropped with the world; a copy of the template unless given. */
  database?: FreshDatabase;
  /** Push URLs by consignee; the others stay at their `.invalid` address. */
  pushUrls?: Readonly<Record<string, string>>;
  /** Changes a consignee's file before it is written. */
  editConsignee?: (consignee: Record<string, unknown>) => void;
  env?: Readonly<Record<string, string>>;
}

/** The webhook secret of every consignee of a world. */
export const webhookSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** A database, keys, clients of every role, and folders of contracts and consignees of its own. */
export async function makeWorld(settings: WorldSettings = {}): Promise<World> {
  const database = settings.database ?? (await freshDatabase());
  const folder = mkdtempSync(join(tmpdir(), 'waybill-world-'));
  const ids = consigneesIn(join(rootDir, 'consignees'));
  const signing = makeSigningKeys(ids);
  const decryption = await writeConsignees(join(folder, 'consignees'), settings, signing);
  await writeContracts(join(folder, 'contracts'), signing);
  const db = openDatabase({ url: database.url, sizeMax: 3, applicationName: 'waybill-test' });
  const key = () => randomBytes(32).toString('base64');
  const hmacKey = settings.env?.['WAYBILL_HMAC_KEY'] ?? key();
  const keys = await addClients(db, ids, Buffer.from(hmacKey, 'base64'));
  return {
    ...{ database, db, keys, decryption, signing },
    consigneesDir: join(folder, 'consignees'),
    contractsDir: join(folder, 'contracts'),
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
      DATABASE_URL: database.url,
      PORT: '0',
      LOG_LEVEL: 'silent',
      WAYBILL_HOME: join(folder, 'home'),
      WAYBILL_CONSIGNEES: join(folder, 'consignees'),
      WAYBILL_CONTRACTS: join(folder, 'contracts'),
      WAYBILL_SEALING_KEY: key(),
      WAYBILL_HMAC_KEY: hmacKey,
      WAYBILL_LEDGER_KEY: key(),
      WAYBILL_TOKEN_KEY: key(),
      TEST_WEBHOOK_SECRET: webhookSecret,
      ...settings.env,
    },
    async close() {
      await db.end();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const consigneesIn = (folder: string) =>
  readdirSync(folder).flatMap((file) => (file.endsWith('.yaml') ? [file.slice(0, -5)] : []));

/** The shipped contracts, signed by keys of this world and noticed long before they begin. */
async function writeContracts(contractsDir: string, signing: World['signing']): Promise<void> {
  cpSync(join(rootDir, 'contracts'), contractsDir, { recursive: true });
  const path = join(contractsDir, 'clinic.yaml');
  const clinic = parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  const signingKeys = [publicHalf(signing.get('clinic') ?? {})];
  writeFileSync(path, stringify({ ...clinic, signingKeys }));
  await signAll({ contractsDir, signing }, shippedContracts());
}

async function writeConsignees(
  folder: string,
  settings: WorldSettings,
  signing: World['signing'],
): Promise<Map<string, CryptoKey>> {
  const decryption = new Map<string, CryptoKey>();
  cpSync(join(rootDir, 'consignees'), folder, { recursive: true });
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
    const path = join(folder, file);
    const consignee = parse(readFileSync(path, 'utf8')) as Record<string, unknown> & { id: string };
    const push = consignee['push'] as { url: string; webhookSecret: string } | undefined;
    if (push) {
      push.url = settings.pushUrls?.[consignee.id] ?? push.url;
      push.webhookSecret = '${env:TEST_WEBHOOK_SECRET}';
    }
    if (consignee['encryptionKeys']) {
      const pair = await generateKeyPair('ECDH-ES', { crv: 'P-256', extractable: true });
      consignee['encryptionKeys'] = [
        { ...(await exportJWK(pair.publicKey)), kid: 'k1', use: 'enc' },
      ];
      decryption.set(consignee.id, pair.privateKey);
    }
    consignee['signingKeys'] = [publicHalf(signing.get(consignee.id) ?? {})];
    settings.editConsignee?.(consignee);
    writeFileSync(path, stringify(consignee));
  }
  return decryption;
}

async function addClients(
  db: Database,
  ids: readonly string[],
  hmacKey: Buffer,
): Promise<Map<string, JWK>> {
  const fingerprint = createFingerprint({ key: hmacKey });
  const registry = createClientRegistry({ db, now: Date.now, fingerprint });
  const keys = new Map<string, JWK>();
  const clients: [string, Role, string | null][] = [
    ['emr', 'emr', null],
    ['emr-two', 'emr', null],
    ['auditor', 'auditor', null],
    ['privacy-officer', 'privacy-officer', null],
    ['operator', 'operator', null],
    ...ids.map((id): [string, Role, string] => [id, 'consignee', id]),
  ];
  await Promise.all(
    clients.map(async ([id, role, consignee]) => {
      const { privateJwk, publicJwk } = await generateClientKey();
      keys.set(id, privateJwk);
      const jwks = { keys: [publicJwk] };
      await registry.add({ id, role, consignee, scopes: scopesOf(role), jwks });
    }),
  );
  return keys;
}

export interface TestGateway {
  url: string;
  /** A client of this gateway with all scopes of its role. */
  as(client: string): Promise<ApiClient>;
  stop(): Promise<void>;
}

function clientsOf(world: World, url: string): TestGateway['as'] {
  const made = new Map<string, Promise<ApiClient>>();
  return (clientId) => {
    const clientKey = world.keys.get(clientId);
    if (!clientKey) throw new Error(`no key for ${clientId}`);
    const client = made.get(clientId) ?? createApiClient({ url, clientId, clientKey });
    made.set(clientId, client);
    return client;
  };
}

/** A gateway of this world inside the test's own process. */
export async function startGateway(
  world: World,
  env: Record<string, string> = {},
  trial: Parameters<typeof startServer>[1] = {},
): Promise<TestGateway> {
  const server = await startServer({ ...world.env, ...env }, trial);
  return { url: server.url, as: clientsOf(world, server.url), stop: () => server.close() };
}

export interface GatewayProcess extends TestGateway {
  child: ChildProcess;
  /** Everything that it wrote, to both streams. */
  output(): string;
  /** Kills it with a signal and waits until it is gone; its exit code, or null after SIGKILL. */
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

/** A gateway of this world as a process of its own, once it says that it is ready. */
export async function spawnGateway(
  world: World,
  env: Record<string, string> = {},
  args: readonly string[] = [],
): Promise<GatewayProcess> {
  const program = join(rootDir, 'src/bin/waybill.js');
  const child = spawn(process.execPath, [program, 'serve', ...args], {
    env: { ...world.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const gone = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  const url = await new Promise<string>((resolve, reject) => {
    const listen = (chunk: Buffer) => {
      output += chunk.toString();
      const ready = /^\{.*"msg":"ready".*\}$/m.exec(output);
      if (ready) resolve((JSON.parse(ready[0]) as { url: string }).url);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.on('exit', (code) => reject(new Error(`the gateway ended (${code}): ${output}`)));
  });
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    return gone;
  };
  return {
    ...{ child, url, kill, output: () => output, as: clientsOf(world, url) },
    stop: async () => void (await kill('SIGTERM')),
  };
}
