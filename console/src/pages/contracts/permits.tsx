/** The same picture where there is no room for a matrix: for each consignee what it may have. */
import { Link } from 'wouter';
import { classWords, Glyph } from '../../item-class.tsx';
import { useLanguage, useWords } from '../../language.tsx';
import { isContracted, type Picture } from './picture.ts';
import { matrixWords } from './words.ts';

export function Permits({ of: { rows, columns, days } }: { of: Picture }) {
  const { language, number } = useLanguage();
  const words = useWords(matrixWords);
  const names = useWords(classWords);
  return (
    <ul className="permits">
      {rows.map((row) => (
        <li key={row.consignee} className="card">
          <Link href={`/contracts/${row.consignee}`}>
            <strong>{row.name[language]}</strong>
          </Link>
          <div className="quiet">
            {words.row(number(row.items), number(row.transfers), number(days))}
          </div>
          <ul>
            {columns.map(({ item, label, class: of }, at) => {
              const cell = row.cells[at];
              if (!cell || !isContracted(cell)) return null;
              return (
                <li key={item} className={of}>
                  <span className={`tile ${cell.is}`}>
                    <Glyph of={of} isFull={cell.required} />
                  </span>
                  {label[language]}
                  <span className="hidden">
                    ({names[of]}, {words.short[cell.is](cell.required, number(cell.transfers))})
                  </span>
                </li>
              );
            })}
          </ul>
        </li>
      ))}
    </ul>
  );
}
