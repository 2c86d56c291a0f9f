/** Who a command calls a running gateway as: its address, a client's id and that client's key. */
import { readFileSync } from 'node:fs';
import type { JWK } from 'jose';
import { StartupError } from '#src/base/errors.ts';

/** The options of `parseArgs` that name a gateway and a client of it. */
export const callerOptions = {
  url: { type: 'string' },
  'client-key': { type: 'string' },
  'client-id': { type: 'string' },
} as const;

export interface CallerValues {
  url?: string | undefined;
  'client-key'?: string | undefined;
  'client-id'?: string | undefined;
}

/**
 * Reads the options; the client's id may be left out where the key's file is `<id>.jwk.json`.
 * Throws `StartupError` naming every option that is missing.
 */
export function readCaller(values: CallerValues): {
  url: string;
  clientId: string;
  clientKey: JWK;
} {
  const { url = '', 'client-key': keyFile = '' } = values;
  const missing = Object.entries({ url, 'client-key': keyFile }).filter(([, text]) => !text);
  if (missing.length > 0) throw new StartupError(missing.map(([name]) => `--${name}: not given`));
  const clientId = values['client-id'] ?? /([^/]+)\.jwk\.json$/.exec(keyFile)?.[1] ?? '';
  if (!clientId) throw new StartupError(['--client-id: not given (nor is the key <id>.jwk.json)']);
  return { url: url.replace(/\/$/, ''), clientId, clientKey: readKey(keyFile) };
}

/** What a file that is not a key holds is not told: it may be half of one. */
function readKey(file: string): JWK {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JWK;
  } catch {
    throw new StartupError([`--client-key: ${file} is not there, or is not a JWK`]);
  }
}
