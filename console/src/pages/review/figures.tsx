/** The period in eight numbers. */
import type { Schemas } from '../../api.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { Card } from '../../pieces.tsx';
import { reviewWords } from './words.ts';

export function Figures({ of }: { of: Schemas['Review'] }) {
  const { number } = useLanguage();
  const words = useWords(reviewWords);
  const sum = (...kinds: string[]) => kinds.reduce((all, kind) => all + (of.kinds[kind] ?? 0), 0);
  const reads = of.accesses.filter(({ kind }) => kind !== 'exported');
  const figures = [
    [words.released, sum('released')],
    [words.delivered, sum('delivered')],
    [words.notTaken, sum('failed', 'rejected')],
    [words.refused, sum('refused')],
    [words.results, sum('result-received')],
    [words.reads, reads.reduce((all, { count }) => all + count, 0)],
    [words.exports, of.exports.length],
    [words.anomalies, of.anomalies.length],
  ] as const;
  return (
    <Card title={words.figures}>
      <dl className="figures">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{number(value)}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
