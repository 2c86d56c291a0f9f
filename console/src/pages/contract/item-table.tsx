/** The items that a version lists, how delicate each is, and how often it went of late. */
import { Link } from 'wouter';
import { ClassChip } from '../../item-class.tsx';
import { useItems } from '../../items.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { Table } from '../../pieces.tsx';
import { daysBack, useCounts, type WholeText } from './data.ts';
import { contractWords } from './words.ts';

interface Of {
  consignee: string;
  /** Counts lead to the transfers that they count. */
  mayAudit: boolean;
}

export function ItemTable({ of, consignee, mayAudit }: Of & { of: WholeText }) {
  const { language, number } = useLanguage();
  const { list, nameOf } = useItems();
  const words = useWords(contractWords).text;
  const counts = useCounts(consignee);
  const classOf = new Map(list.map(({ item, class: one }) => [item, one]));
  const wentOf = new Map(counts.data?.items.map(({ item, released }) => [item, released]));
  const went = (item: string) => {
    if (!counts.data) return '–';
    const count = wentOf.get(item) ?? 0;
    if (count === 0) return words.never;
    if (!mayAudit) return words.times(number(count));
    return (
      <Link href={`/transfers?consignee=${consignee}&released=${item}`}>
        {words.times(number(count))}
      </Link>
    );
  };
  const head = [words.item, words.class, words.need, words.went(number(daysBack))];
  return (
    <Table stacks caption={words.items} head={head}>
      {of.items.map(({ item, required }) => {
        const itemClass = classOf.get(item);
        const pin = of.pins?.[item];
        return (
          <tr key={item}>
            <th scope="row">
              {nameOf(item)}
              {pin && <p className="pin">{pin[language]}</p>}
              {itemClass === 'uniqueIdentifier' && <Basis of={of} item={item} />}
            </th>
            <td>{itemClass && <ClassChip of={itemClass} />}</td>
            <td>{required ? <strong>{words.required}</strong> : words.optional}</td>
            <td>{went(item)}</td>
          </tr>
        );
      })}
    </Table>
  );
}

/** The law that allows a unique identifier; without one it is withheld. */
function Basis({ of, item }: { of: WholeText; item: string }) {
  const { language } = useLanguage();
  const words = useWords(contractWords).text;
  const basis = of.legalBasis?.find((one) => one.item === item);
  return (
    <p className="pin">
      {words.basis}: {basis ? basis.basis[language] : words.noBasis}{' '}
      {basis && (
        <span className={basis.confirmed ? 'chip good' : 'chip bad'}>
          {basis.confirmed ? words.confirmed : words.unconfirmed}
        </span>
      )}
    </p>
  );
}

/** What an EMR sent for this consignee although the contract does not list it. */
export function Stayed({ consignee, mayAudit }: Of) {
  const { number } = useLanguage();
  const { nameOf } = useItems();
  const words = useWords(contractWords).text;
  const counts = useCounts(consignee);
  const stayed = (counts.data?.items ?? [])
    .filter(({ notContracted }) => notContracted > 0)
    .toSorted((one, other) => other.notContracted - one.notContracted);
  if (stayed.length === 0) return null;
  return (
    <details className="stayed">
      <summary>
        {words.stayed(number(daysBack))} ({number(stayed.length)})
      </summary>
      <ul className="lines">
        {stayed.map(({ item, notContracted }) => (
          <li key={item}>
            {mayAudit ? (
              <Link href={`/transfers?consignee=${consignee}&withheld=${item}`}>
                {nameOf(item)}
              </Link>
            ) : (
              nameOf(item)
            )}
            : {words.times(number(notContracted))}
          </li>
        ))}
      </ul>
    </details>
  );
}
