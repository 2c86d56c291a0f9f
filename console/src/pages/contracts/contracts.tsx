/** The matrix of contracts: who may have what, of which class, and what nobody ever used. */
import './contracts.css';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Button } from 'react-aria-components';
import { api, told } from '../../api.ts';
import { download } from '../../download.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { Answer } from '../../pieces.tsx';
import { daysBack } from '../contract/data.ts';
import { Findings } from './findings.tsx';
import { Grid } from './grid.tsx';
import { Legend } from './legend.tsx';
import { Permits } from './permits.tsx';
import { isContracted, pictureOf, type Matrix, type Picture } from './picture.ts';
import { matrixWords } from './words.ts';

export function Contracts() {
  const words = useWords(matrixWords);
  const matrix = useQuery({
    queryKey: ['matrix', daysBack],
    queryFn: () => told(api.GET('/v1/contracts/matrix', { params: { query: { days: daysBack } } })),
  });
  return (
    <div className="matrix-page">
      <h1>{words.title}</h1>
      <Answer of={matrix}>{(found) => <Shown of={found} />}</Answer>
    </div>
  );
}

function Shown({ of }: { of: Matrix }) {
  const { language, number, day } = useLanguage();
  const words = useWords(matrixWords);
  const picture = useMemo(() => pictureOf(of), [of]);
  const { on, days, columns, rows } = picture;
  const save = async () => {
    // Fetched by who saves, not by who looks.
    const { csvOf } = await import('./csv.ts');
    download(csvOf(picture, language), `waybill-contracts-${on}.csv`, 'text/csv;charset=utf-8');
  };
  const caption = words.caption(day(on), number(days));
  return (
    <>
      <div className="above">
        <p>
          <strong>{caption}.</strong>{' '}
          <span className="quiet">{words.lead(number(rows.length), number(columns.length))}</span>
        </p>
        <div className="actions">
          <Button onPress={() => void save()}>{words.csv}</Button>
          <Button onPress={() => print()}>{words.print}</Button>
        </div>
      </div>
      <Figures of={picture} />
      <Grid of={picture} caption={caption} />
      <Permits of={picture} />
      <Legend days={number(days)} />
      <Findings of={picture} />
    </>
  );
}

/** What a board asks for first. */
function Figures({ of: { columns, rows, days } }: { of: Picture }) {
  const { number } = useLanguage();
  const words = useWords(matrixWords).figures;
  const holding = (itemClass: string) =>
    rows.filter(({ cells }) =>
      cells.some((cell, at) => isContracted(cell) && columns[at]?.class === itemClass),
    ).length;
  const cells = rows.flatMap((row) => row.cells);
  const figures = [
    [rows.filter(({ contract }) => contract !== null).length, words.inForce],
    [cells.filter(isContracted).length, words.cells],
    [holding('uniqueIdentifier'), words.unique],
    [holding('sensitiveHealth'), words.sensitive],
    [cells.filter(({ is }) => is === 'unused').length, words.unused(number(days))],
  ] as const;
  return (
    <dl className="figures" aria-label={words.title}>
      {figures.map(([count, name]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{number(count)}</dd>
        </div>
      ))}
    </dl>
  );
}
