/** Every page: its address, its name in the bar, whom it is for. Each is loaded when opened. */
import { lazy, type ComponentType } from 'react';
import { inBoth, type InBoth } from './words/both.ts';

export interface PageProps {
  scopes: ReadonlySet<string>;
  /** What the address names: ids, never a person. */
  params: Readonly<Record<string, string>>;
}

export interface Route {
  path: string;
  name: InBoth<string>;
  /** False: reached from another page. */
  inBar: boolean;
  /** Any of these opens it; the API judges for itself. */
  scopes: readonly string[];
  Page: ComponentType<PageProps>;
  /** Fetches the file that the page is in. */
  load: () => Promise<unknown>;
}

/** A page in a file of its own, which is fetched when somebody goes there. */
function paged<Name extends string>(
  name: Name,
  load: () => Promise<Record<Name, ComponentType<PageProps>>>,
) {
  return { load, Page: lazy(async () => ({ default: (await load())[name] })) };
}

export const routes: readonly Route[] = [
  {
    path: '/',
    name: inBoth('Overview', '현황'),
    inBar: true,
    scopes: ['audit:read', 'consignees:operate'],
    ...paged('Overview', () => import('./pages/overview/overview.tsx')),
  },
  {
    path: '/transfers',
    name: inBoth('Transfers', '제공 내역'),
    inBar: true,
    scopes: ['audit:read'],
    ...paged('Transfers', () => import('./pages/transfers/transfers.tsx')),
  },
  {
    path: '/transfers/:id',
    name: inBoth('Transfer', '제공 건'),
    inBar: false,
    scopes: ['audit:read'],
    ...paged('Transfer', () => import('./pages/transfer/transfer.tsx')),
  },
  {
    path: '/contracts',
    name: inBoth('Contracts', '계약'),
    inBar: true,
    scopes: ['audit:read', 'consignees:operate'],
    ...paged('Contracts', () => import('./pages/contracts/contracts.tsx')),
  },
  {
    path: '/contracts/:consignee',
    name: inBoth('Contract', '계약'),
    inBar: false,
    scopes: ['audit:read', 'consignees:operate'],
    ...paged('Contract', () => import('./pages/contract/contract.tsx')),
  },
  {
    path: '/deliveries',
    name: inBoth('Deliveries', '전송'),
    inBar: true,
    scopes: ['consignees:operate', 'audit:read'],
    ...paged('Deliveries', () => import('./pages/deliveries/deliveries.tsx')),
  },
  {
    path: '/deliveries/:consignee',
    name: inBoth('Delivery', '업체별 전송'),
    inBar: false,
    scopes: ['consignees:operate', 'audit:read'],
    ...paged('Delivery', () => import('./pages/delivery/delivery.tsx')),
  },
  {
    path: '/reviews',
    name: inBoth('Reviews', '점검'),
    inBar: true,
    scopes: ['audit:read', 'audit:review'],
    ...paged('Reviews', () => import('./pages/reviews/reviews.tsx')),
  },
  {
    path: '/reviews/:period',
    name: inBoth('Review', '점검 내용'),
    inBar: false,
    scopes: ['audit:read', 'audit:review'],
    ...paged('Review', () => import('./pages/review/review.tsx')),
  },
  {
    path: '/person',
    name: inBoth('Person', '정보주체'),
    inBar: true,
    scopes: ['audit:read'],
    ...paged('Person', () => import('./pages/person/person.tsx')),
  },
  {
    path: '/try',
    name: inBoth('Try a record', '미리 보기'),
    inBar: true,
    scopes: ['transfers:preview'],
    ...paged('Try', () => import('./pages/try/try.tsx')),
  },
];

export const isOpenTo = ({ scopes }: Route, held: ReadonlySet<string>) =>
  scopes.some((scope) => held.has(scope));

/** Fetches the file of the page at this address, while it is still found out who is here. */
export function fetchAhead(address: string): void {
  const place = routes.find(({ path }) =>
    new RegExp(`^/console${path.replace(/:\w+/, '[^/]+')}/?$`).test(address),
  );
  // Where it fails, it fails again when the page is opened, and is told there.
  place?.load().catch(() => undefined);
}
