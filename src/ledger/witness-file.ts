/**
 * Reads whose cosignatures the gateway takes, from the one file that `WAYBILL_WITNESSES` names: a
 * witness a line, its client and its vkey.
 */
import { readFileSync } from 'node:fs';
import { StartupError } from '#src/base/errors.ts';
import { parseWitnessVkey } from './cosignature.ts';
import { nodeCrypto } from './node-crypto.ts';

/** A witness of the ledger. */
export interface Witness {
  name: string;
  /** C2SP, of type 0x04. */
  vkey: string;
  /** The client that may bring its cosignatures. */
  client: string;
}

const witnessesMax = 100;

/**
 * @throws StartupError with every fault at once: an unreadable file, a line that is none, a vkey or
 *   a name that stands there twice
 */
export async function readWitnesses(path: string): Promise<Witness[]> {
  const faults: string[] = [];
  const witnesses: Witness[] = [];
  for (const [at, line] of linesOf(path).entries()) {
    const text = line.replace(/#.*$/, '').trim();
    if (text === '') continue;
    const fault = (said: string) => faults.push(`${path}:${at + 1}: ${said}`);
    const [, client = '', vkey = ''] =
      /^([a-z0-9][a-z0-9._-]{0,63})\s+(\S{1,500})$/.exec(text) ?? [];
    const key = await parseWitnessVkey(nodeCrypto, vkey).catch(() => null);
    if (key === null) fault('must be a client and the vkey of a witness (key type 4)');
    else if (witnesses.some(({ name }) => name === key.name))
      fault(`${key.name} stands here twice`);
    else witnesses.push({ name: key.name, vkey, client });
  }
  if (witnesses.length > witnessesMax) faults.push(`${path}: has more than ${witnessesMax}`);
  if (faults.length > 0) throw new StartupError(faults);
  return witnesses;
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch (error) {
    const { code = 'unreadable' } = error as { code?: string };
    throw new StartupError([`WAYBILL_WITNESSES: ${path} cannot be read (${code})`]);
  }
}
