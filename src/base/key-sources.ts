/**
 * Where the four keys come from: variables, or files that may get a further line while gateways
 * run. Keys are only ever added at the end; the database says which of them counts.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { keepSecret, readSecret } from './secrets.ts';

export const keyNames = ['sealing', 'hmac', 'ledger', 'token'] as const;

export type KeyName = (typeof keyNames)[number];

/** Where the keys of one kind are. */
export interface KeySource {
  /** `WAYBILL_HMAC_KEY` */
  variable: string;
  /** The file that holds them; null: the variable itself does, which only a restart reads again. */
  path: string | null;
  /** Texts of keys, the oldest first: base64 of 32 bytes each, unless somebody made a mistake. */
  read: () => string[];
}

export type KeySources = Readonly<Record<KeyName, KeySource>>;

/**
 * `WAYBILL_<NAME>_KEY`, or the file that `WAYBILL_<NAME>_KEY_FILE` names; under the embedded
 * default a missing one is made under `home/secrets/`. Several keys stand one a line, or behind
 * commas.
 */
export function findKeySources(
  env: Readonly<Record<string, string | undefined>>,
  options: { home: string; embedded: boolean },
): KeySources {
  const source = (name: KeyName): KeySource => {
    const variable = `WAYBILL_${name.toUpperCase()}_KEY`;
    const file = env[`${variable}_FILE`];
    const text = env[variable];
    if (text) return { variable, path: null, read: () => keyTexts(text) };
    if (file) return { variable, path: file, read: () => keyTexts(readSecret(file)) };
    if (!options.embedded) return { variable, path: null, read: () => [] };
    const path = join(options.home, 'secrets', `${name}.key`);
    const make = () => randomBytes(32).toString('base64');
    return { variable, path, read: () => keyTexts(keepSecret(path, make)) };
  };
  return {
    ...{ sealing: source('sealing'), hmac: source('hmac') },
    ...{ ledger: source('ledger'), token: source('token') },
  };
}

/**
 * The same, once every key has been read and is one: under the embedded default they are made then.
 * @returns the sources, or one fault per kind that is missing or malformed
 */
export function checkKeySources(
  env: Readonly<Record<string, string | undefined>>,
  options: { home: string; embedded: boolean },
): { sources: KeySources } | { faults: string[] } {
  const sources = findKeySources(env, options);
  const faults = keyNames.flatMap((name) => faultIn(sources[name]) ?? []);
  return faults.length > 0 ? { faults } : { sources };
}

function faultIn({ variable, read }: KeySource): string | undefined {
  const texts = read();
  if (texts.length === 0)
    return `${variable}: not set (32 random bytes in base64, or ${variable}_FILE)`;
  if (texts.every((text) => Buffer.from(text, 'base64').length === 32)) return undefined;
  return `${variable}: must be 32 bytes in base64`;
}

/** The bytes of each key that has 32 of them. */
export function keyBytes(source: KeySource): Buffer[] {
  return source
    .read()
    .map((text) => Buffer.from(text, 'base64'))
    .filter((bytes) => bytes.length === 32);
}

/**
 * Adds a key to a file. One append, so that a process that reads meanwhile sees all of the line or
 * takes the half of it for no key, and two who add at the same time both do.
 */
export function appendKey(path: string, key: Buffer): void {
  // Whoever wrote the file by hand may have left out its last line end.
  appendFileSync(path, `\n${key.toString('base64')}\n`, { mode: 0o600 });
}

function keyTexts(text: string | null): string[] {
  return (text ?? '').split(/[\s,]+/).filter((one) => one !== '');
}
