/** What needs a person now, whether the ledger only grew, what happened, how each consignee is. */
import { useConsignees } from '../../consignees.ts';
import { useWords } from '../../language.tsx';
import { Answer, Card } from '../../pieces.tsx';
import type { PageProps } from '../../routes.tsx';
import { Activity } from './activity.tsx';
import { Attention } from './attention.tsx';
import { ConsigneeTable } from './consignee-table.tsx';
import { LedgerCard } from './ledger-card.tsx';
import { overviewWords } from './words.ts';
import './overview.css';

const everyMs = 30_000;

export function Overview({ scopes }: PageProps) {
  const words = useWords(overviewWords);
  const consignees = useConsignees(everyMs);
  return (
    <>
      <h1>{words.title}</h1>
      <div className="columns">
        <Attention scopes={scopes} consignees={consignees} everyMs={everyMs} />
        {scopes.has('ledger:read') && <LedgerCard everyMs={everyMs} />}
      </div>
      <Activity consignees={consignees.data?.items ?? []} />
      <Card title={words.consignees.title}>
        <Answer of={consignees}>{({ items }) => <ConsigneeTable items={items} />}</Answer>
      </Card>
    </>
  );
}
