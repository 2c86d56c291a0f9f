/** What the matrix shows, in plain words: what could be left out, and what is to be settled. */
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { api, told } from '../../api.ts';
import { useItems } from '../../items.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { ContractLink } from '../../links.tsx';
import { Answer, Card } from '../../pieces.tsx';
import { useContracts, useOrders, type Version } from '../contract/data.ts';
import { findingsWords } from './findings-words.ts';
import type { Picture, PictureRow } from './picture.ts';

export function Findings({ of }: { of: Picture }) {
  return (
    <div className="findings columns">
      <Over of={of} />
      <Nobody days={of.days} />
      <Law of={of} />
      <Orders of={of} />
      <Coming />
    </div>
  );
}

/** Lines, or the sentence that there are none. */
function Lines({ of, none }: { of: readonly { key: string; line: ReactNode }[]; none: string }) {
  if (of.length === 0) return <p className="quiet">{none}</p>;
  return (
    <ul className="lines">
      {of.map(({ key, line }) => (
        <li key={key}>{line}</li>
      ))}
    </ul>
  );
}

function Name({ of }: { of: Pick<PictureRow, 'consignee' | 'name'> }) {
  const { language } = useLanguage();
  return <Link href={`/contracts/${of.consignee}`}>{of.name[language]}</Link>;
}

function Over({ of: { rows, columns, days } }: { of: Picture }) {
  const { language, number } = useLanguage();
  const words = useWords(findingsWords).over;
  const found = rows.flatMap((row) => {
    const unused = columns.filter((_, at) => row.cells[at]?.is === 'unused');
    return unused.length > 0 ? [{ row, unused }] : [];
  });
  const idle = rows.filter(({ contract, transfers }) => contract !== null && transfers === 0);
  return (
    <Card title={words.title}>
      {found.length > 0 && <p className="quiet">{words.note(number(days))}</p>}
      <Lines
        none={words.none(number(days))}
        of={found.map(({ row, unused }) => ({
          key: row.consignee,
          line: (
            <>
              <Name of={row} />: {unused.map(({ label }) => label[language]).join(', ')}{' '}
              <span className="quiet">({words.of(number(row.transfers))})</span>
            </>
          ),
        }))}
      />
      {idle.length > 0 && (
        <p className="quiet">{words.idle(idle.map(({ name }) => name[language]).join(', '))}</p>
      )}
    </Card>
  );
}

function Nobody({ days }: { days: number }) {
  const { language, number } = useLanguage();
  const words = useWords(findingsWords).nobody;
  const usage = useQuery({
    queryKey: ['usage', days],
    queryFn: () => told(api.GET('/v1/contracts/usage', { params: { query: { days } } })),
  });
  return (
    <Card title={words.title}>
      <Answer of={usage}>
        {({ sentForNobody }) => (
          <>
            {sentForNobody.length > 0 && <p className="quiet">{words.note}</p>}
            <Lines
              none={words.none}
              of={sentForNobody.map(({ item, label, transfers }) => ({
                key: item,
                line: words.of(label[language], number(transfers)),
              }))}
            />
          </>
        )}
      </Answer>
    </Card>
  );
}

function Law({ of: { rows } }: { of: Picture }) {
  const { nameOf } = useItems();
  const words = useWords(findingsWords).law;
  const contracts = useContracts();
  return (
    <Card title={words.title}>
      <Answer of={contracts}>
        {({ items }) => {
          const open = rows.flatMap((row) => {
            if (row.contract === null) return [{ row, said: words.noContract }];
            const warnings = items.find(({ id }) => id === row.contract)?.warnings ?? [];
            return warnings.map(({ item }) => ({ row, said: words.basis(nameOf(item)) }));
          });
          const lines = open.map(({ row, said }) => ({
            key: `${row.consignee} ${said}`,
            line: (
              <>
                <Name of={row} />
                {said}
              </>
            ),
          }));
          return <Lines none={words.none} of={lines} />;
        }}
      </Answer>
    </Card>
  );
}

function Orders({ of: { rows } }: { of: Picture }) {
  const { day } = useLanguage();
  const words = useWords(findingsWords).orders;
  const orders = useOrders();
  const named = new Map(rows.map((row) => [row.consignee, row]));
  return (
    <Card title={words.title}>
      <Answer of={orders}>
        {(all) => (
          <Lines
            none={words.none}
            of={all
              .filter(({ certificate }) => certificate === null)
              .map(({ id, consignee, overdue, dueOn }) => {
                const row = named.get(consignee);
                const line = (
                  <>
                    {row ? <Name of={row} /> : consignee}
                    {overdue ? (
                      <strong>{words.overdue(day(dueOn))}</strong>
                    ) : (
                      words.open(day(dueOn))
                    )}
                  </>
                );
                return { key: id, line };
              })}
          />
        )}
      </Answer>
    </Card>
  );
}

/** Versions that wait for signatures, for the notice, or for their day. */
function Coming() {
  const { day } = useLanguage();
  const words = useWords(findingsWords).coming;
  const contracts = useContracts();
  return (
    <Card title={words.title}>
      <Answer of={contracts}>
        {({ items }) => (
          <Lines
            none={words.none}
            of={items.flatMap((one) => {
              const { status, decidesFrom } = one.life;
              if (status === 'inForce' || status === 'superseded' || status === 'ended') return [];
              if (items.some((other) => isAfter(other, one))) return [];
              const said = status === 'noticed' ? words.noticed(day(decidesFrom)) : words[status];
              const line = (
                <>
                  <ContractLink of={one.id} />
                  {said}
                </>
              );
              return [{ key: one.id, line }];
            })}
          />
        )}
      </Answer>
    </Card>
  );
}

/** A later version decides already: the one before it never will. */
const isAfter = (other: Version, one: Version) =>
  other.inForce && other.consignee === one.consignee && other.version > one.version;
