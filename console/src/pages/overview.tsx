/** What needs a person now, whether the ledger is that of yesterday, how each consignee is. */
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { api, told, type Schemas } from '../api.ts';
import { useConsignees } from '../consignees.ts';
import { useLanguage } from '../language.tsx';
import { readLedger } from '../ledger.ts';
import { Answer, Card, Facts, Table } from '../pieces.tsx';

const everyMs = 30_000;

export function Overview({ scopes }: { scopes: ReadonlySet<string> }) {
  const { say } = useLanguage();
  const consignees = useConsignees(everyMs);
  return (
    <>
      <h1>{say.nav.overview}</h1>
      <div className="columns">
        <Attention scopes={scopes} consignees={consignees.data?.items ?? []} />
        {scopes.has('ledger:read') && <LedgerCard />}
      </div>
      <Card title={say.consignees.title}>
        <Answer of={consignees}>
          {({ items }) => <ConsigneeTable items={items} mayAudit={scopes.has('audit:read')} />}
        </Answer>
      </Card>
    </>
  );
}

type Consignee = Schemas['ConsigneeList']['items'][number];

function Attention(props: { scopes: ReadonlySet<string>; consignees: readonly Consignee[] }) {
  const { say, language } = useLanguage();
  const alerts = useQuery({
    queryKey: ['alerts'],
    enabled: props.scopes.has('consignees:operate'),
    queryFn: () => told(api.GET('/v1/alerts')),
    refetchInterval: everyMs,
  });
  const reviews = useQuery({
    queryKey: ['reviews'],
    enabled: props.scopes.has('audit:read'),
    queryFn: () => told(api.GET('/v1/audit/reviews')),
  });
  const today = new Date().toISOString().slice(0, 10);
  const lines = [
    ...(alerts.data?.items ?? []).map(({ name, about }) => say.attention.alert(name, about ?? '')),
    ...(reviews.data?.items ?? [])
      .filter(({ state }) => state !== 'signed')
      .map(({ period, dueOn }) =>
        dueOn < today ? say.attention.overdue(period, dueOn) : say.attention.review(period, dueOn),
      ),
    ...props.consignees.flatMap(({ name, contract, delivery, paused }) => [
      ...(contract === null ? [say.attention.contract(name[language])] : []),
      ...(delivery?.state === 'open' ? [say.attention.breaker(name[language])] : []),
      ...(paused ? [say.attention.paused(name[language])] : []),
    ]),
  ];
  return (
    <Card title={say.attention.title}>
      {lines.length === 0 ? (
        <p className="quiet">{say.attention.none}</p>
      ) : (
        <ul className="lines">
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function LedgerCard() {
  const { say, number } = useLanguage();
  const ledger = useQuery({
    queryKey: ['ledger'],
    queryFn: readLedger,
    refetchInterval: everyMs,
  });
  const witnesses = useQuery({
    queryKey: ['witnesses'],
    queryFn: () => told(api.GET('/v1/ledger/witnesses')),
  });
  const names = witnesses.data?.items.map(({ name, last }) =>
    say.ledger.witness(name, number(last?.size ?? 0)),
  );
  return (
    <Card title={say.ledger.title}>
      <Answer of={ledger}>
        {({ checkpoint, before, continues }) => (
          <>
            <Facts
              of={[
                [say.ledger.size, number(checkpoint.size)],
                [say.ledger.origin, <code key="origin">{checkpoint.origin}</code>],
              ]}
            />
            {before === null && <p>{say.ledger.first}</p>}
            {before !== null && continues && (
              <p className="good">{say.ledger.grew(number(before))}</p>
            )}
            {!continues && (
              <p className="bad" role="alert">
                {say.ledger.shrank}
              </p>
            )}
          </>
        )}
      </Answer>
      <h3>{say.ledger.witnesses}</h3>
      <p>{names && names.length > 0 ? names.join(', ') : say.ledger.noWitness}</p>
    </Card>
  );
}

function ConsigneeTable({ items, mayAudit }: { items: readonly Consignee[]; mayAudit: boolean }) {
  const { say, language, time, number } = useLanguage();
  const words = say.consignees;
  const head = [words.name, words.work, words.channel.name, words.contract, words.state];
  return (
    <Table caption={words.title} head={[...head, words.waiting, words.last]}>
      {items.map(({ id, name, work, channel, contract, delivery, paused, waiting }) => (
        <tr key={id}>
          <th scope="row">
            {mayAudit ? (
              <Link href={`/transfers?consignee=${id}`}>{name[language]}</Link>
            ) : (
              name[language]
            )}
          </th>
          <td>{work?.[language] ?? '–'}</td>
          <td>{words.channel[channel]}</td>
          <td>{contract ?? <span className="chip bad">{words.noContract}</span>}</td>
          <td>
            <span className={paused || delivery?.state === 'open' ? 'chip bad' : 'chip good'}>
              {paused ? words.paused : delivery?.state === 'open' ? words.open : words.closed}
            </span>
          </td>
          <td className="number">{number(waiting)}</td>
          <td>{time(delivery?.lastSuccessAt)}</td>
        </tr>
      ))}
    </Table>
  );
}
