/** One transfer: its life, what became of each item and why, and the proof, checked right here. */
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { api, told, type Schemas } from '../../api.ts';
import { Status } from '../../chips.tsx';
import { ConsigneeName, ContractLink } from '../../links.tsx';
import { useLanguage, useWords } from '../../language.tsx';
import { Answer, Card, Facts } from '../../pieces.tsx';
import type { PageProps } from '../../routes.tsx';
import { outcomeText } from '../deliveries/outcome.ts';
import { deliveriesWords } from '../deliveries/words.ts';
import { Decision } from './decision.tsx';
import { Life } from './life.tsx';
import { Proof } from './proof.tsx';
import { transferWords } from './words.ts';

type Trail = Schemas['Trail'];

export function Transfer({ params: { id = '' } }: PageProps) {
  const words = useWords(transferWords);
  const trail = useQuery({
    queryKey: ['trail', id],
    queryFn: () => told(api.GET('/v1/audit/transfers/{id}', { params: { path: { id } } })),
    staleTime: Infinity,
  });
  return (
    <>
      <p>
        <Link href="/transfers">← {words.back}</Link>
      </p>
      <h1>{words.title}</h1>
      <p>
        <code>{id}</code>
      </p>
      <Answer of={trail}>
        {(found) => (
          <>
            <Proof id={id} trail={found} />
            <div className="columns">
              <FactsCard of={found} />
              <Life entries={found.entries} />
            </div>
            <Decision of={found} />
          </>
        )}
      </Answer>
    </>
  );
}

function FactsCard({ of: { transfer } }: { of: Trail }) {
  const outcomes = useWords(deliveriesWords);
  const { say, time, number } = useLanguage();
  const words = useWords(transferWords);
  return (
    <Card title={words.facts}>
      <Facts
        of={[
          [say.state, <Status key="status" of={transfer.status} />],
          [say.consignees.name, <ConsigneeName key="name" of={transfer.consignee} />],
          [say.consignees.contract, <ContractLink key="contract" of={transfer.contract} />],
          [words.client, transfer.client],
          [words.when, time(transfer.createdAt)],
          [words.settled, time(transfer.settledAt)],
          [words.expires, time(transfer.expiresAt)],
          [words.attempts, number(transfer.attempts)],
          [words.outcome, outcomeText(outcomes, transfer.lastOutcome)],
          [words.commitment, <code key="commitment">{transfer.commitment}</code>],
          ...(transfer.purgedAt ? ([[words.purged, time(transfer.purgedAt)]] as const) : []),
        ]}
      />
    </Card>
  );
}
