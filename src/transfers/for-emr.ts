/** What an EMR may see: its own orders and the results that came back for them, and no others. */
import type { Agreements } from '#src/agreements/load.ts';
import { GatewayError } from '#src/base/errors.ts';
import { referenceAad } from '#src/sealing/aad.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';
import type { Sealer } from '#src/sealing/seal.ts';
import type { Database } from '#src/store/pool.ts';
import { missingTransfer } from './archived.ts';
import { pageOf, readCursor } from './cursor.ts';
import { receiptsOf } from './receipts-of.ts';
import { openResult } from './result-content.ts';
import {
  resultColumns,
  resultStatus,
  resultView,
  transferColumns,
  transferView,
  type ResultRow,
  type TransferRow,
} from './rows.ts';

export interface EmrDeps {
  db: Database;
  sealer: Sealer;
  fingerprint: Fingerprint;
  agreements: Agreements;
}

export interface Page {
  cursor?: string | undefined;
  limit: number;
}

/** The client's orders, newest first. */
export async function listTransfers(
  deps: EmrDeps,
  ask: Page & { client: string; consignee?: string | undefined; status?: string | undefined },
) {
  const query = { list: 'transfers', consignee: ask.consignee, status: ask.status };
  const scope = { client: ask.client, query };
  const after = readCursor(deps.fingerprint, scope, ask.cursor);
  const { rows } = await deps.db.query<TransferRow>(
    `SELECT ${transferColumns} FROM transfers
     WHERE client = $1
       AND ($2::text IS NULL OR consignee = $2) AND ($3::text IS NULL OR status = $3)
       AND ($4::uuid IS NULL OR id < $4) ORDER BY id DESC LIMIT $5`,
    [ask.client, ask.consignee ?? null, ask.status ?? null, after, ask.limit + 1],
  );
  return pageOf(deps, scope, { rows, limit: ask.limit, toItem: transferView });
}

/**
 * One order of the client, with the reference that the EMR gave it and the receipts that its
 * consignee signed. `NOT_FOUND` for another's, `ARCHIVED`.
 */
export async function getTransfer(deps: EmrDeps, ask: { client: string; id: string }) {
  const { rows } = await deps.db.query<TransferRow>(
    `SELECT ${transferColumns} FROM transfers WHERE id = $1 AND client = $2`,
    [ask.id, ask.client],
  );
  const row = rows[0];
  if (!row) throw await missingTransfer(deps.db, ask.id);
  const given = await receiptsOf(deps.db, row.id);
  const receipts = given.map(({ signer, signedAt }) => ({ signer, signedAt }));
  if (row.reference === null) return { ...transferView(row), receipts };
  const reference = deps.sealer.open(row.reference, referenceAad(row.id)).toString('utf8');
  return { ...transferView(row), receipts, reference };
}

/** Results for the client's orders, oldest first, once a checkpoint covers them. */
export async function listResults(
  deps: EmrDeps,
  ask: Page & { client: string; transfer?: string | undefined; status?: string | undefined },
) {
  const query = { list: 'results', transfer: ask.transfer, status: ask.status };
  const scope = { client: ask.client, query };
  const after = readCursor(deps.fingerprint, scope, ask.cursor);
  const { rows } = await deps.db.query<ResultRow>(
    `SELECT ${resultColumns} FROM results
     WHERE client = $1 AND status <> 'accepted' AND ($2::uuid IS NULL OR transfer = $2)
       AND ($3::text IS NULL OR ${resultStatus} = $3) AND ($4::uuid IS NULL OR id > $4)
     ORDER BY id LIMIT $5`,
    [ask.client, ask.transfer ?? null, ask.status ?? null, after, ask.limit + 1],
  );
  return pageOf(deps, scope, { rows, limit: ask.limit, toItem: resultView });
}

/** One result with its content. `NOT_FOUND` for another's, `PAYLOAD_PURGED` once collected. */
export async function getResult(deps: EmrDeps, ask: { client: string; id: string }) {
  const { rows } = await deps.db.query<ResultRow & { sealed: Buffer | null }>(
    `SELECT ${resultColumns},
       (SELECT sealed FROM payloads WHERE payloads.id = results.id) AS sealed
     FROM results WHERE id = $1 AND client = $2 AND status <> 'accepted'`,
    [ask.id, ask.client],
  );
  const row = rows[0];
  if (!row) throw new GatewayError('NOT_FOUND');
  if (row.sealed === null) throw new GatewayError('PAYLOAD_PURGED');
  return { ...resultView(row), ...openResult(deps, { ...row, sealed: row.sealed }) };
}

/** One result of the client's as it stands, without its content. */
export async function getCollected(deps: EmrDeps, ask: { client: string; id: string }) {
  const { rows } = await deps.db.query<ResultRow>(
    `SELECT ${resultColumns} FROM results WHERE id = $1 AND client = $2`,
    [ask.id, ask.client],
  );
  if (!rows[0]) throw new GatewayError('NOT_FOUND');
  return resultView(rows[0]);
}
