/** The auditor's search: filters in the URL, or in the body where a person is named (law 4). */
import type { Gateway } from '#src/gateway.ts';
import { searchTransfers, type Search } from '#src/oversight/search.ts';
import { actorOf } from './caller.ts';
import type { ApiRequest, Handlers } from './handler.ts';
import { instantOf } from './instant.ts';
import { pageLimit } from './page.ts';

type SearchOperation = 'searchTransfers' | 'searchTransfersOf';

export function searchHandlers(gateway: Gateway): Pick<Handlers, SearchOperation> {
  const search = async (
    request: ApiRequest<SearchOperation>,
    asked: Filters & { cursor?: string | undefined; limit?: number | undefined },
    at: string,
  ) => {
    const { cursor, limit, ...filters } = asked;
    const page = await searchTransfers(gateway, {
      ...{ actor: actorOf(request), search: searchOf(filters, at) },
      ...{ cursor, limit: pageLimit(limit) },
    });
    const items = page.items.map((one) => ({
      ...one,
      channel: gateway.agreements.consignees.get(one.consignee)?.channel ?? ('push' as const),
    }));
    return { status: 200 as const, body: { ...page, items } };
  };
  return {
    searchTransfers: (request) => search(request, request.query, '/query'),
    searchTransfersOf: (request) => search(request, request.body, ''),
  };
}

/** A search as a caller writes it. */
export type Filters = Omit<Search, 'from' | 'to'> & {
  from?: string | undefined;
  to?: string | undefined;
};

/**
 * Reads a search.
 * @param at where it stands: `/query`, or the empty pointer of a body
 * @throws GatewayError `INVALID_REQUEST` for an instant that does not exist
 */
export function searchOf({ from, to, ...filters }: Filters, at: string): Search {
  return {
    ...filters,
    from: from === undefined ? undefined : instantOf(`${at}/from`, from),
    to: to === undefined ? undefined : instantOf(`${at}/to`, to),
  };
}
