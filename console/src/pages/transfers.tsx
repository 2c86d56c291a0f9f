/** The auditor's search: filters in the address, newest first, a page at a time. */
import { useInfiniteQuery } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { Button } from 'react-aria-components';
import { Link, useLocation, useSearchParams } from 'wouter';
import { api, told, type Schemas } from '../api.ts';
import { useConsignees } from '../consignees.ts';
import { useLanguage } from '../language.tsx';
import { Answer, Table } from '../pieces.tsx';

type Transfer = Schemas['AuditTransfer'];
type Status = Transfer['status'];

/** What may stand in the address: never whose data it is. */
const filters = ['consignee', 'status', 'released', 'withheld', 'from', 'to'] as const;

const statuses: readonly Status[] = [
  ...(['accepted', 'ready', 'sending', 'leased', 'delivered'] as const),
  ...(['rejected', 'failed', 'cancelled', 'expired', 'withdrawn'] as const),
];

export function Transfers() {
  const { say, number } = useLanguage();
  const [params] = useSearchParams();
  const asked = Object.fromEntries(
    filters.map((name) => [name, params.get(name) ?? '']).filter(([, value]) => value !== ''),
  ) as Partial<Record<(typeof filters)[number], string>>;
  const found = useInfiniteQuery({
    queryKey: ['transfers', asked],
    initialPageParam: '',
    queryFn: ({ pageParam }) =>
      told(
        api.GET('/v1/audit/transfers', {
          params: { query: queryOf(asked, pageParam) },
        }),
      ),
    getNextPageParam: ({ next }) => next,
  });
  const rows = found.data?.pages.flatMap(({ items }) => items);
  return (
    <>
      <h1>{say.search.title}</h1>
      <Filters asked={asked} />
      <p className="quiet">{say.search.note}</p>
      <Answer of={{ ...found, data: rows }}>
        {(items) =>
          items.length === 0 ? (
            <p role="status">{say.search.empty}</p>
          ) : (
            <>
              <Rows items={items} />
              <p className="quiet" role="status">
                {say.search.count(number(items.length))}
                {!found.hasNextPage && ` · ${say.search.all}`}
              </p>
              {found.hasNextPage && (
                <Button
                  isDisabled={found.isFetchingNextPage}
                  onPress={() => void found.fetchNextPage()}
                >
                  {say.search.more}
                </Button>
              )}
            </>
          )
        }
      </Answer>
    </>
  );
}

/** Days are days in Seoul. */
function queryOf(asked: Partial<Record<(typeof filters)[number], string>>, cursor: string) {
  const { from, to, status, ...others } = asked;
  const instant = (day: string) => new Date(`${day}T00:00:00+09:00`).toISOString();
  return {
    ...others,
    limit: 50,
    ...(status && { status: status as Status }),
    ...(from && { from: instant(from) }),
    ...(to && { to: instant(to) }),
    ...(cursor && { cursor }),
  };
}

function Filters({ asked }: { asked: Partial<Record<(typeof filters)[number], string>> }) {
  const { say, language } = useLanguage();
  const [, go] = useLocation();
  const words = say.search;
  const consignees = useConsignees();
  const search = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = [...new FormData(event.currentTarget)].filter(([, value]) => value !== '');
    go(`/transfers?${new URLSearchParams(given as [string, string][]).toString()}`);
  };
  return (
    <form className="filters" onSubmit={search} key={JSON.stringify(asked)}>
      <label>
        {words.consignee}
        <select name="consignee" defaultValue={asked.consignee ?? ''}>
          <option value="">{words.any}</option>
          {consignees.data?.items.map(({ id, name }) => (
            <option key={id} value={id}>
              {name[language]}
            </option>
          ))}
        </select>
      </label>
      <label>
        {words.status}
        <select name="status" defaultValue={asked.status ?? ''}>
          <option value="">{words.any}</option>
          {statuses.map((status) => (
            <option key={status} value={status}>
              {say.status[status]}
            </option>
          ))}
        </select>
      </label>
      {(['released', 'withheld'] as const).map((name) => (
        <label key={name}>
          {name === 'released' ? words.item : words.withheld}
          <input name={name} defaultValue={asked[name] ?? ''} maxLength={100} />
        </label>
      ))}
      {(['from', 'to'] as const).map((name) => (
        <label key={name}>
          {words[name]}
          <input name={name} type="date" defaultValue={asked[name] ?? ''} />
        </label>
      ))}
      <div className="buttons">
        <Button type="submit" className="main">
          {words.find}
        </Button>
        <Button onPress={() => go('/transfers')}>{words.clear}</Button>
      </div>
    </form>
  );
}

function Rows({ items }: { items: readonly Transfer[] }) {
  const { say, time, language } = useLanguage();
  const consignees = useConsignees();
  const names = new Map(consignees.data?.items.map(({ id, name }) => [id, name]));
  const words = say.search;
  return (
    <Table
      stacks
      caption={words.title}
      head={[words.when, words.consignee, words.status, words.items]}
    >
      {items.map((one) => (
        <tr key={one.id}>
          <th scope="row">
            <Link href={`/transfers/${one.id}`}>{time(one.createdAt)}</Link>
          </th>
          <td>{names.get(one.consignee)?.[language] ?? one.consignee}</td>
          <td>
            <Status of={one.status} />
          </td>
          <td>
            <Chips of={one} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

const troubled: readonly Status[] = ['rejected', 'failed', 'expired'];

export function Status({ of }: { of: Status }) {
  const { say } = useLanguage();
  const tone = of === 'delivered' ? ' good' : troubled.includes(of) ? ' bad' : '';
  return <span className={`chip${tone}`}>{say.status[of]}</span>;
}

function Chips({ of }: { of: Transfer }) {
  const { say } = useLanguage();
  return (
    <ul className="chips">
      {of.released.map((item) => (
        <li key={item} className="chip good" title={say.kind.released}>
          {item}
        </li>
      ))}
      {of.derived.map((item) => (
        <li key={item} className="chip derived" title={say.kind.derived}>
          {item}
          <span className="hidden"> ({say.kind.derived})</span>
        </li>
      ))}
      {of.withheld.map(({ item, reason }) => (
        <li key={`${item} ${reason}`} className="chip withheld" title={say.reason[reason]}>
          <s>{item}</s>
          <span className="hidden">
            {' '}
            ({say.kind.withheld}: {say.reason[reason]})
          </span>
        </li>
      ))}
    </ul>
  );
}
