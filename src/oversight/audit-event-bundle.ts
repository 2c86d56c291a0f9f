/** Transfers and what came back for them as FHIR R4 AuditEvents, in one Bundle that is streamed. */
import type { Database } from '#src/store/pool.ts';
import { resultColumns, resultView, type ResultRow } from '#src/transfers/rows.ts';
import { disclosureEvent, returnEvent, type EventDeps } from './audit-event.ts';
import type { RowPages } from './export.ts';
import { viewOf, type ExportDeps } from './export-view.ts';

/** Of one page of transfers: a batch of results at a time. */
const resultsMax = 1_000;

/**
 * A Bundle of type `collection`, some hundred events a piece. It is closed when all are there: one
 * that is not JSON broke off.
 */
export async function* eventPieces(
  deps: ExportDeps,
  pages: RowPages,
  started: Date,
): AsyncGenerator<string, void, undefined> {
  const timestamp = started.toISOString();
  yield `{"resourceType":"Bundle","type":"collection","timestamp":"${timestamp}","entry":[`;
  const toView = viewOf(deps);
  const about: EventDeps = { issuer: deps.issuer, clinic: deps.agreements.clinic };
  let separator = '\n';
  const textOf = (events: readonly { id: string }[]): string => {
    const entries = events.map((resource) => {
      const text = JSON.stringify({ fullUrl: `urn:uuid:${resource.id}`, resource });
      const piece = separator + text;
      separator = ',\n';
      return piece;
    });
    return entries.join('');
  };
  for await (const rows of pages) {
    const views = new Map(rows.map((row) => [row.id, toView(row)]));
    yield textOf([...views.values()].map((view) => disclosureEvent(about, view)));
    for await (const results of resultsOf(deps.db, [...views.keys()])) {
      yield textOf(
        results.flatMap((row) => {
          const view = views.get(row.transfer);
          return view ? [returnEvent(about, view, resultView(row))] : [];
        }),
      );
    }
  }
  yield '\n]}\n';
}

/** The results of some transfers, by keyset: a transfer may have had any number of them. */
async function* resultsOf(
  db: Database,
  transfers: readonly string[],
): AsyncGenerator<ResultRow[], void, undefined> {
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const { rows } = await db.query<ResultRow>(
      `SELECT ${resultColumns} FROM results WHERE transfer = ANY ($1::uuid[]) AND id > $2
       ORDER BY id LIMIT ${resultsMax}`,
      [transfers, after],
    );
    const last = rows.at(-1);
    if (last) yield rows;
    if (!last || rows.length < resultsMax) return;
    after = last.id;
  }
}
