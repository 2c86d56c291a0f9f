/** What happened over time: four charts, and the tables that they are drawn from. */
import { useState } from 'react';
import { Link } from 'wouter';
import type { Schemas } from '../../api.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { Answer, Card, Table } from '../../pieces.tsx';
import {
  byConsignee,
  byDay,
  measureNames,
  periods,
  useActivity,
  type Counts,
  type Period,
} from './activity-data.ts';
import { Charts } from './charts.tsx';
import { overviewWords } from './words.ts';

type Consignees = readonly Schemas['Consignee'][];

export function Activity({ consignees }: { consignees: Consignees }) {
  const words = useWords(overviewWords).activity;
  const { language, time } = useLanguage();
  const [period, setPeriod] = useState<Period>(30);
  const [consignee, setConsignee] = useState('');
  const activity = useActivity(period);
  return (
    <Card title={words.title}>
      <div className="row choices">
        <label>
          {words.period}
          <select
            value={period}
            onChange={({ target }) => setPeriod(Number(target.value) as Period)}
          >
            {periods.map((days) => (
              <option key={days} value={days}>
                {words.days(days)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {words.consignee}
          <select value={consignee} onChange={({ target }) => setConsignee(target.value)}>
            <option value="">{words.all}</option>
            {consignees.map(({ id, name }) => (
              <option key={id} value={id}>
                {name[language]}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div className="charts-place">
        <Answer of={activity}>
          {(data) => {
            const days = byDay(data, consignee);
            return (
              <>
                <Charts days={days} />
                <p className="quiet">
                  {words.counted(time(data.countedAt))}
                  {data.behind > 0 && ` ${words.behind(data.behind)}`}
                </p>
                <DayTable days={days} />
                <SumTable sums={byConsignee(data)} consignees={consignees} />
              </>
            );
          }}
        </Answer>
      </div>
    </Card>
  );
}

function Cells({ of }: { of: Counts }) {
  const { number } = useLanguage();
  return measureNames.map((measure) => (
    <td key={measure} className={of[measure] === 0 ? 'number quiet' : 'number'}>
      {number(of[measure])}
    </td>
  ));
}

function DayTable({ days }: { days: readonly (Counts & { day: string })[] }) {
  const { day } = useLanguage();
  const words = useWords(overviewWords).activity;
  const names = measureNames.map((measure) => words.measures[measure]);
  return (
    <details>
      <summary>{words.asTable}</summary>
      <Table caption={words.asTable} head={[words.day, ...names]}>
        {days.toReversed().map((one) => (
          <tr key={one.day}>
            <th scope="row">{day(one.day)}</th>
            <Cells of={one} />
          </tr>
        ))}
      </Table>
    </details>
  );
}

function SumTable(props: { sums: ReadonlyMap<string, Counts>; consignees: Consignees }) {
  const { language } = useLanguage();
  const words = useWords(overviewWords).activity;
  const names = measureNames.map((measure) => words.measures[measure]);
  const none = props.sums.get('');
  return (
    <details>
      <summary>{words.byConsignee}</summary>
      <Table caption={words.byConsignee} head={[words.consignee, ...names]}>
        {props.consignees.map(({ id, name }) => {
          const of = props.sums.get(id);
          return (
            of && (
              <tr key={id}>
                <th scope="row">
                  <Link href={`/deliveries/${id}`}>{name[language]}</Link>
                </th>
                <Cells of={of} />
              </tr>
            )
          );
        })}
        {none && (
          <tr>
            <th scope="row">{words.unknown}</th>
            <Cells of={none} />
          </tr>
        )}
      </Table>
    </details>
  );
}
