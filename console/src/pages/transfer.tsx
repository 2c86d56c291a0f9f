/** One transfer: its life, what became of each item and why, and the proof, checked right here. */
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { api, told, type Schemas } from '../api.ts';
import { useLanguage } from '../language.tsx';
import { readLedger, verifyEntries } from '../ledger.ts';
import { Answer, Card, Facts, Table } from '../pieces.tsx';
import { EvidenceForm } from './evidence-form.tsx';
import { Status } from './transfers.tsx';

type Trail = Schemas['Trail'];

export function TransferPage({ id }: { id: string }) {
  const { say } = useLanguage();
  const trail = useQuery({
    queryKey: ['trail', id],
    queryFn: () => told(api.GET('/v1/audit/transfers/{id}', { params: { path: { id } } })),
    staleTime: Infinity,
  });
  return (
    <>
      <p>
        <Link href="/transfers">← {say.transfer.back}</Link>
      </p>
      <h1>{say.transfer.title}</h1>
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
  const { say, time, number } = useLanguage();
  const words = say.transfer;
  return (
    <Card title={words.facts}>
      <Facts
        of={[
          [say.search.status, <Status key="status" of={transfer.status} />],
          [say.search.consignee, transfer.consignee],
          [say.consignees.contract, transfer.contract],
          [words.client, transfer.client],
          [say.search.when, time(transfer.createdAt)],
          [words.settled, time(transfer.settledAt)],
          [words.expires, time(transfer.expiresAt)],
          [words.attempts, number(transfer.attempts)],
          [words.outcome, transfer.lastOutcome ?? '–'],
          [words.commitment, <code key="commitment">{transfer.commitment}</code>],
          ...(transfer.purgedAt ? ([[words.purged, time(transfer.purgedAt)]] as const) : []),
        ]}
      />
    </Card>
  );
}

function Life({ entries }: { entries: Trail['entries'] }) {
  const { say, time, number } = useLanguage();
  return (
    <Card title={say.transfer.life}>
      <ol className="life">
        {entries.map(({ index, kind, at, detail }) => (
          <li key={index}>
            <strong>{say.kinds[kind] ?? kind}</strong>
            <span className="quiet">
              {time(at)} · {say.transfer.entry(number(index))}
              {typeof detail?.['actor'] === 'string' && ` · ${say.transfer.by2(detail['actor'])}`}
            </span>
          </li>
        ))}
      </ol>
    </Card>
  );
}

function Decision({ of: { transfer, minimisation } }: { of: Trail }) {
  const { say } = useLanguage();
  const words = say.transfer;
  const rules = new Map(minimisation?.derived.map(({ item, rule }) => [item, rule]));
  return (
    <Card title={words.decision}>
      {minimisation === null && <p>{words.uncovered}</p>}
      <Table caption={words.decision} head={[words.item, words.became, words.why]}>
        {transfer.released.map((item) => (
          <tr key={item}>
            <th scope="row">{item}</th>
            <td>
              <span className="chip good">{say.kind.released}</span>
            </td>
            <td>{words.by(transfer.contract)}</td>
          </tr>
        ))}
        {transfer.derived.map((item) => (
          <tr key={item}>
            <th scope="row">{item}</th>
            <td>
              <span className="chip derived">{say.kind.derived}</span>
            </td>
            <td>{words.rule(rules.get(item) ?? '–')}</td>
          </tr>
        ))}
        {transfer.withheld.map(({ item, reason, count }) => (
          <tr key={`${item} ${reason}`}>
            <th scope="row">
              {item}
              {count !== undefined && ` × ${count}`}
            </th>
            <td>
              <span className="chip withheld">{say.kind.withheld}</span>
            </td>
            <td>{say.reason[reason]}</td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}

function Proof({ id, trail }: { id: string; trail: Trail }) {
  const { say, number } = useLanguage();
  const words = say.transfer;
  const checked = useQuery({
    queryKey: ['proof', id],
    queryFn: async () => {
      const ledger = await readLedger();
      const covered = trail.entries.filter(({ index }) => index < ledger.checkpoint.size);
      return { ledger, count: covered.length, wrong: await verifyEntries(covered, ledger) };
    },
    retry: false,
    staleTime: Infinity,
  });
  // Entry 0 can be wrong, too.
  const wrong = checked.data?.wrong ?? null;
  return (
    <Card title={words.proof}>
      {checked.isPending && (
        <p className="quiet" role="status">
          {words.checking}
        </p>
      )}
      {checked.error && (
        <p className="bad" role="alert">
          {words.bad}: {checked.error.message}
        </p>
      )}
      {wrong !== null && (
        <p className="bad" role="alert">
          {words.bad}: {words.entry(number(wrong))}
        </p>
      )}
      {checked.data && !checked.data.ledger.continues && (
        <p className="bad" role="alert">
          {say.ledger.shrank}
        </p>
      )}
      {checked.data && wrong === null && (
        <p className="good" role="status">
          {words.good(number(checked.data.count), number(checked.data.ledger.checkpoint.size))}
        </p>
      )}
      <p>{words.proves}</p>
      <p className="quiet">{words.provesNot}</p>
      <EvidenceForm id={id} />
      {checked.data && (
        <p className="quiet">
          {words.key} <code>{checked.data.ledger.vkey}</code>
        </p>
      )}
    </Card>
  );
}
