/** The auditor's search: filters and place in the address, newest first, a page at a time. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'wouter';
import { api, told } from '../../api.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { Answer } from '../../pieces.tsx';
import { TransferTable } from '../../transfer-table.tsx';
import { Filters } from './filters.tsx';
import { askedIn, queryOf } from './query.ts';
import { searchWords } from './words.ts';

export function Transfers() {
  const words = useWords(searchWords);
  const [params] = useSearchParams();
  const asked = askedIn(params);
  const cursor = params.get('cursor');
  const found = useQuery({
    queryKey: ['transfers', asked, cursor],
    // What is older does not change place: going back and forth shows the same page.
    queryFn: () =>
      told(api.GET('/v1/audit/transfers', { params: { query: queryOf(asked, cursor) } })),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <h1>{words.title}</h1>
      <Filters asked={asked} />
      <p className="quiet">{words.note}</p>
      <Answer of={found}>
        {({ items, next }) =>
          items.length === 0 ? (
            <p role="status">{words.empty}</p>
          ) : (
            <>
              <TransferTable
                of={items}
                caption={words.title}
                link={(id, when) => <Link href={`/transfers/${id}`}>{when}</Link>}
              />
              <Pages params={params} count={items.length} next={next} />
            </>
          )
        }
      </Answer>
    </>
  );
}

/** Links, so that a page can be sent to somebody, and the browser's own “back” goes back. */
function Pages(props: { params: URLSearchParams; count: number; next: string | null }) {
  const { number } = useLanguage();
  const words = useWords(searchWords);
  const { params, count, next } = props;
  const at = (cursor: string | null) => {
    const there = new URLSearchParams(params);
    if (cursor === null) there.delete('cursor');
    else there.set('cursor', cursor);
    return `/transfers?${there.toString()}`;
  };
  return (
    <nav className="pages" aria-label={words.pages}>
      <span className="quiet" role="status">
        {words.count(number(count))}
        {next === null && ` · ${words.all}`}
      </span>
      {params.has('cursor') && <Link href={at(null)}>{words.newest}</Link>}
      {next !== null && <Link href={at(next)}>{words.older} →</Link>}
    </nav>
  );
}
