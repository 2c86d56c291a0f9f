/** The ledger as this browser finds it: its size, its age, and that it only grew. */
import { useQuery } from '@tanstack/react-query';
import { api, told } from '../../api.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { readLedger } from '../../ledger.ts';
import { Answer, Card, Facts } from '../../pieces.tsx';
import { overviewWords } from './words.ts';

export function LedgerCard({ everyMs }: { everyMs: number }) {
  const { say, number, time } = useLanguage();
  const words = useWords(overviewWords).ledger;
  const ledger = useQuery({ queryKey: ['ledger'], queryFn: readLedger, refetchInterval: everyMs });
  return (
    <Card title={words.title}>
      <div className="ledger">
        <Answer of={ledger}>
          {({ checkpoint, signedAt, before, continues }) => (
            <>
              <Facts
                of={[
                  [words.size, number(checkpoint.size)],
                  [words.signed, time(signedAt)],
                  [words.origin, <code key="origin">{checkpoint.origin}</code>],
                ]}
              />
              {before === null && <p>{words.first}</p>}
              {before !== null && continues && <p className="good">{words.grew(number(before))}</p>}
              {!continues && (
                <p className="bad" role="alert">
                  {say.shrank}
                </p>
              )}
            </>
          )}
        </Answer>
      </div>
      <Witnesses everyMs={everyMs} />
    </Card>
  );
}

/** Cosignatures older than this are worth a look. */
const staleSeconds = 3_600;

function Witnesses({ everyMs }: { everyMs: number }) {
  const { number, time } = useLanguage();
  const words = useWords(overviewWords).ledger;
  const witnesses = useQuery({
    queryKey: ['witnesses'],
    queryFn: () => told(api.GET('/v1/ledger/witnesses')),
    refetchInterval: everyMs,
  });
  return (
    <>
      <h3>{words.witnesses}</h3>
      <Answer of={witnesses}>
        {({ items }) =>
          items.length === 0 ? (
            <p>{words.noWitness}</p>
          ) : (
            <ul className="lines">
              {items.map(({ name, last, ageSeconds }) => (
                <li key={name}>
                  {last === null
                    ? words.silent(name)
                    : words.witness(name, number(last.size), time(last.signedAt))}
                  {(ageSeconds ?? Infinity) > staleSeconds && (
                    <>
                      {' '}
                      <span className="chip bad">{words.stale}</span>
                    </>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </>
  );
}
