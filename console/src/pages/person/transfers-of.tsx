/** One person's transfers as a search finds them, where somebody wants to see them, too. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from 'react-aria-components';
import { api, told, type Schemas } from '../../api.ts';
import { useWords } from '../../language.tsx';
import { Answer, Card } from '../../pieces.tsx';
import { TransferTable } from '../../transfer-table.tsx';
import type { Asked } from './asked.ts';
import { TransferLink } from './disclosed.tsx';
import { personWords } from './words.ts';

export function TransfersOf({ asked }: { asked: Asked }) {
  const words = useWords(personWords);
  const [isWanted, setIsWanted] = useState(false);
  return (
    <Card title={words.transfers}>
      {isWanted ? (
        <Found asked={asked} />
      ) : (
        <p className="row">
          <Button onPress={() => setIsWanted(true)}>{words.list}</Button>
          <span className="quiet">{words.listNote}</span>
        </p>
      )}
    </Card>
  );
}

function Found({ asked: { serial, subject, from, to } }: { asked: Asked }) {
  const words = useWords(personWords);
  const found = useInfiniteQuery({
    queryKey: ['person-transfers', serial],
    queryFn: ({ pageParam }) => {
      const period = { ...(from && { from }), ...(to && { to }) };
      const cursor = pageParam === null ? {} : { cursor: pageParam };
      const body = { subject, ...period, ...cursor };
      return told(api.POST('/v1/audit/transfers/search', { body }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    ...{ staleTime: Infinity, gcTime: 0, retry: false, refetchOnReconnect: false },
  });
  return (
    <Answer of={found}>
      {({ pages }) => (
        <>
          <Rows of={pages.flatMap(({ items }) => items)} />
          {found.hasNextPage && (
            <p className="row">
              <Button
                isDisabled={found.isFetchingNextPage}
                onPress={() => void found.fetchNextPage()}
              >
                {words.more}
              </Button>
            </p>
          )}
        </>
      )}
    </Answer>
  );
}

function Rows({ of }: { of: readonly Schemas['AuditTransfer'][] }) {
  const words = useWords(personWords);
  if (of.length === 0) return <p role="status">{words.noTransfers}</p>;
  return (
    <TransferTable
      of={of}
      caption={words.transfers}
      link={(id, when) => <TransferLink id={id}>{when}</TransferLink>}
    />
  );
}
