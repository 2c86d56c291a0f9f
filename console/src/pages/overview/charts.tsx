/** One small chart for each measure; the numbers stand in the table behind them. */
import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { useLanguage, useWords } from '../../language.tsx';
import { measureNames, type Counts, type Measure } from './activity-data.ts';
import { overviewWords } from './words.ts';

type Days = readonly (Counts & { day: string })[];

const colours: Record<Measure, string> = {
  released: 'var(--accent)',
  results: 'var(--good)',
  refused: 'var(--derived)',
  failed: 'var(--bad)',
};

export function Charts({ days }: { days: Days }) {
  return (
    <div className="charts">
      {measureNames.map((measure) => (
        <Chart key={measure} measure={measure} days={days} />
      ))}
    </div>
  );
}

function Chart({ measure, days }: { measure: Measure; days: Days }) {
  const { number, day } = useLanguage();
  const words = useWords(overviewWords).activity;
  const name = words.measures[measure];
  const sum = days.reduce((total, one) => total + one[measure], 0);
  const tick = { fill: 'var(--quiet)', fontSize: 11 };
  return (
    <figure className="chart">
      <figcaption>
        {name} <strong>{number(sum)}</strong>
      </figcaption>
      <div aria-hidden="true" className="drawing">
        <ResponsiveContainer width="100%" height="100%">
          <BarChart data={[...days]} accessibilityLayer={false} margin={{ left: -18, right: 4 }}>
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis
              {...{ dataKey: 'day', tick, tickLine: false, axisLine: { stroke: 'var(--line)' } }}
              tickFormatter={(iso: string) => `${Number(iso.slice(5, 7))}/${Number(iso.slice(8))}`}
              minTickGap={24}
            />
            <YAxis
              {...{ tick, tickLine: false, axisLine: false, allowDecimals: false, tickCount: 4 }}
              tickFormatter={number}
            />
            <Tooltip
              cursor={{ fill: 'var(--line)', opacity: 0.4 }}
              wrapperClassName="tip"
              labelFormatter={(label) => (typeof label === 'string' ? day(label) : '')}
              formatter={(value) => [number(Number(value)), name]}
            />
            <Bar
              {...{ dataKey: measure, fill: colours[measure], isAnimationActive: false }}
              maxBarSize={28}
              radius={[2, 2, 0, 0]}
            />
          </BarChart>
        </ResponsiveContainer>
      </div>
    </figure>
  );
}
