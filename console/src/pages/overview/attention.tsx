/** What waits for a person, each with the page on which something can be done about it. */
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { api, told, type Schemas } from '../../api.ts';
import type { useConsignees } from '../../consignees.ts';
import { deliveryState } from '../../delivery-state.tsx';
import { useLanguage, useWords } from '../../language.tsx';
import { Card, Failure } from '../../pieces.tsx';
import { useContracts, useOrders } from '../contract/data.ts';
import { useReviews } from '../reviews/data.ts';
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

/** Lines, and how it stands with the question that they come from. */
interface Part {
  lines: readonly Line[];
  asked: { data: unknown; error: Error | null; isLoading: boolean; refetch: () => unknown };
}

export function Attention({ scopes, consignees, everyMs }: AttentionProps) {
  const { say } = useLanguage();
  const words = useWords(overviewWords).attention;
  const known = consignees.data?.items ?? [];
  const parts = [
    useAlertLines(scopes.has('consignees:operate'), everyMs, known),
    useReviewLines(scopes.has('audit:read')),
    useContractLines(known),
    useOrderLines(known),
    { lines: useDeliveryLines(known), asked: consignees },
  ];
  const lines = parts.flatMap((part) => part.lines);
  const failed = parts.find(({ asked }) => asked.error);
  // Disabled questions have no answer and are not under way.
  const isAsking = parts.some(({ asked }) => asked.data === undefined && asked.isLoading);
  return (
    <Card title={words.title}>
      <div className="attention">
        {lines.length > 0 && (
          <ul className="lines">
            {lines.map(({ text, href }) => (
              <li key={text}>
                <Link href={href}>{text}</Link>
              </li>
            ))}
          </ul>
        )}
        {failed?.asked.error && (
          <Failure error={failed.asked.error} onAgain={() => void failed.asked.refetch()} />
        )}
        {isAsking && <p className="quiet waiting">{say.loading}</p>}
        {/* All clear is said only where everything was asked, and answered. */}
        {lines.length === 0 && !failed && !isAsking && <p className="good">{words.none}</p>}
      </div>
    </Card>
  );
}

/** What the consignees' own states say already is not told a second time. */
const toldByState = ['consignee-unreachable', 'endpoint-disabled', 'vendor-absent'];

function useAlertLines(enabled: boolean, everyMs: number, known: readonly Consignee[]): Part {
  const { language } = useLanguage();
  const words = useWords(overviewWords).attention;
  const alerts = useQuery({
    queryKey: ['alerts'],
    enabled,
    queryFn: () => told(api.GET('/v1/alerts')),
    refetchInterval: everyMs,
  });
  const lines = (alerts.data?.items ?? [])
    .filter(({ name }) => !toldByState.includes(name))
    .map(({ name, about }) => {
      const consignee = known.find(({ id }) => id === about);
      const who = consignee?.name[language] ?? about ?? '';
      const href = consignee ? `/deliveries/${consignee.id}` : '/';
      return { text: words.alerts[name](who), href };
    });
  return { lines, asked: alerts };
}

function useReviewLines(enabled: boolean): Part {
  const { day } = useLanguage();
  const words = useWords(overviewWords).attention;
  const reviews = useReviews(enabled);
  const lines = (reviews.data?.items ?? [])
    .filter(({ state }) => state === 'due' || state === 'overdue')
    .map(({ period, dueOn, state }) => ({
      text: words.review[state as 'due' | 'overdue'](period, day(dueOn)),
      href: `/reviews/${period}`,
    }));
  return { lines, asked: reviews };
}

const dayMs = 86_400_000;
/** A new contract takes its weeks: signatures, and the notice before it counts. */
const endingDays = 60;

/** The consignee's name in the language of the page. */
function useNameOf(known: readonly Consignee[]) {
  const { language } = useLanguage();
  return (consignee: string) =>
    known.find(({ id }) => id === consignee)?.name[language] ?? consignee;
}

function useContractLines(known: readonly Consignee[]): Part {
  const { day } = useLanguage();
  const nameOf = useNameOf(known);
  const words = useWords(overviewWords).attention;
  const contracts = useContracts();
  const soon = new Date(Date.now() + endingDays * dayMs).toISOString().slice(0, 10);
  const lines = (contracts.data?.items ?? []).flatMap(
    ({ consignee, inForce, validUntil, life }) => {
      const href = `/contracts/${consignee}`;
      const name = nameOf(consignee);
      if (inForce && validUntil && validUntil <= soon) {
        return [{ text: words.ending(name, day(validUntil)), href }];
      }
      return life.status === 'signed' ? [{ text: words.notice(name), href }] : [];
    },
  );
  return { lines, asked: contracts };
}

function useOrderLines(known: readonly Consignee[]): Part {
  const { day } = useLanguage();
  const words = useWords(overviewWords).attention;
  const nameOf = useNameOf(known);
  const orders = useOrders();
  const open = (orders.data ?? []).filter(({ certificate }) => certificate === null);
  const lines = open.map(({ consignee, dueOn, overdue }) => ({
    text: words.destruction[overdue ? 'overdue' : 'open'](nameOf(consignee), day(dueOn)),
    href: `/contracts/${consignee}`,
  }));
  return { lines, asked: orders };
}

function useDeliveryLines(known: readonly Consignee[]): Line[] {
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
