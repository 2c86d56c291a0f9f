/** One person's disclosures one by one, newest first, each with the way to its transfer. */
import type { ReactNode } from 'react';
import type { Schemas } from '../../api.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { Card, Table } from '../../pieces.tsx';
import { ItemList } from './item-list.tsx';
import { personWords } from './words.ts';

interface DisclosedProps {
  of: readonly Schemas['Disclosure'][];
  /** What stands below: how to go on. */
  children: ReactNode;
}

export function Disclosed({ of, children }: DisclosedProps) {
  const { language, day, number } = useLanguage();
  const words = useWords(personWords);
  const head = [words.day, words.recipient, words.items, words.outcome, words.back];
  return (
    <Card title={words.listed}>
      <Table stacks caption={words.listed} head={head}>
        {of.map(({ transfer, moment, name, items, words: outcome, results }) => (
          <tr key={transfer}>
            <th scope="row">
              <TransferLink id={transfer}>{day(moment.date)}</TransferLink>
            </th>
            <td>{name[language]}</td>
            <td>
              <ItemList of={items} />
            </td>
            <td>{outcome[language]}</td>
            <td>
              {results.map((result) => (
                <div key={result.moment.at}>
                  {day(result.moment.date)} <ItemList of={result.items} />
                </div>
              ))}
            </td>
          </tr>
        ))}
      </Table>
      <p className="row quiet">
        <span role="status">{words.shown(number(of.length))}</span>
        {children}
      </p>
    </Card>
  );
}

/** In a new tab: to leave this page is to lose what it shows. */
export function TransferLink({ id, children }: { id: string; children: ReactNode }) {
  const words = useWords(personWords);
  return (
    <a href={`/console/transfers/${id}`} target="_blank" rel="noreferrer" title={words.open}>
      {children} <span aria-hidden>↗</span>
      <span className="hidden"> {words.open}</span>
    </a>
  );
}
