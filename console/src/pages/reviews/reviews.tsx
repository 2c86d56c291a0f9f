/** Every period that is inspected, newest first: what is overdue, and who signed the others. */
import { Link } from 'wouter';
import type { Schemas } from '../../api.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { Answer, Table } from '../../pieces.tsx';
import { useReviews } from './data.ts';
import { periodName } from './period.ts';
import { reviewsWords } from './words.ts';

type Standing = Schemas['ReviewStanding'];

export function Reviews() {
  const words = useWords(reviewsWords);
  const { number } = useLanguage();
  const reviews = useReviews();
  return (
    <>
      <h1>{words.title}</h1>
      <p className="quiet">{words.intro}</p>
      <Answer of={reviews}>
        {({ items }) => {
          const late = items.filter(({ state }) => state === 'overdue').length;
          if (items.length === 0) return <p role="status">{words.empty}</p>;
          return (
            <>
              {late > 0 && <p className="bad">{words.overdue(number(late))}</p>}
              <Periods items={items} />
            </>
          );
        }}
      </Answer>
    </>
  );
}

export function ReviewState({ of }: { of: Standing['state'] }) {
  const words = useWords(reviewsWords);
  const tone = of === 'signed' ? ' good' : of === 'overdue' ? ' bad' : '';
  return <span className={`chip${tone}`}>{words.states[of]}</span>;
}

/** Who it was: the account of a person, else the client. */
export const whoOf = ({ client, person }: { client: string; person: string | null }) =>
  person ?? client;

function Periods({ items }: { items: readonly Standing[] }) {
  const { language, day, time, number } = useLanguage();
  const words = useWords(reviewsWords);
  const head = [words.period, words.days, words.state, words.due, words.signed, words.anomalies];
  return (
    <Table stacks caption={words.title} head={head}>
      {items.map(({ period, from, to, state, dueOn, signed }) => (
        <tr key={period}>
          <th scope="row">
            <Link href={`/reviews/${period}`}>{periodName(period, language)}</Link>
          </th>
          <td>
            {day(from)} – {day(to)}
          </td>
          <td>
            <ReviewState of={state} />
          </td>
          <td>{day(dueOn)}</td>
          <td>
            {signed && `${time(signed.at)} · ${whoOf(signed)}`}
            {!signed && (state === 'signed' ? words.covered : '–')}
          </td>
          <td className="number">{signed ? number(signed.anomalies) : '–'}</td>
        </tr>
      ))}
    </Table>
  );
}
