/** One consignee's contract: every version, what it says, where it stands, and its end. */
import './contract.css';
import { Button } from 'react-aria-components';
import { Link, useSearchParams } from 'wouter';
import { useConsignees } from '../../consignees.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { Answer, Notice } from '../../pieces.tsx';
import type { PageProps } from '../../routes.tsx';
import { useContracts, type Version } from './data.ts';
import { Difference } from './difference.tsx';
import { EndCard } from './end-card.tsx';
import { OrdersCard } from './orders-card.tsx';
import { Standing } from './standing.tsx';
import { TextCard } from './text-card.tsx';
import { contractWords } from './words.ts';

export function Contract({ params: { consignee = '' }, scopes }: PageProps) {
  const words = useWords(contractWords);
  const contracts = useContracts();
  const ofThis = (items: readonly Version[]) =>
    items
      .filter((one) => one.consignee === consignee)
      .toSorted((one, other) => other.version - one.version);
  return (
    <div className="contract">
      <p className="back">
        <Link href="/contracts">← {words.back}</Link>
      </p>
      <Answer of={contracts}>
        {({ items }) => {
          const versions = ofThis(items);
          if (versions.length === 0) return <Notice text={words.none} />;
          return <Opened consignee={consignee} versions={versions} scopes={scopes} />;
        }}
      </Answer>
    </div>
  );
}

interface OpenedProps {
  consignee: string;
  versions: readonly Version[];
  scopes: ReadonlySet<string>;
}

function Opened({ consignee, versions, scopes }: OpenedProps) {
  const { language, day } = useLanguage();
  const words = useWords(contractWords);
  const [params] = useSearchParams();
  const consignees = useConsignees();
  const known = consignees.data?.items.find(({ id }) => id === consignee);
  const name = known?.name[language] ?? consignee;
  const asked = versions.find(({ version }) => String(version) === params.get('version'));
  const chosen = asked ?? versions.find(({ inForce }) => inForce) ?? versions[0];
  if (!chosen) return null;
  const { status, decidesFrom } = chosen.life;
  const isBad = status === 'unsigned' || chosen.life.signature.state === 'invalid';
  const isOver = versions.every(({ life }) => ['ended', 'superseded'].includes(life.status));
  return (
    <>
      <div className="head">
        <h1>{name}</h1>
        <code>{chosen.id}</code>
        {scopes.has('audit:read') && (
          <Link href={`/transfers?consignee=${consignee}`}>{words.transfers}</Link>
        )}
        <Link href={`/deliveries/${consignee}`}>{words.deliveries}</Link>
        <Button className="print" onPress={() => print()}>
          {words.print}
        </Button>
      </div>
      <VersionNav versions={versions} chosen={chosen} />
      <p className={status === 'inForce' ? 'good' : isBad ? 'bad' : 'told'} role="status">
        {words.says[status](name, day(decidesFrom))}
      </p>
      <div className="two">
        <TextCard of={chosen} mayAudit={scopes.has('audit:read')} />
        <div>
          <Standing of={chosen} versions={versions} />
          <OrdersCard consignee={consignee} scopes={scopes} />
          {scopes.has('contracts:end') && !isOver && (
            <EndCard of={chosen} name={name} waiting={known?.waiting} />
          )}
        </div>
      </div>
      {versions.length > 1 && <Difference chosen={chosen} versions={versions} />}
    </>
  );
}

function VersionNav(props: { versions: readonly Version[]; chosen: Version }) {
  const { number } = useLanguage();
  const words = useWords(contractWords);
  const { versions, chosen } = props;
  return (
    <nav className="versions" aria-label={words.versions}>
      {versions.map((one) => (
        <Link
          key={one.id}
          href={`/contracts/${one.consignee}?version=${one.version}`}
          aria-current={one === chosen ? 'true' : undefined}
        >
          {words.version(number(one.version))} · {words.status[one.life.status]}
        </Link>
      ))}
    </nav>
  );
}
