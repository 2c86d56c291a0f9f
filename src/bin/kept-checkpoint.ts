/** The checkpoint of an auditor's last visit: what is verified next has to continue it. */
import { existsSync, readFileSync } from 'node:fs';
import { nodeCrypto } from '#src/ledger/node-crypto.ts';
import { verifyCheckpoint, type Checkpoint } from '#src/ledger/verify.ts';
import { writeDurably } from './folder-files.ts';

export interface Keeping {
  vkeys: readonly string[];
  /** null: nothing is kept. */
  stateFile: string | null;
}

/** What was kept; undefined on a first visit. Throws a TypeError when no key of ours signed it. */
export async function keptCheckpoint({
  stateFile,
  vkeys,
}: Keeping): Promise<Checkpoint | undefined> {
  if (stateFile === null || !existsSync(stateFile)) return undefined;
  return verifyCheckpoint(nodeCrypto, vkeys, readFileSync(stateFile, 'utf8'));
}

/** Keeps a note that was verified. */
export function keepCheckpoint({ stateFile }: Keeping, note: string): void {
  if (stateFile === null) return;
  writeDurably(stateFile, note);
}

/**
 * Where it is kept unless told: one file for each ledger and key, for another key is another
 * ledger, whatever its name. Of a ledger whose key was changed, the file of the key that was given
 * first and has one.
 */
export function stateFileOf(vkeys: readonly string[]): string {
  const files = vkeys.map((vkey) => {
    const [origin = '', keyId = ''] = vkey.split('+');
    return `.waybill/verified/${origin.replaceAll(/[^\w.-]/g, '_')}-${keyId}.checkpoint`;
  });
  return files.find((file) => existsSync(file)) ?? files[0] ?? '';
}
