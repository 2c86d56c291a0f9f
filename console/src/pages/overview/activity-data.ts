/** What happened by day and consignee, as the charts and what needs a person read it. */
import { useQuery } from '@tanstack/react-query';
import { api, told, type Schemas } from '../../api.ts';

type Activity = Schemas['Activity'];
type Day = Activity['items'][number];

export const periods = [7, 30, 90] as const;
export type Period = (typeof periods)[number];

export function useActivity(days: Period) {
  return useQuery({
    queryKey: ['activity', days],
    queryFn: () => told(api.GET('/v1/activity', { params: { query: { days } } })),
    refetchInterval: 60_000,
  });
}

/** What is drawn: each is a sum of counts. Tried in vain and never fetched are failures alike. */
export const measures = {
  released: ['released'],
  results: ['results'],
  refused: ['refused', 'resultsRefused'],
  failed: ['failed', 'rejected', 'expired'],
} as const satisfies Record<string, readonly (keyof Day)[]>;

export type Measure = keyof typeof measures;
export const measureNames = Object.keys(measures) as Measure[];

export type Counts = Record<Measure, number>;

const countsOf = (rows: readonly Day[]) =>
  Object.fromEntries(
    Object.entries(measures).map(([measure, members]) => [
      measure,
      rows.reduce((sum, row) => sum + members.reduce((part, one) => part + row[one], 0), 0),
    ]),
  ) as Counts;

const dayMs = 86_400_000;

/** Every day of the period, also those on which nothing happened; of one consignee, or of all. */
export function byDay({ from, to, items }: Activity, consignee: string) {
  const rows = consignee === '' ? items : items.filter((row) => row.consignee === consignee);
  const of = Map.groupBy(rows, ({ day }) => day);
  const days: (Counts & { day: string })[] = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += dayMs) {
    const day = new Date(at).toISOString().slice(0, 10);
    days.push({ day, ...countsOf(of.get(day) ?? []) });
  }
  return days;
}

/** The sums of each consignee; '' is what named none. */
export function byConsignee({ items }: Activity): Map<string, Counts> {
  const of = Map.groupBy(items, ({ consignee }) => consignee ?? '');
  return new Map([...of].map(([consignee, rows]) => [consignee, countsOf(rows)]));
}
