/** An auditor who never stops asking: every checkpoint continues the one before. */
import { nodeCrypto } from '#src/ledger/node-crypto.ts';
import {
  fromBase64,
  verifyCheckpoint,
  verifyConsistency,
  type Checkpoint,
} from '#src/ledger/verify.ts';
import type { ApiClient } from '#src/bin/api-client.ts';
import { count, fail, noteCheckpoint, type Book } from './book.ts';
import { pause, within } from './pace.ts';

const restMs = 150;
const answerMsMax = 4_000;

/** Watches until the signal. */
export async function watchLedger(
  deps: { book: Book; auditor: ApiClient; vkey: string },
  signal: AbortSignal,
): Promise<void> {
  const { book, auditor, vkey } = deps;
  let last: Checkpoint | undefined;
  while (!signal.aborted) {
    const note = await within(answerMsMax, auditor.text('/v1/ledger/checkpoint')).catch(() => null);
    if (note !== null) {
      try {
        const next = await verifyCheckpoint(nodeCrypto, vkey, note);
        if (await continues(deps, last, next)) {
          noteCheckpoint(book, { size: next.size, root: Buffer.from(next.root).toString('hex') });
          if (next.size !== last?.size) count(book, 'checkpoints watched');
          last = next;
        }
      } catch (error) {
        fail(book, `a checkpoint does not hold: ${String(error)}`);
      }
    }
    await pause(restMs, signal);
  }
}

/** False where nobody could say. */
async function continues(
  { book, auditor }: { book: Book; auditor: ApiClient },
  last: Checkpoint | undefined,
  next: Checkpoint,
): Promise<boolean> {
  if (!last) return true;
  if (next.size < last.size) {
    fail(book, `the ledger has shrunk from ${last.size} to ${next.size} entries`);
    return false;
  }
  const path = `/v1/ledger/proof/consistency?from=${last.size}&to=${next.size}`;
  const proof = await within(answerMsMax, auditor.json<{ hashes: string[] }>(path)).catch(
    () => null,
  );
  if (!proof) return false;
  if (await verifyConsistency(nodeCrypto, last, next, proof.hashes.map(fromBase64))) return true;
  fail(book, `the checkpoint of ${next.size} entries does not continue that of ${last.size}`);
  return false;
}
