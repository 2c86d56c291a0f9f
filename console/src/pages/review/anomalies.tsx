/** What the rules found, rule by rule; where it is to be signed, with room for what it was. */
import { Button } from 'react-aria-components';
import { Link } from 'wouter';
import type { Schemas } from '../../api.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { keyOf, type Anomaly, type Draft } from './findings.ts';
import { ruleWords } from './rule-words.ts';
import { reviewWords } from './words.ts';

type Review = Schemas['Review'];

export interface Writing {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
}

interface AnomaliesProps {
  of: Review;
  /** Null: it is read only. */
  writing: Writing | null;
  /** What stood here before it was counted anew. */
  known: ReadonlySet<string> | null;
}

export function Anomalies({ of, writing, known }: AnomaliesProps) {
  const words = useWords(reviewWords);
  const rules = useWords(ruleWords);
  if (of.anomalies.length === 0) return <p role="status">{words.noAnomalies}</p>;
  const numbered = of.anomalies.map((anomaly, at) => ({ anomaly, number: at + 1 }));
  const groups = [...new Set(of.anomalies.map(({ rule }) => rule))];
  return (
    <>
      <p className="quiet">{words.note}</p>
      {groups.map((rule) => {
        const own = numbered.filter(({ anomaly }) => anomaly.rule === rule);
        const [name, text] = rules[rule];
        return (
          <section key={rule} className="rule">
            <h3>{name}</h3>
            <p className="quiet">{text}</p>
            <ol>
              {own.map((one) => (
                <li key={one.number} value={one.number}>
                  <Found {...one} of={of} isNew={known?.has(keyOf(one.anomaly)) === false} />
                  {writing && <Finding {...one} group={own} writing={writing} />}
                </li>
              ))}
            </ol>
          </section>
        );
      })}
    </>
  );
}

function Found({ of, anomaly, isNew }: { of: Review; anomaly: Anomaly; isNew: boolean }) {
  const { language, number } = useLanguage();
  const words = useWords(reviewWords);
  const { consignee, about, name, item } = anomaly.facts;
  const to = consignee ?? (about === 'consignee' ? name : undefined);
  const query = {
    ...{ consignee: String(to), from: of.from, to: dayAfter(of.to) },
    ...(item !== undefined && { released: String(item) }),
  };
  return (
    <p>
      {anomaly.sentence[language]} {isNew && <span className="chip bad">{words.fresh}</span>}{' '}
      {to !== undefined && (
        <Link href={`/transfers?${new URLSearchParams(query).toString()}`}>{words.see}</Link>
      )}
      {anomaly.entries.length > 0 && (
        <span className="quiet">{words.entries(anomaly.entries.map(number).join(', '))}</span>
      )}
    </p>
  );
}

function dayAfter(day: string): string {
  return new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
}

interface FindingProps {
  anomaly: Anomaly;
  number: number;
  /** All of its rule. */
  group: readonly { anomaly: Anomaly }[];
  writing: Writing;
}

function Finding({ anomaly, number, group, writing: { draft, change } }: FindingProps) {
  const spoken = useLanguage();
  const words = useWords(reviewWords);
  const key = keyOf(anomaly);
  const text = draft.findings[key] ?? '';
  const write = (keys: readonly string[], finding: string) =>
    change({
      findings: { ...draft.findings, ...Object.fromEntries(keys.map((one) => [one, finding])) },
    });
  const mayRepeat = group.length > 1 && group[0]?.anomaly === anomaly && text.trim() !== '';
  return (
    <div className="writing">
      <label>
        {words.finding(spoken.number(number))}
        <textarea
          form="sign"
          required
          rows={1}
          value={text}
          onChange={(event) => write([key], event.target.value)}
        />
      </label>
      {mayRepeat && (
        <Button
          onPress={() =>
            write(
              group.map((one) => keyOf(one.anomaly)),
              text,
            )
          }
        >
          {words.forAll(spoken.number(group.length))}
        </Button>
      )}
    </div>
  );
}
