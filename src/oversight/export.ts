/** Takes what a search finds out of the gateway: with a reason, as an entry, and piece by piece. */
import { GatewayError } from '#src/base/errors.ts';
import { newId } from '#src/base/ids.ts';
import type { Actor, Words } from '#src/base/words.ts';
import type { TransferRow } from '#src/transfers/rows.ts';
import { eventPieces } from './audit-event-bundle.ts';
import { csvPieces } from './csv.ts';
import { createExportEnd } from './export-end.ts';
import { readReason } from './export-reason.ts';
import { viewOf, type ExportDeps } from './export-view.ts';
import { ndjsonPieces } from './ndjson.ts';
import { recordRead } from './record-read.ts';
import { assertItems, findPerson, queryOf, type Search } from './search.ts';
import { findTransfers, type TransferFilter } from './search-page.ts';

export type ExportFormat = 'csv' | 'ndjson' | 'fhir';

export interface ExportAsk {
  actor: Actor;
  search: Search;
  format: ExportFormat;
  reason: string;
  /** The reason came in a query. */
  inUrl: boolean;
  /** Of headings and names. */
  language: keyof Words;
  /** Asked before each page: rejects once the caller may have no more. */
  assertMay: () => Promise<void>;
}

/** Pages of rows as they are turned into text. */
export type RowPages = AsyncGenerator<readonly TransferRow[], void, undefined>;

/** About 1.5 MB as FHIR, which is the most that one export holds in memory. */
const pageRows = 500;
/** 5,000,000 rows take some ten minutes; whoever reads slower asks for less at a time. */
export const exportMsMax = 60 * 60 * 1000;

/**
 * Records the export and begins it. The pieces are made as they are asked for, by keyset: each row
 * as it is when it is read, the newest first, none twice. What goes wrong on the way is thrown, and
 * the end of the text is then missing. However it ends, a further entry says how many rows it had.
 *
 * @throws GatewayError `INVALID_REQUEST`, `REASON_IN_URL`, `UNKNOWN_FILTER_VALUE`
 */
export async function openExport(
  deps: ExportDeps,
  ask: ExportAsk,
): Promise<AsyncGenerator<string, void, undefined>> {
  const { search, actor, format } = ask;
  const reason = readReason(ask);
  assertItems(deps.agreements, search);
  const person = search.subject && (await findPerson(deps, search.subject));
  const query = { what: 'transfers', ...queryOf(search) };
  const id = newId(deps.clock.now());
  await recordRead(deps, { kind: 'exported', actor, format, reason, query, person, export: id });
  const isNobody = search.subject !== undefined && !person;
  const filter = { ...search, subject: person?.id };
  const end = createExportEnd(deps, { actor, export: id });
  const pages = end.counted(isNobody ? noPages() : pagesOf(deps, ask, filter));
  return end.told(piecesOf(deps, ask, pages));
}

function piecesOf(deps: ExportDeps, { format, language }: ExportAsk, pages: RowPages) {
  switch (format) {
    case 'csv':
      return csvPieces(pages, { viewOf: viewOf(deps), language });
    case 'ndjson':
      return ndjsonPieces(pages, viewOf(deps));
    case 'fhir':
      return eventPieces(deps, pages, deps.clock.now());
  }
}

async function* noPages(): RowPages {
  // nobody is known by that identifier, and nothing is said of anybody else
}

async function* pagesOf(deps: ExportDeps, ask: ExportAsk, filter: TransferFilter): RowPages {
  const until = deps.steadyNow() + exportMsMax;
  for (let before: string | null = null; ;) {
    await ask.assertMay();
    if (deps.steadyNow() > until) throw new GatewayError('CLIENT_STALLED');
    const rows: TransferRow[] = await findTransfers(deps.db, { filter, before, count: pageRows });
    const last = rows.at(-1);
    if (last) yield rows;
    if (!last || rows.length < pageRows) return;
    before = last.id;
  }
}
