/** The picture as a table for a spreadsheet: what is shown, and no cell that could be a formula. */
import { stringify } from 'csv-stringify/browser/esm/sync';
import { classWords } from '../../item-class.tsx';
import type { Language } from '../../words/both.ts';
import type { Cell, Picture } from './picture.ts';
import { matrixWords } from './words.ts';

/** Without it Excel takes UTF-8 for another encoding, and Korean for nonsense. */
const byteOrderMark = '\uFEFF';

/** What spreadsheets begin a formula with, also in the width that Korean input methods write. */
const formula = /^[\s\p{Cf}]*[=+\-@\t\r\n＝＋－＠]/u;

const safe = (cell: string) => (formula.test(cell) ? `'${cell}` : cell);

/** One line for each consignee, one column for each item, lines ended as RFC 4180 has it. */
export function csvOf(picture: Picture, language: Language): string {
  const words = matrixWords[language];
  const { on, days, columns, rows, holders } = picture;
  const said = ({ is, required, transfers }: Cell) => words.short[is](required, String(transfers));
  const head = [
    ...[words.consignee, words.id, words.contract, words.transfers(String(days))],
    ...[words.itemCount, words.uniqueCount],
    ...columns.map(({ label, class: of }) => `${label[language]} (${classWords[language][of]})`),
    words.day,
  ];
  const lines = rows.map((row) => [
    ...[row.name[language], row.consignee, row.contract ?? words.noContract],
    ...[row.transfers, row.items, row.uniqueIdentifiers].map(String),
    ...row.cells.map((cell) => (cell.is === 'none' ? '' : said(cell))),
    on,
  ]);
  const foot = [words.holders, '', '', '', '', '', ...holders.map(String), on];
  const table = [head, ...lines, foot].map((line) => line.map(safe));
  return byteOrderMark + stringify(table, { record_delimiter: 'windows' });
}
