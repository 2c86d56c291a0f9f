/** The accounting of disclosures of one person; it is asked for once, and kept nowhere. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Button } from 'react-aria-components';
import { api, told, type Schemas } from '../../api.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { Answer, Card } from '../../pieces.tsx';
import type { Asked } from './asked.ts';
import { Disclosed } from './disclosed.tsx';
import { EraseCard } from './erase-card.tsx';
import { PrintCard } from './print-card.tsx';
import { Recipients } from './recipients.tsx';
import { TransfersOf } from './transfers-of.tsx';
import { personWords } from './words.ts';

type Disclosures = Schemas['Disclosures'];

interface AccountingProps {
  asked: Asked;
  mayErase: boolean;
  onErased: (done: Schemas['Erasure']) => void;
}

export function Accounting({ asked, mayErase, onErased }: AccountingProps) {
  const { serial, subject, reason, from, to } = asked;
  const words = useWords(personWords);
  const found = useInfiniteQuery({
    // Nobody is named by it.
    queryKey: ['person', serial],
    queryFn: ({ pageParam }) => {
      const period = { ...(from && { from }), ...(to && { to }) };
      const cursor = pageParam === null ? {} : { cursor: pageParam };
      const body = { subject, reason, ...period, ...cursor };
      return told(api.POST('/v1/audit/disclosures', { body }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    // Each look is an entry: only a person asks again.
    ...{ staleTime: Infinity, gcTime: 0, retry: false, refetchOnReconnect: false },
  });
  return (
    <Answer of={found}>
      {({ pages: [first, ...others] }) =>
        first?.known ? (
          <>
            <Totals of={first} />
            <Recipients of={first.recipients} />
            <Disclosed of={[first, ...others].flatMap(({ disclosures }) => disclosures)}>
              {found.hasNextPage ? (
                <Button
                  isDisabled={found.isFetchingNextPage}
                  onPress={() => void found.fetchNextPage()}
                >
                  {words.more}
                </Button>
              ) : (
                <span>{words.all}</span>
              )}
            </Disclosed>
            <div className="columns">
              <PrintCard asked={asked} />
              {mayErase && <EraseCard subject={subject} onErased={onErased} />}
            </div>
            <TransfersOf asked={asked} />
          </>
        ) : (
          <Card title={words.recipients}>
            <p role="status">{words.nobody}</p>
          </Card>
        )
      }
    </Answer>
  );
}

function Totals({ of: { asOf, archivedBefore, totals } }: { of: Disclosures }) {
  const { time, day, number } = useLanguage();
  const words = useWords(personWords);
  const kinds = Object.keys(words.totals) as (keyof typeof totals)[];
  return (
    <>
      <p className="totals" role="status">
        <span>{words.asOf(time(asOf.at))}</span>
        {kinds
          .filter((kind) => totals[kind] > 0)
          .map((kind) => (
            <span key={kind} className={kind === 'received' ? 'chip good' : 'chip'}>
              {words.totals[kind]}: {number(totals[kind])}
            </span>
          ))}
      </p>
      {archivedBefore && <p className="bad">{words.archived(day(archivedBefore))}</p>}
    </>
  );
}
