/** What waits for a person, each with the page on which something can be done about it. */
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { api, told, type Schemas } from '../../api.ts';
import type { useConsignees } from '../../consignees.ts';
import { deliveryState } from '../../delivery-state.tsx';
import { useLanguage, useWords } from '../../language.tsx';
import { Answer, Card } from '../../pieces.tsx';
import { overviewWords } from './words.ts';

type Consignee = Schemas['Consignee'];

interface AttentionProps {
  scopes: ReadonlySet<string>;
  consignees: ReturnType<typeof useConsignees>;
  everyMs: number;
}

interface Line {
  text: string;
  href: string;
}

export function Attention({ scopes, consignees, everyMs }: AttentionProps) {
  const words = useWords(overviewWords).attention;
  const known = consignees.data?.items ?? [];
  const lines = [
    ...useAlerts(scopes.has('consignees:operate'), everyMs, known),
    ...useReviews(scopes.has('audit:read')),
    ...useContracts(known),
    ...useDeliveries(known),
  ];
  return (
    <Card title={words.title}>
      <div className="attention">
        <Answer of={consignees}>
          {() =>
            lines.length === 0 ? (
              <p className="good">{words.none}</p>
            ) : (
              <ul className="lines">
                {lines.map(({ text, href }) => (
                  <li key={text}>
                    <Link href={href}>{text}</Link>
                  </li>
                ))}
              </ul>
            )
          }
        </Answer>
      </div>
    </Card>
  );
}

/** What the consignees' own states say already is not told a second time. */
const toldByState = ['consignee-unreachable', 'endpoint-disabled', 'vendor-absent'];

function useAlerts(enabled: boolean, everyMs: number, known: readonly Consignee[]): Line[] {
  const { language } = useLanguage();
  const words = useWords(overviewWords).attention;
  const alerts = useQuery({
    queryKey: ['alerts'],
    enabled,
    queryFn: () => told(api.GET('/v1/alerts')),
    refetchInterval: everyMs,
  });
  return (alerts.data?.items ?? [])
    .filter(({ name }) => !toldByState.includes(name))
    .map(({ name, about }) => {
      const consignee = known.find(({ id }) => id === about);
      const who = consignee?.name[language] ?? about ?? '';
      const href = consignee ? `/deliveries/${consignee.id}` : '/';
      return { text: words.alerts[name](who), href };
    });
}

function useReviews(enabled: boolean): Line[] {
  const { day } = useLanguage();
  const words = useWords(overviewWords).attention;
  const reviews = useQuery({
    queryKey: ['reviews'],
    enabled,
    queryFn: () => told(api.GET('/v1/audit/reviews')),
  });
  return (reviews.data?.items ?? [])
    .filter(({ state }) => state === 'due' || state === 'overdue')
    .map(({ period, dueOn, state }) => ({
      text: words.review[state as 'due' | 'overdue'](period, day(dueOn)),
      href: `/reviews/${period}`,
    }));
}

const dayMs = 86_400_000;
/** A new contract takes its weeks: signatures, and the notice before it counts. */
const endingDays = 60;

function useContracts(known: readonly Consignee[]): Line[] {
  const { language, day } = useLanguage();
  const words = useWords(overviewWords).attention;
  const contracts = useQuery({
    queryKey: ['contracts'],
    queryFn: () => told(api.GET('/v1/contracts')),
  });
  const orders = useQuery({
    queryKey: ['destruction-orders', 'open'],
    queryFn: () =>
      told(api.GET('/v1/destruction-orders', { params: { query: { status: 'open' } } })),
  });
  const nameOf = (consignee: string) =>
    known.find(({ id }) => id === consignee)?.name[language] ?? consignee;
  const soon = new Date(Date.now() + endingDays * dayMs).toISOString().slice(0, 10);
  return [
    ...(contracts.data?.items ?? []).flatMap(({ consignee, inForce, validUntil, life }) => {
      const href = `/contracts/${consignee}`;
      const name = nameOf(consignee);
      if (inForce && validUntil && validUntil <= soon) {
        return [{ text: words.ending(name, day(validUntil)), href }];
      }
      return life.status === 'signed' ? [{ text: words.notice(name), href }] : [];
    }),
    ...(orders.data?.items ?? []).map(({ consignee, dueOn, overdue }) => ({
      text: words.destruction[overdue ? 'overdue' : 'open'](nameOf(consignee), day(dueOn)),
      href: `/contracts/${consignee}`,
    })),
  ];
}

function useDeliveries(known: readonly Consignee[]): Line[] {
  const { language, number } = useLanguage();
  const words = useWords(overviewWords).attention;
  return known.flatMap((one) => {
    const state = deliveryState(one);
    const name = one.name[language];
    return [
      ...(one.contract === null
        ? [{ text: words.contract(name), href: `/contracts/${one.id}` }]
        : []),
      ...(state === 'well'
        ? []
        : [{ text: words.delivery[state](name), href: `/deliveries/${one.id}` }]),
      ...(one.failed === 0
        ? []
        : [
            {
              text: words.failed(name, number(one.failed)),
              href: `/deliveries/${one.id}?state=failed`,
            },
          ]),
    ];
  });
}
