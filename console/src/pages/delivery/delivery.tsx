/** One consignee's deliveries: how they do, what waits, what failed, and what can be done. */
import { Link, useSearchParams } from 'wouter';
import { api, told, type Schemas } from '../../api.ts';
import { useQuery } from '@tanstack/react-query';
import { DeliveryState, isStopped } from '../../delivery-state.tsx';
import { useLanguage, useWords } from '../../language.tsx';
import { ContractLink } from '../../links.tsx';
import { Answer, Card, Facts } from '../../pieces.tsx';
import type { PageProps } from '../../routes.tsx';
import { outcomeText } from '../deliveries/outcome.ts';
import { deliveriesWords } from '../deliveries/words.ts';
import { Actions } from './actions.tsx';
import { Queue, type QueueProps } from './queue.tsx';
import { deliveryWords } from './words.ts';

const everyMs = 10_000;

export function Delivery({ scopes, params: { consignee = '' } }: PageProps) {
  const { language } = useLanguage();
  const words = useWords(deliveryWords);
  const found = useQuery({
    queryKey: ['consignee', consignee],
    queryFn: () => told(api.GET('/v1/consignees/{id}', { params: { path: { id: consignee } } })),
    refetchInterval: everyMs,
  });
  return (
    <>
      <p>
        <Link href="/deliveries">← {words.back}</Link>
      </p>
      <Answer of={found}>
        {(one) => (
          <>
            <h1>{one.name[language]}</h1>
            <div className="columns">
              <Health of={one} mayAudit={scopes.has('audit:read')} />
              {scopes.has('consignees:operate') && <Actions of={one} />}
            </div>
            <Queues consignee={consignee} scopes={scopes} isStopped={isStopped(one)} />
          </>
        )}
      </Answer>
    </>
  );
}

function Health({ of, mayAudit }: { of: Schemas['Consignee']; mayAudit: boolean }) {
  const { say, time, number } = useLanguage();
  const words = useWords(deliveryWords);
  const heads = useWords(deliveriesWords);
  const { delivery, checkIn, contract } = of;
  return (
    <Card title={words.health}>
      <Facts
        of={[
          [say.state, <DeliveryState key="state" of={of} />],
          [heads.channel, say.consignees.channel[of.channel]],
          [heads.waiting, number(of.waiting)],
          [
            say.consignees.contract,
            contract === null ? say.consignees.noContract : <ContractLink key="c" of={contract} />,
          ],
          ...(delivery
            ? ([
                [heads.oldest, time(delivery.oldestWaitingAt)],
                [heads.lastSuccess, time(delivery.lastSuccessAt)],
                [words.lastFailure, time(delivery.lastFailureAt)],
                [words.failures, number(delivery.failures)],
                [heads.lastOutcome, outcomeText(heads, delivery.lastOutcome)],
                [heads.nextAttempt, time(delivery.nextAttemptAt)],
              ] as const)
            : []),
          ...(checkIn
            ? ([
                [words.lastAsked, time(checkIn.lastAt)],
                [words.dueBy, time(checkIn.dueBy)],
              ] as const)
            : []),
        ]}
      />
      {mayAudit && (
        <p>
          <Link href={`/transfers?consignee=${of.id}`}>{words.allTransfers}</Link>
        </p>
      )}
    </Card>
  );
}

function Queues({ consignee, scopes, isStopped }: Omit<QueueProps, 'state'>) {
  const words = useWords(deliveryWords);
  const [params] = useSearchParams();
  const state = params.get('state') === 'failed' ? 'failed' : 'waiting';
  return (
    <Card title={words.queue}>
      <nav className="pages" aria-label={words.queue}>
        {(['waiting', 'failed'] as const).map((one) => (
          <Link
            key={one}
            href={`/deliveries/${consignee}?state=${one}`}
            aria-current={one === state ? 'page' : undefined}
          >
            {words.states[one]}
          </Link>
        ))}
      </nav>
      <Queue key={state} {...{ consignee, state, scopes, isStopped }} />
    </Card>
  );
}
