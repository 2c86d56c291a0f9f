/** `waybill witness key`: makes the key that a witness cosigns with. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { StartupError } from '#src/base/errors.ts';
import {
  cosigningKeyFromSeed,
  encodeWitnessVkey,
  isWitnessName,
  type CosigningKey,
} from '#src/ledger/witness-key.ts';

const form = /^PRIVATE\+KEY\+([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/u;

/** The private key as one line: as its vkey, with the seed in the place of the public key. */
function encodePrivate(key: CosigningKey, seed: Buffer): string {
  const [, id] = encodeWitnessVkey(key).slice(key.name.length).split('+');
  return `PRIVATE+KEY+${key.name}+${id}+${Buffer.concat([Buffer.of(4), seed]).toString('base64')}`;
}

/**
 * Reads the key of a witness from its file.
 * @throws StartupError when it is none; what a file holds is not told: it may be half a key
 */
export function readCosigningKey(path: string): CosigningKey {
  const text = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  const [, name = '', , inBase64 = ''] = form.exec(text) ?? [];
  const bytes = Buffer.from(inBase64, 'base64');
  if (bytes.length === 33 && bytes[0] === 4) {
    const key = cosigningKeyFromSeed(name, bytes.subarray(1));
    if (encodePrivate(key, bytes.subarray(1)) === text) return key;
  }
  throw new StartupError([
    `--key: ${path} is not the key of a witness: \`waybill witness key NAME FILE\` makes one`,
  ]);
}

/** The command: writes the private half to a file that did not exist, prints the public one. */
export function makeWitnessKey(args: readonly string[]): number {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true });
  const [name = '', path = ''] = positionals;
  const faults = [
    ...(isWitnessName(name)
      ? []
      : ['NAME: a name without spaces and plus, as a URL without https']),
    ...(path ? [] : ['FILE: not given']),
    ...(path && existsSync(path) ? [`${path}: is there already`] : []),
  ];
  if (faults.length > 0 || positionals.length > 2) {
    throw new StartupError([...faults, 'usage: waybill witness key NAME FILE']);
  }
  const seed = randomBytes(32);
  const key = cosigningKeyFromSeed(name, seed);
  writeFileSync(path, `${encodePrivate(key, seed)}\n`, { mode: 0o600, flag: 'wx' });
  process.stdout.write(`${encodeWitnessVkey(key)}\n`);
  return 0;
}
