/** Secrets by name: from the environment or a file, and made only under the embedded default. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

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
