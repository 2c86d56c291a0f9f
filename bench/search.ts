/**
 * What the audit search costs on 500,000 and on 5,000,000 transfers, side by side, through the API:
 * each filter alone and each pair, common, rare and empty, with the entry that each search leaves.
 */
import type { ApiClient } from '#src/bin/api-client.ts';
import { openFullGateway, people, type FullGateway } from './search-home.ts';
import { median, rounded, type Benchmark, type Figures } from './measure.ts';

type Query = Readonly<Record<string, unknown>>;

interface Page {
  items: { id: string }[];
  next: string | null;
}

const monthDays = 30.4;
const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
const quarter = (months: number): Query => ({
  ...{ from: ago(months * monthDays), to: ago((months - 3) * monthDays) },
});

/** Values of each filter: one that much fits, one that little fits, some that hardly anything. */
const filters: Readonly<Record<string, readonly Query[]>> = {
  consignee: ['areumnuri', 'tnc-pathology', 'infinite'].map((consignee) => ({ consignee })),
  released: ['name', 'residentRegistrationNumber', 'cctv'].map((released) => ({ released })),
  withheld: ['address', 'UNKNOWN_ITEM', 'NEVER_SHARED'].map((withheld) => ({ withheld })),
  reason: ['NOT_IN_CONTRACT', 'ABSENT', 'NO_LEGAL_BASIS'].map((reason) => ({ reason })),
  status: ['delivered', 'failed', 'withdrawn', 'ready'].map((status) => ({ status })),
  period: [quarter(24), quarter(7), { from: ago(13 * monthDays), to: ago(13 * monthDays - 1) }],
  client: ['emr', 'emr-kiosk', 'nobody'].map((client) => ({ client })),
  contract: ['areumnuri.v1', 'bioage.v1', 's1.v9'].map((contract) => ({ contract })),
  subject: Object.values(people).map((id) => ({ subject: { kind: 'patient', id } })),
};

export const search: Benchmark = {
  name: 'search',
  async run({ quick, say }): Promise<Figures> {
    const [totals, rounds] = quick ? [[20_000, 100_000], 2] : [[500_000, 5_000_000], 6];
    const gateways: FullGateway[] = [];
    try {
      for (const total of totals) gateways.push(await openFullGateway(total, say));
      const auditors = gateways.map(({ auditor }) => auditor);
      const figures: Record<string, string | number> = {
        transfers: totals.join(' / '),
        'read as': 'median / p95 ms, with fewer transfers → with more; p95 with more to fewer',
      };
      const p95s: number[][] = [];
      for (const [name, queries] of await makeCases(auditors)) {
        const times = await timesOf(auditors, { queries, rounds });
        figures[name] = told(times);
        p95s.push(times.map(p95));
        say(`search: ${name}: ${figures[name]}`);
      }
      for (const [name, query] of deepQueries) {
        figures[`${name}, page 1 → ${deepPages + 1}`] = await deep(auditors.at(-1)!, query, rounds);
      }
      figures['slowest p95, ms'] = rounded(Math.max(...p95s.map((pair) => pair.at(-1)!)));
      figures['largest ratio'] = rounded(Math.max(...p95s.map(([few, many]) => many! / few!)));
      return figures;
    } finally {
      for (const { stop } of gateways) await stop();
    }
  },
};

/** One query for each of the gateways, which have not the same transfers. */
type Queries = readonly (readonly Query[])[];

/** Each filter alone and each pair, all its values with all of the other's. */
async function makeCases(auditors: readonly ApiClient[]): Promise<[string, Queries][]> {
  // an old one and a new one of each
  const ids = await Promise.all(
    auditors.map(async (auditor) => {
      const pages = [await ask(auditor, filters['period']![0]!), await ask(auditor, {})];
      return pages.map(({ items }) => ({ transfer: items.at(-1)?.id }));
    }),
  );
  const all: [string, Queries][] = [
    ...Object.entries(filters).map(([name, values]): [string, Queries] => {
      return [name, auditors.map(() => values)];
    }),
    ['transfer', ids],
  ];
  const pairs = all.flatMap(([one, left], at) =>
    all.slice(at + 1).map(([other, right]): [string, Queries] => {
      const both = auditors.map((_, which) =>
        left[which]!.flatMap((a) => right[which]!.map((b) => ({ ...a, ...b }))),
      );
      return [`${one} and ${other}`, both];
    }),
  );
  return [...all, ...pairs];
}

async function ask(auditor: ApiClient, query: Query): Promise<Page> {
  return auditor.json<Page>('/v1/audit/transfers/search', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(query),
  });
}

async function timed(auditor: ApiClient, query: Query): Promise<number> {
  const before = performance.now();
  await ask(auditor, query);
  return performance.now() - before;
}

/** Interleaved: what else the machine does weighs on both alike. The first round only warms up. */
async function timesOf(
  auditors: readonly ApiClient[],
  of: { queries: Queries; rounds: number },
): Promise<number[][]> {
  const times: number[][] = auditors.map(() => []);
  const count = of.queries[0]!.length;
  const perRound = Math.max(1, Math.ceil(9 / count));
  for (let round = -1; round < of.rounds * perRound; round += 1) {
    for (let at = 0; at < count; at += 1) {
      for (const [which, auditor] of auditors.entries()) {
        const ms = await timed(auditor, of.queries[which]![at]!);
        if (round >= 0) times[which]!.push(ms);
      }
    }
  }
  return times;
}

function p95(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[Math.ceil(times.length * 0.95) - 1]!;
}

function told(times: readonly (readonly number[])[]): string {
  const [few, many] = times.map((one) => [median(one), p95(one)] as const);
  const say = (figures: readonly number[]) => figures.map(rounded).join(' / ');
  return `${say(few!)} → ${say(many!)}; × ${rounded(many![1] / few![1])}`;
}

const deepPages = 100;
const deepQueries: readonly [string, Query][] = [
  ['everything', {}],
  ['one consignee', { consignee: 'areumnuri' }],
  ['one consignee and status', { consignee: 'areumnuri', status: 'delivered' }],
  ['a rare item', { withheld: 'UNKNOWN_ITEM' }],
];

/** The first page of 50 against the one after many pages of 200. */
async function deep(auditor: ApiClient, query: Query, rounds: number): Promise<string> {
  let cursor: string | null = null;
  for (let page = 0; page < deepPages; page += 1) {
    const { next }: Page = await ask(auditor, { ...query, limit: 200, ...(cursor && { cursor }) });
    cursor = next ?? cursor;
  }
  const times = await timesOf([auditor, auditor], {
    queries: [[query], [{ ...query, cursor }]],
    rounds,
  });
  return told(times);
}
