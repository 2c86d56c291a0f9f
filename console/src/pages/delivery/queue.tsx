/** What waits for a consignee, or did not get there, each with what can be done about it. */
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from 'react-aria-components';
import { Link } from 'wouter';
import { api, told, type Schemas } from '../../api.ts';
import { Status } from '../../chips.tsx';
import { ActionDialog } from '../../dialog.tsx';
import { useLanguage, useWords } from '../../language.tsx';
import { Answer, Table } from '../../pieces.tsx';
import { ReasonForm } from '../../reason-form.tsx';
import { outcomeText } from '../deliveries/outcome.ts';
import { deliveriesWords } from '../deliveries/words.ts';
import { deliveryWords } from './words.ts';

export interface QueueProps {
  consignee: string;
  state: 'waiting' | 'failed';
  scopes: ReadonlySet<string>;
  /** Paused, or its endpoint is not tried at the moment. */
  isStopped: boolean;
}

type One = Schemas['DeliverySummary'];

export function Queue({ consignee, state, scopes, isStopped }: QueueProps) {
  const { say } = useLanguage();
  const words = useWords(deliveryWords);
  const heads = useWords(deliveriesWords);
  // How one came here, so that there is a way back; the address keeps what is shown, not how far.
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1);
  const found = useQuery({
    queryKey: ['deliveries', consignee, state, cursor],
    queryFn: () =>
      told(
        api.GET('/v1/consignees/{id}/deliveries', {
          params: {
            path: { id: consignee },
            query: { state, limit: 50, ...(cursor && { cursor }) },
          },
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: state === 'waiting' ? 10_000 : false,
  });
  const mayOperate = scopes.has('consignees:operate');
  const when = state === 'waiting' ? words.due : words.ended;
  const head = [words.transfer, say.state, words.attempts, heads.lastOutcome, when];
  return (
    <Answer of={found}>
      {({ items, next }) =>
        items.length === 0 && !cursor ? (
          <p role="status">{words.none[state]}</p>
        ) : (
          <>
            <Table
              stacks
              caption={words.states[state]}
              head={mayOperate ? [...head, words.action] : head}
            >
              {items.map((one) => (
                <Row key={one.id} {...{ of: one, consignee, state, scopes, isStopped }} />
              ))}
            </Table>
            <div className="pages row">
              {cursor && (
                <Button onPress={() => setCursors(cursors.slice(0, -1))}>{words.before}</Button>
              )}
              {next !== null && (
                <Button onPress={() => setCursors([...cursors, next])}>{words.more}</Button>
              )}
            </div>
          </>
        )
      }
    </Answer>
  );
}

function Row({ of, consignee, state, scopes, isStopped }: QueueProps & { of: One }) {
  const { time, number } = useLanguage();
  const words = useWords(deliveryWords);
  const heads = useWords(deliveriesWords);
  const canGo = state === 'waiting' ? of.status === 'ready' && !isStopped : of.purgedAt === null;
  return (
    <tr>
      <th scope="row">
        {scopes.has('audit:read') ? (
          <Link href={`/transfers/${of.id}`}>{time(of.createdAt)}</Link>
        ) : (
          time(of.createdAt)
        )}{' '}
        <code className="quiet">{of.id}</code>
      </th>
      <td>
        <Status of={of.status} />
      </td>
      <td className="number" data-label={words.attempts}>
        {number(of.attempts)}
      </td>
      <td data-label={heads.lastOutcome}>{outcomeText(heads, of.lastOutcome)}</td>
      <td data-label={state === 'waiting' ? words.due : words.ended}>
        {time(state === 'waiting' ? of.dueAt : of.settledAt)}
      </td>
      {scopes.has('consignees:operate') && (
        <td>
          {of.purgedAt !== null && words.purged}
          {canGo && <Again {...{ id: of.id, consignee, state }} />}
        </td>
      )}
    </tr>
  );
}

function Again({ id, consignee, state }: { id: string; consignee: string; state: string }) {
  const words = useWords(deliveryWords);
  const queries = useQueryClient();
  const action = state === 'waiting' ? words.retryOne : words.redeliver;
  const send = (reason: string) =>
    state === 'waiting'
      ? told(
          api.POST('/v1/consignees/{id}/retry', {
            params: { path: { id: consignee } },
            body: { reason, transfer: id },
          }),
        )
      : told(
          api.POST('/v1/transfers/{id}/redeliver', { params: { path: { id } }, body: { reason } }),
        );
  return (
    <ActionDialog opens={action.opens} title={action.title}>
      {(close) => (
        <>
          <p>{action.note}</p>
          <ReasonForm
            takesFocus
            action={action.opens}
            onSend={async (reason) => {
              await send(reason);
              close();
              await queries.invalidateQueries();
            }}
          />
        </>
      )}
    </ActionDialog>
  );
}
