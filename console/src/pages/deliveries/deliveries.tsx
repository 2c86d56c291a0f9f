/** How delivery to each consignee does: who is troubled stands first. */
import { Link } from 'wouter';
import type { Schemas } from '../../api.ts';
import { useConsignees } from '../../consignees.ts';
import { DeliveryState, deliveryState } from '../../delivery-state.tsx';
import { useLanguage, useWords } from '../../language.tsx';
import { Answer, Table } from '../../pieces.tsx';
import { outcomeText } from './outcome.ts';
import { deliveriesWords } from './words.ts';

type Consignee = Schemas['Consignee'];

const everyMs = 10_000;

export function Deliveries() {
  const { say } = useLanguage();
  const words = useWords(deliveriesWords);
  const consignees = useConsignees(everyMs);
  const head = [say.consignees.name, words.channel, say.state, words.waiting, words.oldest];
  return (
    <>
      <h1>{words.title}</h1>
      <p className="quiet">{words.lead}</p>
      <Answer of={consignees}>
        {({ items }) => (
          <Table
            stacks
            caption={words.title}
            head={[...head, words.lastSuccess, words.lastOutcome, words.nextAttempt]}
          >
            {items.toSorted(troubledFirst).map((one) => (
              <Row key={one.id} of={one} />
            ))}
          </Table>
        )}
      </Answer>
    </>
  );
}

const troubledFirst = (one: Consignee, other: Consignee) =>
  Number(deliveryState(one) === 'well') - Number(deliveryState(other) === 'well') ||
  other.waiting - one.waiting;

function Row({ of }: { of: Consignee }) {
  const { say, language, number, time } = useLanguage();
  const words = useWords(deliveriesWords);
  const { delivery, checkIn } = of;
  return (
    <tr>
      <th scope="row">
        <Link href={`/deliveries/${of.id}`}>{of.name[language]}</Link>
      </th>
      <td>{say.consignees.channel[of.channel]}</td>
      <td>
        <DeliveryState of={of} />
      </td>
      <td className="number" data-label={words.waiting}>
        {number(of.waiting)}
      </td>
      <td data-label={words.oldest}>{time(delivery?.oldestWaitingAt)}</td>
      <td data-label={words.lastSuccess}>{time(delivery?.lastSuccessAt ?? checkIn?.lastAt)}</td>
      <td data-label={words.lastOutcome}>
        {delivery ? outcomeText(words, delivery.lastOutcome) : '–'}
      </td>
      <td data-label={words.nextAttempt}>{time(delivery?.nextAttemptAt)}</td>
    </tr>
  );
}
