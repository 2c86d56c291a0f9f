/** How each consignee is: its contract, whether it takes what is delivered, what waits for it. */
import { Link } from 'wouter';
import type { Schemas } from '../../api.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { ContractLink } from '../../links.tsx';
import { Table } from '../../pieces.tsx';
import { DeliveryState } from '../../delivery-state.tsx';
import { overviewWords } from './words.ts';

export function ConsigneeTable({ items }: { items: readonly Schemas['Consignee'][] }) {
  const { say, language, time, number } = useLanguage();
  const words = useWords(overviewWords).consignees;
  const head = [say.consignees.name, words.work, words.channel, say.consignees.contract];
  return (
    <Table
      stacks
      caption={words.title}
      head={[...head, say.state, words.waiting, words.oldest, words.last]}
    >
      {items.map((one) => (
        <tr key={one.id}>
          <th scope="row">
            <Link href={`/deliveries/${one.id}`}>{one.name[language]}</Link>
          </th>
          <td>{one.work[language]}</td>
          <td>{say.consignees.channel[one.channel]}</td>
          <td>
            {one.contract === null ? (
              <span className="chip bad">{say.consignees.noContract}</span>
            ) : (
              <ContractLink of={one.contract} />
            )}
          </td>
          <td>
            <DeliveryState of={one} />
          </td>
          <td className="number" data-label={words.waiting}>
            {number(one.waiting)}
          </td>
          <td data-label={words.oldest}>{time(one.delivery?.oldestWaitingAt)}</td>
          <td data-label={words.last}>
            {time(one.delivery?.lastSuccessAt ?? one.checkIn?.lastAt)}
          </td>
        </tr>
      ))}
    </Table>
  );
}
