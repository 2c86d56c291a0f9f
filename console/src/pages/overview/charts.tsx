/** One small chart for each measure; the numbers stand in the table behind them. */
import { scaleBand, scaleLinear } from 'd3-scale';
import { useState } from 'react';
import { useLanguage, useWords } from '../../language.tsx';
import { measureNames, type Counts, type Measure } from './activity-data.ts';
import { overviewWords } from './words.ts';

type Days = readonly (Counts & { day: string })[];

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
  const { number } = useLanguage();
  const words = useWords(overviewWords).activity;
  const sum = days.reduce((total, one) => total + one[measure], 0);
  return (
    <figure className={`chart ${measure}`}>
      <figcaption>
        {words.measures[measure]} <strong>{number(sum)}</strong>
      </figcaption>
      <Drawing measure={measure} days={days} />
    </figure>
  );
}

const heightPx = 140;
const labelsMax = 7;
const label = (iso: string) => `${Number(iso.slice(5, 7))}/${Number(iso.slice(8))}`;

/** Across, all is a share of the width: nothing is measured, and nothing is drawn anew with it. */
function Drawing({ measure, days }: { measure: Measure; days: Days }) {
  const { number } = useLanguage();
  const [pointed, setPointed] = useState<number | null>(null);
  const x = scaleBand([0, 100]).domain(days.map(({ day }) => day));
  x.padding(days.length > 14 ? 0.2 : 0.6);
  const most = Math.max(1, ...days.map((one) => one[measure]));
  const y = scaleLinear([0, most], [heightPx, 0]).nice(4);
  const centre = (day: string) => (x(day) ?? 0) + x.bandwidth() / 2;
  // Counted back from the newest day, which always has its label.
  const every = Math.ceil(days.length / labelsMax);
  const labelled = days.filter((_, index) => (days.length - 1 - index) % every === 0);
  const under = pointed === null ? undefined : days[pointed];
  return (
    <div aria-hidden="true" className="drawing">
      <svg
        onPointerMove={({ clientX, currentTarget }) => {
          const { left, width } = currentTarget.getBoundingClientRect();
          setPointed(Math.floor(((clientX - left) / width) * days.length));
        }}
        onPointerLeave={() => setPointed(null)}
      >
        {under && (
          <rect
            className="under"
            x={`${centre(under.day) - x.step() / 2}%`}
            width={`${x.step()}%`}
          />
        )}
        {y
          .ticks(4)
          .filter(Number.isInteger)
          .map((tick) => (
            <g key={tick}>
              <line x2="100%" y1={y(tick)} y2={y(tick)} />
              <text className="amount" x="-8" y={y(tick)}>
                {number(tick)}
              </text>
            </g>
          ))}
        {days.map((one) => (
          <rect
            {...{ key: one.day, className: 'day', rx: 1 }}
            {...{ x: `${x(one.day)}%`, width: `${x.bandwidth()}%` }}
            {...{ y: y(one[measure]), height: heightPx - y(one[measure]) }}
          />
        ))}
        {labelled.map(({ day }) => (
          <text key={day} x={`${centre(day)}%`} y={heightPx + 18}>
            {label(day)}
          </text>
        ))}
      </svg>
      {under && <Tip of={under} measure={measure} at={centre(under.day)} />}
    </div>
  );
}

/** @param props.at percent of the width; it stands on the side where there is more room */
function Tip({ of, measure, at }: { of: Days[number]; measure: Measure; at: number }) {
  const { number, day } = useLanguage();
  const words = useWords(overviewWords).activity;
  return (
    <p className="tip" style={at > 50 ? { right: `${100 - at}%` } : { left: `${at}%` }}>
      {day(of.day)}
      <br />
      {words.measures[measure]} <strong>{number(of[measure])}</strong>
    </p>
  );
}
