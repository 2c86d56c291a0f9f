/** All that each recipient got of one person, under which contract, and until when. */
import type { Schemas } from '../../api.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { ConsigneeName, ContractLink } from '../../links.tsx';
import { Card, Table } from '../../pieces.tsx';
import { ItemList } from './item-list.tsx';
import { personWords } from './words.ts';

type Recipient = Schemas['Recipient'];

export function Recipients({ of }: { of: readonly Recipient[] }) {
  const words = useWords(personWords);
  const head = [words.recipient, words.purpose, words.items, words.when, words.until];
  return (
    <Card title={words.recipients}>
      {of.length === 0 ? (
        <p className="quiet">{words.noRecipients}</p>
      ) : (
        <Table stacks caption={words.recipients} head={head}>
          {of.map((one) => (
            <Row key={one.contract.id} of={one} />
          ))}
        </Table>
      )}
    </Card>
  );
}

function Row({ of }: { of: Recipient }) {
  const { language } = useLanguage();
  const words = useWords(personWords);
  const others = of.passesOnTo.map(({ name }) => name[language]).join(', ');
  return (
    <tr>
      <th scope="row">
        <ConsigneeName of={of.consignee} />
        {of.address && <p className="quiet">{of.address[language]}</p>}
        {others !== '' && (
          <p className="quiet">
            {words.passesOn}: {others}
          </p>
        )}
      </th>
      <td>
        {of.work?.[language] ?? '–'}
        {of.purpose && <p className="quiet">{of.purpose[language]}</p>}
      </td>
      <td>
        <ItemList of={of.items} />
      </td>
      <td>
        <When of={of} />
      </td>
      <td>
        <Until of={of} />
      </td>
    </tr>
  );
}

function When({ of: { first, last, count, uncertain, turnedAway } }: { of: Recipient }) {
  const { day, number } = useLanguage();
  const words = useWords(personWords);
  return (
    <>
      {day(first.date)}
      {last.date !== first.date && ` – ${day(last.date)}`} ({words.times(number(count))})
      {uncertain > 0 && <p className="quiet">{words.uncertain(number(uncertain))}</p>}
      {turnedAway > 0 && <p className="quiet">{words.turnedAway(number(turnedAway))}</p>}
    </>
  );
}

function Until({ of: { keptUntil, destruction, contract } }: { of: Recipient }) {
  const { language, day } = useLanguage();
  const words = useWords(personWords);
  const { destroyedOn = null, dueOn = null } = destruction ?? {};
  return (
    <>
      {keptUntil?.[language] ?? '–'}
      {destroyedOn !== null && <p>{words.destroyed(day(destroyedOn))}</p>}
      {destroyedOn === null && dueOn !== null && <p>{words.toDestroy(day(dueOn))}</p>}
      <p className="quiet">
        <ContractLink of={contract.id} />
      </p>
    </>
  );
}
