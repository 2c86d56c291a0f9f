/** Items by consignee: what would be released, derived or withheld, and why. */
import { Fragment } from 'react';
import { useItems } from '../../items.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { ConsigneeName } from '../../links.tsx';
import { Card } from '../../pieces.tsx';
import type { Preview } from './asking.ts';
import { tryWords } from './words.ts';

export function Comparison({ of }: { of: readonly Preview[] }) {
  const words = useWords(tryWords);
  const { list, nameOf } = useItems();
  return (
    <Card title={words.table}>
      <p className="quiet">{words.legend}</p>
      <div className="sheet comparison" role="group" aria-label={words.table} tabIndex={0}>
        <table>
          <caption className="hidden">{words.table}</caption>
          <thead>
            <tr>
              <th scope="col">{words.item}</th>
              {of.map(({ consignee }) => (
                <th key={consignee} scope="col">
                  <ConsigneeName of={consignee} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rowsOf(
              of,
              list.map(({ item }) => item),
            ).map((item) => (
              <tr key={item}>
                <th scope="row">{nameOf(item)}</th>
                {of.map((one) => (
                  <td key={one.consignee}>
                    <Cell of={one} item={item} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

/** Every item that any answer names, in the order of the dictionary. */
function rowsOf(of: readonly Preview[], order: readonly string[]): string[] {
  const named = of.flatMap(({ released, derived, withheld }) => [
    ...released,
    ...derived,
    ...withheld.map(({ item }) => item),
  ]);
  const place = (item: string) => {
    const at = order.indexOf(item);
    return at < 0 ? order.length : at;
  };
  return [...new Set(named)].sort((a, b) => place(a) - place(b));
}

function Cell({ of: { released, derived, withheld }, item }: { of: Preview; item: string }) {
  const { say } = useLanguage();
  const why = withheld.filter((one) => one.item === item);
  const isPlain = why.every(({ reason }) => reason === 'NOT_IN_CONTRACT');
  // An item of a list can be both: released of one element, withheld of another.
  return (
    <>
      {released.includes(item) && <span className="chip good">{say.kind.released}</span>}
      {derived.includes(item) && <span className="chip derived">{say.kind.derived}</span>}
      {why.map(({ reason }) => (
        <Fragment key={reason}>
          {isPlain ? (
            <>
              <span aria-hidden>–</span>
              <span className="hidden">{say.reason[reason]}</span>
            </>
          ) : (
            <span className="chip withheld">{say.reason[reason]}</span>
          )}
        </Fragment>
      ))}
    </>
  );
}
