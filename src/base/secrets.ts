/** Secrets by name: from the environment or a file, and made only under the embedded default. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export type Resolved = { ok: true; value: string } | { ok: false; fault: string };

/** Writes a secret so that it is never readable by others, not even for a moment. */
export function writeSecret(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  chmodSync(path, 0o600);
}

/** The file's text without its line end, or null when there is no such file. */
export function readSecret(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The file's text; made by `make` and kept when there is none. Two processes agree on one. */
export function keepSecret(path: string, make: () => string): string {
  const kept = readSecret(path);
  if (kept !== null) return kept;
  try {
    writeSecret(path, `${make()}\n`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readSecret(path) ?? '';
}

/**
 * Resolves `${env:NAME}` or `${file:path}` (relative to `baseDir`). A text without such a
 * reference is a fault: secrets are named in files, never written into them.
 */
export function resolveReference(
  reference: string,
  where: { env: Readonly<Record<string, string | undefined>>; baseDir: string },
): Resolved {
  const match = /^\$\{(env|file):([^}]+)\}$/.exec(reference);
  if (!match) return { ok: false, fault: 'is not a reference such as ${env:NAME} or ${file:path}' };
  const [, kind, name = ''] = match;
  if (kind === 'env') {
    const value = where.env[name];
    return value ? { ok: true, value } : { ok: false, fault: `the variable ${name} is not set` };
  }
  const path = resolve(where.baseDir, name);
  const value = readSecret(path);
  return value ? { ok: true, value } : { ok: false, fault: `the file ${path} is missing or empty` };
}

/** The four keys that live outside the database, 32 bytes each. */
export interface GatewayKeys {
  sealing: Buffer;
  hmac: Buffer;
  /** Ed25519 seed of the ledger's signing key. */
  ledger: Buffer;
  /** Ed25519 seed of the access tokens' signing key. */
  token: Buffer;
}

const keyNames = ['sealing', 'hmac', 'ledger', 'token'] as const;

/**
 * Reads `WAYBILL_<NAME>_KEY` (base64 of 32 bytes) or the file that `WAYBILL_<NAME>_KEY_FILE` names;
 * under the embedded default a missing one is made under `home/secrets/`.
 * @returns the keys, or one fault per key that is missing or malformed
 */
export function readKeys(
  env: Readonly<Record<string, string | undefined>>,
  options: { home: string; embedded: boolean },
): { keys: GatewayKeys } | { faults: string[] } {
  const faults: string[] = [];
  const keys = {} as GatewayKeys;
  for (const name of keyNames) {
    const variable = `WAYBILL_${name.toUpperCase()}_KEY`;
    const file = env[`${variable}_FILE`];
    let text = env[variable] || (file ? readSecret(file) : null);
    // A file that is named and missing is a mistake to tell, not a key to make anew.
    if (!text && options.embedded && !file) {
      const path = join(options.home, 'secrets', `${name}.key`);
      text = keepSecret(path, () => randomBytes(32).toString('base64'));
    }
    const bytes = Buffer.from(text ?? '', 'base64');
    if (!text) faults.push(`${variable}: not set (32 random bytes in base64, or ${variable}_FILE)`);
    else if (bytes.length !== 32) faults.push(`${variable}: must be 32 bytes in base64`);
    keys[name] = bytes;
  }
  return faults.length > 0 ? { faults } : { keys };
}
