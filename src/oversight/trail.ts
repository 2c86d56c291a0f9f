/** One transfer's whole trail: its row, receipts and results, and every entry that speaks of it. */
import type { Actor } from '#src/base/words.ts';
import type { LedgerReader } from '#src/ledger/read.ts';
import { missingTransfer } from '#src/transfers/archived.ts';
import { receiptsOf } from '#src/transfers/receipts-of.ts';
import { resultColumns, resultView, type ResultRow } from '#src/transfers/rows.ts';
import { transferColumns, type TransferRow } from '#src/transfers/rows.ts';
import { minimisationOf } from './minimisation.ts';
import { recordRead, type OversightDeps } from './record-read.ts';
import { auditView } from './search.ts';

/** Opens a trail; that it was opened becomes an entry of it. `NOT_FOUND`, `ARCHIVED`. */
export async function openTrail(
  deps: OversightDeps & { ledger: Pick<LedgerReader, 'trail'> },
  ask: { actor: Actor; id: string },
) {
  const { rows } = await deps.db.query<TransferRow>(
    `SELECT ${transferColumns} FROM transfers WHERE id = $1`,
    [ask.id],
  );
  if (!rows[0]) throw await missingTransfer(deps.db, ask.id);
  await recordRead(deps, { actor: ask.actor, transfer: ask.id, query: { what: 'trail' } });
  const results = await deps.db.query<ResultRow>(
    `SELECT ${resultColumns} FROM results WHERE transfer = $1 ORDER BY id LIMIT 1000`,
    [ask.id],
  );
  const entries = await deps.ledger.trail(ask.id);
  return {
    transfer: auditView(rows[0]),
    minimisation: minimisationOf(entries),
    receipts: await receiptsOf(deps.db, ask.id),
    results: results.rows.map(resultView),
    entries: entries.map(({ index, leaf, detail, erased }) => {
      const { kind, at } = readLeaf(leaf);
      const content = detail
        ? (JSON.parse(detail.content.toString('utf8')) as Record<string, unknown>)
        : null;
      const read = { index, kind, at, leaf: leaf.toString('base64'), detail: content };
      return erased ? { ...read, erased } : read;
    }),
  };
}

/** Kind and time of a leaf; a leaf that was tampered with says `unreadable`. */
function readLeaf(leaf: Buffer): { kind: string; at: string | null } {
  try {
    const { kind, at } = JSON.parse(leaf.toString('utf8')) as { kind: string; at: string };
    return { kind, at };
  } catch {
    return { kind: 'unreadable', at: null };
  }
}
