/**
 * What a consignee may see beside its inbox: the state of what it returned. Anything else is 404.
 */
import { GatewayError } from '#src/base/errors.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';
import type { Database } from '#src/store/pool.ts';
import { pageOf, readCursor } from './cursor.ts';
import type { Page } from './for-emr.ts';
import { resultColumns, resultStatus, resultView, type ResultRow } from './rows.ts';

export interface ConsigneeDeps {
  db: Database;
  fingerprint: Fingerprint;
}

/** The results that this consignee returned, oldest first, without their content. */
export async function listReturned(
  deps: ConsigneeDeps,
  ask: Page & {
    client: string;
    consignee: string;
    transfer?: string | undefined;
    status?: string | undefined;
  },
) {
  const query = { list: 'returned', transfer: ask.transfer, status: ask.status };
  const scope = { client: ask.client, query };
  const after = readCursor(deps.fingerprint, scope, ask.cursor);
  const { rows } = await deps.db.query<ResultRow>(
    `SELECT ${resultColumns} FROM results
     WHERE consignee = $1 AND ($2::uuid IS NULL OR transfer = $2)
       AND ($3::text IS NULL OR ${resultStatus} = $3) AND ($4::uuid IS NULL OR id > $4)
     ORDER BY id LIMIT $5`,
    [ask.consignee, ask.transfer ?? null, ask.status ?? null, after, ask.limit + 1],
  );
  return pageOf(deps, scope, { rows, limit: ask.limit, toItem: resultView });
}

/** One result that this consignee returned. `NOT_FOUND` for another's. */
export async function getReturned(deps: ConsigneeDeps, ask: { consignee: string; id: string }) {
  const { rows } = await deps.db.query<ResultRow>(
    `SELECT ${resultColumns} FROM results WHERE id = $1 AND consignee = $2`,
    [ask.id, ask.consignee],
  );
  if (!rows[0]) throw new GatewayError('NOT_FOUND');
  return resultView(rows[0]);
}
