/** A transfer's life in the order of the ledger; who looked at it stands behind it. */
import type { Schemas } from '../../api.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { Card } from '../../pieces.tsx';
import { transferWords } from './words.ts';

type Entries = Schemas['Trail']['entries'];

/** Entries that only say that somebody read. */
const reading = ['audit-read', 'disclosures-read', 'quarantine-read', 'exported', 'reconciled'];

export function Life({ entries }: { entries: Entries }) {
  const words = useWords(transferWords);
  const { number } = useLanguage();
  const reads = entries.filter(({ kind }) => reading.includes(kind));
  return (
    <Card title={words.life}>
      <Steps of={entries.filter(({ kind }) => !reading.includes(kind))} />
      {reads.length > 0 && (
        <details>
          <summary>{words.reads(number(reads.length))}</summary>
          <Steps of={reads} />
        </details>
      )}
    </Card>
  );
}

function Steps({ of }: { of: Entries }) {
  const { say, time, number } = useLanguage();
  const words = useWords(transferWords);
  return (
    <ol className="life">
      {of.map(({ index, kind, at, detail }) => {
        const who = actorOf(detail);
        return (
          <li key={index}>
            <strong>{say.kinds[kind] ?? kind}</strong>
            <span className="quiet">
              {time(at)} · {words.entry(number(index))}
              {who && ` · ${words.who(who)}`}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

/** A person's account where there was one; else the machine's. */
function actorOf(detail: Entries[number]['detail']): string | null {
  const actor = detail?.['actor'] as { client?: string | null; person?: string } | undefined;
  return actor?.person ?? actor?.client ?? null;
}
