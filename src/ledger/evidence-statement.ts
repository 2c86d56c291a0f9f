/** Signs evidence files: what the gateway itself says of one, as a C2SP signed note. */
import { sha256 } from '#src/base/canonical.ts';
import { statedPart, statementText } from './evidence.ts';
import type { Evidence } from './evidence-form.ts';
import { signNote, type LedgerKey } from './note.ts';

/**
 * The file with its statement. The first line of what is signed is the name of the format, never
 * the origin: no statement can be taken for a checkpoint, nor the other way round.
 *
 * @param tree.size of the checkpoint in the file
 */
export function signEvidence(
  key: LedgerKey,
  unsigned: Omit<Evidence, 'statement'>,
  tree: { size: number },
): Evidence {
  const hash = sha256(Buffer.from(statedPart(unsigned), 'utf8')).toString('base64');
  const { transfer } = unsigned;
  const text = statementText({ origin: key.origin, transfer, size: tree.size, hash });
  return { ...unsigned, statement: signNote(key, text) };
}
