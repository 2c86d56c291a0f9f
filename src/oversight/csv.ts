/**
 * Transfers as a table that Excel opens by a double click: UTF-8 with its mark, CRLF, a heading in
 * the reader's language, and no cell that a spreadsheet would take for a formula.
 */
import { stringify } from 'csv-stringify/sync';
import type { Words } from '#src/base/words.ts';
import type { TransferRow } from '#src/transfers/rows.ts';
import type { RowPages } from './export.ts';
import type { ExportView } from './export-view.ts';

type Language = keyof Words;

interface Column {
  heading: Words;
  cell: (view: ExportView, language: Language) => string | number | null;
}

/** Without it Excel takes UTF-8 for the code page of the machine, and Korean for something else. */
const byteOrderMark = '\uFEFF';
const seoulOffsetMs = 9 * 3_600_000;
const separator = '; ';

const column = (en: string, ko: string, cell: Column['cell']): Column => ({
  heading: { en, ko },
  cell,
});

/** In the order in which they stand. A column is only ever added at the end. */
const columns: readonly Column[] = [
  column('Transfer', '전송 번호', ({ transfer }) => transfer.id),
  column('Accepted (Seoul)', '접수 일시(서울)', ({ transfer }) => seoulTime(transfer.createdAt)),
  column('Consignee', '수탁자', ({ consignee, transfer }, language) => {
    return consignee?.name[language] ?? transfer.consignee;
  }),
  column('Consignee id', '수탁자 ID', ({ transfer }) => transfer.consignee),
  column('Work', '위탁 업무', ({ contract }, language) => contract?.work[language] ?? null),
  column('Contract', '계약', ({ transfer }) => transfer.contract),
  column('Channel', '전달 방식', ({ transfer }) => transfer.channel),
  column('Status', '상태', ({ transfer }) => transfer.status),
  column('Items released', '제공 항목', ({ transfer, contract }, language) => {
    const items = [...transfer.released, ...transfer.derived];
    return items.map((code) => labelOf(contract, code, language)).join(separator);
  }),
  column('Released (codes)', '제공 항목(코드)', ({ transfer }) => {
    return transfer.released.join(separator);
  }),
  column('Derived (codes)', '산출 항목(코드)', ({ transfer }) => transfer.derived.join(separator)),
  column('Withheld', '제외 항목과 사유', ({ transfer }) => {
    return transfer.withheld.map(withheldText).join(separator);
  }),
  column('Client', '의뢰 시스템', ({ transfer }) => transfer.client),
  column('Subject (random id)', '정보주체(무작위 번호)', ({ transfer }) => transfer.subject),
  column('Taken over (Seoul)', '인수 일시(서울)', ({ transfer }) => seoulTime(transfer.takenAt)),
  column('Settled (Seoul)', '종결 일시(서울)', ({ transfer }) => seoulTime(transfer.settledAt)),
  column('Attempts', '시도 횟수', ({ transfer }) => transfer.attempts),
  column('Last outcome', '마지막 결과', ({ transfer }) => transfer.lastOutcome),
  column('Ledger entry', '원장 번호', ({ transfer }) => transfer.entry),
  column('Commitment (hex)', '커밋먼트(16진수)', ({ transfer }) => {
    // In base64 one in 64 begins with a plus, and would be taken for a formula.
    return Buffer.from(transfer.commitment, 'base64').toString('hex');
  }),
  column('Expires (Seoul)', '만료 일시(서울)', ({ transfer }) => seoulTime(transfer.expiresAt)),
  column('Purged (Seoul)', '파기 일시(서울)', ({ transfer }) => seoulTime(transfer.purgedAt)),
  column('Replaces', '대체한 전송', ({ transfer }) => transfer.replaces),
  column('Replaced by', '대체된 전송', ({ transfer }) => transfer.replacedBy),
];

/** A page a piece, after a first one with the heading. */
export async function* csvPieces(
  pages: RowPages,
  { viewOf, language }: { viewOf: (row: TransferRow) => ExportView; language: Language },
): AsyncGenerator<string, void, undefined> {
  yield byteOrderMark + csvText([columns.map(({ heading }) => heading[language])]);
  for await (const rows of pages) {
    yield csvText(
      rows.map((row) => {
        const view = viewOf(row);
        return columns.map(({ cell }) => cell(view, language));
      }),
    );
  }
}

/**
 * Records as RFC 4180 has them. A cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage
 * return gets an apostrophe before it, which spreadsheets take as a sign of text.
 */
export function csvText(records: readonly (readonly (string | number | null)[])[]): string {
  return stringify(
    records.map((cells) => cells.map((cell) => (typeof cell === 'string' ? asText(cell) : cell))),
    // Either of them alone ends no record of ours, but a row in a spreadsheet.
    { record_delimiter: 'windows', quoted_match: /[\r\n]/ },
  );
}

/** What spreadsheets begin a formula with, also in the width that Korean input methods write. */
const formula = /^[\s\p{Cf}]*[=+\-@\t\r\n＝＋－＠]/u;

function asText(cell: string): string {
  return formula.test(cell) ? `'${cell}` : cell;
}

function labelOf(contract: ExportView['contract'], code: string, language: Language): string {
  return contract?.dictionary.items.get(code)?.label[language] ?? code;
}

function withheldText(one: { item: string; reason: string; count?: number }): string {
  const times = one.count === undefined ? '' : ` × ${one.count}`;
  return `${one.item} (${one.reason}${times})`;
}

/** `2026-01-05 10:59:36`, which Excel knows for a time. */
function seoulTime(instant: string | null): string | null {
  if (instant === null) return null;
  const local = new Date(Date.parse(instant) + seoulOffsetMs).toISOString();
  return `${local.slice(0, 10)} ${local.slice(11, 19)}`;
}
