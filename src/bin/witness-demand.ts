/** Whose signatures an auditor relies on: the ledger's, and those of witnesses. */
import { StartupError } from '#src/base/errors.ts';
import { cosignersOf, type Cosigned } from '#src/ledger/cosignature.ts';
import type { LedgerFault } from '#src/ledger/entry-check.ts';
import { nodeCrypto } from '#src/ledger/node-crypto.ts';
import { readVkeys } from './read-vkeys.ts';

export interface WitnessDemand {
  /** Keys of witnesses (C2SP, type 4). */
  witnesses?: readonly string[] | undefined;
  /** How many of them have to have cosigned; all, unless told. */
  witnessesMin?: number | undefined;
}

/** How it is given on a command line. */
export const demandOptions = {
  vkey: { type: 'string', multiple: true },
  witness: { type: 'string', multiple: true },
  'witnesses-min': { type: 'string' },
} as const;

/** @throws StartupError without a key of the ledger, or where the number of witnesses is none */
export function readDemand(values: {
  vkey?: string[] | undefined;
  witness?: string[] | undefined;
  'witnesses-min'?: string | undefined;
}): Required<WitnessDemand> & { vkeys: string[] } {
  const vkeys = readVkeys('vkey', values.vkey ?? []);
  if (vkeys.length === 0) throw new StartupError(['--vkey: not given']);
  const witnesses = readVkeys('witness', values.witness ?? []);
  const { 'witnesses-min': min = String(witnesses.length) } = values;
  if (!/^\d{1,3}$/.test(min) || Number(min) > witnesses.length) {
    throw new StartupError(['--witnesses-min: not a number up to that of the witnesses given']);
  }
  return { vkeys, witnesses, witnessesMin: Number(min) };
}

/** Who of them has cosigned a note, and a fault where these are too few. */
export async function witnessesOf(
  { witnesses = [], witnessesMin = witnesses.length }: WitnessDemand,
  note: string,
): Promise<{ witnesses: Cosigned[]; faults: LedgerFault[] }> {
  const { cosigned, lacking } = await cosignersOf(nodeCrypto, witnesses, note);
  if (cosigned.length >= witnessesMin) return { witnesses: cosigned, faults: [] };
  const problem = `the checkpoint is not cosigned by ${lacking.join(', ')}`;
  return { witnesses: cosigned, faults: [{ index: null, problem }] };
}
