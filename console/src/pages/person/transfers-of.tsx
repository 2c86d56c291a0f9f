/** One person's transfers as a search finds them, where somebody wants to see them, too. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from 'react-aria-components';
import { api, told, type Schemas } from '../../api.ts';
import { Chips, Status } from '../../chips.tsx';
import { useLanguage, useWords } from '../../language.tsx';
import { ConsigneeName } from '../../links.tsx';
import { Answer, Card, Table } from '../../pieces.tsx';
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
  const { say, time } = useLanguage();
  const words = useWords(personWords);
  if (of.length === 0) return <p role="status">{words.noTransfers}</p>;
  const head = [words.accepted, say.consignees.name, say.state, words.items];
  return (
    <Table stacks caption={words.transfers} head={head}>
      {of.map((one) => (
        <tr key={one.id}>
          <th scope="row">
            <TransferLink id={one.id}>{time(one.createdAt)}</TransferLink>
          </th>
          <td>
            <ConsigneeName of={one.consignee} />
          </td>
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
