/** The auditor's search: every transfer, whoever's, and an entry that says who looked for what. */
import { idFloor } from '#src/base/ids.ts';
import type { Actor } from '#src/base/words.ts';
import { pageOf, readCursor } from '#src/transfers/cursor.ts';
import { transferColumns, transferView, type TransferRow } from '#src/transfers/rows.ts';
import { recordRead, type OversightDeps } from './record-read.ts';

export interface Search {
  consignee?: string | undefined;
  status?: string | undefined;
  /** The instants between which the transfer was accepted: from inclusive, to exclusive. */
  from?: Date | undefined;
  to?: Date | undefined;
}

/** A transfer as an auditor sees it: also whose order it was, and the subject's random id. */
export function auditView(row: TransferRow) {
  return { ...transferView(row), client: row.client, subject: row.subject };
}

/**
 * Searches transfers, newest first, by keyset: a deep page costs as the first. One entry a query:
 * a cursor only continues the query whose entry was written.
 */
export async function searchTransfers(
  deps: OversightDeps,
  ask: { actor: Actor; search: Search; cursor?: string | undefined; limit: number },
) {
  const { consignee = null, status = null, from, to } = ask.search;
  const period = { from: from?.toISOString() ?? null, to: to?.toISOString() ?? null };
  const query = { what: 'transfers', consignee, status, ...period };
  const scope = { client: ask.actor.client, query };
  const after = readCursor(deps.fingerprint, scope, ask.cursor);
  if (after === null) await recordRead(deps, { actor: ask.actor, query });
  // The period is a range of ids (UUIDv7), so that only the months it touches are read.
  const { rows } = await deps.db.query<TransferRow>(
    `SELECT ${transferColumns} FROM transfers
     WHERE ($1::text IS NULL OR consignee = $1) AND ($2::text IS NULL OR status = $2)
       AND id >= COALESCE($3::uuid, '00000000-0000-0000-0000-000000000000')
       AND id < COALESCE($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
     ORDER BY id DESC LIMIT $5`,
    [consignee, status, from ? idFloor(from) : null, upper(after, to), ask.limit + 1],
  );
  return pageOf(deps, scope, { rows, limit: ask.limit, toItem: auditView });
}

/** The cursor lies within the period, so it alone is the bound once there is one. */
function upper(after: string | null, to: Date | undefined): string | null {
  return after ?? (to ? idFloor(to) : null);
}
