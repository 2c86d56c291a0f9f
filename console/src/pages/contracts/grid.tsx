/** The matrix itself: signs to be seen from afar, a sentence for whichever cell one is at. */
import { memo, useRef, useState, type KeyboardEvent, type SyntheticEvent } from 'react';
import { Link } from 'wouter';
import { classWords, Glyph } from '../../item-class.tsx';
import { useLanguage, useWords } from '../../language.tsx';
import { GridHead } from './grid-head.tsx';
import type { Cell, Column, Picture, PictureRow } from './picture.ts';
import { matrixWords } from './words.ts';

/** Row and column of a cell, from 0; column -1 is the consignee's name. */
interface Place {
  row: number;
  col: number;
}

const placeOf = (target: EventTarget): Place | null => {
  const found = target instanceof Element && target.closest<HTMLElement>('[data-at]');
  if (!found) return null;
  const [row = 0, col = 0] = (found.dataset['at'] ?? '').split(' ').map(Number);
  return { row, col };
};

export function Grid({ of, caption }: { of: Picture; caption: string }) {
  const { number } = useLanguage();
  const words = useWords(matrixWords);
  const table = useRef<HTMLTableElement>(null);
  /** Where the keyboard is, or would be. */
  const [here, setHere] = useState<Place>({ row: 0, col: -1 });
  /** What is pointed at, or has the focus. */
  const [at, setAt] = useState<Place | null>(null);
  const { rows, columns, holders } = of;
  const point = ({ target }: SyntheticEvent) => setAt(placeOf(target));
  const move = (event: KeyboardEvent) => {
    const next = after(event, here, { rows: rows.length, columns: columns.length });
    if (!next) return;
    event.preventDefault();
    table.current?.querySelector<HTMLElement>(`[data-at="${next.row} ${next.col}"]`)?.focus();
  };
  const focused = ({ target }: SyntheticEvent) => {
    const place = placeOf(target);
    setAt(place);
    if (place) setHere(place);
  };
  return (
    <>
      <Readout of={of} at={at} />
      <div className="sheet matrix" onMouseOver={point} onMouseLeave={() => setAt(null)}>
        <table ref={table} role="grid" aria-readonly="true" onFocus={focused} onKeyDown={move}>
          <caption className="hidden">{caption}</caption>
          <colgroup>
            <col className="names" />
            {columns.map(({ item }, col) => (
              <col key={item} className={at?.col === col ? 'here' : undefined} />
            ))}
          </colgroup>
          <GridHead of={of} col={at?.col ?? -1} />
          <tbody>
            {rows.map((one, row) => (
              <Line
                key={one.consignee}
                of={one}
                {...{ columns, row }}
                tabAt={here.row === row ? here.col : null}
              />
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row" className="name">
                {words.holders}
              </th>
              {holders.map((count, col) => (
                <td key={columns[col]?.item}>{number(count)}</td>
              ))}
              <td colSpan={3} />
            </tr>
          </tfoot>
        </table>
      </div>
    </>
  );
}

/** Where a key leads from a cell; null where it leads nowhere. */
function after(
  { key, ctrlKey }: KeyboardEvent,
  { row, col }: Place,
  size: { rows: number; columns: number },
): Place | null {
  const last = size.columns - 1;
  const steps: Partial<Record<string, Place>> = {
    ArrowLeft: { row, col: col - 1 },
    ArrowRight: { row, col: col + 1 },
    ArrowUp: { row: row - 1, col },
    ArrowDown: { row: row + 1, col },
    Home: { row: ctrlKey ? 0 : row, col: -1 },
    End: { row: ctrlKey ? size.rows - 1 : row, col: last },
  };
  const next = steps[key];
  if (!next || next.row < 0 || next.row >= size.rows) return null;
  return next.col < -1 || next.col > last ? null : next;
}

interface LineProps {
  of: PictureRow;
  row: number;
  columns: readonly Column[];
  /** The cell that the tab key leads to; null: it is in another row. */
  tabAt: number | null;
}

const Line = memo(function Line({ of, row, columns, tabAt }: LineProps) {
  const { language, number } = useLanguage();
  const words = useWords(matrixWords);
  const tab = (col: number) => (tabAt === col ? 0 : -1);
  return (
    <tr>
      <th scope="row" className="name">
        <Link href={`/contracts/${of.consignee}`} data-at={`${row} -1`} tabIndex={tab(-1)}>
          {of.name[language]}
        </Link>
        {of.contract === null && <span className="chip bad">{words.noContract}</span>}
      </th>
      {of.cells.map((cell, col) => (
        <td
          key={columns[col]?.item}
          data-at={`${row} ${col}`}
          tabIndex={tab(col)}
          className={columns[col]?.class}
        >
          <Sign of={cell} column={columns[col]} />
        </td>
      ))}
      <td className="sum">{number(of.items)}</td>
      <td className="sum">{of.uniqueIdentifiers === 0 ? '–' : number(of.uniqueIdentifiers)}</td>
      <td className="sum">{number(of.transfers)}</td>
    </tr>
  );
});

function Sign({ of, column }: { of: Cell; column: Column | undefined }) {
  const { number } = useLanguage();
  const words = useWords(matrixWords);
  return (
    <>
      <span className={`tile ${of.is}`}>
        {of.is !== 'none' && column && <Glyph of={column.class} isFull={of.required} />}
      </span>
      <span className="hidden">{words.short[of.is](of.required, number(of.transfers))}</span>
    </>
  );
}

/** In a sentence what is pointed at. Who listens hears the cell itself. */
function Readout({ of, at }: { of: Picture; at: Place | null }) {
  const { language, number, day } = useLanguage();
  const words = useWords(matrixWords);
  const names = useWords(classWords);
  const row = at && of.rows[at.row];
  const column = at && of.columns[at.col];
  const cell = at && row?.cells[at.col];
  if (!row || !column || !cell) return <p className="readout quiet">{words.point}</p>;
  return (
    <p className="readout">
      {words.may(row.name[language], column.label[language], names[column.class])}
      <strong>{words.short[cell.is](cell.required, number(cell.transfers))}</strong>
      {cell.lastOn && words.last(day(cell.lastOn))}
    </p>
  );
}
