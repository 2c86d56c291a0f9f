/** Whether those whom an auditor relies on have cosigned the checkpoint. */
import { verifyCosignature, type Cosigned } from '#src/ledger/cosignature.ts';
import type { LedgerFault } from '#src/ledger/entry-check.ts';
import { nodeCrypto } from './node-crypto.ts';

export interface WitnessDemand {
  /** Keys of witnesses (C2SP, type 4). */
  witnesses?: readonly string[] | undefined;
  /** How many of them have to have cosigned; all, unless told. */
  witnessesMin?: number | undefined;
}

/** Who of them has cosigned a note, and a fault where these are too few. */
export async function witnessesOf(
  { witnesses = [], witnessesMin = witnesses.length }: WitnessDemand,
  note: string,
): Promise<{ witnesses: Cosigned[]; faults: LedgerFault[] }> {
  const cosigned: Cosigned[] = [];
  const lacking: string[] = [];
  for (const vkey of new Set(witnesses)) {
    const found = await verifyCosignature(nodeCrypto, vkey, note);
    if (found) cosigned.push(found);
    else lacking.push(vkey.split('+')[0] ?? '');
  }
  if (cosigned.length >= witnessesMin) return { witnesses: cosigned, faults: [] };
  const problem = `the checkpoint is not cosigned by ${lacking.join(', ')}`;
  return { witnesses: cosigned, faults: [{ index: null, problem }] };
}
