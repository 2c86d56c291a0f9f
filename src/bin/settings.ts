/** What every command that opens the gateway reads first: configuration, keys and agreements. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JWK } from 'jose';
import { loadAgreements, type Agreements } from '#src/agreements/load.ts';
import { readSubscribers, type Subscriber } from '#src/agreements/subscriber-file.ts';
import { attachSignatures, type DemoSigning } from '#src/agreements/signatures.ts';
import { readConfig, type Config } from '#src/base/config.ts';
import { publicJwkOf } from '#src/base/ed25519.ts';
import { StartupError } from '#src/base/errors.ts';
import { createSecretResolver, keepSigningKey } from '#src/base/made-secrets.ts';
import { checkKeySources, type KeySources } from '#src/base/key-sources.ts';
import { resolveReference } from '#src/base/secrets.ts';
import { readWitnesses, type Witness } from '#src/ledger/witness-file.ts';
import type { Keyring } from '#src/sealing/keyring.ts';
import { ringBytes, type Ring } from '#src/sealing/ring.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The folder that holds openapi.yaml, contracts/ and consignees/. */
export const rootDir = fileURLToPath(new URL('../../', import.meta.url));

export interface Settings {
  config: Config;
  keys: KeySources;
  agreements: Agreements;
  /** Who is told of events. */
  subscribers: readonly Subscriber[];
  /** Whose cosignatures the gateway takes. */
  witnesses: readonly Witness[];
}

/** Reads everything, and tells every fault of all of it at once in one `StartupError`. */
export async function readSettings(env: Environment): Promise<Settings> {
  const config = readConfig(env, rootDir);
  const embedded = config.databaseUrl === null;
  const found = checkKeySources(env, { home: config.home, embedded });
  const faults: string[] = 'faults' in found ? found.faults : [];
  const unlessFaulty = async <T>(read: () => Promise<T> | T): Promise<T | null> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof StartupError)) throw error;
      faults.push(...error.faults);
      return null;
    }
  };
  const agreements = await unlessFaulty(() => readAgreements(env, config));
  const subscribers = await unlessFaulty(() => subscribersOf(env, config));
  const witnesses = await unlessFaulty(() => witnessesOf(config));
  if (faults.length > 0 || !agreements || !subscribers || !witnesses || 'faults' in found) {
    throw new StartupError(faults);
  }
  return { config, keys: found.sources, agreements, subscribers, witnesses };
}

const witnessesOf = async ({ witnessesFile: path }: Config) =>
  path === null ? [] : readWitnesses(path);

/** Who is told of events. A secret in a file is looked for beside the file that names it. */
function subscribersOf(env: Environment, { subscribersFile: path }: Config): Subscriber[] {
  if (path === null) return [];
  const where = { env, baseDir: dirname(path) };
  return readSubscribers(
    { resolveSecret: (reference) => resolveReference(reference, where) },
    path,
  );
}

/**
 * The agreements alone, with the state of their signatures. Under the embedded default a secret
 * that is missing is made.
 */
export function readAgreements(env: Environment, config: Config): Promise<Agreements> {
  const resolveSecret = createSecretResolver({
    env,
    baseDir: config.consigneesDir,
    home: config.databaseUrl === null ? config.home : null,
  });
  return withSignatures(loadAgreements({ resolveSecret }, config), config);
}

/** The same agreements with the state of their signatures. */
export function withSignatures(agreements: Agreements, config: Config): Promise<Agreements> {
  const { contractsDir } = config;
  return attachSignatures(
    { now: Date.now },
    { agreements, contractsDir, demo: demoSigning(config) },
  );
}

/** The keys that the embedded default signs with in the names of all; null with a database. */
export function demoSigning({ databaseUrl, home }: Config): DemoSigning | null {
  if (databaseUrl !== null) return null;
  const made = new Map<string, JWK>();
  return {
    keyOf(consignee) {
      const owner = consignee ?? 'clinic';
      const key = made.get(owner) ?? keepSigningKey(home, owner);
      made.set(owner, key);
      return key;
    },
  };
}

/** The key pairs of access tokens that count at the moment of asking, the one that signs first. */
export function tokenKeysOf({ keys }: { keys: Keyring }): () => readonly TokenKey[] {
  let made: { ring: Ring; pairs: readonly TokenKey[] } | undefined;
  return () => {
    const ring = keys.of('token');
    if (made?.ring !== ring) made = { ring, pairs: ringBytes(ring).map(tokenKeyFromSeed) };
    return made.pairs;
  };
}

type TokenKey = ReturnType<typeof tokenKeyFromSeed>;

/** The key pair of access tokens from its 32-byte seed; `kid` is its RFC 7638 thumbprint. */
export function tokenKeyFromSeed(seed: Buffer): { privateJwk: JWK; publicJwk: JWK } {
  const { jwk, thumbprint } = publicJwkOf(seed);
  const publicJwk = { ...jwk, alg: 'EdDSA', use: 'sig', kid: thumbprint.toString('base64url') };
  return { publicJwk, privateJwk: { ...publicJwk, d: seed.toString('base64url') } };
}
