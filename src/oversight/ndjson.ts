/** Transfers as newline-delimited JSON: one a line, and a last one that says that all are there. */
import type { TransferRow } from '#src/transfers/rows.ts';
import type { RowPages } from './export.ts';
import type { ExportView } from './export-view.ts';

/** A page a piece. The last line is `{"end":true,"count":N}`: without it the export broke off. */
export async function* ndjsonPieces(
  pages: RowPages,
  viewOf: (row: TransferRow) => ExportView,
): AsyncGenerator<string, void, undefined> {
  let count = 0;
  for await (const rows of pages) {
    count += rows.length;
    yield rows.map((row) => `${JSON.stringify(viewOf(row).transfer)}\n`).join('');
  }
  yield `${JSON.stringify({ end: true, count })}\n`;
}
